"""The fields of an instruction word: what each bit means, as far as mutants differ by it."""

import enum
from collections.abc import Iterator, Sequence

from hypabi.records import frozen


class Kind(enum.Enum):
    """What a mutant changes."""

    REGISTER = "operand register"
    CONDITION = "condition"
    IMMEDIATE = "immediate"
    SYSTEM_REGISTER = "system register"
    OPERATION = "operation"
    DROPPED = "dropped"
    SWAPPED = "swapped with the next"
    RETURN = "return replaced"


@frozen
class Field:
    """Neighbouring bits of a word that mean one thing."""

    kind: Kind
    low: int
    width: int

    @property
    def mask(self) -> int:
        """The bits of the field, in place."""
        return ((1 << self.width) - 1) << self.low


@frozen
class Form:
    """Words that have the same fields: those with ``value`` under ``mask``."""

    mask: int
    value: int
    fields: tuple[Field, ...]


def form(pattern: str, *fields: Field) -> Form:
    """Return a form; the pattern has one character a bit, high bits first, ``.`` for any."""
    bits = pattern.replace(" ", "")
    mask = int("".join("0" if bit == "." else "1" for bit in bits), 2)
    return Form(mask, int(bits.replace(".", "0"), 2), fields)


def reg(low: int, width: int = 5) -> Field:
    """Return a field that names a register."""
    return Field(Kind.REGISTER, low, width)


def cond(low: int) -> Field:
    """Return a field that holds a condition."""
    return Field(Kind.CONDITION, low, 4)


def imm(low: int, width: int) -> Field:
    """Return a field that holds a number."""
    return Field(Kind.IMMEDIATE, low, width)


def sysreg(low: int, width: int) -> Field:
    """Return a field that is a part of a system register's name."""
    return Field(Kind.SYSTEM_REGISTER, low, width)


def fields_of(word: int, bits: int, forms: Sequence[Form]) -> tuple[Field, ...]:
    """Return the fields of a word; what no form names is the operation, bit by bit."""
    named = next((each.fields for each in forms if word & each.mask == each.value), ())
    taken = 0
    for field in named:
        taken |= field.mask
    rest = (Field(Kind.OPERATION, bit, 1) for bit in range(bits) if not taken >> bit & 1)
    return (*named, *rest)


def changed(word: int, field: Field) -> Iterator[int]:
    """Yield the word with other values in a field: all of a name, each bit and ±1 of a number."""
    limit = (1 << field.width) - 1
    value = (word & field.mask) >> field.low
    match field.kind:
        case Kind.REGISTER | Kind.CONDITION:
            values = list(range(limit + 1))
        case _:
            flipped = [value ^ 1 << bit for bit in range(field.width)]
            values = [*flipped, value + 1 & limit, value - 1 & limit]
    for other in dict.fromkeys(values):
        if other != value:
            yield word & ~field.mask | other << field.low
