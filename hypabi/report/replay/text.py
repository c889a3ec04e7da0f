"""A replay as text: the answer first, then what was claimed, predicted and observed."""

from collections.abc import Iterator, Mapping

from hypabi.analysis.results.replay import EndState, ReplayResult
from hypabi.analysis.results.shared import DEFECT, ReplayVerdict
from hypabi.arch.register_order import natural_order
from hypabi.report.shared.calls import spelled
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.text_layout import filled, labelled, labelled_list, printable, titled
from hypabi.report.shared.verdict_lines import verdict_lines


def write(replayed: ReplayResult) -> str:
    """Return a replay as text."""
    return "\n".join(map(printable, _lines(replayed))) + "\n"


def _lines(replayed: ReplayResult) -> Iterator[str]:
    claim, made = replayed.claim, replayed.replay
    subject = f"{claim.party}, {_call(replayed)}: {claim.clause}"
    yield from verdict_lines(subject, replayed.conclusion)
    yield ""
    yield from labelled("machine", made.machine)
    yield from labelled("worth", replayed.worth)
    if made.reason is not None:
        yield from labelled("not run", made.reason)
    if made.verdict is ReplayVerdict.NOT_REPRODUCED:
        yield from labelled("beware", DEFECT)
    yield from _claim(replayed)
    yield from _differences(replayed)
    yield from _outcome(replayed)
    of = replayed.reproduce
    yield from repeat_section(of, (("witness", of.witness_sha256), ("image", of.image_sha256)))


def _call(replayed: ReplayResult) -> str:
    claim = replayed.claim
    name = spelled(claim.call)
    return name if claim.number is None else f"{name} ({int(claim.number, 16)})"


def _claim(replayed: ReplayResult) -> Iterator[str]:
    claim, image = replayed.claim, replayed.image
    yield from titled("Claim")
    yield ""
    yield from labelled("contract", f"{claim.contract}, as of {claim.version}")
    yield from labelled("clause", claim.statement)
    yield from labelled("instead", claim.instead)
    yield from labelled("promised", claim.promised)
    yield from labelled("image", f"{image.name} ({image.version or 'no version'})")
    yield from labelled("place", _place(replayed))
    yield from _listed("entered at", named(replayed.entered))


def _place(replayed: ReplayResult) -> str:
    image = replayed.image
    pages = f"{image.pages} pages of it are in the machine's memory"
    if not int(image.displacement, 16):
        return f"at its link addresses; {pages}"
    return (
        f"{image.displacement} above its link addresses, modulo the width of an address, and so "
        f"are all addresses of it here; {pages}"
    )


def _differences(replayed: ReplayResult) -> Iterator[str]:
    if not replayed.replay.differences:
        return
    yield from titled("Differences")
    for each in replayed.replay.differences:
        yield ""
        yield from filled(each.what, "* ", "  ")
        yield from labelled("predicted", each.predicted)
        yield from labelled("observed", each.observed)


def _outcome(replayed: ReplayResult) -> Iterator[str]:
    predicted, seen = replayed.predicted, replayed.observed
    yield from titled("Predicted")
    yield ""
    yield from _state(predicted, predicted.registers)
    if seen is not None:
        shown = {n: seen.registers[n] for n in predicted.registers if n in seen.registers}
        yield from titled("Observed")
        yield ""
        yield from _state(seen, shown)


def _state(state: EndState, registers: Mapping[str, str]) -> Iterator[str]:
    yield from labelled("control", state.control)
    yield from _listed("registers", named(registers))
    spaced = ((each.address, bytes.fromhex(each.bytes).hex(" ")) for each in state.memory)
    yield from _listed("memory", [f"{address}: {content}" for address, content in spaced])


def named(values: Mapping[str, str]) -> list[str]:
    """Return registers as ``x0 = 0x3``, in the order of the architecture."""
    return [f"{name} = {values[name]}" for name in sorted(values, key=natural_order)]


def _listed(label: str, items: list[str]) -> Iterator[str]:
    if items:
        yield from labelled_list(label, items)
