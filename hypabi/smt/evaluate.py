"""What a term means: its value under a model, by definition and not by rewriting.

This is the reference that the constructors, both solvers and every model are held against, so it
shares nothing with them but the shape of a term.
"""

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Final

from hypabi.smt.term import Op, Term, Value, operand_width, part_widths


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
        if term in known:
            pending.pop()
            continue
        args: list[int] = []
        for argument in term.args:
            if isinstance(argument, int):
                args.append(argument)
            elif argument in known:
                args.append(known[argument])
            else:
                pending.append(argument)
        if term is pending[-1]:
            pending.pop()
            result = model[term.name] if term.op == "symbol" else MEANINGS[term.op](args, term)
            known[term] = result & ((1 << term.width) - 1)


def signed(value: int, width: int) -> int:
    """Return a bit-vector as a number in two's complement."""
    return value - (1 << width) if value >> (width - 1) else value


def _shift_left(args: list[int], term: Term) -> int:
    return args[0] << args[1] if args[1] < term.width else 0


def _shift_right(args: list[int], term: Term) -> int:
    return args[0] >> args[1] if args[1] < term.width else 0


def _shift_right_signed(args: list[int], term: Term) -> int:
    return signed(args[0], term.width) >> min(args[1], term.width)


def _less_signed(args: list[int], term: Term) -> int:
    width = operand_width(term)
    return int(signed(args[0], width) < signed(args[1], width))


def _divide_signed(args: list[int], term: Term) -> int:
    """Divide as SMT-LIB defines ``bvsdiv``: magnitudes by ``bvudiv``, then the sign."""
    a, b = signed(args[0], term.width), signed(args[1], term.width)
    if b == 0:
        return 1 if a < 0 else -1
    return abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)


def _remainder_signed(args: list[int], term: Term) -> int:
    a, b = signed(args[0], term.width), signed(args[1], term.width)
    return (abs(a) % abs(b) if b else abs(a)) * (-1 if a < 0 else 1)


MEANINGS: Final[Mapping[Op, Callable[[list[int], Term], int]]] = {
    "add": lambda args, _: args[0] + args[1],
    "sub": lambda args, _: args[0] - args[1],
    "neg": lambda args, _: -args[0],
    "mul": lambda args, _: args[0] * args[1],
    "udiv": lambda args, _: args[0] // args[1] if args[1] else -1,
    "urem": lambda args, _: args[0] % args[1] if args[1] else args[0],
    "sdiv": _divide_signed,
    "srem": _remainder_signed,
    "and": lambda args, _: functools.reduce(operator.and_, args),
    "or": lambda args, _: functools.reduce(operator.or_, args),
    "xor": lambda args, _: args[0] ^ args[1],
    "not": lambda args, _: ~args[0],
    "shl": _shift_left,
    "lshr": _shift_right,
    "ashr": _shift_right_signed,
    "eq": lambda args, _: int(args[0] == args[1]),
    "ult": lambda args, _: int(args[0] < args[1]),
    "slt": _less_signed,
    "ite": lambda args, _: args[1] if args[0] else args[2],
    "extract": lambda args, term: args[0] >> term.low,
    "concat": lambda args, term: args[0] << part_widths(term)[1] | args[1],
    "zext": lambda args, _: args[0],
    "sext": lambda args, term: signed(args[0], operand_width(term)),
    "popcount": lambda args, _: args[0].bit_count(),
    "clz": lambda args, term: operand_width(term) - args[0].bit_length(),
}
"""What each operation computes, before the result is reduced modulo the term's width."""
