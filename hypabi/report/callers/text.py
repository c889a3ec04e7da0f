"""Call sites as plain text: the answer first, stub calls in full, everything else in a line."""

import enum
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from hypabi.analysis.results.callers import (
    KINDS,
    Callers,
    NamedSite,
    NamedWay,
    answered,
    arguments_of,
    in_words,
    kept_for_others,
    relied_on,
    where_found,
)
from hypabi.callsites.model import Start
from hypabi.contract.registry import Named
from hypabi.image.symbolizer import Places
from hypabi.judgement.callers.identification import UninitialisedIdentifier
from hypabi.records import frozen
from hypabi.report.shared.footer import repeat
from hypabi.report.shared.json_values import text_of
from hypabi.report.shared.text_layout import cut, filled, listed, titled

MOST_ARGUMENT: Final = 160
"""Columns of one argument's term in a report; JSON has it in full."""
MOST_CONDITIONS: Final = 4


ENTERED: Final = (
    "code is entered at symbols, and within a function by its own branches and by what the kernel "
    "patches over them; static keys and computed branches would add ways"
)
TITLES: Final = {
    "not in any contract": "In no contract",
    "no call": "Not a call number",
    "unresolved": "Unresolved",
    "left to chance": "Identifier left to chance",
}


class Detail(enum.Enum):
    """How much is said of a call site."""

    FULL = "full"
    LINE = "line"


@frozen
class Group:
    """Call sites under one title."""

    title: str
    sites: tuple[NamedSite, ...]
    detail: Detail


Belongs = Callable[[NamedSite], bool]


def write(callers: Callers) -> str:
    """Return the report as text."""
    return "\n".join(_lines(callers)) + "\n"


def _lines(callers: Callers) -> Iterator[str]:
    places = Places(callers.loaded)
    yield from _answer(callers)
    for group in _grouped(callers):
        yield from titled(group.title)
        for site in group.sites:
            match group.detail:
                case Detail.FULL:
                    yield from _in_full(callers, site, places)
                case Detail.LINE:
                    yield from _in_a_line(site, places)
    yield from _assumed(callers)
    yield from repeat(callers.provenance, ((callers.loaded.path, callers.loaded.sha256),))


def _answer(callers: Callers) -> Iterator[str]:
    sites = callers.sites
    functions = {(site.role, site.site.function.address) for site in sites}
    what = f"{_many(len(sites), 'call site')} in {_many(len(functions), 'function')}"
    findings = sum(site.finding for site in sites)
    kinds = list(_by_contract(callers))
    kinds += [f"{n} {kind}" for kind, n in callers.count().items() if n and kind != KINDS[0]]
    yield from filled(f"{what}: {', '.join(kinds)}." if kinds else f"{what}.")
    if findings:
        yield from filled(f"{_many(findings, 'finding')}: the identifier is left to chance.")
    else:
        yield from filled("No identifier is left to chance where it would matter.")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _by_contract(callers: Callers) -> Iterator[str]:
    named = [site for site in callers.sites if site.kind == KINDS[0]]
    for contract in callers.contracts:
        count = sum(site.contracts[:1] == (contract,) for site in named)
        if count:
            yield f"{count} {contract}"


def _grouped(callers: Callers) -> Iterator[Group]:
    """Yield the groups of a report: chance first, then by contract, then what has no name."""
    rest = Detail.LINE if callers.asked is None else Detail.FULL
    left = list(callers.sites)
    for title, detail, belongs in _groups(callers, rest):
        sites = [site for site in left if belongs(site)]
        if sites:
            left = [site for site in left if not belongs(site)]
            yield Group(title, tuple(sites), detail)


def _groups(callers: Callers, rest: Detail) -> Iterator[tuple[str, Detail, Belongs]]:
    yield "Identifier left to chance", Detail.FULL, lambda site: site.kind == KINDS[-1]
    main = callers.main
    yield f"Calls of {main}", Detail.FULL, lambda site: site.asks_by_itself(main)
    for contract in callers.contracts:
        yield f"Calls of {contract}", rest, partial(_is_of, contract)
    for kind in KINDS[1:]:
        yield TITLES[kind], rest, partial(_is_kind, kind)
    yield "Others", rest, lambda _site: True


def _is_of(contract: str, site: NamedSite) -> bool:
    return site.kind == KINDS[0] and site.contracts[:1] == (contract,)


def _is_kind(kind: str, site: NamedSite) -> bool:
    return site.kind == kind


def _head(site: NamedSite, places: Places) -> str:
    place = places.name(site.site.address)
    program = "" if site.role.value == "kernel" else f" of the {site.role.value}"
    immediate = f"hvc #{site.site.immediate:#x}" if site.site.immediate else "hvc #0"
    return f"{place}{program}: {immediate}"


def _in_a_line(site: NamedSite, places: Places) -> Iterator[str]:
    names = [in_words(name) for name in site.names()]
    place = places.name(site.site.address)
    immediate = f", #{site.site.immediate:#x}" if site.site.immediate else ""
    if len(names) == 1:
        yield from filled(f"{names[0]}{immediate}", f"{place}: ", "    ")
        return
    yield from filled(f"{_many(len(names), 'identifier')}{immediate}", f"{place}: ", "    ")
    for name in names:
        yield from filled(name, "    - ", "      ")


def _in_full(callers: Callers, site: NamedSite, places: Places) -> Iterator[str]:
    yield ""
    yield from filled(_head(site, places), "", "    ")
    found = where_found(site.site)
    if found:
        yield from filled(found, "    found      ", " " * 15)
    for way in site.ways:
        yield from _way(callers, site, way, places)
    for reason in site.site.undecided:
        yield from filled(places.inside(reason), "    undecided  ", " " * 15)
    for caller in site.callers:
        names = [in_words(name) for way in caller.ways for name in way.names]
        where = places.name(caller.caller.address)
        yield from filled(
            f"{where}: {'; '.join(names)}" if names else where, "    called by  ", " " * 15
        )
    yield from _behind(site)


def _way(callers: Callers, site: NamedSite, way: NamedWay, places: Places) -> Iterator[str]:
    bits = callers.loaded.images[-1].architecture.bits
    for name in way.names:
        contract = f" of {name.contract}" if isinstance(name, Named) else ""
        yield from filled(f"{places.inside(in_words(name))}{contract}", "    asks for   ", " " * 15)
    if any(isinstance(name, UninitialisedIdentifier) for name in way.names):
        held = text_of(way.way.request.registers[site.site.identifier], bits)
        text = cut(places.inside(held), MOST_ARGUMENT)
        yield from filled(f"{site.site.identifier} = {text}", " " * 15)
    for register, value in arguments_of(site.site, way.way):
        text = cut(places.inside(text_of(value, bits)), MOST_ARGUMENT)
        yield from filled(f"{register} = {text}", "    with       ", " " * 15)
    conditions = way.way.request.guard
    if conditions and len(conditions) <= MOST_CONDITIONS:
        for condition in conditions:
            text = cut(places.inside(text_of(condition.term, 1)), MOST_ARGUMENT)
            yield from filled(text, "    where      ", " " * 15)
    if way.way.start is not Start.ENTRY:
        start = places.name(way.way.path[0])
        yield from filled(f"{start}, in {way.way.start.value}", "    followed   from ", " " * 15)


def _behind(site: NamedSite) -> Iterator[str]:
    reads = relied_on(site.site)
    if reads:
        yield from listed(reads, "    reads then ")
    kept = kept_for_others(site.site)
    if kept:
        yield from filled(f"{_ranges(kept)}, callee-saved", "    its caller ", " " * 15)
    for register, what in answered(site.site):
        yield from filled(f"{register}: {what}", "    answer     ", " " * 15)
    for reason in site.site.reliance.undecided:
        yield from filled(reason, "    undecided  ", " " * 15)


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


def _assumed(callers: Callers) -> Iterator[str]:
    yield from titled("Assumed")
    yield from filled("functions keep to the procedure-call standard", "- ", "  ")
    yield from filled(ENTERED, "- ", "  ")
    named = ", ".join(callers.contracts) or "no contract"
    yield from filled(f"names are from {named}", "- ", "  ")
