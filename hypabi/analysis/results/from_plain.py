"""Results back from the plain values that :mod:`hypabi.analysis.results.plain` made of them."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class NotPlainError(Exception):
    """What was read is not what a result of this type is written as."""


def from_plain(kind: type[T], value: object) -> T:
    """Return the result whose plain values these are.

    :raises NotPlainError: they are those of another type, or of another version of it
    """
    made: T = _made(kind, value)
    return made


def _made(kind: Any, value: object) -> Any:  # noqa: ANN401 - a type, and a value of it
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _made(arguments[0], value)
    if origin in (Union, UnionType):
        return _one_of(arguments, value)
    if origin is tuple:
        return _tuple(arguments, value)
    if origin is not None and issubclass(origin, Mapping):
        return {_made(arguments[0], k): _made(arguments[1], each) for k, each in _table(value)}
    if kind in (str, int, bool, NoneType):
        if type(value) is not kind:
            raise NotPlainError(kind)
        return value
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _word(kind, value)
    return _record(kind, value)


def _one_of(kinds: Sequence[Any], value: object) -> Any:  # noqa: ANN401 - a value of one of them
    for kind in kinds:
        try:
            return _made(kind, value)
        except NotPlainError:
            continue
    raise NotPlainError(kinds)


def _tuple(kinds: tuple[Any, ...], value: object) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise NotPlainError(kinds)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_made(kinds[0], each) for each in value)
    if len(kinds) != len(value):
        raise NotPlainError(kinds)
    return tuple(map(_made, kinds, value))


def _word(kind: type[enum.Enum], value: object) -> enum.Enum:
    try:
        return kind(value)
    except ValueError:
        raise NotPlainError(kind) from None


def _record(kind: Any, value: object) -> Any:  # noqa: ANN401 - a record
    assert is_dataclass(kind), kind
    assert isinstance(kind, type), kind
    said, hints = dict(_table(value)), _hints(kind)
    if said.keys() != hints.keys():
        raise NotPlainError(kind)
    record: Any = kind
    return record(**{name: _made(hints[name], each) for name, each in said.items()})


def _table(value: object) -> Sequence[tuple[str, object]]:
    if not isinstance(value, dict):
        raise NotPlainError(Mapping)
    return tuple(value.items())


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {each.name: hints[each.name] for each in fields(kind)}
