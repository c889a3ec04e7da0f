"""What a clause can say about the machine: a small typed language, closed under two sums.

A :data:`Value` is an unsigned bit vector of a known width, a :data:`Predicate` is true or false.
Every name has been resolved: a :class:`Read` names a register of the architecture and the moment it
is read, at entry to the vector or when control leaves the hypervisor.  Comparison, remainder and
right shift are unsigned; addition, subtraction and left shift wrap; both operands have one width.
"""

import enum
from typing import Final, assert_never

from hypabi.records import frozen

BIG_ENDIAN: Final = "big_endian"
IN_T32: Final = "in_t32"
"""What a contract calls the byte order of data."""
WORDS: Final = {"word": 32, "doubleword": 64}
"""Bits of memory, by the name that a contract has for so many."""


class Moment(enum.Enum):
    """When a register is read."""

    ENTRY = "entry"
    EXIT = "exit"


@frozen
class Integer:
    """A constant of ``width`` bits."""

    value: int
    width: int


@frozen
class Read:
    """A general or system register under its architectural name (``x0``, ``r12``, ``VBAR_EL2``)."""

    register: str
    width: int
    moment: Moment


@frozen
class Bits:
    """Bits ``high`` to ``low``, both included."""

    of: "Value"
    high: int
    low: int


@frozen
class TableOf:
    """The address of a party's vector table, as its own position-independent code computes it."""

    party: str
    width: int


@frozen
class BigEndian:
    """One bit: whether the data of the image are big-endian."""


@frozen
class InT32:
    """One bit: whether the image's vectors, and so the code around them, are written in T32."""


@frozen
class AddressOf:
    """The address of a symbol of the image."""

    symbol: str
    width: int


@frozen
class Word:
    """Bits of memory at an address, in the byte order of data."""

    address: "Value"
    width: int
    moment: Moment


class Operator(enum.Enum):
    """An operation on two values of one width."""

    ADD = "+"
    SUBTRACT = "-"
    REMAINDER = "%"
    AND = "&"
    OR = "|"
    SHIFT_LEFT = "<<"
    SHIFT_RIGHT = ">>"


@frozen
class Operation:
    """``left operator right``."""

    operator: Operator
    left: "Value"
    right: "Value"


OfImage = TableOf | BigEndian | InT32 | AddressOf
"""What the image says."""
Value = Integer | Read | Bits | OfImage | Word | Operation


class Relation(enum.Enum):
    """A comparison of two values of one width; ``>`` and ``>=`` are written with swapped sides."""

    EQUAL = "=="
    DIFFERENT = "!="
    BELOW = "<"
    AT_MOST = "<="


@frozen
class Comparison:
    """``left relation right``."""

    relation: Relation
    left: Value
    right: Value


@frozen
class Capability:
    """Whether the kernel patched itself for a capability (``ARM64_KVM_PROTECTED_MODE``)."""

    name: str


@frozen
class Negation:
    """``not of``."""

    of: "Predicate"


@frozen
class Conjunction:
    """All of ``parts``; true where there are none."""

    parts: "tuple[Predicate, ...]"


@frozen
class Disjunction:
    """Any of ``parts``; false where there are none."""

    parts: "tuple[Predicate, ...]"


Predicate = Comparison | Capability | Negation | Conjunction | Disjunction


def width_of(value: Value) -> int:
    """Return the number of bits of a value."""
    match value:
        case Integer(_, width) | Read(_, width, _) | TableOf(_, width) | AddressOf(_, width):
            return width
        case Word(_, width, _):
            return width
        case BigEndian() | InT32():
            return 1
        case Bits(_, high, low):
            return high - low + 1
        case Operation(_, left, _):
            return width_of(left)
        case _:
            assert_never(value)


def capabilities_of(predicate: Predicate) -> tuple[str, ...]:
    """Return the names of the capabilities that a predicate mentions, in order."""
    match predicate:
        case Comparison():
            return ()
        case Capability(name):
            return (name,)
        case Negation(of):
            return capabilities_of(of)
        case Conjunction(parts) | Disjunction(parts):
            return tuple(name for part in parts for name in capabilities_of(part))
        case _:
            assert_never(predicate)


def reads_of(predicate: Predicate) -> tuple[Read, ...]:
    """Return the registers that a predicate reads, in order."""
    match predicate:
        case Comparison(_, left, right):
            return (*reads_of_value(left), *reads_of_value(right))
        case Capability():
            return ()
        case Negation(of):
            return reads_of(of)
        case Conjunction(parts) | Disjunction(parts):
            return tuple(read for part in parts for read in reads_of(part))
        case _:
            assert_never(predicate)


def reads_of_value(value: Value) -> tuple[Read, ...]:
    """Return the registers that a value is made of, in order."""
    match value:
        case Read():
            return (value,)
        case Integer() | TableOf() | BigEndian() | InT32() | AddressOf():
            return ()
        case Bits(of, _, _) | Word(of, _, _):
            return reads_of_value(of)
        case Operation(_, left, right):
            return (*reads_of_value(left), *reads_of_value(right))
        case _:
            assert_never(value)


def write_value(value: Value) -> str:
    """Spell a value so that a reader sees every moment: ``old(x1) % 0x800``."""
    match value:
        case Integer(number, _):
            return str(number) if number < 10 else f"{number:#x}"
        case Read(register, _, moment):
            return f"old({register})" if moment is Moment.ENTRY else register
        case Bits(of, high, low):
            return f"{write_value(of)}[{high}:{low}]"
        case TableOf(party, _):
            return f'table_of("{party}")'
        case BigEndian():
            return BIG_ENDIAN
        case InT32():
            return IN_T32
        case AddressOf(symbol, _):
            return f'address_of("{symbol}")'
        case Word(address, width, moment):
            name = next(name for name, bits in WORDS.items() if bits == width)
            text = f"{name}({write_value(address)})"
            return f"old({text})" if moment is Moment.ENTRY else text
        case Operation(operator, left, right):
            return f"({write_value(left)} {operator.value} {write_value(right)})"
        case _:
            assert_never(value)


def write_predicate(predicate: Predicate) -> str:
    """Spell a predicate; as :func:`write_value`."""
    match predicate:
        case Comparison(relation, left, right):
            return f"{write_value(left)} {relation.value} {write_value(right)}"
        case Capability(name):
            return f"cpucap({name})"
        case Negation(of):
            return f"not ({write_predicate(of)})"
        case Conjunction(parts):
            return " and ".join(_nested(part) for part in parts) or "always"
        case Disjunction(parts):
            return " or ".join(_nested(part) for part in parts) or "never"
        case _:
            assert_never(predicate)


def _nested(predicate: Predicate) -> str:
    text = write_predicate(predicate)
    return f"({text})" if isinstance(predicate, Conjunction | Disjunction) else text
