"""A replay as text: the answer first, then what was claimed, predicted and observed."""

from collections.abc import Iterator, Mapping

from hypabi.analysis.provenance import Provenance
from hypabi.analysis.results.replay import DEFECT
from hypabi.analysis.results.replay_of import attempt
from hypabi.arch.register_order import natural_order
from hypabi.records import frozen
from hypabi.report.shared.footer import repeat
from hypabi.report.shared.text_layout import filled, labelled, labelled_list, titled
from hypabi.witness.expectation import Ends, Formula, Handed, Holds, Keeps, KeepsBytes, Promise
from hypabi.witness.model import Witness
from hypabi.witness.replay import Confirmed, NotReproduced, NotRun, Replay, arrived, ends


@frozen
class Replayed:
    """A witness that was replayed, or tried."""

    witness: Witness
    replay: Replay
    sha256: str
    """Of the witness file."""
    exit_status: int
    provenance: Provenance


def write(replayed: Replayed) -> str:
    """Return a replay as text."""
    return "\n".join(_lines(replayed)) + "\n"


def _lines(replayed: Replayed) -> Iterator[str]:
    witness, replay = replayed.witness, replayed.replay
    made = attempt(replay)
    claim = witness.claim
    yield from filled(f"{made.verdict.upper()}: {claim.party}, {_call(witness)}: {claim.clause}")
    yield ""
    yield from labelled("machine", replay.machine)
    yield from labelled("worth", made.worth)
    if isinstance(replay, NotRun):
        yield from labelled("not run", replay.reason)
    if isinstance(replay, NotReproduced):
        yield from labelled("beware", DEFECT)
    yield from _claim(witness)
    yield from _differences(replayed)
    yield from _outcome(replayed)
    inputs = (("witness", replayed.sha256), ("image", witness.image.sha256))
    yield from repeat(replayed.provenance, inputs)


def _call(witness: Witness) -> str:
    claim = witness.claim
    name = "any other" if claim.call is None else claim.call
    return name if claim.number is None else f"{name} ({claim.number})"


def _claim(witness: Witness) -> Iterator[str]:
    claim, image = witness.claim, witness.image
    yield from titled("Claim")
    yield ""
    yield from labelled("contract", f"{claim.contract}, as of {claim.version}")
    yield from labelled("clause", claim.statement)
    yield from labelled("instead", claim.instead)
    yield from labelled("promised", promised(witness.promised))
    yield from labelled("image", f"{image.name} ({image.version or 'no version'})")
    yield from labelled("place", _place(witness))
    yield from _listed("entered at", named(witness.counterexample))


def _place(witness: Witness) -> str:
    image = witness.image
    pages = f"{len(witness.pages)} pages of it are in the machine's memory"
    if not image.displacement:
        return f"at its link addresses; {pages}"
    return (
        f"{image.displacement:#x} above its link addresses, modulo the width of an address, and so "
        f"are all addresses of it here; {pages}"
    )


def promised(promise: Promise) -> str:
    """Return what was promised, in numbers."""
    match promise:
        case Ends(address, mode, status):
            at = "" if mode is None else f" at {mode}"
            held = "" if status is None else f", status {status:#x}"
            return f"control goes to {address:#x}{at}{held}"
        case Handed(symbol, address):
            where = "which is not in the image" if address is None else f"at {address:#x}"
            return f"control goes to {symbol}, {where}"
        case Holds(formula):
            return spelled(formula)
        case Keeps(register, value):
            return f"{register} is {value:#x}, as at the start"
        case KeepsBytes(address, content):
            return f"memory at {address:#x} is {content.hex(' ')}, as at the start"


def spelled(formula: Formula) -> str:
    """Return a condition over registers at the end as a reader writes it."""
    match formula:
        case int():
            return f"{formula:#x}"
        case str():
            return formula
        case ("bits", of, high, low):
            return f"{spelled(of)}[{high}:{low}]"
        case ("not", of):
            return f"not ({spelled(of)})"
        case ("all" | "any" as which, *parts):
            joined = " and " if which == "all" else " or "
            return joined.join(f"({spelled(part)})" for part in parts)
        case (str(operator), left, right):
            return f"{spelled(left)} {operator} {spelled(right)}"
        case (str(operator), _, left, right):
            return f"({spelled(left)} {operator} {spelled(right)})"
        case _:
            raise AssertionError(formula)


def _differences(replayed: Replayed) -> Iterator[str]:
    replay = replayed.replay
    if not isinstance(replay, NotReproduced):
        return
    yield from titled("Differences")
    for each in replay.differences:
        yield ""
        yield from filled(each.what, "* ", "  ")
        yield from labelled("predicted", each.predicted)
        yield from labelled("observed", each.observed)


def _outcome(replayed: Replayed) -> Iterator[str]:
    predicted = replayed.witness.predicted
    yield from titled("Predicted")
    yield ""
    yield from labelled("control", ends(predicted.arrival))
    yield from _listed("registers", named(predicted.registers))
    yield from _listed(
        "memory", [f"{m.address:#x}: {m.content.hex(' ')}" for m in predicted.memory]
    )
    replay = replayed.replay
    if isinstance(replay, Confirmed | NotReproduced):
        seen = replay.observed
        shown = {n: seen.registers[n] for n in predicted.registers if n in seen.registers}
        yield from titled("Observed")
        yield ""
        yield from labelled("control", ends(arrived(seen)))
        yield from _listed("registers", named(shown))
        yield from _listed("memory", [f"{m.address:#x}: {m.content.hex(' ')}" for m in seen.memory])


def named(values: Mapping[str, int]) -> list[str]:
    """Return registers as ``x0 = 0x3``, in the order of the architecture."""
    return [f"{name} = {values[name]:#x}" for name in sorted(values, key=natural_order)]


def _listed(label: str, items: list[str]) -> Iterator[str]:
    if items:
        yield from labelled_list(label, items)
