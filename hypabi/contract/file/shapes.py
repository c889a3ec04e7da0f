"""The file format that the contract's types define: reading, writing and describing share it.

A type of a field becomes a :data:`Shape`, a closed sum; reader, writer and JSON Schema each match
on it.
"""

import enum
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypabi.contract.architectures import OnEach
from hypabi.contract.model import ByArchitecture, Hidden, Spelled
from hypabi.contract.version import Version
from hypabi.records import frozen


@frozen(eq=False)
class Text:
    """A text that is not empty."""


@frozen(eq=False)
class Number:
    """An integer."""


@frozen(eq=False)
class VersionText:
    """A kernel version, as text."""


@frozen(eq=False)
class Word:
    """One member of an enumeration, by its value."""

    kind: type[enum.Enum]


@frozen(eq=False)
class Nullable:
    """Something, or null."""

    of: "Shape"


@frozen(eq=False)
class ListOf:
    """A list."""

    of: "Shape"


@frozen(eq=False)
class TableOf:
    """A mapping from names that the file chooses."""

    of: "Shape"


@frozen(eq=False)
class PerArchitecture:
    """Something, once for both architectures or for each."""

    of: "Shape"


@frozen(eq=False)
class PerName:
    """Something, once or for each architecture that a stated contract speaks of."""

    of: "Shape"


@frozen(eq=False)
class Record:
    """A mapping with the keys of one of our types."""

    kind: type[Any]  # Any: whichever of the contract's types


Shape = (
    Text
    | Number
    | VersionText
    | Word
    | Nullable
    | ListOf
    | TableOf
    | PerArchitecture
    | PerName
    | Record
)


@frozen(eq=False)
class Key:
    """A key of a record: the field that holds it, its shape, its description."""

    name: str
    field: str
    shape: Shape
    says: str
    required: bool


def keys_of(kind: type[Any]) -> tuple[Key, ...]:
    """Return the keys of one of the contract's types, in their order."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for each in fields(kind):
        base, *notes = get_args(hints[each.name])
        if Hidden.FIELD not in notes:
            found.append(_key(each, base, notes))
    return tuple(found)


def _key(each: Field[Any], base: object, notes: list[object]) -> Key:
    spelled = next((note.key for note in notes if isinstance(note, Spelled)), None)
    says = next((note for note in notes if isinstance(note, str)), "")
    required = each.default is MISSING and each.default_factory is MISSING
    name = spelled or each.name.replace("_", "-")
    return Key(name, each.name, _shape(base), says, required)


def _shape(kind: object) -> Shape:
    if kind is str:
        return Text()
    if kind is int:
        return Number()
    if kind is Version:
        return VersionText()
    if get_origin(kind) is not None:
        return _composite(get_origin(kind), get_args(kind))
    assert isinstance(kind, type), kind
    return Word(kind) if issubclass(kind, enum.Enum) else Record(kind)


def _composite(origin: object, arguments: tuple[object, ...]) -> Shape:
    if origin in (Union, UnionType):
        first, last = arguments
        assert last is NoneType, arguments
        return Nullable(_shape(first))
    if origin is tuple:
        return ListOf(_shape(arguments[0]))
    if origin is ByArchitecture:
        return PerArchitecture(_shape(arguments[0]))
    if origin is OnEach:
        return PerName(_shape(arguments[0]))
    assert origin is Mapping, origin
    return TableOf(_shape(arguments[1]))
