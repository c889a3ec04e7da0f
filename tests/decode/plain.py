"""A tree of nodes without its places, as an ordinary reader has it."""

from typing import assert_never

from hypabi.decode.node import Node, Scalar, Sequence, Table


def plain_value(node: Node) -> object:
    """Return lists, dictionaries and scalars without their places."""
    match node:
        case Scalar(value=value):
            return value
        case Sequence(items=items):
            return [plain_value(each) for each in items]
        case Table(items=named):
            return {name: plain_value(each) for name, each in named.items()}
        case _:
            assert_never(node)
