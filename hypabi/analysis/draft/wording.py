"""Say a term over the entry of a call in the language of contracts.

What that language has no words for (products, exclusive or, memory behind a pointer, flags) is
:class:`Inexpressible`, and whoever asks says less instead.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.contract.expression_parser import LONGEST
from hypabi.contract.registers import Registers
from hypabi.records import frozen
from hypabi.smt.term import operand_width, part_widths
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.places import is_own_pointer
from hypabi.unknowns import is_general

MOST_NESTED: Final = 24
"""Operations in each other; what is deeper would be too long for an expression."""
_BINARY: Final = {"add": "+", "sub": "-", "and": "&", "or": "|", "urem": "%"}
_SHIFTS: Final = {"shl": "<<", "lshr": ">>"}


class Inexpressible(Exception):
    """The language of contracts has no words for it."""


def number_text(number: int) -> str:
    """Spell a number: small ones in decimal."""
    return str(number) if number < 10 else f"{number:#x}"


@frozen
class Wording:
    """Spells values at entry, and notes which general registers they name.

    :param entered: registers that exception entry changes, by their value
    :param at_exit: whether the expression is over the exit, so that ``old`` has to be said
    """

    registers: Registers
    entered: Mapping[Value, str]
    at_exit: bool
    named: set[str]

    def bounded(self, text: str) -> str:
        """Return a text that is no longer than an expression may be."""
        if len(text) > LONGEST:
            raise Inexpressible
        return text

    def value(self, value: Value, depth: int = 0) -> str:
        """Spell a value.

        :raises Inexpressible: there is no way to
        """
        if isinstance(value, int):
            return number_text(value)
        if depth > MOST_NESTED:
            raise Inexpressible
        if value in self.entered:
            return self._read(self.entered[value])
        if value.op == "symbol":
            if self.registers.width(value.name) == value.width:
                return self._read(value.name)
            return self._word(value)
        return self._operation(value, depth + 1)

    def _word(self, value: Term) -> str:
        """Spell a word behind a pointer of the hypervisor's own, as wide as an address."""
        if not is_own_pointer(value.name) or value.width != self.registers.architecture.bits:
            raise Inexpressible
        return f"old({value.name})" if self.at_exit else value.name

    def _read(self, name: str) -> str:
        if is_general(name):
            self.named.add(name)
        return f"old({name})" if self.at_exit else name

    def _operation(self, value: Term, depth: int) -> str:
        op, args = value.op, value.args
        if op in _BINARY:
            parts = [self.value(each, depth) for each in args]
            return self.bounded(f"({f' {_BINARY[op]} '.join(parts)})")
        if op in _SHIFTS and isinstance(args[1], int):
            return f"({self.value(args[0], depth)} {_SHIFTS[op]} {args[1]})"
        if op == "neg":
            return f"(0 - {self.value(args[0], depth)})"
        if op == "extract":
            high = value.low + value.width - 1
            return f"{self.value(args[0], depth)}[{high}:{value.low}]"
        if op == "zext":
            return self._widened(args[0], value.width, depth)
        if op == "concat" and args[0] == 0:
            return self._widened(args[1], value.width, depth)
        raise Inexpressible

    def _widened(self, low: Value, width: int, depth: int) -> str:
        """Spell the low bits of something as wide as it is."""
        if not isinstance(low, Term) or low.op != "extract" or low.low:
            raise Inexpressible
        if operand_width(low) != width:
            raise Inexpressible
        return f"({self.value(low.args[0], depth)} & {(1 << low.width) - 1:#x})"

    def equation(self, text: str, value: Value, width: int, depth: int = 0) -> str:
        """Say that something is a value, piece by piece where the value is made of pieces.

        :param text: a register, or bits of one
        :raises Inexpressible: there is no way to
        """
        if depth > MOST_NESTED:
            raise Inexpressible
        if isinstance(value, Term) and value not in self.entered:
            if value.op == "ite":
                condition, one, other = value.args
                chosen = self.condition(condition, depth + 1)
                yes = self.equation(text, one, width, depth + 1)
                no = self.equation(text, other, width, depth + 1)
                return self.bounded(f"(({chosen}) and {yes} or not ({chosen}) and {no})")
            if value.op == "concat":
                high, low = value.args
                _, cut = part_widths(value)
                above = self.equation(f"{text}[{width - 1}:{cut}]", high, width - cut, depth + 1)
                below = self.equation(f"{text}[{cut - 1}:0]", low, cut, depth + 1)
                return self.bounded(f"({above} and {below})")
            if value.op == "zext" and not self._is_cut(value):
                low = value.args[0]
                cut = _width(low)
                below = self.equation(f"{text}[{cut - 1}:0]", low, cut, depth + 1)
                return self.bounded(f"({text}[{width - 1}:{cut}] == 0 and {below})")
        return self.bounded(f"{text} == {self.value(value, depth + 1)}")

    def _is_cut(self, value: Term) -> bool:
        low = value.args[0]
        return isinstance(low, Term) and low.op == "extract" and operand_width(low) == value.width

    def condition(self, value: Value, depth: int = 0) -> str:
        """Spell a condition.

        :raises Inexpressible: there is no way to
        """
        if isinstance(value, int) or depth > MOST_NESTED:
            raise Inexpressible
        match value.op, value.args:
            case "not", (inner,):
                return f"not ({self.condition(inner, depth + 1)})"
            case (("and" | "or" as joined), parts):
                found = [self.condition(part, depth + 1) for part in parts]
                return self.bounded(f" {joined} ".join(f"({each})" for each in found))
            case "eq", (one, other):
                one, other = (other, one) if isinstance(one, int) else (one, other)
                return self.equation(self.value(one, depth + 1), other, _width(one), depth + 1)
            case "ult", (one, other):
                return f"{self.value(one, depth + 1)} < {self.value(other, depth + 1)}"
            case "slt", (one, other):
                return self._signed(one, other, depth + 1)
            case "extract", _:
                return f"{self.value(value, depth + 1)} == 1"
            case _:
                raise Inexpressible

    def _signed(self, one: Value, other: Value, depth: int) -> str:
        """Say that one is below another, both signed; contracts compare unsigned."""
        if isinstance(other, int) and isinstance(one, Term):
            text, sign = self.value(one, depth), one.width - 1
            negative = f"{text}[{sign}:{sign}] == 1"
            below = f"{text} < {number_text(other)}"
            return f"{negative} and {below}" if other >> sign else f"{negative} or {below}"
        if isinstance(one, int) and isinstance(other, Term):
            text, sign = self.value(other, depth), other.width - 1
            positive = f"{text}[{sign}:{sign}] == 0"
            above = f"{text} > {number_text(one)}"
            return f"{positive} or {above}" if one >> sign else f"{positive} and {above}"
        raise Inexpressible


def _width(value: Value) -> int:
    if isinstance(value, int):
        raise Inexpressible
    return value.width
