"""A counterexample as text: the state at entry in which a clause fails, and the path from there."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from hypabi.image.symbolizer import Places
from hypabi.report.shared.counterexample import Kind, entered, valuation
from hypabi.report.shared.listing import lines_of, listing
from hypabi.report.shared.text_layout import INDENT, labelled, labelled_list

if TYPE_CHECKING:
    from hypabi.judgement.verification.verdict import Refuted

LABELS: Final[Mapping[Kind, str]] = {
    Kind.GENERAL: "entered at",
    Kind.SYSTEM: "system",
    Kind.MEMORY: "memory",
    Kind.PATCHED: "patched",
    Kind.ANY: "any",
}


def at_entry(
    refuted: "Refuted", capabilities: Mapping[str, int], places: Places, indent: str = INDENT
) -> Iterator[str]:
    """Yield the state at entry, a line for each kind of symbol; nothing where any state does.

    :param capabilities: numbers of the capabilities that the image names
    """
    found = valuation(entered(refuted), capabilities)
    for kind, label in LABELS.items():
        if kind in found:
            named = map(places.inside, found[kind]) if kind is Kind.MEMORY else found[kind]
            yield from labelled_list(label, named, indent)


def observed(refuted: "Refuted", indent: str = INDENT) -> Iterator[str]:
    """Yield what was seen to differ, a line each."""
    for name, before, after in refuted.observed:
        text = f"{name}: {before:#x} at entry, {after:#x} at exit"
        yield from labelled("observed", text, indent)


def path(
    refuted: "Refuted",
    texts: Callable[[int], str],
    places: Places,
    form: str = "",
    indent: str = INDENT,
) -> Iterator[str]:
    """Yield the path, instruction by instruction.

    :param texts: disassembly of the instruction at an address
    :param form: of several forms of the same code, the one that this path is of
    """
    count = f"{len(refuted.trail)} instructions"
    yield from labelled("path", f"{count}, {form}" if form else count, indent)
    lines = lines_of(refuted.trail, texts, places)
    about = [name for name, _, _ in refuted.observed]
    yield from listing(lines, about, places, f"{indent}  ")
