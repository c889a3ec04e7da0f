"""Plain values and where they stand: what a contract file is made of, whatever its syntax."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypabi.judgement.place import Place


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scalar:
    """A text, a number or null."""

    value: str | int | None
    place: Place
    surprising: bool = False
    """Plain text that another YAML reader would not take for text."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sequence:
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table:
    """A mapping with text keys, in the order of the file."""

    items: "Mapping[str, Node]"
    place: Place


Node = Scalar | Sequence | Table
