"""A witness as a file: JSON, keys sorted, numbers as hexadecimal strings, the same bytes always.

``report/witness.schema.json`` is its published schema; :mod:`hypabi.witness.file.reader` reads it.
"""

import json
from collections.abc import Mapping
from typing import Final, TypeAlias

from hypabi.witness.expectation import Ends, Formula, Handed, Holds, Keeps, KeepsBytes, Promise
from hypabi.witness.model import (
    Given,
    Page,
    Patched,
    Prediction,
    Witness,
)

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

SCHEMA: Final = "hypabi-witness"
VERSION: Final = 1


def write_witness_text(witness: Witness) -> str:
    """Return a witness as a file, ending in a newline."""
    return json.dumps(document(witness), indent=1, sort_keys=True) + "\n"


def document(witness: Witness) -> dict[str, Json]:
    """Return a witness as plain values."""
    claim, image, start = witness.claim, witness.image, witness.start
    return {
        "schema": {"name": SCHEMA, "version": VERSION},
        "claim": {
            "contract": claim.contract,
            "contract_sha256": claim.contract_sha256,
            "version": claim.version,
            "party": claim.party,
            "call": claim.call,
            "number": None if claim.number is None else hex(claim.number),
            "clause": claim.clause,
            "statement": claim.statement,
            "instead": claim.instead,
            "counterexample": _numbers(claim.counterexample),
        },
        "image": {
            "name": image.name,
            "sha256": image.sha256,
            "program": image.program,
            "program_sha256": image.program_sha256,
            "version": image.version,
            "displacement": hex(image.displacement),
            "pages": [_page(each) for each in image.pages],
            "patched": [_patched(each) for each in image.patched],
        },
        "start": {
            "architecture": start.architecture.value,
            "vectors": start.instruction_set.value,
            "byte_order": start.byte_order.value,
            "registers": _numbers(start.registers),
            "memory": [_given(each) for each in start.memory],
            "back": hex(start.back),
        },
        "promised": _promise(witness.promised),
        "predicted": _prediction(witness.predicted),
        "made_by": dict(witness.made_by),
    }


def _numbers(values: Mapping[str, int]) -> dict[str, Json]:
    return {name: hex(value) for name, value in values.items()}


def _page(page: Page) -> dict[str, Json]:
    offset = None if page.offset is None else hex(page.offset)
    return {
        "address": hex(page.address),
        "size": hex(page.size),
        "sha256": page.sha256,
        "offset": offset,
    }


def _patched(patched: Patched) -> dict[str, Json]:
    return {
        "address": hex(patched.address),
        "size": hex(patched.size),
        "replacement": hex(patched.replacement),
        "capability": patched.capability,
    }


def _given(given: Given) -> dict[str, Json]:
    content = given.content.hex()
    return {"address": hex(given.address), "bytes": content, "size": hex(given.size)}


def _prediction(predicted: Prediction) -> dict[str, Json]:
    arrival = predicted.arrival
    address = None if arrival.address is None else hex(arrival.address)
    return {
        "control": {"ends": arrival.kind, "address": address, "mode": arrival.mode},
        "registers": _numbers(predicted.registers),
        "open": list(predicted.open),
        "memory": [_given(each) for each in predicted.memory],
    }


def _promise(promise: Promise) -> dict[str, Json]:
    match promise:
        case Ends(address, mode, status):
            held = None if status is None else hex(status)
            return {"kind": "ends", "address": hex(address), "mode": mode, "status": held}
        case Handed(symbol, place):
            where = None if place is None else hex(place)
            return {"kind": "handed", "symbol": symbol, "address": where}
        case Holds(formula):
            return {"kind": "holds", "formula": _formula(formula)}
        case Keeps(register, value):
            return {"kind": "keeps", "register": register, "value": hex(value)}
        case KeepsBytes(address, content):
            return {"kind": "keeps-bytes", "address": hex(address), "bytes": content.hex()}


def _formula(formula: Formula) -> Json:
    match formula:
        case int():
            return hex(formula)
        case str():
            return formula
        case tuple():
            operator, *operands = formula
            assert isinstance(operator, str)
            return [operator, *map(_formula, operands)]
