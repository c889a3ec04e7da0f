"""Terms taken apart and built anew: substitution, simplification under known conditions, measures.

Everything here walks the shared graph once, with a stack of its own, so neither sharing nor depth
costs more than the number of distinct terms.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from hypabi.smt import arithmetic, bitwise, comparisons, conditional, connectives, shifts, slices
from hypabi.smt.term import Term, Value, operand_width, part_widths, symbolic


def substitute(value: Value, replacements: Mapping[Term, Value]) -> Value:
    """Replace symbols, or any other terms, everywhere at once; the result is simplified.

    A replaced term is not looked into, and neither is what replaces it.
    """
    return substitute_known(value, dict(replacements)) if replacements else value


def substitute_known(value: Value, known: dict[Term, Value]) -> Value:
    """Replace what is known, as :func:`substitute` does, and enter what became of all else."""
    if isinstance(value, int):
        return value
    pending = [value]
    while pending:
        term = pending[-1]
        if term in known:
            pending.pop()
            continue
        waiting = [a for a in term.args if isinstance(a, Term) and a not in known]
        if waiting:
            pending += waiting
            continue
        pending.pop()
        args = tuple([a if isinstance(a, int) else known[a] for a in term.args])
        known[term] = term if args == term.args else rebuild_term(term, args)
    return known[value]


def simplify_under(value: Value, known: frozenset[Term]) -> Value:
    """Simplify ``value`` where every condition of ``known`` holds.

    A known condition becomes true, its negation false, and a term known to equal a constant becomes
    that constant.
    """
    facts: dict[Term, Value] = {}
    for condition in sorted(known, key=_digest):
        _learn(condition, facts)
    return substitute(value, facts)


def _learn(condition: Term, facts: dict[Term, Value]) -> None:
    pending = [(condition, 1)]
    while pending:
        term, truth = pending.pop()
        facts[term] = truth
        if term.op == "not":
            pending.append((symbolic(term.args[0]), 1 - truth))
        elif term.width == 1 and term.op == ("and" if truth else "or"):
            pending += [(symbolic(part), truth) for part in term.args]
        elif term.op == "eq" and truth and isinstance(term.args[1], int):
            facts[symbolic(term.args[0])] = term.args[1]


def symbols_of(*values: Value) -> frozenset[Term]:
    """Return the symbols that occur."""
    return frozenset(term for term in subterms(values) if term.op == "symbol")


def size_of(value: Value) -> int:
    """Return the number of distinct terms in ``value``; 0 for a constant."""
    return sum(1 for _ in subterms((value,)))


def subterms(values: Iterable[Value]) -> Iterator[Term]:
    """Give every distinct term once, arguments before what uses them, in a fixed order."""
    done: set[Term] = set()
    for value in values:
        pending = [value] if isinstance(value, Term) else []
        while pending:
            term = pending[-1]
            if term in done:
                pending.pop()
                continue
            waiting = [a for a in term.args if isinstance(a, Term) and a not in done]
            if waiting:
                waiting.reverse()
                pending += waiting
                continue
            pending.pop()
            done.add(term)
            yield term


def rebuild_term(term: Term, args: tuple[Value, ...]) -> Value:
    """Apply the operation of ``term`` to other arguments of the same widths, simplifying."""
    op, width = term.op, term.width
    match op:
        case "symbol":
            return term
        case "and" | "or" if width == 1:
            return connectives.land(*args) if op == "and" else connectives.lor(*args)
        case "ite":
            return conditional.ite(args[0], args[1], args[2], width)
        case "neg" | "not":
            return (arithmetic.neg if op == "neg" else slices.not_)(args[0], width)
        case "eq" | "ult" | "slt":
            return _COMPARISONS[op](args[0], args[1], operand_width(term))
        case "extract":
            return slices.extract(args[0], term.low, width, operand_width(term))
        case "concat":
            return slices.concat(args[0], args[1], *part_widths(term))
        case "zext" | "sext" | "popcount" | "clz":
            return _RESIZING[op](args[0], operand_width(term), width)
        case _:
            return _BINARY[op](args[0], args[1], width)


_Binary = Callable[[Value, Value, int], Value]

_BINARY: Final[Mapping[str, _Binary]] = {
    "add": arithmetic.add,
    "sub": arithmetic.sub,
    "mul": arithmetic.mul,
    "udiv": arithmetic.udiv,
    "urem": arithmetic.urem,
    "sdiv": arithmetic.sdiv,
    "srem": arithmetic.srem,
    "and": bitwise.and_,
    "or": bitwise.or_,
    "xor": bitwise.xor,
    "shl": shifts.shl,
    "lshr": shifts.lshr,
    "ashr": shifts.ashr,
}
_COMPARISONS: Final[Mapping[str, _Binary]] = {
    "eq": comparisons.eq,
    "ult": comparisons.ult,
    "slt": comparisons.slt,
}
_RESIZING: Final[Mapping[str, Callable[[Value, int, int], Value]]] = {
    "zext": slices.zext,
    "sext": slices.sext,
    "popcount": arithmetic.popcount,
    "clz": arithmetic.clz,
}


def _digest(term: Term) -> int:
    return term.digest
