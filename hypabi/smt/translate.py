"""Terms said in another language: the one reading of a term that solvers and SMT-LIB text share.

SMT-LIB keeps booleans and bit-vectors of width 1 apart; terms do not.  Every term is translated in
the sort that is natural to it, and converted where the other sort is asked for.
"""

from collections.abc import Sequence
from typing import Final, Generic, Protocol, TypeVar

from hypabi.smt.term import Term, Value, operand_width, part_widths

E = TypeVar("E")


class Target(Protocol[E]):
    """A language with the operators of SMT-LIB's logic QF_BV, by their SMT-LIB names."""

    def symbol(self, name: str, width: int) -> E:
        """Declare an unknown bit-vector."""
        ...

    def number(self, value: int, width: int) -> E:
        """Return a constant bit-vector."""
        ...

    def truth(self, value: int) -> E:
        """Return true for 1 and false for 0."""
        ...

    def apply(self, operator: str, args: Sequence[E], indices: Sequence[int] = ()) -> E:
        """Apply an operator; ``and`` and ``or`` take two or more arguments."""
        ...


class Translation(Generic[E]):
    """A translation into one target; every term is translated once."""

    def __init__(self, target: Target[E]) -> None:
        self._target = target
        self._conditions: dict[Value, E] = {}
        self._vectors: dict[Term, E] = {}
        self._numbers: dict[tuple[int, int], E] = {}
        self._widths: dict[str, int] = {}

    def condition(self, value: Value) -> E:
        """Return a value of width 1 as a boolean."""
        if isinstance(value, Term):
            self._translate(value)
        return self._condition(value)

    def vector(self, value: Value, width: int) -> E:
        """Return a value as a bit-vector."""
        if isinstance(value, Term):
            self._translate(value)
        return self._vector(value, width)

    def _translate(self, root: Term) -> None:
        conditions, vectors = self._conditions, self._vectors
        if root in conditions or root in vectors:
            return
        pending = [root]
        while pending:
            term = pending[-1]
            waiting = [
                a
                for a in term.args
                if isinstance(a, Term) and a not in vectors and a not in conditions
            ]
            if waiting:
                pending += waiting
                continue
            pending.pop()
            if term not in vectors and term not in conditions:
                self._translate_one(term)

    def _translate_one(self, term: Term) -> None:
        if term.op in _COMPARISONS:
            width = operand_width(term)
            args = [self._vector(a, width) for a in term.args]
            self._conditions[term] = self._target.apply(_COMPARISONS[term.op], args)
        elif term.width == 1 and term.op in _CONNECTIVES:
            args = [self._condition(a) for a in term.args]
            self._conditions[term] = self._target.apply(term.op, args)
        else:
            self._vectors[term] = self._vector_of(term)

    def _condition(self, value: Value) -> E:
        known = self._conditions.get(value)
        if known is not None:
            return known
        if isinstance(value, Term):
            one = self._number(1, 1)
            known = self._target.apply("=", [self._vectors[value], one])
        else:
            known = self._target.truth(value)
        self._conditions[value] = known
        return known

    def _vector(self, value: Value, width: int) -> E:
        if isinstance(value, int):
            return self._number(value, width)
        assert value.width == width, (value, width)
        known = self._vectors.get(value)
        if known is None:
            choice = [self._conditions[value], self._number(1, 1), self._number(0, 1)]
            known = self._vectors[value] = self._target.apply("ite", choice)
        return known

    def _number(self, value: int, width: int) -> E:
        known = self._numbers.get((value, width))
        if known is None:
            assert 0 <= value < 1 << width, (value, width)
            known = self._numbers[value, width] = self._target.number(value, width)
        return known

    def _vector_of(self, term: Term) -> E:
        apply, width = self._target.apply, term.width
        match term.op:
            case "symbol":
                assert self._widths.setdefault(term.name, width) == width, term.name
                return self._target.symbol(term.name, width)
            case "ite":
                branches = [self._vector(a, width) for a in term.args[1:]]
                return apply("ite", [self._condition(term.args[0]), *branches])
            case "concat":
                widths = part_widths(term)
                pairs = zip(term.args, widths, strict=True)
                return apply("concat", [self._vector(a, w) for a, w in pairs])
            case "extract":
                whole = self._vector(term.args[0], operand_width(term))
                return apply("extract", [whole], [term.low + width - 1, term.low])
            case "zext" | "sext":
                inner = operand_width(term)
                operator = "zero_extend" if term.op == "zext" else "sign_extend"
                return apply(operator, [self._vector(term.args[0], inner)], [width - inner])
            case "popcount" | "clz":
                bits = self._bits(term.args[0], operand_width(term))
                return (
                    self._ones(bits, width) if term.op == "popcount" else self._zeros(bits, width)
                )
            case _:
                return apply(_ARITHMETIC[term.op], [self._vector(a, width) for a in term.args])

    def _bits(self, value: Value, width: int) -> list[E]:
        whole = self._vector(value, width)
        return [self._target.apply("extract", [whole], [i, i]) for i in range(width)]

    def _ones(self, bits: list[E], width: int) -> E:
        """Add the bits up, in pairs, so that the sum stays shallow."""
        apply = self._target.apply
        sums = [apply("zero_extend", [bit], [width - 1]) if width > 1 else bit for bit in bits]
        while len(sums) > 1:
            pairs = zip(sums[::2], sums[1::2], strict=False)
            added = [apply("bvadd", pair) for pair in pairs]
            sums = added + sums[len(sums) - len(sums) % 2 :]
        return sums[0]

    def _zeros(self, bits: list[E], width: int) -> E:
        """Choose by the highest bit that is one."""
        mask = (1 << width) - 1
        result = self._number(len(bits) & mask, width)
        for index, bit in enumerate(bits):
            is_one = self._target.apply("=", [bit, self._number(1, 1)])
            count = self._number(len(bits) - 1 - index & mask, width)
            result = self._target.apply("ite", [is_one, count, result])
        return result


_COMPARISONS: Final = {"eq": "=", "ult": "bvult", "slt": "bvslt"}
_CONNECTIVES: Final = frozenset({"and", "or", "xor", "not", "ite"})
_ARITHMETIC: Final = {
    "add": "bvadd",
    "sub": "bvsub",
    "neg": "bvneg",
    "mul": "bvmul",
    "udiv": "bvudiv",
    "urem": "bvurem",
    "sdiv": "bvsdiv",
    "srem": "bvsrem",
    "and": "bvand",
    "or": "bvor",
    "xor": "bvxor",
    "not": "bvnot",
    "shl": "bvshl",
    "lshr": "bvlshr",
    "ashr": "bvashr",
}
