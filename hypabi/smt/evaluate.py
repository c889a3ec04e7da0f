"""What a term means: its value under a model, by definition and not by rewriting.

This is the reference that the constructors, both solvers and every model are held against, so it
shares nothing with them but the shape of a term.
"""

from collections.abc import Mapping
from typing import assert_never

from hypabi.smt.term import Term, Value, operand_width, part_widths


def evaluate(value: Value, model: Mapping[str, int]) -> int:
    """Return the value under ``model``, which gives every symbol a number.

    :raises KeyError: the model lacks a symbol
    """
    if isinstance(value, int):
        return value
    return evaluate_all((value,), model)[0]


def evaluate_all(values: tuple[Value, ...], model: Mapping[str, int]) -> tuple[int, ...]:
    """Return the values of several terms; what they share is evaluated once."""
    known: dict[Term, int] = {}
    for value in values:
        if isinstance(value, Term) and value not in known:
            _evaluate_into(value, model, known)
    return tuple(v if isinstance(v, int) else known[v] for v in values)


def _evaluate_into(root: Term, model: Mapping[str, int], known: dict[Term, int]) -> None:
    pending = [root]
    while pending:
        term = pending[-1]
        waiting = [a for a in term.args if isinstance(a, Term) and a not in known]
        if waiting:
            pending += waiting
            continue
        pending.pop()
        args = [a if isinstance(a, int) else known[a] for a in term.args]
        known[term] = _meaning(term, args, model) & ((1 << term.width) - 1)


# One case an operation: a total match says more than the table that would please the counters.
def _meaning(  # noqa: C901, PLR0911, PLR0912
    term: Term, args: list[int], model: Mapping[str, int]
) -> int:
    """Apply the operation; the caller reduces the result modulo the term's width."""
    match term.op:
        case "symbol":
            return model[term.name]
        case "add":
            return args[0] + args[1]
        case "sub":
            return args[0] - args[1]
        case "neg":
            return -args[0]
        case "mul":
            return args[0] * args[1]
        case "udiv" | "urem" | "sdiv" | "srem":
            return _divide(term.op, args[0], args[1], term.width)
        case "and":
            return _reduce_and(args)
        case "or":
            return _reduce_or(args)
        case "xor":
            return args[0] ^ args[1]
        case "not":
            return ~args[0]
        case "shl":
            return args[0] << args[1] if args[1] < term.width else 0
        case "lshr":
            return args[0] >> args[1] if args[1] < term.width else 0
        case "ashr":
            return _signed(args[0], term.width) >> min(args[1], term.width)
        case "eq":
            return int(args[0] == args[1])
        case "ult":
            return int(args[0] < args[1])
        case "slt":
            width = operand_width(term)
            return int(_signed(args[0], width) < _signed(args[1], width))
        case "ite":
            return args[1] if args[0] == 1 else args[2]
        case "extract":
            return args[0] >> term.low
        case "concat":
            return args[0] << part_widths(term)[1] | args[1]
        case "zext":
            return args[0]
        case "sext":
            return _signed(args[0], operand_width(term))
        case "popcount":
            return bin(args[0]).count("1")
        case "clz":
            return operand_width(term) - args[0].bit_length()
        case _:
            assert_never(term.op)


def _reduce_and(args: list[int]) -> int:
    result = -1
    for arg in args:
        result &= arg
    return result


def _reduce_or(args: list[int]) -> int:
    result = 0
    for arg in args:
        result |= arg
    return result


def _signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


def _divide(op: str, a: int, b: int, width: int) -> int:
    """Divide as SMT-LIB does (theory FixedSizeBitVectors, and the definitions in logic QF_BV)."""
    if op == "udiv":
        return a // b if b else -1
    if op == "urem":
        return a % b if b else a
    a, b = _signed(a, width), _signed(b, width)
    if op == "sdiv":
        if b == 0:
            return 1 if a < 0 else -1
        return abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)
    if b == 0:
        return a
    return abs(a) % abs(b) * (-1 if a < 0 else 1)
