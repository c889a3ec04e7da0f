"""A made-up file that has one of every shape, for what has to hold of all of them."""

from collections.abc import Mapping
from typing import Final

from hypabi.decode.place import Place
from hypabi.decode.shape import (
    ANY_TEXT,
    NUMBER,
    SHA256,
    TEXT,
    Checked,
    Each,
    Either,
    Key,
    Later,
    ListOf,
    Named,
    Nullable,
    Number,
    Row,
    Shape,
    TableOf,
    Text,
    Word,
    identity,
    number_text,
    record,
    tagged,
)
from hypabi.records import frozen


@frozen
class Dish:
    name: str
    servings: int
    place: Place
    note: str | None = None
    hash: str | None = None


def even(number: int, place: Place) -> int:
    if number % 2:
        raise place.refuse(f"{number} is odd")
    return number


def tree() -> Shape:
    return Either("a number or a list", number=NUMBER, listed=ListOf(TREE))


TREE: Final = Named("tree", "A number, or trees.", tree)
DISH: Final = record(
    Dish,
    ("name", TEXT, "What it is called."),
    ("servings", Number(1, 12)),
    optional=(("note", Nullable(ANY_TEXT)), ("hash", SHA256)),
    name="dish",
    says="Something to eat.",
    place="place",
)
COURSE: Final = tagged(
    "kind",
    {
        "cold": record(lambda: "cold"),
        "hot": record(lambda degrees: degrees, ("degrees", Checked(Number(0), even))),
    },
)
KITCHEN: Final = record(
    dict,
    Key("schema", None, identity("kitchen", 1)),
    ("dishes", ListOf(DISH, 3)),
    ("courses", TableOf(COURSE, 3, Text("a small word", "^[a-z]+$"))),
    ("size", Row((NUMBER, NUMBER), lambda width, length: width * length)),
    ("day", Word({"mon": 1, "tue": 2})),
    ("door", number_text(16)),
    ("tree", TREE),
    (
        "cook",
        Each(
            TEXT,
            {"lunch": 1, "dinner": 2},
            lambda both: both,
            dict,
            "either meal",
            lambda both: both,
        ),
    ),
    ("later", Later(ListOf(NUMBER))),
    ("calls", ListOf(TEXT, first=(NUMBER, Word({"x": "y"})))),
    optional=(("tea", TEXT), ("coffee", TEXT)),
    exactly_one=("tea", "coffee"),
)

EXAMPLE: Final[Mapping[str, object]] = {
    "schema": {"name": "kitchen", "version": 1},
    "dishes": [{"name": "soup", "servings": 4, "note": None}, {"name": "pie", "servings": 12}],
    "courses": {"first": {"kind": "cold"}, "second": {"kind": "hot", "degrees": 60}},
    "size": [3, 5],
    "day": "tue",
    "door": "0x1f",
    "tree": [1, [2, 3], []],
    "cook": {"lunch": "Ann"},
    "later": [1],
    "calls": [1, "x", "three"],
    "tea": "green",
}
