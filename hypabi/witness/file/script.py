"""A witness as a program that needs QEMU and Python's standard library, and no hypabi.

The program holds the pages of the image that run: it is made where the image is, and is under the
image's licence.  It compares where control ends up, the registers and the memory; in which mode
control arrives stands in what it prints (``cpsr``), and is not compared.
"""

from collections.abc import Iterator

from hypabi.arch import aarch32, aarch64
from hypabi.arch.names import Architecture
from hypabi.machine.qemu import standalone
from hypabi.machine.qemu.target import Refused
from hypabi.machine.state import Limits
from hypabi.witness.expectation import about_of
from hypabi.witness.model import Witness, WitnessError
from hypabi.witness.pages import Pages
from hypabi.witness.replay import ends, prepared


def standalone_script(witness: Witness, pages: Pages) -> str:
    """Return the text of the program.

    :raises WitnessError: QEMU cannot hold the state
    """
    run = prepared(witness, pages)
    expected: dict[str, int | str] = dict(_values(witness))
    end = _end(witness, run.limits)
    if end is not None:
        expected["end"] = end
    title = "\n".join(_title(witness))
    try:
        return standalone.script(
            run.state, run.limits, run.request, expected, title, _claim(witness)
        )
    except Refused as refused:
        raise WitnessError("qemu", str(refused)) from None


def _claim(witness: Witness) -> standalone.Claim:
    """Return what the program says first: the clause, what it promises, and what happens."""
    claim = witness.claim
    call = claim.call or "any other identifier"
    said = (
        ("", f"{claim.party}, {call}: {claim.clause}"),
        ("promised", _plain(claim.statement)),
        ("instead", _plain(claim.instead)),
    )
    return said, tuple(about_of(witness.promised))


def _values(witness: Witness) -> Iterator[tuple[str, int | str]]:
    """Yield what the program shall see: registers that QEMU names as we do, and memory."""
    arm64 = witness.start.architecture is Architecture.ARM64
    core = aarch64.GENERAL if arm64 else aarch32.GENERAL[:13]
    predicted = witness.predicted
    for name in core:
        if name not in predicted.open:
            yield name, predicted.registers.get(name, witness.start.registers.get(name, 0))
    for name in about_of(witness.promised):
        if name not in core and name in predicted.registers:
            yield name, predicted.registers[name]
    for given in predicted.memory:
        yield f"[{given.address:x}]", given.content.hex()


def _end(witness: Witness, limits: Limits) -> str | None:
    """Return the end of the run as the program spells it, ``None`` where it cannot be told."""
    arrival = witness.predicted.arrival
    if arrival.address is None:
        return None
    if arrival.kind == "stuck":
        return standalone.end_text("still running", arrival.address)
    if arrival.address == limits.back:
        return standalone.end_text("returned", arrival.address)
    meaning = "fault vector" if arrival.address in limits.faults else "stop address"
    return standalone.end_text(meaning, arrival.address)


def _title(witness: Witness) -> Iterator[str]:
    claim, image = witness.claim, witness.image
    call = claim.call or "any other identifier"
    yield f"A refuted clause of {claim.contract}: {claim.party}, {call}: {claim.clause}."
    yield ""
    yield f"The clause says: {_plain(claim.statement)}."
    yield f"What happens instead: {_plain(claim.instead)}."
    yield f"Predicted: control {ends(witness.predicted.arrival)}."
    yield ""
    yield f"The code is that of {_plain(image.name)} {_plain(image.version)},"
    yield f"SHA-256 {_plain(image.sha256)}, and is under its licence."
    yield "Exit status: 0 all is as predicted, 4 something is not, 1 it could not run."
    yield ""


def _plain(text: str) -> str:
    """Return text that ends no string."""
    kept = (c if c.isprintable() and c not in '"\\' else "?" for c in text)
    return "".join(kept)
