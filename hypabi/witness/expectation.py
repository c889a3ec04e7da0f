"""The promise that a witness breaks, in a form that can be held against an observation."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, assert_never

from hypabi.contract.expression import (
    AddressOf,
    BigEndian,
    Bits,
    Capability,
    Comparison,
    Conjunction,
    Disjunction,
    InT32,
    Integer,
    Moment,
    Negation,
    Operation,
    Predicate,
    Read,
    Relation,
    TableOf,
    Value,
    Word,
    width_of,
    write_value,
)
from hypabi.records import frozen

Formula: TypeAlias = "str | int | tuple[Formula, ...]"
"""A register at the end, a number, or an operator before its operands."""

LOGIC = {"all": all, "any": any}


@frozen
class Ends:
    """Control arrives at ``address`` in ``mode``; ``status`` are CPSR's or PSTATE's bits there."""

    address: int
    mode: str | None
    status: int | None = None


@frozen
class Handed:
    """Control goes to a function that the program may not even have."""

    symbol: str
    address: int | None


@frozen
class Holds:
    """A condition over registers at the end; what it says of the start is already put in."""

    formula: Formula


@frozen
class Keeps:
    """A register has its value of the start."""

    register: str
    value: int


@frozen
class KeepsBytes:
    """Memory has its bytes of the start."""

    address: int
    content: bytes


Promise = Ends | Handed | Holds | Keeps | KeepsBytes


class Open(Exception):
    """What a formula speaks of is not known: the name of it."""


@frozen
class Beginning:
    """The values that a promise may refer to besides registers at the end."""

    value: Callable[[Value], int]
    """Of whatever reads nothing at the end."""
    capability: Callable[[str], int]


def formula_of(predicate: Predicate, beginning: Beginning) -> Formula:
    """Return a predicate over the end alone.

    :raises Open: it speaks of memory at the end, of which no machine is asked
    """
    match predicate:
        case Comparison(relation, left, right):
            return (relation.value, _value(left, beginning), _value(right, beginning))
        case Capability(name):
            return beginning.capability(name)
        case Negation(of):
            return ("not", formula_of(of, beginning))
        case Conjunction(parts):
            return ("all", *(formula_of(part, beginning) for part in parts))
        case Disjunction(parts):
            return ("any", *(formula_of(part, beginning) for part in parts))
        case _:
            assert_never(predicate)


def _value(value: Value, beginning: Beginning) -> Formula:
    match value:
        case Read(register, _, Moment.EXIT):
            return register
        case Bits(of, high, low):
            return ("bits", _value(of, beginning), high, low)
        case Operation(operator, left, right):
            operands = (_value(left, beginning), _value(right, beginning))
            return (operator.value, width_of(left), *operands)
        case Word(_, _, Moment.EXIT):
            raise Open(write_value(value))
        case Read() | Integer() | TableOf() | BigEndian() | InT32() | AddressOf() | Word():
            return beginning.value(value)
        case _:
            assert_never(value)


def registers_in(formula: Formula) -> tuple[str, ...]:
    """Return the registers that a formula reads, sorted."""
    match formula:
        case str():
            return (formula,)
        case int():
            return ()
        case tuple():
            return tuple(sorted({name for part in formula[1:] for name in registers_in(part)}))


def value_of(formula: Formula, registers: Mapping[str, int]) -> int:
    """Return the value of a formula.

    :raises Open: a register that it reads is not there
    """
    match formula:
        case int():
            return formula
        case str():
            if formula not in registers:
                raise Open(formula)
            return registers[formula]
        case (str(operator), *operands):
            return _applied(operator, [value_of(each, registers) for each in operands])
        case _:
            raise AssertionError(formula)


def _applied(operator: str, operands: list[int]) -> int:
    match operator, operands:
        case "all" | "any", _:
            return int(LOGIC[operator](operands))
        case "not", [of]:
            return int(not of)
        case "bits", [of, high, low]:
            return of >> low & (1 << max(0, high - low + 1)) - 1
        case _, [left, right] if operator in _RELATIONS:
            return int(_related(_RELATIONS[operator], left, right))
        case _, [width, left, right]:
            return _computed(operator, left, right) & (1 << width) - 1
        case _:
            raise AssertionError(operator)


_RELATIONS = {relation.value: relation for relation in Relation}


def _related(relation: Relation, left: int, right: int) -> bool:
    match relation:
        case Relation.EQUAL:
            return left == right
        case Relation.DIFFERENT:
            return left != right
        case Relation.BELOW:
            return left < right
        case Relation.AT_MOST:
            return left <= right
        case _:
            assert_never(relation)


def _computed(operator: str, left: int, right: int) -> int:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "%":
            return left % right if right else left
        case "&":
            return left & right
        case "|":
            return left | right
        case "<<":
            return left << right if right < 64 else 0
        case ">>":
            return left >> right
        case _:
            raise AssertionError(operator)


def about_of(promise: Promise) -> tuple[str, ...]:
    """Return the registers at the end that a promise is about."""
    match promise:
        case Holds(formula):
            return registers_in(formula)
        case Keeps(register):
            return (register,)
        case Ends() | Handed() | KeepsBytes():
            return ()
