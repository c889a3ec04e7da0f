"""Plain values and where they stand: what a file is made of, whatever its syntax."""

from collections.abc import Mapping

from hypabi.decode.place import Place
from hypabi.records import frozen


@frozen(eq=False)
class Scalar:
    """A text, a whole number or null; of JSON also a truth value, which no file of ours has."""

    value: str | int | bool | None
    place: Place
    surprising: bool = False
    """Plain text that another YAML reader would not take for text."""
    cut: bool = False
    """Plain text that goes on, for its writer, where YAML sees a comment."""


@frozen(eq=False)
class Sequence:
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


@frozen(eq=False)
class Table:
    """A mapping with text keys, in the order of the file."""

    items: "Mapping[str, Node]"
    place: Place


Node = Scalar | Sequence | Table
