"""Write one of our values as its shape has it in a file; the decoder reads the same back."""

from collections.abc import Mapping
from itertools import chain, repeat
from typing import assert_never

from hypabi.decode.schema import Object, Plain
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


def encode(value: object, shape: Shape) -> Plain:
    """Return a value that the shape builds as plain values, without keys that say nothing."""
    match shape:
        case Text() | Number() | Word() | Constant():
            return _leaf(value, shape)
        case Nullable(of):
            return None if value is None else encode(value, of)
        case ListOf() | TableOf() | Each():
            return _several(value, shape)
        case Record():
            return _record(value, shape)
        case Tagged(_, records):
            return _record(value, next(each for each in records.values() if _builds(each, value)))
        case Either():
            chosen = shape.listed if isinstance(value, tuple) else shape.text or shape.number
            assert chosen is not None, value
            return encode(value, chosen)
        case Checked(of):
            return encode(value, of)
        case Named(of=lazy):
            return encode(value, lazy())
        case Row() | Later():
            raise AssertionError(f"{shape} is only read")
        case _:
            assert_never(shape)


def _builds(record: Record, value: object) -> bool:
    return isinstance(record.build, type) and isinstance(value, record.build)


def _leaf(value: object, shape: Leaf) -> Plain:
    match shape:
        case Text(write=write):
            return write(value)
        case Number():
            assert isinstance(value, int), value
            return value
        case Word(words):
            return next(word for word, each in words.items() if each == value)
        case Constant(constant):
            return constant
        case _:
            assert_never(shape)


def _several(value: object, shape: ListOf | TableOf | Each) -> Plain:
    match shape:
        case ListOf():
            assert isinstance(value, tuple), value
            return list(map(encode, value, chain(shape.first, repeat(shape.of))))
        case TableOf(of):
            assert isinstance(value, Mapping), value
            return {name: encode(each, of) for name, each in value.items()}
        case Each(of):
            said = shape.apart(value)
            if not isinstance(said, dict):
                return encode(said, of)
            return {name: encode(each, of) for name, each in said.items()}
        case _:
            assert_never(shape)


def _record(value: object, record: Record) -> Plain:
    written: Object = {}
    for key in record.keys().values():
        inner = None if key.field is None else getattr(value, key.field)
        if not key.required and inner is None:
            continue
        each = encode(inner, key.shape)
        if key.required or each not in ({}, []):
            written[key.name] = each
    return written
