"""A derivation as text: for each provider and call number, what it does and how it ends."""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import assert_never

from hypabi.analysis.results.derivation import (
    AgreeingCases,
    DerivedCall,
    DerivedCase,
    DerivedEntry,
    DeriveResult,
    Ending,
    SystemEffect,
)
from hypabi.analysis.results.values import constant_in
from hypabi.analysis.results.vector_table import HOW
from hypabi.arch.register_order import natural_order
from hypabi.image.symbolizer import Names
from hypabi.report.shared.counterexample import with_capabilities
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.register_sets import kept_in_words, ranges
from hypabi.report.shared.text_layout import columns, cut, filled, grid, printable, titled
from hypabi.report.shared.verdict_lines import verdict_lines

MOST_PASSED = 8
"""General registers printed of a case that does not return; the rest is named."""

MOST_OF_A_CALL = 26
MOST_OF_A_CELL = 30
"""Columns of the table on top: a call's name and one cell fit the narrowest terminal."""

NOTHING = (
    "No vectors were found that are those of EL2 or HYP for sure; --entry SYMBOL says what an hvc"
    " enters."
)

MOST_LINES = 3
"""Lines printed of one condition; JSON has all of it."""

LABEL = 10
SERVED = 12
"""Columns of a number that compiled code serves."""


class Cases(enum.Enum):
    """How the cases of one call are printed."""

    AGREEING_TOGETHER = "agreeing together"
    ONE_BY_ONE = "one by one"


def write(result: DeriveResult, cases: Cases = Cases.AGREEING_TOGETHER) -> str:
    """Return a derivation as text."""
    return "\n".join(map(printable, _lines(result, cases))) + "\n"


def _lines(result: DeriveResult, cases: Cases) -> Iterator[str]:
    image = result.image
    subject = f"{image.version or image.name} ({image.architecture.value})"
    yield from verdict_lines(subject, result.conclusion)
    yield from _summary(result)
    for each in result.entries:
        yield from _Writer(result, each, cases).lines()
    yield from _left_out(result)
    if not result.entries and not result.left_out:
        yield ""
        yield from filled(NOTHING)
    inputs = [("image", image.sha256)]
    if result.reproduce.contract_sha256 is not None:
        inputs.append(("contract", result.reproduce.contract_sha256))
    yield from repeat_section(result.reproduce, inputs)


def _summary(result: DeriveResult) -> Iterator[str]:
    """Yield how each call ends at each entry, where there is more than one to tell."""
    calls = {_title(result, call): None for each in result.entries for call in each.calls}
    if len(calls) * len(result.entries) < 2:
        return
    titles = [_named(each) for each in result.entries]
    cells = [{_title(result, c): _ends(result, c) for c in each.calls} for each in result.entries]
    rows = [
        (cut(title, MOST_OF_A_CALL), [cut(of.get(title, "-"), MOST_OF_A_CELL) for of in cells])
        for title in calls
    ]
    yield ""
    yield from grid("", titles, rows)


def _named(entry: DerivedEntry) -> list[str]:
    """Return the parties of an entry, or where it is, as the lines of a column's title."""
    *before, last = entry.parties or (entry.place,)
    return [cut(each, MOST_OF_A_CELL) for each in (*(f"{name}," for name in before), last)]


def _title(result: DeriveResult, call: DerivedCall) -> str:
    if call.number is None:
        return f"any other {result.identifier}"
    return call.call or f"{result.identifier} = {spelled(call.number)}"


def _ends(result: DeriveResult, call: DerivedCall) -> str:
    """Say in a word or two how a call ends; of several cases each way once."""
    return "/".join(dict.fromkeys(_end(result, call, case) for case in call.cases))


def _end(result: DeriveResult, call: DerivedCall, case: DerivedCase) -> str:
    ends: str = case.ends.value
    if case.ends is not Ending.RETURNS:
        return ends
    answer = constant_in(case.registers.get(result.result) or answered(result, call) or "")
    return ends if answer is None else f"returns {spelled(f'{answer:#x}')}"


def answered(result: DeriveResult, call: DerivedCall) -> str | None:
    """Return what the register that answers holds where nothing changes it."""
    return call.number if result.result == result.identifier else None


def _left_out(result: DeriveResult) -> Iterator[str]:
    if result.left_out:
        names = [each.symbol or each.address for each in result.left_out]
        yield ""
        yield from filled(
            f"Left out, as no party of the contract claims them: {', '.join(names)}; "
            "--all-tables has them."
        )


class _Writer:
    def __init__(self, result: DeriveResult, entry: DerivedEntry, cases: Cases) -> None:
        self.architecture = result.image.architecture
        self.result = result
        self.identifier = result.identifier
        self.capabilities = with_capabilities(result.capabilities)
        self.names = Names(result.symbols)
        self.entry = entry
        self.cases = cases

    def lines(self) -> Iterator[str]:
        yield from self.title()
        for call in self.entry.calls:
            yield ""
            yield from self.call(call)
        yield from self.served()
        rests_on = dict.fromkeys(
            text for call in self.entry.calls for case in call.cases for text in case.assumptions
        )
        if rests_on:
            yield ""
            yield "assumed"
        for text in rests_on:
            yield from filled(self.named(text), "  * ", "    ")

    def served(self) -> Iterator[str]:
        """Yield which numbers compiled code serves that was followed."""
        for index, each in enumerate(self.entry.served):
            if not index:
                yield ""
                yield "behind compiled code that was followed"
            number = "any other" if each.number is None else spelled(each.number)
            for at, end in enumerate(each.ends or ("undecided: no path was followed",)):
                label = "" if at else number
                yield from filled(self.named(end), f"  {label:<{SERVED}}", "    ")

    def title(self) -> Iterator[str]:
        table, entry = self.entry.table, self.entry.address
        if table is None:
            yield from titled(cut(self.entry.place, columns()))
            yield f"hvc enters at {entry}"
            return
        who = ", ".join(self.entry.parties) or "no party of the contract"
        yield from titled(cut(who, columns()))
        name = table.symbol or "a table without a symbol"
        yield from filled(
            f"{name} at {table.address} ({table.program.value}, {table.kind}, found "
            f"{HOW[table.how]}); hvc enters at {entry}"
        )

    def call(self, call: DerivedCall) -> Iterator[str]:
        title = f"any other {self.identifier}"
        if call.number is not None:
            title = f"{self.identifier} = {spelled(call.number)}"
        title = f"{title}  {call.call}" if call.call else title
        groups = self.groups(call)
        if len(groups) == 1:
            yield title
            yield from self.group(groups[0], call, "  ")
            return
        yield f"{title}  ({len(groups)} cases)"
        for index, group in enumerate(groups, 1):
            yield f"  case {index}"
            yield from self.group(group, call, "    ")

    def groups(self, call: DerivedCall) -> Sequence[AgreeingCases]:
        match self.cases:
            case Cases.AGREEING_TOGETHER:
                return call.agreeing
            case Cases.ONE_BY_ONE:
                alone = enumerate(call.cases)
                return [AgreeingCases((place,), case.when == "1") for place, case in alone]
            case _:
                assert_never(self.cases)

    def group(self, group: AgreeingCases, call: DerivedCall, indent: str) -> Iterator[str]:
        cases = [call.cases[place] for place in group.cases]
        if not group.always:
            for index, case in enumerate(cases):
                label = "or" if index else "where"
                lines = list(filled(self.named(case.when), f"{indent}{label:<{LABEL}}"))
                yield from lines[:MOST_LINES]
                if len(lines) > MOST_LINES:
                    yield f"{indent}{'':<{LABEL}}..."
        yield from self.does(cases[0], call, indent)

    def does(self, case: DerivedCase, call: DerivedCall, indent: str) -> Iterator[str]:
        if case.ends is Ending.RETURNS:
            yield from self.returned(case, call, indent)
        else:
            yield from self.values(indent, "passes", case.registers, MOST_PASSED)
        yield from self.values(indent, "sets", case.system_registers, len(case.system_registers))
        for index, text in enumerate(self.written(case)):
            yield self.line(indent, "" if index else "writes", text)
        if case.effects:
            yield from filled(effects(case.effects), f"{indent}{'does':<{LABEL}}")
        yield from filled(self.named(_how(case)), f"{indent}{case.ends.value:<{LABEL}}")

    def returned(self, case: DerivedCase, call: DerivedCall, indent: str) -> Iterator[str]:
        register = self.result.result
        result = case.registers.get(register, answered(self.result, call))
        text = "unchanged" if result is None else self.said(result)
        yield self.line(indent, "result", f"{register} = {text}")
        lost = [name for name in case.registers if name != register]
        yield from filled(ranges(lost) or "nothing else", f"{indent}{'loses':<{LABEL}}")
        keeps = [name for name in case.kept if name != register]
        yield from filled(kept_in_words(self.architecture, keeps), f"{indent}{'keeps':<{LABEL}}")

    def values(
        self, indent: str, label: str, values: Mapping[str, str], most: int
    ) -> Iterator[str]:
        names = sorted(values, key=natural_order)
        for index, name in enumerate(names):
            if index == most:
                rest = ranges(names[index:])
                yield self.line(indent, "", f"and {len(names) - most} more: {rest}")
                return
            yield self.line(indent, "" if index else label, f"{name} = {self.said(values[name])}")

    def written(self, case: DerivedCase) -> Iterator[str]:
        """Yield the regions that stores cover; a single store shows its value."""
        at = 0
        for region in case.regions:
            where = self.named(region.address)
            if region.stores == 1:
                yield f"{region.size} bytes at {where}: {self.said(case.memory[at].value)}"
            else:
                yield f"{region.stores} times in {region.size} bytes at {where}"
            at += region.stores

    def said(self, value: str) -> str:
        return self.named(spelled(value))

    def named(self, text: str) -> str:
        return self.capabilities(self.names.inside(text))

    def line(self, indent: str, label: str, text: str) -> str:
        return cut(f"{indent}{label:<{LABEL}}{text}", columns())


def _how(case: DerivedCase) -> str:
    """Return where control goes, and from where."""
    match case.ends:
        case Ending.RETURNS | Ending.LEAVES | Ending.CALLS:
            return case.how if case.last_place is None else f"{case.how}, from {case.last_place}"
        case Ending.STUCK | Ending.FAULTS | Ending.ASKS | Ending.UNDECIDED:
            return case.how
        case _:
            assert_never(case.ends)


def spelled(value: str) -> str:
    """Spell a value as terms spell what is in them: a constant in decimal where that is as good."""
    number = constant_in(value)
    return str(number) if number is not None and number < 10 else value


def effects(performed: Iterable[SystemEffect]) -> str:
    """Name effects in program order; a repetition is counted."""
    names = [
        effect.name if effect.where is None else f"{effect.name} (at times)" for effect in performed
    ]
    runs = [(name, len(list(same))) for name, same in groupby(names)]
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in runs)
