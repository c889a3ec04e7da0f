"""What is written of a value is what the decoder read it from."""

import json
from collections.abc import Mapping

import pytest

from hypabi.decode.bounds import Bounds
from hypabi.decode.decoder import decode
from hypabi.decode.encoder import encode
from hypabi.decode.json import compose_json
from hypabi.decode.shape import (
    NUMBER,
    TEXT,
    Constant,
    Each,
    Key,
    Later,
    ListOf,
    Nullable,
    Row,
    TableOf,
    Word,
    number_text,
    record,
    tagged,
)
from hypabi.records import frozen
from tests.decode.kitchen import TREE

BOUNDS = Bounds(bytes=1 << 12, parts=100, depth=20)


@frozen
class Cold:
    pass


@frozen
class Hot:
    degrees: int


@frozen
class Meal:
    course: Cold | Hot
    door: int
    day: int
    calls: tuple[object, ...]
    guests: Mapping[str, str | None]
    tree: object
    cook: object
    note: str | None = None


MEAL = record(
    Meal,
    Key("schema", None, Constant("meal")),
    ("course", tagged("kind", {"cold": record(Cold), "hot": record(Hot, ("degrees", NUMBER))})),
    ("door", number_text(16)),
    ("day", Word({"mon": 1, "tue": 2})),
    ("calls", ListOf(TEXT, first=(NUMBER,))),
    ("guests", TableOf(Nullable(TEXT))),
    ("tree", TREE),
    ("cook", Each(TEXT, {"lunch": "lunch"}, lambda once: once, dict, "a meal", lambda said: said)),
    optional=(("note", TEXT),),
)
EXAMPLE = {
    "schema": "meal",
    "course": {"kind": "hot", "degrees": 60},
    "door": "0x1f",
    "day": "tue",
    "calls": [1, "x"],
    "guests": {"Ann": "late", "Bob": None},
    "tree": [1, [2, []]],
    "cook": {"lunch": "Cy"},
    "note": "salt",
}


def read(plain: object) -> Meal:
    return decode(compose_json(json.dumps(plain).encode(), "file", BOUNDS), MEAL, Meal)


@pytest.mark.parametrize(
    "plain",
    [
        EXAMPLE,
        {
            **EXAMPLE,
            "course": {"kind": "cold"},
            "tree": 7,
            "cook": "Di",
            "guests": {},
            "calls": [0],
        },
        {key: value for key, value in EXAMPLE.items() if key != "note"},
    ],
)
def test_what_was_read_is_written(plain: Mapping[str, object]) -> None:
    assert encode(read(plain), MEAL) == plain


def test_a_shape_whose_value_does_not_say_what_was_written_is_only_read() -> None:
    for shape in (Row((NUMBER,), lambda number: number), Later(NUMBER)):
        with pytest.raises(AssertionError, match="is only read"):
            encode(1, shape)
