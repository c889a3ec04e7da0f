"""The JSON Schema of contract files, generated from the types.

It says what an editor can check while somebody types: keys, types, words.  Whether a name is a
register, an expression has a meaning or a version comes before another, only the loader can say.
"""

import re
from typing import Any, Final, assert_never

from hypabi.arch.names import Architecture
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.file.shapes import (
    ListOf,
    Nullable,
    Number,
    PerArchitecture,
    PerName,
    Record,
    Shape,
    TableOf,
    Text,
    VersionText,
    Word,
    keys_of,
)
from hypabi.contract.file.writer import Plain
from hypabi.contract.model import Contract, Promise
from hypabi.contract.stated.model import StatedContract

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
STATEMENTS: Final = ("ensures", "returns", "leaves-to", "calls", "handed-to")
FORMAT: Final = 1
"""Number of the format.  Keys are only added under a number."""

_VERSION: Final = r"^[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,5})?$"


def contract_schema() -> Plain:
    """Return the JSON Schema of a contract file: of a stated one where it has the key 'kind'."""
    definitions: dict[str, Plain] = {}
    held = _reference(Contract, definitions)
    stated = _reference(StatedContract, definitions)
    return {
        "$schema": DRAFT,
        "$id": f"hypabi-contract-{FORMAT}",
        "title": "hypabi contract",
        "type": "object",
        "if": {"required": ["kind"]},
        "then": dict(stated),
        "else": dict(held),
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(shape: Shape, definitions: dict[str, Plain]) -> dict[str, Plain]:
    match shape:
        case Text():
            return {"type": "string", "pattern": r"\S"}
        case Number():
            return {"type": "integer"}
        case VersionText():
            return {"type": "string", "pattern": _VERSION}
        case Word(kind):
            return {"enum": [str(member.value) for member in kind]}
        case Nullable(of):
            return {"anyOf": [_schema(of, definitions), {"type": "null"}]}
        case ListOf(of):
            return {"type": "array", "items": _schema(of, definitions)}
        case TableOf(of):
            return {"type": "object", "additionalProperties": _schema(of, definitions)}
        case PerArchitecture(of) | PerName(of):
            return _per(_schema(of, definitions), shape)
        case Record(kind):
            return _reference(kind, definitions)
        case _:
            assert_never(shape)


def _per(each: dict[str, Plain], shape: PerArchitecture | PerName) -> dict[str, Plain]:
    known = Architecture if isinstance(shape, PerArchitecture) else ArchitectureName
    architectures = [architecture.value for architecture in known]
    named: Plain = {
        "type": "object",
        "properties": dict.fromkeys(architectures, each),
        "additionalProperties": False,
        "minProperties": 1,
    }
    return {"anyOf": [each, named]}


def _reference(kind: type[Any], definitions: dict[str, Plain]) -> dict[str, Plain]:
    name = _name(kind)
    if name not in definitions:
        definitions[name] = None  # a type may hold itself
        definitions[name] = _record(kind, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _record(kind: type[Any], definitions: dict[str, Plain]) -> Plain:
    keys = keys_of(kind)
    properties: dict[str, Plain] = {
        key.name: {"description": key.says, **_schema(key.shape, definitions)} for key in keys
    }
    described: dict[str, Plain] = {
        "description": _sentence(kind),
        "type": "object",
        "properties": properties,
        "required": [key.name for key in keys if key.required],
        "additionalProperties": False,
    }
    if kind is Promise:
        described["oneOf"] = [{"required": [name]} for name in STATEMENTS]
    return described


def _name(kind: type[Any]) -> str:
    """Spell ``FrameRule`` as ``frame-rule``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def _sentence(kind: type[Any]) -> str:
    said = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    return said.replace("``", "'")
