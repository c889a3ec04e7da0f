"""What may stand in a file: a closed sum that the decoder checks and the JSON Schema describes."""

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from hypabi.decode.place import Place
from hypabi.records import frozen, replace


@frozen(eq=False)
class Text:
    """A text in which a pattern is found, as JSON Schema takes patterns."""

    wanted: str = "a text"
    """What to say of another one."""
    pattern: str = r"\S"
    parse: Callable[[str], object] = str
    """What it stands for; ``None`` for a text that is none, pattern or not."""
    most: int | None = None
    """Characters."""
    write: Callable[[Any], str] = str
    """Spell what it stands for."""


@frozen(eq=False)
class Number:
    """An integer, within bounds that belong to it."""

    least: int | None = None
    most: int | None = None


@frozen(eq=False)
class Word:
    """One of some words, and what each stands for."""

    words: Mapping[str, object]


@frozen(eq=False)
class Constant:
    """One text or number, and no other."""

    value: str | int


@frozen(eq=False)
class Nullable:
    """Something, or null."""

    of: "Shape"


@frozen(eq=False)
class Either:
    """A text, a number or a list: each with its own shape, ``None`` where it may not stand."""

    wanted: str
    text: "Shape | None" = None
    number: "Shape | None" = None
    listed: "Shape | None" = None

    def several(self) -> "tuple[Shape, ...]":
        """Return the shapes that may stand here."""
        return tuple(each for each in (self.text, self.number, self.listed) if each is not None)


@frozen(eq=False)
class ListOf:
    """A list; it becomes a tuple."""

    of: "Shape"
    most: int | None = None
    first: "tuple[Shape, ...]" = ()
    """Of the parts that it begins with, where they are others."""


@frozen(eq=False)
class Row:
    """A list of so many parts, each with its meaning."""

    parts: "tuple[Shape, ...]"
    build: Callable[..., object]
    says: str = ""


@frozen(eq=False)
class TableOf:
    """A mapping from names that the file chooses."""

    of: "Shape"
    most: int | None = None
    name: Text = Text("a name", "")


@frozen(eq=False)
class Each:
    """Something, said once or for each of some names."""

    of: "Shape"
    names: Mapping[str, object]
    once: Callable[[Any], object]
    named: Callable[[dict[Any, Any]], object]
    """Build it of what is said, by what the names stand for."""
    each_of: str
    """What the names are, for who gives none."""
    apart: Callable[[Any], object]
    """Return what was said: once, or by the names as a dictionary."""


@frozen(eq=False)
class Key:
    """A key of a record: the field that takes it, its shape, its description."""

    name: str
    field: str | None
    """``None`` for what is checked and then of no more use."""
    shape: "Shape"
    says: str = ""
    required: bool = True


@frozen(eq=False)
class Record:
    """A mapping with certain keys."""

    name: str
    """Under which the schema describes it; empty for in place."""
    says: str
    keys: Callable[[], Mapping[str, Key]]
    """By name; asked when it is needed: a record may hold itself."""
    build: Callable[..., object]
    """Takes the fields by name."""
    place: str | None = None
    """The field that takes where the record stands."""
    exactly_one: tuple[str, ...] = ()
    """Keys of which one is there, and no second."""


@frozen(eq=False)
class Tagged:
    """One of several records, told apart by the word under a key that all have."""

    key: str
    records: Mapping[str, Record]


@frozen(eq=False)
class Checked:
    """Something of which more is asked than its shape."""

    of: "Shape"
    then: Callable[[Any, Place], object]
    """Return what it stands for, or refuse it where it stands."""


@frozen(eq=False)
class Later:
    """Something that is read when more is known; until then it is its node."""

    of: "Shape"


@frozen(eq=False)
class Named:
    """A shape that the schema describes once, by a name; it may hold itself."""

    name: str
    says: str
    of: "Callable[[], Shape]"


Leaf: TypeAlias = Text | Number | Word | Constant
Shape: TypeAlias = (
    Leaf
    | Nullable
    | Either
    | ListOf
    | Row
    | TableOf
    | Each
    | Record
    | Tagged
    | Checked
    | Later
    | Named
)


def words_of(kind: type[enum.Enum]) -> Word:
    """Return the shape of an enumeration: its values."""
    return Word({str(member.value): member for member in kind})


Described: TypeAlias = "Key | tuple[str, Shape] | tuple[str, Shape, str]"


def record(
    build: Callable[..., object],
    *keys: Described,
    optional: tuple[Described, ...] = (),
    name: str = "",
    says: str = "",
    place: str | None = None,
    exactly_one: tuple[str, ...] = (),
) -> Record:
    """Return a record of required and optional keys: each its name, its shape and what it says.

    :param build: takes them by name, with an underscore for a hyphen; constants it is not given
    """
    listed = [*map(_key_of, keys), *(replace(_key_of(each), required=False) for each in optional)]
    named = {key.name: key for key in listed}
    return Record(name, says, lambda: named, build, place, exactly_one)


def _key_of(said: Described) -> Key:
    return said if isinstance(said, Key) else _key(*said)


def _key(name: str, shape: Shape, says: str = "") -> Key:
    field = None if isinstance(shape, Constant) else name.replace("-", "_")
    return Key(name, field, shape, says)


def tagged(key: str, records: Mapping[str, Record]) -> Tagged:
    """Return the records by their words, each with its word under the key besides."""
    return Tagged(key, {word: _with_tag(key, word, of) for word, of in records.items()})


def _with_tag(key: str, word: str, of: Record) -> Record:
    keys = {key: _key(key, Constant(word)), **of.keys()}
    return Record(of.name, of.says, lambda: keys, of.build)


def identity(name: str, version: int) -> Record:
    """Return the key by which a file of ours says what it is."""
    return record(
        lambda: None, ("name", Constant(name)), ("version", Constant(version)),
        says="The version rises when a field changes its meaning.",
    )  # fmt: skip


def number_text(bits: int) -> Text:
    """Return the shape of a number of at most so many bits as a text such as ``0x1f``."""
    digits = bits // 4
    wanted = f"a number such as '0x1f' of at most {bits} bits"
    pattern = f"^0x[0-9a-f]{{1,{digits}}}$"
    return Text(wanted, pattern, lambda text: int(text, 16), write=hex)


SHA256: Final = Text("a SHA-256 of 64 small hexadecimal digits", "^[0-9a-f]{64}$")
ANY_TEXT: Final = Text("a text", "")
TEXT: Final = Text()
NUMBER: Final = Number()
