"""The JSON Schema of contract files, from the shapes that their reader checks."""

from typing import Final

from hypabi.contract.file.shapes import record_of
from hypabi.contract.model import Contract
from hypabi.contract.stated.model import StatedContract
from hypabi.decode.schema import DRAFT, Object, described

FORMAT: Final = 1
"""Number of the format.  Keys are only added under a number."""


def contract_schema() -> Object:
    """Return the JSON Schema of a contract file: of a stated one where it has the key 'kind'."""
    definitions: Object = {}
    held = described(record_of(Contract), definitions)
    stated = described(record_of(StatedContract), definitions)
    return {
        "$schema": DRAFT,
        "$id": f"hypabi-contract-{FORMAT}",
        "title": "hypabi contract",
        "type": "object",
        "if": {"required": ["kind"]},
        "then": stated,
        "else": held,
        "$defs": dict(sorted(definitions.items())),
    }
