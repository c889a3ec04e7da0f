"""Values of registers and memory as texts."""

from hypabi.smt import terms
from hypabi.smt.terms import Value


def text_of(value: Value, width: int) -> str:
    """Return a value in full, constants in hexadecimal."""
    return f"{value:#x}" if isinstance(value, int) else terms.text(value, width)
