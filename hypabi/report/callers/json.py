"""Call sites as JSON; ``callers.schema.json`` beside this module is its published schema."""

from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.analysis.results.callers import Callers, NamedCaller, NamedSite, NamedWay, kind_of
from hypabi.callsites.model import Answer, CallPath, CallSite, Liveness
from hypabi.contract.registry import Named
from hypabi.image.symbolizer import Places
from hypabi.judgement.callers.identification import (
    Naming,
    NotACall,
    OneOf,
    UninitialisedIdentifier,
    Unlisted,
    Unresolved,
)
from hypabi.report.shared.footer import reproduce
from hypabi.report.shared.json_values import Plain, image_in_full, in_json, text_of
from hypabi.smt import terms

SCHEMA: Final[Mapping[str, Plain]] = {"name": "hypabi-callers", "version": 1}
"""The version rises when a field changes its meaning; fields are only added."""


def write(callers: Callers) -> str:
    """Return call sites as JSON, keys sorted, ending in a newline."""
    return in_json(document(callers))


def document(callers: Callers) -> dict[str, Plain]:
    """Return call sites as plain values."""
    places = Places(callers.loaded)
    bits = callers.loaded.images[-1].architecture.bits
    return {
        "schema": SCHEMA,
        "image": image_in_full(callers.loaded),
        "contracts": list(callers.contracts),
        "counts": dict(callers.count()),
        "sites": [_site(site, places, bits) for site in callers.sites],
        "exit_status": callers.exit_status,
        "reproduce": reproduce(
            callers.provenance,
            image_sha256=callers.loaded.sha256,
        ),
    }


def _site(named: NamedSite, places: Places, bits: int) -> dict[str, Plain]:
    site = named.site
    return {
        "program": named.role.value,
        "address": f"{site.address:#x}",
        "place": places.name(site.address),
        "state": site.state.value,
        "immediate": f"{site.immediate:#x}",
        "identifier": site.identifier,
        "function": _function(site),
        "reached": site.reached.value,
        "kind": named.kind,
        "finding": named.finding,
        "ways": [_way(way, bits) for way in named.ways],
        "undecided": list(site.undecided),
        "callers": [_caller(caller, places, bits) for caller in named.callers],
        "behind": _behind(site.reliance),
        "answers": [_answer(answer) for answer in site.answers],
    }


def _function(site: CallSite) -> dict[str, Plain]:
    function = site.function
    return {
        "name": function.name or None,
        "address": f"{function.address:#x}",
        "end": f"{function.end:#x}",
    }


def _way(named: NamedWay, bits: int) -> dict[str, Plain]:
    way: CallPath = named.way
    return {
        "asks_for": [_name(name) for name in named.names],
        "registers": {n: text_of(v, bits) for n, v in way.request.registers.items()},
        "where": [text_of(condition.term, 1) for condition in way.request.guard],
        "start": way.start.value,
        "path": [f"{address:#x}" for address in way.path],
        "calls": [f"{address:#x}" for address in way.calls],
        "sources": {
            name: {
                "origin": source.origin.value,
                "register": source.register or None,
                "address": f"{source.address:#x}",
            }
            for name, source in way.sources.items()
        },
        "reason": way.reason or None,
    }


def _name(name: Naming) -> dict[str, Plain]:
    said: dict[str, Plain] = {"kind": kind_of(name)}
    match name:
        case Named(identifier, contract, call):
            said |= {"identifier": f"{identifier:#x}", "contract": contract, "call": call}
        case OneOf(identifier, among):
            said |= {
                "identifier": f"{identifier:#x}",
                "among": [{"contract": each.contract, "call": each.call} for each in among],
            }
        case Unlisted(identifier, owner):
            said |= {"identifier": f"{identifier:#x}", "owner": owner}
        case NotACall(identifier):
            said |= {"identifier": f"{identifier:#x}"}
        case Unresolved(reason):
            said |= {"reason": reason}
        case UninitialisedIdentifier(register, why, taken_by):
            said |= {"register": register, "reason": why, "taken_by": list(taken_by)}
        case _:
            assert_never(name)
    return said


def _caller(named: NamedCaller, places: Places, bits: int) -> dict[str, Plain]:
    return {
        "address": f"{named.caller.address:#x}",
        "place": places.name(named.caller.address),
        "function": named.caller.function.name or None,
        "ways": [_way(way, bits) for way in named.ways],
    }


def _behind(relied: Liveness) -> dict[str, Plain]:
    return {
        "reads": {read.register: f"{read.address:#x}" for read in relied.reads},
        "may_read": [
            {"register": may.register, "why": may.why.value, "address": f"{may.address:#x}"}
            for may in relied.may_read
        ],
        "undecided": list(relied.undecided),
    }


def _answer(answer: Answer) -> dict[str, Plain]:
    return {
        "register": answer.register,
        "fates": [fate.value for fate in answer.fates],
        "tests": [
            {
                "address": f"{test.address:#x}",
                "condition": terms.text(test.condition, 1),
                "function": test.function.name if test.function else None,
            }
            for test in answer.tests
        ],
    }
