"""The file format that the contract's types define: reading, writing and describing share it.

The type of a field becomes a :data:`~hypabi.decode.shape.Shape`.
"""

import enum
import re
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cache, partial
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Union, cast, get_args, get_origin, get_type_hints

from hypabi.arch.names import Architecture
from hypabi.contract.architectures import ArchitectureName, OnEach
from hypabi.contract.model import ByArchitecture, Hidden, Spelled
from hypabi.contract.version import Version
from hypabi.decode.shape import (
    NUMBER,
    TEXT,
    Each,
    Key,
    ListOf,
    Nullable,
    Record,
    Shape,
    TableOf,
    Text,
    words_of,
)

VERSION: Final = Text(
    'a kernel version as text, as in "6.1"',
    r"^[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,5})?$",
    Version.exact,
)


def record_of(kind: type[Any]) -> Record:
    """Return the record that one of the contract's types is in a file."""
    return _record_of(cast("Hashable", kind))


@cache
def _record_of(kind: type[Any]) -> Record:
    return Record(
        re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower(),
        " ".join((kind.__doc__ or "").split("\n\n")[0].split()).replace("``", "'"),
        cache(partial(_keys_of, kind)),
        kind,
        "place",
        getattr(kind, "EXACTLY_ONE", ()),
    )


def _keys_of(kind: type[Any]) -> Mapping[str, Key]:
    """Return the keys of one of the contract's types, in their order."""
    hints = get_type_hints(kind, include_extras=True)
    keys = [
        _key(each, *get_args(hints[each.name]))
        for each in fields(kind)
        if Hidden.FIELD not in get_args(hints[each.name])
    ]
    return {key.name: key for key in keys}


def _key(each: Field[Any], base: object, *notes: object) -> Key:
    spelled = next((note.key for note in notes if isinstance(note, Spelled)), None)
    says = next((note for note in notes if isinstance(note, str)), "")
    required = each.default is MISSING and each.default_factory is MISSING
    name = spelled or each.name.replace("_", "-")
    return Key(name, each.name, _shape(base), says, required)


def _shape(kind: object) -> Shape:
    if kind is str:
        return TEXT
    if kind is int:
        return NUMBER
    if kind is Version:
        return VERSION
    if get_origin(kind) is not None:
        return _composite(get_origin(kind), get_args(kind))
    assert isinstance(kind, type), kind
    return words_of(kind) if issubclass(kind, enum.Enum) else record_of(kind)


def _composite(origin: object, arguments: tuple[object, ...]) -> Shape:
    if origin in (Union, UnionType):
        first, last = arguments
        assert last is NoneType, arguments
        return Nullable(_shape(first))
    inner = _shape(arguments[-1] if origin is Mapping else arguments[0])
    if origin is tuple:
        return ListOf(inner)
    if origin is ByArchitecture:
        both = {each.value: each.value for each in Architecture}
        return Each(inner, both, _on_both, _on_either, "either architecture", _of_both)
    if origin is OnEach:
        names = {each.value: each for each in ArchitectureName}
        return Each(inner, names, OnEach, _on_each, "any architecture", _of_each)
    assert origin is Mapping, origin
    return TableOf(inner)


def _on_both(value: object) -> ByArchitecture[object]:
    return ByArchitecture(value, value)


def _on_either(said: Mapping[str, object]) -> ByArchitecture[object]:
    return ByArchitecture(said.get("arm"), said.get("arm64"))


def _of_both(value: ByArchitecture[object]) -> object:
    if value.arm is not None and value.arm == value.arm64:
        return value.arm
    both = {"arm": value.arm, "arm64": value.arm64}
    return {name: each for name, each in both.items() if each is not None}


def _of_each(value: OnEach[object]) -> object:
    if value.everywhere is not None:
        return value.everywhere
    return {name.value: each for name, each in value.named.items()}


def _on_each(said: Mapping[ArchitectureName, object]) -> OnEach[object]:
    return OnEach(None, MappingProxyType(dict(said)))
