"""Write a contract as plain values that its reader reads back."""

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from hypabi.contract.architectures import OnEach
from hypabi.contract.file.shapes import record_of
from hypabi.contract.model import ByArchitecture, Contract
from hypabi.decode.schema import Object, Plain
from hypabi.decode.shape import (
    Checked,
    Constant,
    Each,
    Either,
    Later,
    ListOf,
    Named,
    Nullable,
    Number,
    Record,
    Row,
    Shape,
    TableOf,
    Tagged,
    Text,
    Word,
)

if TYPE_CHECKING:
    from hypabi.contract.stated.model import StatedContract


def write_contract(contract: "Contract | StatedContract") -> Plain:
    """Return the contract in its file format, without the keys that say nothing."""
    return _record(contract, record_of(type(contract)))


def _write(value: object, shape: Shape) -> Plain:
    match shape:
        case Text() | Number() | Word():
            return _scalar(value)
        case Nullable(of):
            return None if value is None else _write(value, of)
        case ListOf(of):
            assert isinstance(value, tuple), value
            return [_write(item, of) for item in value]
        case TableOf(of):
            assert isinstance(value, Mapping), value
            return {str(name): _write(item, of) for name, item in value.items()}
        case Each(of):
            assert isinstance(value, ByArchitecture | OnEach), value
            return _each(value, of)
        case Record():
            return _record(value, shape)
        case Constant() | Either() | Row() | Tagged() | Checked() | Later() | Named():
            raise AssertionError(f"no contract has {shape}")
        case _:
            assert_never(shape)


def _scalar(value: object) -> Plain:
    if isinstance(value, enum.Enum):
        return str(value.value)
    return value if isinstance(value, int) else str(value)


def _each(value: ByArchitecture[object] | OnEach[object], shape: Shape) -> Plain:
    match value:
        case ByArchitecture(arm, arm64):
            if arm is not None and arm == arm64:
                return _write(arm, shape)
            both = {"arm": arm, "arm64": arm64}
            return {name: _write(each, shape) for name, each in both.items() if each is not None}
        case OnEach(None, named):
            return {name.value: _write(each, shape) for name, each in named.items()}
        case OnEach(everywhere):
            return _write(everywhere, shape)
        case _:
            assert_never(value)


def _record(value: object, record: Record) -> Plain:
    written: Object = {}
    for key in record.keys().values():
        assert key.field is not None, key.name
        each = _write(getattr(value, key.field), key.shape)
        if key.required or each not in (None, {}, []):
            written[key.name] = each
    return written
