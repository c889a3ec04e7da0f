"""Call sites as plain text: the answer first, stub calls in full, everything else in a line."""

import enum
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, assert_never

from hypabi.analysis.results.callers import (
    AskedFor,
    CallersResult,
    Kind,
    ListedCallSite,
    ListedPath,
    LiveBehind,
    NamedCall,
    NoCall,
    SharedNumber,
    UninitialisedIdentifier,
    UnlistedCall,
    UnresolvedIdentifier,
)
from hypabi.arch.names import Conduit
from hypabi.callsites.model import Reached, ResultUse, Start, Why
from hypabi.image.symbolizer import Names
from hypabi.records import frozen
from hypabi.report.caller_checks.text import section
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.text_layout import columns, cut, filled, listed, printable, titled
from hypabi.report.shared.verdict_lines import verdict_lines

MOST_ARGUMENT: Final = 160
"""Columns of one argument's term in a report; JSON has it in full."""
MOST_CONDITIONS: Final = 4


ENTERED: Final = (
    "code is entered at symbols, and within a function by its own branches and by what the kernel "
    "patches over them; static keys and computed branches would add paths"
)
TITLES: Final = {
    Kind.NO_CONTRACT: "In no contract",
    Kind.NO_CALL: "Not a call number",
    Kind.UNRESOLVED: "Unresolved",
    Kind.UNINITIALISED: "Uninitialised identifier",
}


class Detail(enum.Enum):
    """How much is said of a call site."""

    FULL = "full"
    LINE = "line"


@frozen
class Group:
    """Call sites under one title."""

    title: str
    sites: tuple[ListedCallSite, ...]
    detail: Detail


Belongs = Callable[[ListedCallSite], bool]


def write(result: CallersResult) -> str:
    """Return the report as text."""
    return "\n".join(map(printable, _lines(result))) + "\n"


def _lines(result: CallersResult) -> Iterator[str]:
    yield from _answer(result)
    names = Names(result.symbols)
    judged = result.against or result.stated
    if judged is not None:
        yield from section(judged.callers)
    for group in _grouped(result):
        yield from titled(cut(group.title, columns()))
        for site in group.sites:
            match group.detail:
                case Detail.FULL:
                    yield from _in_full(site, names)
                case Detail.LINE:
                    yield from _in_a_line(site)
    yield from _assumed(result)
    inputs = [(result.image.path, result.image.sha256)]
    if result.against is not None:
        inputs.append((result.against.image.path, result.against.image.sha256))
        inputs.append(("contract", result.against.contract.sha256))
    if result.stated is not None:
        inputs.append((result.stated.contract, result.stated.sha256))
    yield from repeat_section(result.reproduce, inputs)


def _answer(result: CallersResult) -> Iterator[str]:
    functions = {(site.program, site.function.address) for site in result.sites}
    besides = f"in {_many(len(functions), 'function')}"
    contracts = ", ".join(_by_contract(result))
    if contracts:
        besides += f"; by contract: {contracts}"
    subject = result.image.version or result.image.name
    if result.against is not None:
        kernel, contract = result.against.image, result.against.contract
        subject = f"{result.image.name} against {kernel.version or kernel.name}"
        besides += f"; {contract.name}, as of {contract.version}"
    yield from verdict_lines(subject, result.conclusion, besides)
    findings = sum(site.finding for site in result.sites)
    if findings:
        yield from filled(f"{_many(findings, 'finding')}: the identifier is uninitialised.")
    else:
        yield from filled("No identifier is uninitialised where it would matter.")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _by_contract(result: CallersResult) -> Iterator[str]:
    for contract in result.contracts:
        count = sum(_is_of(contract, site) for site in result.sites)
        if count:
            yield f"{count} {contract}"


def _grouped(result: CallersResult) -> Iterator[Group]:
    """Yield the groups of a report: the worst first, then by contract, then the nameless."""
    rest = Detail.LINE if result.function is None else Detail.FULL
    left = list(result.sites)
    for title, detail, belongs in _groups(result, rest):
        sites = [site for site in left if belongs(site)]
        if sites:
            left = [site for site in left if not belongs(site)]
            yield Group(title, tuple(sites), detail)


def _groups(result: CallersResult, rest: Detail) -> Iterator[tuple[str, Detail, Belongs]]:
    yield TITLES[Kind.UNINITIALISED], Detail.FULL, partial(_is_kind, Kind.UNINITIALISED)
    main = result.contract
    yield f"Calls of {main}", Detail.FULL, partial(_asks_by_itself, main)
    for contract in result.contracts:
        yield f"Calls of {contract}", rest, partial(_is_of, contract)
    for kind, title in TITLES.items():
        yield title, rest, partial(_is_kind, kind)
    yield "Others", rest, lambda _site: True


def _asks_by_itself(contract: str, site: ListedCallSite) -> bool:
    """Return whether a path, and not only a caller of the function, asks for a contract's calls."""
    names = [name for way in site.paths for name in way.asks_for]
    return any(isinstance(name, NamedCall) and name.contract == contract for name in names)


def _is_of(contract: str, site: ListedCallSite) -> bool:
    return site.kind is Kind.NAMED and _contracts(site)[:1] == (contract,)


def _contracts(site: ListedCallSite) -> tuple[str, ...]:
    """Return the contracts that name what a site asks for, each once."""
    found: dict[str, None] = {}
    for name in site.asks_for:
        match name:
            case NamedCall(contract=contract):
                found[contract] = None
            case SharedNumber(among=among):
                found.update((each.contract, None) for each in among)
            case UnlistedCall() | NoCall() | UnresolvedIdentifier() | UninitialisedIdentifier():
                pass
            case _:
                assert_never(name)
    return tuple(found)


def _is_kind(kind: Kind, site: ListedCallSite) -> bool:
    return site.kind is kind


def _head(site: ListedCallSite) -> str:
    program = "" if site.program.value == "kernel" else f" of the {site.program.value}"
    immediate = site.immediate if int(site.immediate, 16) else "0"
    return f"{site.place}{program}: {site.conduit.value} #{immediate}"


def _in_a_line(site: ListedCallSite) -> Iterator[str]:
    names = [_in_words(name) for name in site.asks_for]
    immediate = f", #{site.immediate}" if int(site.immediate, 16) else ""
    if site.conduit is not Conduit.HVC:
        immediate += f", by {site.conduit.value}"
    if any(way.at_el2 for way in site.paths):
        immediate += ", issued at EL2 or HYP itself"
    if len(names) == 1:
        yield from filled(f"{site.place}: {names[0]}{immediate}", "", "    ")
        return
    yield from filled(f"{site.place}: {_many(len(names), 'identifier')}{immediate}", "", "    ")
    for name in names:
        yield from filled(name, "    - ", "      ")


def _in_full(site: ListedCallSite, names: Names) -> Iterator[str]:
    yield ""
    yield from filled(_head(site), "", "    ")
    found = _where_found(site.reached)
    if found:
        yield from filled(found, "    found      ", " " * 15)
    for way in site.paths:
        yield from _way(site, way, names)
    for reason in site.undecided:
        yield from filled(names.inside(reason), "    undecided  ", " " * 15)
    for caller in site.callers:
        asked = [_in_words(name) for way in caller.paths for name in way.asks_for]
        yield from filled(
            f"{caller.place}: {'; '.join(asked)}" if asked else caller.place,
            "    called by  ",
            " " * 15,
        )
    yield from _behind(site.behind)
    for register, what in _answered(site):
        yield from filled(f"{register}: {what}", "    answer     ", " " * 15)
    for reason in site.behind.undecided:
        yield from filled(reason, "    undecided  ", " " * 15)


def _where_found(reached: Reached) -> str:
    """Return how a site was told from data, where that needs to be said."""
    match reached:
        case Reached.FLOW:
            return ""
        case Reached.NOT_SHOWN:
            return "no branch of the function leads here; it may be data"
        case Reached.REPLACEMENT:
            return "an alternative: the kernel copies it over other code"
        case Reached.WRITTEN:
            return "a nop in the file: the kernel writes hvc or smc over it"
        case _:
            assert_never(reached)


def _in_words(name: AskedFor) -> str:
    """Return what a call path asks for."""
    match name:
        case NamedCall(identifier, _, call):
            return f"{call} ({identifier})"
        case SharedNumber(identifier, among):
            calls = " or ".join(f"{each.call} of {each.contract}" for each in among)
            return f"{calls} ({identifier})"
        case UnlistedCall(identifier, owner):
            return f"{identifier}, a call of {owner} that no contract lists"
        case NoCall(identifier):
            return f"{identifier} is not a call number on this path"
        case UnresolvedIdentifier(reason):
            return f"unresolved: {reason}"
        case UninitialisedIdentifier(register, reason, taken_by):
            anyway = f"; {', '.join(taken_by)} would take any" if taken_by else ""
            return f"{register} is uninitialised: {reason}{anyway}"
        case _:
            assert_never(name)


def _way(site: ListedCallSite, way: ListedPath, names: Names) -> Iterator[str]:
    for name in way.asks_for:
        contract = f" of {name.contract}" if isinstance(name, NamedCall) else ""
        yield from filled(f"{names.inside(_in_words(name))}{contract}", "    asks for   ", " " * 15)
    if any(isinstance(name, UninitialisedIdentifier) for name in way.asks_for):
        text = cut(names.inside(way.registers[site.identifier]), MOST_ARGUMENT)
        yield from filled(f"{site.identifier} = {text}", " " * 15)
    if way.at_el2 is not None:
        where = names.inside(way.at_el2)
        text = f"issued at EL2 or HYP itself: {where} can run nowhere else"
        yield from filled(text, "    level      ", " " * 15)
    for register in way.arguments:
        text = cut(names.inside(way.registers[register]), MOST_ARGUMENT)
        yield from filled(f"{register} = {text}", "    with       ", " " * 15)
    if len(way.where) <= MOST_CONDITIONS:
        for condition in way.where:
            text = cut(names.inside(condition), MOST_ARGUMENT)
            yield from filled(text, "    where      ", " " * 15)
    if way.start is not Start.ENTRY:
        yield from filled(
            f"{way.start_place}, in {way.start.value}", "    followed   from ", " " * 15
        )


def _behind(behind: LiveBehind) -> Iterator[str]:
    if behind.reads:
        yield from listed(behind.reads, "    reads then ")
    kept = [may.register for may in behind.may_read if may.why is Why.KEPT]
    others = tuple(dict.fromkeys(name for name in kept if name not in behind.reads))
    if others:
        yield from filled(f"{_ranges(others)}, callee-saved", "    its caller ", " " * 15)


def _answered(site: ListedCallSite) -> Iterator[tuple[str, str]]:
    """Yield each register that may answer and what is done with it; none that is overwritten."""
    for answer in site.answers:
        uses = [use.value for use in answer.uses if use is not ResultUse.OVERWRITTEN]
        tests = dict.fromkeys(test.condition for test in answer.tests)
        if uses or tests:
            asked = f", tested: {'; '.join(tests)}" if tests else ""
            yield answer.register, ", ".join(uses) + asked


def _ranges(names: tuple[str, ...]) -> str:
    """Return registers with runs of numbers shortened: ``x19-x29``."""
    numbers = [int(name[1:]) for name in names if name[1:].isdigit()]
    others = [name for name in names if not name[1:].isdigit()]
    prefix = next((name[0] for name in names if name[1:].isdigit()), "")
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [
        f"{prefix}{run[0]}" if len(run) == 1 else f"{prefix}{run[0]}-{prefix}{run[-1]}"
        for run in runs
    ]
    return ", ".join(shown + others)


def _assumed(result: CallersResult) -> Iterator[str]:
    yield from titled("Assumed")
    yield from filled("functions keep to the procedure-call standard", "- ", "  ")
    yield from filled(ENTERED, "- ", "  ")
    named = ", ".join(result.contracts) or "no contract"
    yield from filled(f"names are from {named}", "- ", "  ")
