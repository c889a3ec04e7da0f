"""Terms for readers: C's operators, slices as Arm writes them, no parenthesis a reader can spare.

A slice is ``HCR_EL2[34]`` or ``HCR_EL2[7:4]``, ``a:b`` joins bits, ``<s`` compares signed.
Widening with zeros is silent, except that a sum or product shows where it was cut:
``(a + b)[31:0]``.  What would print at great length because it shares parts gets names:
``t1 + 2 where t1 = ...``.
"""

from collections import Counter
from typing import Final, NamedTuple

from hypabi.smt.rewrite import subterms
from hypabi.smt.term import Term, Value, operand_width, part_widths

_INLINE: Final = 120
"""How many operations may be printed before shared ones get names."""

_NEGATED: Final = 4
"""How many nested conditions a negation goes into."""

_LONG: Final = 2000
"""How many characters a part may have before it gets a name though it is used once."""


class _Text(NamedTuple):
    """Written text, and how tightly its outermost operator binds."""

    text: str
    level: int


def text(value: Value, width: int) -> str:
    """Write a value as the reader of a report expects it: ``x1 + 8``, ``HCR_EL2[7:4] == 3``."""
    if isinstance(value, int):
        return number(value, width)
    return _Printer(value).written


def number(value: int, width: int) -> str:
    """Write a constant: decimal where that says as much, else hexadecimal."""
    value &= (1 << width) - 1
    return str(value) if value < 10 else hex(value)


class _Printer:
    def __init__(self, root: Term) -> None:
        order = list(subterms((root,)))
        shared = _shared(order)
        self._names: dict[Term, str] = {}
        self._texts: dict[Term, _Text] = {}
        definitions: list[str] = []
        for term in order:
            written = self._write(term)
            if term in shared or (len(written.text) > _LONG and term is not root):
                self._names[term] = name = f"t{len(definitions) + 1}"
                definitions.append(f"{name} = {written.text}")
                written = _Text(name, _ATOM)
            self._texts[term] = written
        where = f" where {', '.join(definitions)}" if definitions else ""
        self.written = self._texts[root].text + where

    def _write(self, term: Term) -> _Text:
        match term.op:
            case "symbol":
                return _Text(term.name, _ATOM)
            case "not" if term.width == 1:
                return self._opposite(term.args[0])
            case "ite":
                a, b = (self._at(v, term.width, _OR) for v in term.args[1:])
                return _Text(f"{self._at(term.args[0], 1, _OR)} ? {a} : {b}", _CHOICE)
            case "extract":
                return self._slice(term)
            case "zext":
                return self._widened(term)
            case "concat":
                return self._joined(term)
            case "not" | "neg":
                sign = "~" if term.op == "not" else "-"
                return _Text(sign + self._at(term.args[0], term.width, _UNARY), _UNARY)
            case "sext" | "popcount" | "clz":
                inner = self._text(term.args[0], operand_width(term)).text
                return _Text(f"{term.op}({inner})", _ATOM)
            case _:
                return self._binary(term)

    def _text(self, value: Value, width: int) -> _Text:
        if isinstance(value, int):
            return _Text(number(value, width), _ATOM)
        return self._texts[value]

    def _at(self, value: Value, width: int, level: int) -> str:
        """Write an operand, in parentheses if it binds less tightly than ``level``."""
        return _enclosed(self._text(value, width), level)

    def _binary(self, term: Term) -> _Text:
        if term.op in ("eq", "ult", "slt"):
            return self._compared(term, _RELATIONS[term.op])
        operator, level = _OPERATORS[term.op]
        if term.width == 1 and term.op in ("and", "or"):
            operator, level = (" && ", _AND) if term.op == "and" else (" || ", _OR)
            return _Text(operator.join(self._at(a, 1, _ANY_BINARY) for a in term.args), level)
        a, b = term.args
        if term.op == "add" and isinstance(b, int) and b >> (term.width - 1) and term.width > 4:
            operator, b = " - ", (1 << term.width) - b
        elif term.op in _COMMUTATIVE and isinstance(b, Term) and self._later(a, b):
            a, b = b, a
        left = self._operand(a, term, level)
        right = self._operand(b, term, level + (term.op not in _COMMUTATIVE or operator == " - "))
        return _Text(f"{left}{operator}{right}", level)

    def _later(self, a: Value, b: Term) -> bool:
        """Say whether ``a`` reads better after ``b``: atoms first and ``x2`` before ``x10``."""
        first, second = self._text(a, b.width), self._texts[b]
        if first.level == second.level == _ATOM:
            return _natural(first.text) > _natural(second.text)
        if _ATOM in (first.level, second.level):
            return second.level == _ATOM
        return (len(first.text), first.text) > (len(second.text), second.text)

    def _operand(self, value: Value, parent: Term, level: int) -> str:
        """Write an operand; operators on bits are not mixed without parentheses."""
        if isinstance(value, Term) and parent.op in _BITWISE and value not in self._names:
            same = value.op == parent.op and value.op in _COMMUTATIVE
            level = level if same else _UNARY
        return self._at(value, parent.width, level)

    def _opposite(self, value: Value, depth: int = _NEGATED) -> _Text:
        """Write the negation of a condition: ``a != b || !c`` rather than ``!(a == b && c)``."""
        assert isinstance(value, Term)
        if value not in self._names:
            if value.op == "not":
                return self._text(value.args[0], 1)
            if value.op in _RELATIONS:
                return self._compared(value, _OPPOSITES[value.op])
            if value.op in ("and", "or") and depth:
                operator, level = (" || ", _OR) if value.op == "and" else (" && ", _AND)
                parts = (self._opposite(part, depth - 1) for part in value.args)
                return _Text(operator.join(_enclosed(part, _ANY_BINARY) for part in parts), level)
        return _Text("!" + self._at(value, 1, _UNARY), _UNARY)

    def _compared(self, term: Term, relation: str) -> _Text:
        width = operand_width(term)
        a, b = term.args
        if isinstance(a, int) or (term.op == "eq" and isinstance(b, Term) and self._later(a, b)):
            a, b, relation = b, a, _MIRRORED[relation]
        left, right = self._at(a, width, _SHIFT), self._at(b, width, _SHIFT)
        return _Text(f"{left} {relation} {right}", _RELATION)

    def _slice(self, term: Term) -> _Text:
        inner = self._at(term.args[0], operand_width(term), _ATOM)
        return _Text(f"{inner}[{_range(term.low, term.width)}]", _ATOM)

    def _widened(self, term: Term) -> _Text:
        inner = term.args[0]
        assert isinstance(inner, Term)
        written = self._texts[inner]
        if inner in self._names:
            return written
        if inner.op in _WRAPPING and inner.width > 1:
            return _Text(f"({written.text})[{_range(0, inner.width)}]", _ATOM)
        if inner.op == "extract" and inner.low + inner.width == operand_width(inner) == term.width:
            return _Text(f"{self._at(inner.args[0], term.width, _UNARY)} >> {inner.low}", _SHIFT)
        return written

    def _joined(self, term: Term) -> _Text:
        high, low = term.args
        high_width, low_width = part_widths(term)
        if low == 0:
            return self._shifted(high, high_width, low_width, term.width)
        parts = [self._part(high, high_width)]
        while isinstance(low, Term) and low.op == "concat" and low not in self._names:
            high, below = low.args
            high_width, below_width = part_widths(low)
            if below == 0:
                break
            parts.append(self._part(high, high_width))
            low, low_width = below, below_width
        return _Text(":".join([*parts, self._part(low, low_width)]), _JOIN)

    def _shifted(self, high: Value, high_width: int, count: int, width: int) -> _Text:
        if isinstance(high, Term) and high.op == "extract" and high not in self._names:
            whole = high.args[0]
            assert isinstance(whole, Term)
            if high.low == 0 and whole.width == width:
                return _Text(f"{self._at(whole, width, _UNARY)} << {count}", _SHIFT)
        return _Text(f"{self._at(high, high_width, _UNARY)} << {count}", _SHIFT)

    def _part(self, value: Value, width: int) -> str:
        """Write one part of a join, where constants and widened parts must show their width."""
        if isinstance(value, int):
            return (
                f"'{value:0{width}b}'" if width <= 8 else f"bits({width}, {number(value, width)})"
            )
        if value.op == "zext" and value not in self._names:
            inner = operand_width(value)
            return f"{self._part(0, width - inner)}:{self._part(value.args[0], inner)}"
        return self._at(value, width, _UNARY)


def _enclosed(written: _Text, level: int) -> str:
    return f"({written.text})" if written.level < level else written.text


def _range(low: int, size: int) -> str:
    return str(low) if size == 1 else f"{low + size - 1}:{low}"


def _natural(written: str) -> tuple[tuple[int, str], ...]:
    """Order ``x2`` before ``x10``."""
    return tuple((len(word), word) if word.isdigit() else (0, word) for word in _words(written))


def _words(written: str) -> list[str]:
    words: list[str] = []
    for character in written:
        if words and character.isdigit() == words[-1].isdigit():
            words[-1] += character
        else:
            words.append(character)
    return words


def _shared(order: list[Term]) -> frozenset[Term]:
    """Return what is used more than once, if the whole would be long without names."""
    uses: Counter[Term] = Counter()
    sizes: dict[Term, int] = {}
    for term in order:
        parts = [a for a in term.args if isinstance(a, Term)]
        uses.update(parts)
        sizes[term] = 1 + sum(sizes[part] for part in parts)
    if sizes[order[-1]] <= _INLINE:
        return frozenset()
    return frozenset(t for t in order if uses[t] > 1 and sizes[t] > 2)


_CHOICE, _OR, _AND, _JOIN, _RELATION, _BIT, _SHIFT, _SUM, _PRODUCT, _UNARY, _ATOM = range(11)
_ANY_BINARY: Final = _JOIN

_OPERATORS: Final = {
    "add": (" + ", _SUM),
    "sub": (" - ", _SUM),
    "mul": (" * ", _PRODUCT),
    "udiv": (" / ", _PRODUCT),
    "urem": (" % ", _PRODUCT),
    "sdiv": (" /s ", _PRODUCT),
    "srem": (" %s ", _PRODUCT),
    "and": (" & ", _BIT),
    "or": (" | ", _BIT),
    "xor": (" ^ ", _BIT),
    "shl": (" << ", _SHIFT),
    "lshr": (" >> ", _SHIFT),
    "ashr": (" >>s ", _SHIFT),
}
_COMMUTATIVE: Final = frozenset({"add", "mul", "and", "or", "xor"})
_BITWISE: Final = frozenset({"and", "or", "xor", "shl", "lshr", "ashr"})
_WRAPPING: Final = frozenset({"add", "sub", "neg", "mul", "not", "shl", "ite"})
_RELATIONS: Final = {"eq": "==", "ult": "<", "slt": "<s"}
_OPPOSITES: Final = {"eq": "!=", "ult": ">=", "slt": ">=s"}
_MIRRORED: Final = {
    "==": "==",
    "!=": "!=",
    "<": ">",
    ">=": "<=",
    "<s": ">s",
    ">=s": "<=s",
}
