"""Terms for readers: C's operators, hexadecimal constants, slices, no parenthesis too many."""

from hypabi.smt.term import Term, Value


def text(value: Value, width: int) -> str:
    """Write a value as a reader of a report expects it."""
    return hex(value) if isinstance(value, int) else repr(value)
