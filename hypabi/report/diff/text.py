"""A diff as text for a mail: the answer first, then who breaks and how, then what is the same."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Final

from hypabi.analysis.findings.check import spelled
from hypabi.analysis.results.difference import (
    WORDS,
    Compared,
    Diff,
    cells_of,
    change_word,
    count_changes,
    noted,
)
from hypabi.analysis.results.vector_table import HOW
from hypabi.judgement.difference.model import (
    Aspect,
    Bearing,
    Cell,
    Difference,
    Direction,
    Renumbered,
    Vacuous,
    differences_of,
    reasons_of,
)
from hypabi.report.shared.counterexample import ordered
from hypabi.report.shared.footer import repeat
from hypabi.report.shared.register_sets import ranges
from hypabi.report.shared.suppressed import suppressed_text
from hypabi.report.shared.text_layout import (
    COLUMNS,
    cut,
    filled,
    labelled,
    labelled_list,
    matrix,
    printable,
    titled,
)
from hypabi.report.shared.trusted_base import trust_section, trusted

MOST: Final = 6
"""Differences printed of one cell; JSON has all."""

BREAKING: Final = ("incompatible", "weaker", "renumbered")
SHORT: Final[Mapping[Direction, str]] = {
    Direction.OLD_CALLERS: "old callers on new",
    Direction.NEW_CALLERS: "new callers on old",
}


def write(diff: Diff) -> str:
    """Return a diff as text."""
    return "\n".join(_lines(diff)) + "\n"


def _lines(diff: Diff) -> Iterator[str]:
    yield from headline(diff)
    yield ""
    for label, side in (("old", diff.old), ("new", diff.new)):
        at = f"{side.contract} as of {side.contract_version}"
        yield from labelled(label, f"{named(side)} ({diff.architecture.value}), held to {at}")
    yield from breaking(diff)
    yield from undecided(diff)
    yield from stronger(diff)
    yield from same(diff)
    yield from table(diff)
    yield from parties(diff)
    covered = ((_where(diff, cell), by) for cell in diff.cells if (by := diff.by(cell)) is not None)
    yield from suppressed_text(diff.suppressions, covered)
    yield from assumed(diff)
    yield from trust_section(trusted(diff.provenance))
    yield from repeat(diff.provenance, tuple(inputs(diff)))


def inputs(diff: Diff) -> Iterator[tuple[str, str]]:
    """Yield what went in, and its SHA-256."""
    yield "old image", diff.old.sha256
    yield "new image", diff.new.sha256
    contracts = {diff.old.contract_sha256: "", diff.new.contract_sha256: ""}
    for sha256 in contracts:
        yield "contract", sha256
    if diff.suppressions is not None:
        yield "suppressions", diff.suppressions.sha256


def named(side: Compared) -> str:
    """Return what a side is called: its version, else the first digits of its hash."""
    return side.version or f"image {side.sha256[:12]}"


def headline(diff: Diff) -> Iterator[str]:
    """Yield the answer in a word, and how many cells got which."""
    number = count_changes(cell for cell in diff.cells if diff.by(cell) is None)
    tally = ", ".join(f"{number[each]} {each}" for each in WORDS if number[each])
    covered = sum(diff.by(cell) is not None for cell in diff.cells)
    if covered:
        tally = f"{tally}, {covered} suppressed" if tally else f"{covered} suppressed"
    line = printable(f"{named(diff.old)} -> {named(diff.new)}: {answer(diff)}")
    full = f"{line}: {tally}"
    yield from [full] if len(full) <= COLUMNS else [*filled(line), *filled(tally)]


def answer(diff: Diff) -> str:
    """Return the answer in words; the worst that was found decides."""
    number = count_changes(cell for cell in diff.cells if diff.by(cell) is None)
    if any(number[each] for each in BREAKING):
        return "INCOMPATIBLE"
    if number["undecided"]:
        return "UNDECIDED"
    if not any(number[each] for each in WORDS if each != "vacuous"):
        return "NOTHING COMPARED"
    notes = any(noted(cell.change) for cell in diff.cells)
    return "CHANGED, NOBODY BREAKS" if number["stronger"] or notes else "EQUAL"


def breaking(diff: Diff) -> Iterator[str]:
    """Yield each change that breaks somebody, with a state that shows it."""
    cells = list(cells_of(diff, *BREAKING))
    if cells:
        yield from titled("Who breaks")
    for cell in cells:
        yield ""
        yield from filled(_where(diff, cell), "* ", "  ")
        if isinstance(cell.change, Renumbered):
            same_there = f"{cell.change.call}, {diff.identifier} = {number(cell.change.number)}"
            yield from labelled("there", f"the same under another number: {same_there}")
        yield from evidence(diff, cell)
        for reason in reasons_of(cell.change)[:MOST]:
            yield from labelled("undecided", reason)
        if cell.must_agree:
            yield from labelled_list("must agree", cell.must_agree)


def _where(diff: Diff, cell: Cell) -> str:
    """Return which call of which party, in which direction, and the word for the change."""
    what = f"{SHORT[cell.direction]}: {change_word(cell.change)}"
    if cell.call is None and cell.only_here:
        return f"{cell.party}: {what}"
    at = "" if cell.number is None else f" ({diff.identifier} = {number(cell.number)})"
    return f"{cell.party}, {spelled(cell.call)}{at}: {what}"


def number(value: int) -> str:
    """Return a call number."""
    return str(value) if abs(value) < 10 else f"{value:#x}"


def evidence(diff: Diff, cell: Cell) -> Iterator[str]:
    """Yield what differs; the ends first, and no more than a reader needs."""
    shown = [each for each in differences_of(cell.change) if each.bearing is not Bearing.HARMLESS]
    for each in shown[:MOST]:
        yield from _difference(diff, cell, each)
    if len(shown) > MOST:
        rest = ", ".join(each.subject for each in shown[MOST:])
        yield from labelled("and", f"{len(shown) - MOST} more: {rest}")


def _difference(diff: Diff, cell: Cell, each: Difference) -> Iterator[str]:
    if each.aspect is Aspect.PARTY:
        yield from labelled("party", each.home)
        yield from labelled("but", each.other)
        return
    texts = (("old", each.home), ("new", each.other))
    if cell.direction is Direction.NEW_CALLERS:
        texts = (("old", each.other), ("new", each.home))
    yield from labelled("what", each.subject)
    values = [f"{name} = {value:#x}" for name, value in ordered(each.witness)]
    zero = diff.identifier not in each.witness
    start = [f"{diff.identifier} = 0"] if zero else []
    rest = "all else 0"
    yield from labelled_list("entered at", [*start, *values, rest])
    for label, text in texts:
        yield from labelled(label, text)


def undecided(diff: Diff) -> Iterator[str]:
    """Yield what could not be decided, and why."""
    cells = list(cells_of(diff, "undecided"))
    if cells:
        yield from titled("Undecided")
    for cell in cells:
        yield ""
        yield from filled(_where(diff, cell), "* ", "  ")
        for reason in reasons_of(cell.change)[:MOST]:
            yield from labelled("because", reason)
        yield from evidence(diff, cell)


def stronger(diff: Diff) -> Iterator[str]:
    """Yield what the other side does besides."""
    cells = list(cells_of(diff, "stronger"))
    if cells:
        yield from titled("Stronger: nobody breaks")
    for cell in cells:
        yield from filled(_where(diff, cell), "* ", "  ")
        for each in differences_of(cell.change):
            if each.bearing is Bearing.GAINS:
                yield from labelled("", f"{each.subject}: {each.home}; there {each.other}")


def same(diff: Diff) -> Iterator[str]:
    """Yield what is the same, a line for each party, and what differs that nobody may see."""
    cells = list(cells_of(diff, "equal", "vacuous"))
    if cells:
        yield from titled("Equal")
    for party, group in groupby(sorted(cells, key=_party(diff)), key=lambda cell: cell.party):
        of_party = list(group)
        for directions, calls in _by_directions(diff, of_party).items():
            yield from filled(f"{party}: {', '.join(calls)}{directions}", "", "    ")
        notes = sorted({note for cell in of_party for note in noted(cell.change)})
        if notes:
            yield from filled(f"harmless: {ranges(notes)}", "  ", "    ")


def _party(diff: Diff) -> Callable[[Cell], int]:
    order = list(dict.fromkeys(cell.party for cell in diff.cells))
    return lambda cell: order.index(cell.party)


def _by_directions(diff: Diff, cells: list[Cell]) -> Mapping[str, list[str]]:
    """Return calls by the directions in which they are equal, most often all that were asked."""
    asked = len({cell.direction for cell in diff.cells})
    calls = list(dict.fromkeys(cell.call for cell in cells))
    found: dict[str, list[str]] = {}
    for call in calls:
        of_call = [cell for cell in cells if cell.call == call]
        text = "" if len(of_call) == asked else f" ({SHORT[of_call[0].direction]})"
        vacuous = all(isinstance(cell.change, Vacuous) for cell in of_call)
        name = f"{spelled(call)} (vacuous)" if vacuous else spelled(call)
        if of_call[0].left_open:
            name += " (left open by the document)"
        found.setdefault(text, []).append(name)
    return found


def table(diff: Diff) -> Iterator[str]:
    """Yield one word for each call of each party in both directions."""
    rows: dict[tuple[str, str | None, bool], dict[Direction, str]] = {}
    for cell in diff.cells:
        whole = cell.call is None and cell.only_here
        key = (cell.party, cell.call, whole)
        mark = " (s)" if diff.by(cell) is not None else ""
        text = "left open" if cell.left_open else change_word(cell.change)
        rows.setdefault(key, {})[cell.direction] = text + mark
    yield from titled("By party and call")
    lines = [
        (
            f"{party}, {'the party itself' if whole else spelled(call)}",
            [found.get(direction, "-") for direction in Direction],
        )
        for (party, call, whole), found in rows.items()
    ]
    yield from matrix("", ["old-callers-on-new", "new-callers-on-old"], lines)
    yield ""
    yield from filled("- no such caller; (s) suppressed")


def parties(diff: Diff) -> Iterator[str]:
    """Yield who was found where, and who was not."""
    yield from titled("Parties")
    for label, side in (("old", diff.old), ("new", diff.new)):
        for party in side.parties:
            program = "" if party.program == "kernel" else f", in the {party.program}"
            how = HOW.get(party.how, party.how)
            where = f"{party.symbol or 'no symbol'} at {party.address:#x}, {how}{program}"
            yield from filled(f"{label}: {party.name}: {where}", "", "    ")
        for name in side.missing:
            yield cut(f"{label}: {name}: not found in this image", COLUMNS)


def assumed(diff: Diff) -> Iterator[str]:
    """Yield what the comparison rests on."""
    found = sorted({text for cell in diff.cells for text in cell.assumptions})
    yield from titled("Assumed")
    always = (
        "a constant that is an address of the program stands for its symbol, and one symbol for "
        "the same code or data in both"
    )
    for text in (always, *found):
        yield from filled(text, "* ", "  ")
