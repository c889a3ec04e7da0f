"""Write a contract as plain values that :mod:`hypabi.contract.file.reader` reads back."""

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from hypabi.contract.architectures import OnEach
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
from hypabi.contract.model import ByArchitecture, Contract

if TYPE_CHECKING:
    from hypabi.contract.stated.model import StatedContract

Plain = str | int | None | list["Plain"] | dict[str, "Plain"]


def write_contract(contract: "Contract | StatedContract") -> Plain:
    """Return the contract in its file format, without the keys that say nothing."""
    return _write(contract, Record(type(contract)))


def _write(value: object, shape: Shape) -> Plain:
    match shape:
        case Text() | Number():
            assert isinstance(value, str | int), value
            return value
        case VersionText():
            return str(value)
        case Word():
            assert isinstance(value, enum.Enum), value
            return str(value.value)
        case Nullable(of):
            return None if value is None else _write(value, of)
        case ListOf(of):
            assert isinstance(value, tuple), value
            return [_write(item, of) for item in value]
        case TableOf(of):
            assert isinstance(value, Mapping), value
            return {str(name): _write(item, of) for name, item in value.items()}
        case PerArchitecture(of):
            assert isinstance(value, ByArchitecture), value
            return _per_architecture(value, of)
        case PerName(of):
            assert isinstance(value, OnEach), value
            return _per_name(value, of)
        case Record(kind):
            return _record(value, kind)
        case _:
            assert_never(shape)


def _per_architecture(value: ByArchitecture[object], shape: Shape) -> Plain:
    if value.arm is not None and value.arm == value.arm64:
        return _write(value.arm, shape)
    both = {"arm": value.arm, "arm64": value.arm64}
    return {name: _write(each, shape) for name, each in both.items() if each is not None}


def _per_name(value: OnEach[object], shape: Shape) -> Plain:
    if value.everywhere is not None:
        return _write(value.everywhere, shape)
    return {name.value: _write(each, shape) for name, each in value.named.items()}


def _record(value: object, kind: type[object]) -> Plain:
    written: dict[str, Plain] = {}
    for key in keys_of(kind):
        each = _write(getattr(value, key.field), key.shape)
        if key.required or each not in (None, {}, []):
            written[key.name] = each
    return written
