"""Results as plain values: what JSON can write, another process can read, and a store can keep."""

import enum
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from hypabi.records import field_names

Plain: TypeAlias = "bool | int | str | Sequence[Plain] | Mapping[str, Plain] | None"


def plain(value: object) -> Plain:
    """Return a result, or a part of one, as plain values: a record becomes a table of its fields.

    Anything else than records, enumerations, texts, numbers, tuples and tables is a defect of ours:
    a result holds no terms and nothing that can be called.
    """
    match value:
        case enum.Enum(value=str() as word):
            return word
        case None | bool() | int() | str():
            return value
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case tuple():
            return [plain(each) for each in value]
        case _:
            names = field_names(value)
            assert names is not None, f"{type(value).__name__} is no plain value"
            return {name: plain(getattr(value, name)) for name in names}
