"""The call sites of a file, told as plain values."""

from collections.abc import Iterator
from typing import Final, assert_never

from hypabi.analysis.findings.callers import (
    Against,
    Callers,
    NamedCaller,
    NamedSite,
    NamedWay,
    Stated,
)
from hypabi.analysis.results.callers import (
    AnswerTest,
    AnswerUse,
    AskedFor,
    CallersReproduction,
    CallersResult,
    ContractCall,
    FunctionExtent,
    HeldAgainst,
    HeldToStated,
    ListedCaller,
    ListedCallSite,
    ListedPath,
    LiveBehind,
    NamedCall,
    NoCall,
    PossibleRead,
    SharedNumber,
    UninitialisedIdentifier,
    UnlistedCall,
    UnresolvedIdentifier,
    ValueSource,
)
from hypabi.analysis.summaries.caller_checks import summarize_caller_checks
from hypabi.analysis.summaries.shared import identify_contract, identify_image, symbols_in
from hypabi.analysis.summaries.values import text_of
from hypabi.callsites.model import Answer, CallPath, CallSite, Liveness, Source
from hypabi.contract.registry import Named
from hypabi.image.symbolizer import Places
from hypabi.judgement.callers.identification import (
    Naming,
    NotACall,
    OneOf,
    Uninitialised,
    Unlisted,
    Unresolved,
)
from hypabi.smt import terms

LAST_ARGUMENT: Final = 7
"""Number of the last argument register (AAPCS64 6.1.1)."""


def summarize_callers(found: Callers) -> CallersResult:
    """Return the call sites of a file as plain values."""
    places = Places(found.loaded)
    bits = found.loaded.images[-1].architecture.bits
    sites = tuple(_site(site, places, bits) for site in found.sites)
    return CallersResult(
        identify_image(found.loaded),
        found.contracts,
        found.main,
        found.asked,
        sites,
        symbols_in(_texts(sites), places),
        CallersReproduction(
            command=found.provenance.command,
            versions=dict(found.provenance.versions),
            image_sha256=found.loaded.sha256,
        ),
        None if found.against is None else _against(found, found.against, places),
        None if found.stated is None else _stated(found.stated, places),
    )


def _stated(stated: Stated, places: Places) -> HeldToStated:
    checks = summarize_caller_checks(stated.cycle, {}, places.name)
    return HeldToStated(stated.contract, stated.sha256, checks)


def _against(found: Callers, against: Against, places: Places) -> HeldAgainst:
    return HeldAgainst(
        identify_image(against.loaded),
        identify_contract(against.revision, against.sha256),
        summarize_caller_checks(against.cycle, {}, places.name, outside=found.loaded),
    )


def _site(named: NamedSite, places: Places, bits: int) -> ListedCallSite:
    site = named.site
    return ListedCallSite(
        named.role,
        f"{site.address:#x}",
        _place(site, places),
        site.state,
        site.conduit,
        f"{site.immediate:#x}",
        site.identifier,
        _function(site),
        site.reached,
        tuple(map(_asked, named.names())),
        named.kind,
        named.finding,
        named.verdict,
        tuple(_path(way, site.identifier, places, bits) for way in named.paths),
        site.undecided,
        tuple(_caller(each, site.identifier, places, bits) for each in named.callers),
        _behind(site.reliance),
        tuple(map(_answer, site.answers)),
    )


def _place(site: CallSite, places: Places) -> str:
    """Name where a call site is, by the function that runs into it where that is another."""
    around = places.name(site.address)
    symbol, _ = places.around(site.address)
    if not site.function.name or symbol == site.function.name:
        return around
    return f"{site.function.name} into {around}"


def _function(site: CallSite) -> FunctionExtent:
    function = site.function
    return FunctionExtent(function.name or None, f"{function.address:#x}", f"{function.end:#x}")


def _path(named: NamedWay, identifier: str, places: Places, bits: int) -> ListedPath:
    way = named.way
    return ListedPath(
        tuple(map(_asked, named.names)),
        {name: text_of(value, bits) for name, value in way.request.registers.items()},
        tuple(_arguments(way, identifier)),
        tuple(text_of(condition.term, 1) for condition in way.request.guard),
        way.start,
        places.name(way.path[0]),
        _addresses(way.path),
        _addresses(way.calls),
        {name: _source(source) for name, source in way.sources.items()},
        way.reason or None,
        None if way.privileged is None else f"{way.privileged:#x}",
    )


def _addresses(found: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"{address:#x}" for address in found)


def _arguments(way: CallPath, identifier: str) -> Iterator[str]:
    """Yield the registers that a way sets for the call: those that are not as they came."""
    for name in way.request.registers:
        if name == identifier or int(name[1:]) > LAST_ARGUMENT:
            continue
        source = way.source(name)
        if source is None or source.register != name:
            yield name


def _source(source: Source) -> ValueSource:
    return ValueSource(source.origin, source.register or None, f"{source.address:#x}")


def _asked(name: Naming) -> AskedFor:
    match name:
        case Named(identifier, contract, call):
            return NamedCall(f"{identifier:#x}", contract, call)
        case OneOf(identifier, among):
            calls = tuple(ContractCall(each.contract, each.call) for each in among)
            return SharedNumber(f"{identifier:#x}", calls)
        case Unlisted(identifier, owner):
            return UnlistedCall(f"{identifier:#x}", owner)
        case NotACall(identifier):
            return NoCall(f"{identifier:#x}")
        case Unresolved(reason):
            return UnresolvedIdentifier(reason)
        case Uninitialised(register, why, taken_by):
            return UninitialisedIdentifier(register, why, taken_by)
        case _:
            assert_never(name)


def _caller(named: NamedCaller, identifier: str, places: Places, bits: int) -> ListedCaller:
    caller = named.caller
    return ListedCaller(
        f"{caller.address:#x}",
        places.name(caller.address),
        caller.function.name or None,
        tuple(_path(way, identifier, places, bits) for way in named.paths),
    )


def _behind(relied: Liveness) -> LiveBehind:
    return LiveBehind(
        {read.register: f"{read.address:#x}" for read in relied.reads},
        tuple(PossibleRead(may.register, may.why, f"{may.address:#x}") for may in relied.may_read),
        relied.undecided,
    )


def _answer(answer: Answer) -> AnswerUse:
    tests = tuple(
        AnswerTest(
            f"{test.address:#x}",
            terms.text(test.condition, 1),
            test.function.name if test.function else None,
        )
        for test in answer.tests
    )
    return AnswerUse(answer.register, answer.uses, tests)


def _texts(sites: tuple[ListedCallSite, ...]) -> Iterator[str]:
    """Yield what addresses may stand in that a reader wants by their symbols."""
    for site in sites:
        yield from site.undecided
        for way in site.paths:
            yield from way.registers.values()
            yield from way.where
            for each in way.asks_for:
                if isinstance(each, UnresolvedIdentifier | UninitialisedIdentifier):
                    yield each.reason
