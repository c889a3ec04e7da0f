"""Everything in a contract that stands in its file, each with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from hypabi.contract.model import Located


def located(thing: object) -> Iterator[Located]:
    """Walk over everything in a contract that stands in the file, outermost first."""
    match thing:
        case Located():
            yield thing
            for each in fields(thing):
                yield from located(getattr(thing, each.name))
        case Mapping():
            for value in thing.values():
                yield from located(value)
        case tuple():
            for value in thing:
                yield from located(value)
        case _:
            assert not is_dataclass(thing) or not hasattr(thing, "place"), thing
