"""A diff as text for a mail: the answer first, then who breaks and how, then what is the same."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Final

from hypabi.analysis.results.difference import (
    CallersOf,
    ChangeKind,
    ComparedCall,
    ComparedPromise,
    DiffResult,
    Made,
    ShownDifference,
    Side,
)
from hypabi.analysis.results.vector_table import HOW
from hypabi.arch.register_order import natural_order
from hypabi.judgement.difference.model import Aspect, Bearing
from hypabi.judgement.difference.own_promises import PromiseChange
from hypabi.report.shared.calls import spelled
from hypabi.report.shared.counterexample import kind
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.register_sets import ranges
from hypabi.report.shared.suppressed import suppressed_section
from hypabi.report.shared.text_layout import (
    columns,
    cut,
    filled,
    labelled,
    labelled_list,
    matrix,
    printable,
    titled,
)
from hypabi.report.shared.trusted_base import trust_section
from hypabi.report.shared.verdict_lines import verdict_lines

MOST: Final = 6
"""Differences printed of one cell; JSON has all."""

BESIDES_A_ROW: Final = 18
"""Columns for what a row of the table is about, so that the longest word fits behind it."""

BREAKING: Final = (ChangeKind.INCOMPATIBLE, ChangeKind.WEAKER, ChangeKind.RENUMBERED)
UNPROMISED: Final = (Bearing.CHANGED, Bearing.HARMLESS)
PROMISED: Final[Mapping[PromiseChange, str]] = {
    PromiseChange.NEWLY_BROKEN: "New breaks what its own contract promises",
    PromiseChange.NEWLY_UNDECIDED: "Newly undecided of what its own contract promises",
    PromiseChange.BROKEN_IN_BOTH: "Broken in both",
    PromiseChange.MENDED: "Mended",
    PromiseChange.OTHERWISE_KEPT: "Kept otherwise",
    PromiseChange.GONE: "Gone",
    PromiseChange.ADDED: "Added",
}
SHORT: Final[Mapping[CallersOf, str]] = {
    CallersOf.OLD: "old callers on new",
    CallersOf.NEW: "new callers on old",
}


def write(diff: DiffResult) -> str:
    """Return a diff as text."""
    return "\n".join(map(printable, _lines(diff))) + "\n"


def _lines(diff: DiffResult) -> Iterator[str]:
    yield from headline(diff)
    yield ""
    for label, side in (("old", diff.old), ("new", diff.new)):
        at = f"{side.contract.name} as of {side.contract.version}"
        yield from labelled(label, f"{side.named} ({diff.architecture.value}), held to {at}")
    yield from breaking(diff)
    yield from promises(diff)
    yield from undecided(diff)
    yield from stronger(diff)
    yield from changed(diff)
    yield from unasked(diff)
    yield from same(diff)
    yield from table(diff)
    yield from parties(diff)
    yield from suppressed(diff)
    yield from assumed(diff)
    yield from trust_section(diff.trusted)
    yield from repeat_section(diff.reproduce, inputs(diff))


def inputs(diff: DiffResult) -> Iterator[tuple[str, str]]:
    """Yield what went in, and its SHA-256."""
    yield "old image", diff.old.sha256
    yield "new image", diff.new.sha256
    contracts = dict.fromkeys((diff.old.contract.sha256, diff.new.contract.sha256))
    for sha256 in contracts:
        yield "contract", sha256
    if diff.suppressions is not None:
        yield "suppressions", diff.suppressions.sha256


def headline(diff: DiffResult) -> Iterator[str]:
    """Yield the verdict, and how many comparisons came to what."""
    harmless = sum(
        each.change is ChangeKind.EQUAL and bool(each.differences) for each in diff.changes
    )
    besides = [f"{harmless} of the equal differ harmlessly"] if harmless else []
    if diff.verdict == "changed":
        besides.append("nobody breaks")
    subject = f"{diff.old.named} -> {diff.new.named}"
    yield from verdict_lines(subject, diff.conclusion, "; ".join(besides))


def _of_kinds(diff: DiffResult, *kinds: ChangeKind) -> Iterator[ComparedCall]:
    """Yield the comparisons that came to one of these and that nothing suppresses, in order."""
    for of in kinds:
        for each in diff.changes:
            if each.change is of and each.suppressed is None:
                yield each


def breaking(diff: DiffResult) -> Iterator[str]:
    """Yield each change that breaks somebody, with a state that shows it."""
    cells = [each for each in _of_kinds(diff, *BREAKING) if each.made is not Made.BY_NOBODY]
    if cells:
        yield from titled("Who breaks")
    for cell in cells:
        yield from _broken(diff, cell)


def unasked(diff: DiffResult) -> Iterator[str]:
    """Yield what would break who made the calls that nobody in either image makes."""
    cells = [each for each in _of_kinds(diff, *BREAKING) if each.made is Made.BY_NOBODY]
    if cells:
        yield from titled("Nobody makes these calls: they would break whoever did")
    for cell in cells:
        yield from _broken(diff, cell)


def _broken(diff: DiffResult, cell: ComparedCall) -> Iterator[str]:
    yield ""
    yield from filled(_where(diff, cell), "* ", "  ")
    if cell.renumbered is not None:
        there = cell.renumbered
        same_there = f"{there.call}, {diff.identifier} = {number(there.number)}"
        yield from labelled("there", f"the same under another number: {same_there}")
    yield from evidence(diff, cell)
    for reason in cell.reasons[:MOST]:
        yield from labelled("undecided", reason)
    for image in Side:
        asking = [
            f"{a.function or 'no symbol'} ({a.answer.value})"
            for a in cell.asked_by
            if a.image is image
        ]
        if asking:
            yield from labelled_list(f"{image.value} asks", asking)
    if cell.must_agree:
        yield from labelled_list("must agree", cell.must_agree)


def promises(diff: DiffResult) -> Iterator[str]:
    """Yield what became of what each image keeps of its own contract."""
    for change, title in PROMISED.items():
        found = [each for each in diff.promises if each.change is change]
        if found:
            yield from titled(title)
        for each in found:
            yield from filled(f"{each.about.value} {each.who}, {'; '.join(each.what)}", "* ", "  ")
            yield from _was_and_is(each)


def _was_and_is(promise: ComparedPromise) -> Iterator[str]:
    """Yield both; of two lists that are kept, what only one of them has."""
    if promise.change is PromiseChange.OTHERWISE_KEPT:
        old, new = (each.removeprefix("kept: ").split(", ") for each in (promise.old, promise.new))
        for label, mine, yours in (("only old", old, new), ("only new", new, old)):
            alone = [each for each in mine if each not in yours]
            yield from labelled_list(label, alone or ["-"])
        return
    if promise.old != promise.new:
        yield from labelled("old", promise.old)
    yield from labelled("new", promise.new)


def _where(diff: DiffResult, cell: ComparedCall) -> str:
    """Return which call of which party, in which direction, and the word for the change."""
    what = f"{SHORT[cell.direction]}: {cell.change.value}"
    if cell.call is None and cell.only_here:
        return f"{cell.party}: {what}"
    at = "" if cell.number is None else f" ({diff.identifier} = {number(cell.number)})"
    return f"{cell.party}, {spelled(cell.call)}{at}: {what}"


def number(value: str) -> str:
    """Return a call number, a small one as people count."""
    return str(int(value, 16)) if abs(int(value, 16)) < 10 else value


def evidence(diff: DiffResult, cell: ComparedCall) -> Iterator[str]:
    """Yield what differs; the ends first, and no more than a reader needs."""
    shown = [each for each in cell.differences if each.bearing not in UNPROMISED]
    for each in shown[:MOST]:
        yield from _difference(diff, cell, each)
    if len(shown) > MOST:
        rest = ", ".join(each.subject for each in shown[MOST:])
        yield from labelled("and", f"{len(shown) - MOST} more: {rest}")
    changed_ones = [each.subject for each in cell.differences if each.bearing is Bearing.CHANGED]
    if changed_ones:
        yield from labelled("changed", f"{ranges(changed_ones)}, as the contract permits")


def _home_first(cell: ComparedCall, each: ShownDifference) -> tuple[str, str]:
    """Return what the callers' own provider does, and what the other does."""
    return (each.old, each.new) if cell.direction is CallersOf.OLD else (each.new, each.old)


def _difference(diff: DiffResult, cell: ComparedCall, each: ShownDifference) -> Iterator[str]:
    if each.aspect is Aspect.PARTY:
        home, other = _home_first(cell, each)
        yield from labelled("party", home)
        yield from labelled("but", other)
        return
    yield from labelled("what", each.subject)
    names = sorted(each.entry, key=lambda name: (kind(name), natural_order(name)))
    values = [f"{name} = {each.entry[name]}" for name in names]
    zero = diff.identifier not in each.entry
    start = [f"{diff.identifier} = 0"] if zero else []
    rest = "all else 0"
    yield from labelled_list("entered at", [*start, *values, rest])
    yield from labelled("old", each.old)
    yield from labelled("new", each.new)


def undecided(diff: DiffResult) -> Iterator[str]:
    """Yield what could not be decided, and why."""
    cells = list(_of_kinds(diff, ChangeKind.UNDECIDED))
    if cells:
        yield from titled("Undecided")
    for cell in cells:
        yield ""
        yield from filled(_where(diff, cell), "* ", "  ")
        for reason in cell.reasons[:MOST]:
            yield from labelled("because", reason)
        yield from evidence(diff, cell)


def stronger(diff: DiffResult) -> Iterator[str]:
    """Yield what the other side does besides."""
    cells = list(_of_kinds(diff, ChangeKind.STRONGER))
    if cells:
        yield from titled("Stronger: nobody breaks")
    for cell in cells:
        yield from filled(_where(diff, cell), "* ", "  ")
        yield from _values(cell, Bearing.GAINS)


def changed(diff: DiffResult) -> Iterator[str]:
    """Yield the system registers that have another value, where nothing promised is different."""
    cells = list(_of_kinds(diff, ChangeKind.CHANGED))
    if cells:
        yield from titled("Changed: system registers have other values, as the contract permits")
    for cell in cells:
        yield from filled(_where(diff, cell), "* ", "  ")
        yield from _values(cell, Bearing.CHANGED)
        if noted(cell):
            yield from filled(f"harmless: {ranges(noted(cell))}", "  ", "    ")


def _values(cell: ComparedCall, bearing: Bearing) -> Iterator[str]:
    """Yield the differences of one bearing, a line for each, with both values."""
    for each in cell.differences:
        if each.bearing is bearing:
            home, other = _home_first(cell, each)
            yield from labelled("", f"{each.subject}: {home}; there {other}")


def same(diff: DiffResult) -> Iterator[str]:
    """Yield what is the same, a line for each party, and what differs that nobody may see."""
    cells = list(_of_kinds(diff, ChangeKind.EQUAL, ChangeKind.VACUOUS))
    if cells:
        yield from titled("Equal")
    for party, group in groupby(sorted(cells, key=_party(diff)), key=lambda cell: cell.party):
        of_party = list(group)
        for directions, calls in _by_directions(diff, of_party).items():
            yield from filled(f"{party}: {', '.join(calls)}{directions}", "", "    ")
        notes = sorted({note for cell in of_party for note in noted(cell)})
        if notes:
            yield from filled(f"harmless: {ranges(notes)}", "  ", "    ")


def _party(diff: DiffResult) -> Callable[[ComparedCall], int]:
    order = list(dict.fromkeys(cell.party for cell in diff.changes))
    return lambda cell: order.index(cell.party)


def _by_directions(diff: DiffResult, cells: list[ComparedCall]) -> Mapping[str, list[str]]:
    """Return calls by the directions in which they are equal, most often all that were asked."""
    asked = len({cell.direction for cell in diff.changes})
    calls = list(dict.fromkeys(cell.call for cell in cells))
    found: dict[str, list[str]] = {}
    for call in calls:
        of_call = [cell for cell in cells if cell.call == call]
        text = "" if len(of_call) == asked else f" ({SHORT[of_call[0].direction]})"
        vacuous = all(cell.change is ChangeKind.VACUOUS for cell in of_call)
        name = f"{spelled(call)} (vacuous)" if vacuous else spelled(call)
        if of_call[0].left_open:
            name += " (left open by the document)"
        found.setdefault(text, []).append(name)
    return found


def noted(cell: ComparedCall) -> tuple[str, ...]:
    """Return what differs without bearing on any caller."""
    return tuple(each.subject for each in cell.differences if each.bearing is Bearing.HARMLESS)


def table(diff: DiffResult) -> Iterator[str]:
    """Yield one word for each call of each party in both directions."""
    rows: dict[tuple[str, str | None, bool], dict[CallersOf, str]] = {}
    for cell in diff.changes:
        whole = cell.call is None and cell.only_here
        key = (cell.party, cell.call, whole)
        mark = " (s)" if cell.suppressed is not None else ""
        text = "left open" if cell.left_open else cell.change.value
        rows.setdefault(key, {})[cell.direction] = text + mark
    yield from titled("By party and call")
    lines = [
        (
            cut(
                f"{party}, {'the party itself' if whole else spelled(call)}",
                columns() - BESIDES_A_ROW,
            ),
            [found.get(direction, "-") for direction in CallersOf],
        )
        for (party, call, whole), found in rows.items()
    ]
    yield from matrix("", ["old-callers-on-new", "new-callers-on-old"], lines)
    yield ""
    yield from filled("- no such caller; (s) suppressed")


def parties(diff: DiffResult) -> Iterator[str]:
    """Yield who was found where, and who was not."""
    yield from titled("Parties")
    for label, side in (("old", diff.old), ("new", diff.new)):
        for party in side.parties:
            program = "" if party.program == "kernel" else f", in the {party.program}"
            how = HOW.get(party.how, party.how)
            where = f"{party.symbol or 'no symbol'} at {party.address}, {how}{program}"
            yield from filled(f"{label}: {party.name}: {where}", "", "    ")
        for name in side.missing:
            yield cut(f"{label}: {name}: not found in this image", columns())


def suppressed(diff: DiffResult) -> Iterator[str]:
    """Yield what was decided to live with, where a file of it was given."""
    if diff.suppressions is not None:
        covered = (
            (_where(diff, cell), cell.suppressed)
            for cell in diff.changes
            if cell.suppressed is not None
        )
        yield from suppressed_section(diff.suppressions, covered)


def assumed(diff: DiffResult) -> Iterator[str]:
    """Yield what the comparison rests on."""
    found = sorted({text for cell in diff.changes for text in cell.assumptions})
    yield from titled("Assumed")
    always = (
        "a constant that is an address of the program stands for its symbol, and one symbol for "
        "the same code or data in both"
    )
    for text in (always, *found):
        yield from filled(text, "* ", "  ")
