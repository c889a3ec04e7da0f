"""What it means that a result is data."""

import enum
import json
import pickle
from collections.abc import Iterator, Mapping

from hypabi.analysis.results.plain import plain
from hypabi.records import field_names

ROOM = "hypabi.analysis.results"


def assert_is_data(result: object) -> None:
    """Refuse a result that another process could not read, or that holds more than values."""
    assert list(strays(result)) == []
    assert pickle.loads(pickle.dumps(result)) == result
    json.dumps(plain(result))


def strays(value: object, where: str = "result") -> Iterator[str]:
    """Yield where something stands that is no value: a term, an image, a function."""
    match value:
        case None | bool() | int() | str() | enum.Enum(value=str()):
            return
        case tuple():
            for index, each in enumerate(value):
                yield from strays(each, f"{where}[{index}]")
        case Mapping():
            for key, each in value.items():
                yield from strays(key, f"{where} key")
                yield from strays(each, f"{where}[{key!r}]")
        case _:
            names = field_names(value)
            if names is None or not type(value).__module__.startswith(ROOM):
                yield where
                return
            for name in names:
                yield from strays(getattr(value, name), f"{where}.{name}")
