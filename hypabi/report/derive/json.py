"""A derivation as JSON, every term in full; ``derive.schema.json`` here is its schema."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.derivation import Answer, Derivation, Derived, Does
from hypabi.behaviour.outcome import Effect, Store, address_text
from hypabi.image.symbolizer import Places
from hypabi.report.shared.footer import reproduce
from hypabi.report.shared.json_values import Plain, image_in_full, in_json, table_in_full, text_of
from hypabi.report.shared.outcome_text import ending
from hypabi.report.shared.register_sets import kept
from hypabi.smt import terms
from hypabi.smt.terms import Value

SCHEMA: Final[Mapping[str, Plain]] = {"name": "hypabi-derive", "version": 1}
"""The version rises when a field changes its meaning; fields are only added."""


def write(derivation: Derivation) -> str:
    """Return a derivation as JSON, keys sorted, ending in a newline."""
    return in_json(document(derivation))


def document(derivation: Derivation) -> dict[str, Plain]:
    """Return a derivation as plain values."""
    places = Places(derivation.loaded)
    return {
        "schema": SCHEMA,
        "image": image_in_full(derivation.loaded),
        "identifier": derivation.identifier,
        "entries": [_entry(derivation, each, places) for each in derivation.derived],
        "capabilities": dict(derivation.capabilities),
        "exit_status": derivation.exit_status,
        "reproduce": reproduce(
            derivation.provenance,
            image_sha256=derivation.loaded.sha256,
            contract_sha256=derivation.contract.sha256 if derivation.contract else None,
        ),
    }


def _entry(derivation: Derivation, derived: Derived, places: Places) -> dict[str, Plain]:
    table = derived.table
    return {
        "address": f"{derived.entry:#x}",
        "place": places.name(derived.entry),
        "parties": [] if table is None else list(table.parties),
        "table": None if table is None else table_in_full(table),
        "calls": [_answer(derivation, derived, answer, places) for answer in derived.answers],
    }


def _answer(
    derivation: Derivation, derived: Derived, answer: Answer, places: Places
) -> dict[str, Plain]:
    return {
        "number": None if answer.number is None else f"{answer.number:#x}",
        "call": answer.call,
        "cases": [_does(derivation, derived, does, places) for does in answer.does],
    }


def _does(derivation: Derivation, derived: Derived, does: Does, places: Places) -> dict[str, Plain]:
    bits = derivation.architecture.bits
    kind, text = ending(does.outcome, None, places)
    return {
        "where": [terms.text(condition, 1) for condition in does.where],
        "registers": _values(does.general, derived.behaviour.widths),
        "system_registers": _values(does.system, derived.behaviour.widths),
        "kept": list(kept(derivation.architecture, does.general)),
        "memory": [_store(store, bits) for store in does.stores],
        "effects": [_effect(effect, bits) for effect in does.effects],
        "ends": kind,
        "how": text,
        "last": None if does.last is None else f"{does.last:#x}",
        "assumptions": list(does.assumptions),
    }


def _values(values: Mapping[str, Value], widths: Mapping[str, int]) -> dict[str, Plain]:
    return {name: text_of(value, widths[name]) for name, value in values.items()}


def _store(store: Store, bits: int) -> dict[str, Plain]:
    return {
        "address": address_text(store.base, store.offset, bits),
        "size": store.size,
        "value": text_of(store.value, 8 * store.size),
    }


def _effect(effect: Effect, bits: int) -> dict[str, Plain]:
    return {
        "address": f"{effect.address:#x}",
        "name": effect.name,
        "operands": [text_of(operand, bits) for operand in effect.operands],
        "where": None if effect.guard == 1 else terms.text(effect.guard, 1),
    }
