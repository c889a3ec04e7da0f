"""Check what stands in a file against its shape, and build our values of it."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import chain, repeat
from types import MappingProxyType
from typing import Final, TypeVar, assert_never

from hypabi.decode.node import Node, Scalar, Sequence, Table
from hypabi.decode.place import FileError, Place, closest_name
from hypabi.decode.shape import (
    Checked,
    Constant,
    Each,
    Either,
    Later,
    Leaf,
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

T = TypeVar("T")

_SHOWN: Final = 60
"""Characters of a text that a refusal repeats."""


def decode(node: Node, shape: Shape, kind: type[T]) -> T:
    """Return what stands in a file as one of our values.

    :param kind: what the shape builds
    :raises FileError: something is unknown, missing, or of another shape
    """
    value = _value(node, shape)
    assert isinstance(value, kind), (value, kind)
    return value


def _value(node: Node, shape: Shape) -> object:
    match shape:
        case Text() | Number() | Word() | Constant():
            return _leaf(node, shape)
        case ListOf() | Row():
            return _listed(node, shape)
        case Record():
            return _record(node, shape)
        case TableOf() | Each() | Tagged():
            return _table(node, shape)
        case Nullable(of):
            return None if isinstance(node, Scalar) and node.value is None else _value(node, of)
        case Either():
            return _either(node, shape)
        case Later():
            return node
        case Checked(of, then):
            return then(_value(node, of), node.place)
        case Named(of=of):
            return _value(node, of())
        case _:
            assert_never(shape)


def _leaf(node: Node, shape: Leaf) -> object:
    value = node.value if isinstance(node, Scalar) else None
    hint = ""
    match shape:
        case Text():
            return _text(node, value, shape)
        case Number(least, most):
            if type(value) is int and _between(least, value, most):
                return value
        case Word(words):
            if isinstance(value, str):
                if value in words:
                    return words[value]
                hint = closest_name(value, words)
        case Constant(constant):
            if type(value) is type(constant) and value == constant:
                return value
        case _:
            assert_never(shape)
    raise _wrong(node, _wanted(shape), "" if hint.startswith("known") else hint)


def _between(least: int | None, value: int, most: int | None) -> bool:
    return (least is None or least <= value) and (most is None or value <= most)


def _text(node: Node, value: object, shape: Text) -> object:
    if not isinstance(value, str):
        raise _wrong(node, shape.wanted)
    if shape.most is not None and len(value) > shape.most:
        raise node.place.refuse(f"this has {len(value)} characters, at most {shape.most} are read")
    found = shape.parse(value) if _pattern(shape.pattern).search(value) else None
    if found is None:
        raise _wrong(node, shape.wanted)
    return found


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of JSON Schema, in which ``$`` is the end of the text and of no line."""
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)


def _listed(node: Node, shape: ListOf | Row) -> object:
    if not isinstance(node, Sequence):
        raise _wrong(node, "a list")
    if isinstance(shape, ListOf):
        _bounded(node, len(node.items), shape.most)
        shapes = chain(shape.first, repeat(shape.of))
        if len(node.items) < len(shape.first):
            raise node.place.refuse(
                f"wants {_parts(len(shape.first))} or more, has {len(node.items)}"
            )
        return tuple(map(_value, node.items, shapes))
    if len(node.items) != len(shape.parts):
        raise node.place.refuse(f"wants {_parts(len(shape.parts))}, has {len(node.items)}")
    return shape.build(*map(_value, node.items, shape.parts))


def _bounded(node: Node, count: int, most: int | None) -> None:
    if most is not None and count > most:
        raise node.place.refuse(f"has {_parts(count)}, at most {most} are read")


def _parts(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"


def _table(node: Node, shape: TableOf | Each | Tagged) -> object:
    match shape:
        case TableOf():
            return _table_of(_mapping(node), shape)
        case Each():
            return _each(node, shape)
        case Tagged(key, records):
            table = _mapping(node)
            if key not in table.items:
                raise _missing(table.place, key, f"one of {', '.join(records)}")
            found = _leaf(table.items[key], Word(records))
            assert isinstance(found, Record)
            return _record(table, found)
        case _:
            assert_never(shape)


def _table_of(table: Table, shape: TableOf) -> object:
    _bounded(table, len(table.items), shape.most)
    for name, inner in table.items.items():
        _text(Scalar(name, inner.place), name, shape.name)
    return MappingProxyType({name: _value(i, shape.of) for name, i in table.items.items()})


def _each(node: Node, shape: Each) -> object:
    if not isinstance(node, Table):
        return shape.once(_value(node, shape.of))
    if not node.items:
        raise node.place.refuse(f"nothing is said of {shape.each_of}")
    for name, inner in node.items.items():
        if name not in shape.names:
            raise _unknown(name, inner.place, shape.names)
    return shape.named({shape.names[n]: _value(i, shape.of) for n, i in node.items.items()})


def _record(node: Node, shape: Record) -> object:
    table = _mapping(node)
    keys = shape.keys()
    for name, inner in table.items.items():
        if name not in keys:
            raise _unknown(name, inner.place, keys)
    values: dict[str, object] = {}
    if shape.place is not None:
        lines = {name: inner.place.line for name, inner in table.items.items()}
        values[shape.place] = table.place.knowing(lines)
    for name, key in keys.items():
        if name in table.items:
            value = _value(table.items[name], key.shape)
            if key.field is not None:
                values[key.field] = value
        elif key.required:
            raise _missing(table.place, name, key.says)
    said = [name for name in shape.exactly_one if values.get(keys[name].field or "") is not None]
    if shape.exactly_one and len(said) != 1:
        what = f"wants exactly one of the keys {', '.join(shape.exactly_one)}"
        raise table.place.refuse(what)
    return shape.build(**values)


def _mapping(node: Node) -> Table:
    if isinstance(node, Table):
        return node
    raise _wrong(node, "a mapping")


def _either(node: Node, shape: Either) -> object:
    match node:
        case Scalar(value=str()):
            chosen = shape.text
        case Scalar(value=value) if type(value) is int:
            chosen = shape.number
        case Sequence():
            chosen = shape.listed
        case Scalar() | Table():
            chosen = None
        case _:
            assert_never(node)
    if chosen is None:
        raise _wrong(node, shape.wanted)
    return _value(node, chosen)


def _unknown(name: str, place: Place, keys: Iterable[str]) -> FileError:
    return place.refuse("unknown key", closest_name(name, keys))


def _missing(place: Place, name: str, says: str) -> FileError:
    return place.refuse(f"the key {name!r} is missing", says)


def _wrong(node: Node, wanted: str, hint: str = "") -> FileError:
    found = _found(node)
    if wanted.startswith("a text") and isinstance(node, Scalar) and type(node.value) is int:
        hint = "quote it"
    return node.place.refuse(f"wants {wanted}, has {found}", hint)


def _found(node: Node) -> str:
    match node:
        case Scalar():
            return _found_scalar(node)
        case Sequence():
            return "a list"
        case Table():
            return "a mapping"
        case _:
            assert_never(node)


def _found_scalar(node: Scalar) -> str:
    match node.value:
        case None:
            return "nothing"
        case bool() as value:
            return str(value).lower()
        case int() as value:
            return f"the number {value}"
        case str() as value:
            return f"the text {value[:_SHOWN]!r}" + ("..." if len(value) > _SHOWN else "")
        case _:
            assert_never(node.value)


def _wanted(shape: Leaf) -> str:
    match shape:
        case Text(wanted=words):
            return words
        case Number(None, None):
            return "a number"
        case Number(least, None):
            return f"a number of at least {least}"
        case Number(least, most):
            return f"a number of {least} to {most}"
        case Word(words):
            return "one of " + ", ".join(words)
        case Constant(value):
            return repr(value)
        case _:
            assert_never(shape)
