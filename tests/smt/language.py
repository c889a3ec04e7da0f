"""Every constructor twice: as hypabi offers it, and as a plain node that nothing has simplified.

A rewrite is whatever makes the two differ, so the tests need no list of rewrites: they build the
same expression in both languages and hold one against the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.term import Op, Term, Value, make


class Language(Protocol):
    def add(self, a: Value, b: Value, width: int) -> Value: ...
    def sub(self, a: Value, b: Value, width: int) -> Value: ...
    def mul(self, a: Value, b: Value, width: int) -> Value: ...
    def udiv(self, a: Value, b: Value, width: int) -> Value: ...
    def urem(self, a: Value, b: Value, width: int) -> Value: ...
    def sdiv(self, a: Value, b: Value, width: int) -> Value: ...
    def srem(self, a: Value, b: Value, width: int) -> Value: ...
    def and_(self, a: Value, b: Value, width: int) -> Value: ...
    def or_(self, a: Value, b: Value, width: int) -> Value: ...
    def xor(self, a: Value, b: Value, width: int) -> Value: ...
    def shl(self, a: Value, b: Value, width: int) -> Value: ...
    def lshr(self, a: Value, b: Value, width: int) -> Value: ...
    def ashr(self, a: Value, b: Value, width: int) -> Value: ...
    def not_(self, a: Value, width: int) -> Value: ...
    def neg(self, a: Value, width: int) -> Value: ...
    def popcount(self, a: Value, width: int, to: int) -> Value: ...
    def clz(self, a: Value, width: int, to: int) -> Value: ...
    def eq(self, a: Value, b: Value, width: int) -> Value: ...
    def ne(self, a: Value, b: Value, width: int) -> Value: ...
    def ult(self, a: Value, b: Value, width: int) -> Value: ...
    def ule(self, a: Value, b: Value, width: int) -> Value: ...
    def slt(self, a: Value, b: Value, width: int) -> Value: ...
    def sle(self, a: Value, b: Value, width: int) -> Value: ...
    def ite(self, condition: Value, a: Value, b: Value, width: int) -> Value: ...
    def extract(self, a: Value, low: int, size: int, width: int) -> Value: ...
    def concat(self, high: Value, low: Value, high_width: int, low_width: int) -> Value: ...
    def zext(self, a: Value, width: int, to: int) -> Value: ...
    def sext(self, a: Value, width: int, to: int) -> Value: ...
    def land(self, *values: Value) -> Value: ...
    def lor(self, *values: Value) -> Value: ...
    def lnot(self, value: Value) -> Value: ...


SMART: Language = terms


def _binary(op: Op) -> Callable[[Value, Value, int], Value]:
    return staticmethod(lambda a, b, width: make(op, (a, b), width))


def _comparison(op: Op) -> Callable[[Value, Value, int], Value]:
    return staticmethod(lambda a, b, _width: make(op, (a, b), 1))


class _Plain:
    """Needs a term among the operands of each constructor, because a node does."""

    add = _binary("add")
    sub = _binary("sub")
    mul = _binary("mul")
    udiv = _binary("udiv")
    urem = _binary("urem")
    sdiv = _binary("sdiv")
    srem = _binary("srem")
    and_ = _binary("and")
    or_ = _binary("or")
    xor = _binary("xor")
    shl = _binary("shl")
    lshr = _binary("lshr")
    ashr = _binary("ashr")
    eq = _comparison("eq")
    ult = _comparison("ult")
    slt = _comparison("slt")

    def ne(self, a: Value, b: Value, width: int) -> Value:
        return self.lnot(self.eq(a, b, width))

    def ule(self, a: Value, b: Value, width: int) -> Value:
        return self.lnot(self.ult(b, a, width))

    def sle(self, a: Value, b: Value, width: int) -> Value:
        return self.lnot(self.slt(b, a, width))

    def not_(self, a: Value, width: int) -> Value:
        return make("not", (a,), width)

    def neg(self, a: Value, width: int) -> Value:
        return make("neg", (a,), width)

    def popcount(self, a: Value, width: int, to: int) -> Value:
        return make("popcount", (a,), to)

    def clz(self, a: Value, width: int, to: int) -> Value:
        return make("clz", (a,), to)

    def ite(self, condition: Value, a: Value, b: Value, width: int) -> Value:
        return make("ite", (condition, a, b), width)

    def extract(self, a: Value, low: int, size: int, width: int) -> Value:
        return make("extract", (a,), size, low)

    def concat(self, high: Value, low: Value, high_width: int, low_width: int) -> Value:
        return make("concat", (high, low), high_width + low_width)

    def zext(self, a: Value, width: int, to: int) -> Value:
        return make("zext", (a,), to)

    def sext(self, a: Value, width: int, to: int) -> Value:
        return make("sext", (a,), to)

    def land(self, *values: Value) -> Value:
        return make("and", values, 1)

    def lor(self, *values: Value) -> Value:
        return make("or", values, 1)

    def lnot(self, value: Value) -> Value:
        return make("not", (value,), 1)


PLAIN: Language = _Plain()


class _Folded:
    """Computes what is concrete by definition, and simplifies nothing else."""

    def __getattr__(self, name: str) -> Callable[..., Value]:
        build: Callable[..., Value] = getattr(PLAIN, name)

        def fold(*args: Value) -> Value:
            operands = args[: _OPERANDS.get(name, len(args) if name in ("land", "lor") else 2)]
            if any(isinstance(operand, Term) for operand in operands):
                return build(*args)
            return _computed(name, args, len(operands))

        return fold


_OPERANDS = {"ite": 3} | dict.fromkeys(
    ("not_", "neg", "popcount", "clz", "extract", "zext", "sext", "lnot"), 1
)
"""How many of a constructor's arguments are values, where it is not two."""


def _computed(name: str, args: tuple[Value, ...], count: int) -> Value:
    """Apply a constructor to constants: to unknowns, under a model that gives their values."""
    widths = _widths(name, args, count)
    unknowns = [terms.symbol(f"operand {i}", width) for i, width in enumerate(widths)]
    plain = getattr(PLAIN, name)(*unknowns, *args[count:])
    return evaluate(plain, {u.name: int(a) for u, a in zip(unknowns, args, strict=False)})


def _widths(name: str, args: tuple[Value, ...], count: int) -> list[int]:
    match name:
        case "land" | "lor" | "lnot":
            return [1] * count
        case "concat":
            return [int(args[2]), int(args[3])]
        case "extract":
            return [int(args[3])]
        case "ite":
            return [1, int(args[3]), int(args[3])]
        case _:
            return [int(args[count])] * count


FOLDED: Language = _Folded()  # type: ignore[assignment]  # it has every name that PLAIN has

Build = Callable[[Language, int, Value, Value], Value]


@dataclass(frozen=True, slots=True)
class Operation:
    """An expression of two operands, ``width`` bits wide like them, or a condition."""

    name: str
    build: Build
    condition: bool = False

    def width(self, width: int) -> int:
        return 1 if self.condition else width


def _named(name: str) -> Build:
    return lambda on, w, a, b: getattr(on, name)(a, b, w)


ARITHMETIC = ("add", "sub", "mul", "udiv", "urem", "sdiv", "srem")
BITWISE = ("and_", "or_", "xor", "shl", "lshr", "ashr")
COMPARISONS = ("eq", "ne", "ult", "ule", "slt", "sle")

OPERATIONS: tuple[Operation, ...] = (
    *(Operation(name, _named(name)) for name in ARITHMETIC + BITWISE),
    *(Operation(name, _named(name), condition=True) for name in COMPARISONS),
    Operation("not_", lambda on, w, a, _b: on.not_(a, w)),
    Operation("neg", lambda on, w, a, _b: on.neg(a, w)),
    Operation("popcount", lambda on, w, a, _b: on.popcount(a, w, w)),
    Operation("clz", lambda on, w, a, _b: on.clz(a, w, w)),
    Operation("ite", lambda on, w, a, b: on.ite(on.ult(a, b, w), a, b, w)),
    Operation("ite bit", lambda on, w, a, b: on.ite(on.extract(a, w - 1, 1, w), b, a, w)),
    Operation("ite zero", lambda on, w, a, b: on.ite(on.lnot(on.eq(a, b, w)), 0, a, w)),
    Operation("ite one", lambda on, w, a, b: on.ite(on.eq(a, b, w), b, 1, w)),
    Operation("low", lambda on, w, a, _b: on.zext(on.extract(a, 0, w // 2, w), w // 2, w)),
    Operation("high", lambda on, w, a, _b: on.zext(on.extract(a, w // 2, w // 2, w), w // 2, w)),
    Operation("middle", lambda on, w, a, _b: on.sext(on.extract(a, 1, w // 2, w), w // 2, w)),
    Operation("signed", lambda on, w, a, _b: on.sext(on.extract(a, 0, w // 2, w), w // 2, w)),
    Operation(
        "rotated",
        lambda on, w, a, _b: on.concat(
            on.extract(a, 0, w // 2, w), on.extract(a, w // 2, w // 2, w), w // 2, w // 2
        ),
    ),
    Operation(
        "joined",
        lambda on, w, a, b: on.concat(
            on.extract(a, 1, w - 1, w), on.extract(b, 0, 1, w), w - 1, 1
        ),
    ),
    Operation("widened", lambda on, w, a, _b: on.extract(on.zext(a, w, 2 * w), 1, w, 2 * w)),
    Operation(
        "sign widened", lambda on, w, a, _b: on.extract(on.sext(a, w, 2 * w), w // 2, w, 2 * w)
    ),
    Operation("bit", lambda on, w, a, _b: on.zext(on.extract(a, w - 1, 1, w), 1, w)),
    Operation(
        "between",
        lambda on, w, a, b: on.land(on.ule(a, b, w), on.ult(0, a, w)),
        condition=True,
    ),
    Operation(
        "either",
        lambda on, w, a, b: on.lor(on.lnot(on.eq(a, b, w)), on.slt(a, b, w)),
        condition=True,
    ),
    Operation(
        "choice",
        lambda on, w, a, b: on.ite(on.ult(a, b, w), on.eq(a, 3, w), on.extract(b, 0, 1, w), 1),
        condition=True,
    ),
    Operation(
        "bits alike",
        lambda on, w, a, b: on.eq(on.extract(a, 0, 1, w), on.slt(a, b, w), 1),
        condition=True,
    ),
)
"""Every constructor at least once, alone or in the smallest expression that keeps the width."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """An expression over ``x``, ``y`` and ``z``: one operation, or one inside another."""

    name: str
    outer: Operation
    inner: Operation | None
    place: str
    """Where the inner operation stands, and what stands beside it."""

    def build(self, on: Language, width: int, x: Value, y: Value, z: Value) -> Value:
        """Build the outer operation in a language; its operands are always simplified.

        So what a constructor makes of its operands is judged on its own, and nesting follows by
        congruence.  The value has :meth:`width` bits.
        """
        if self.inner is None:
            return self.outer.build(on, width, x, y)
        inner = self._operand(width, x, y)
        match self.place:
            case "left":
                return self.outer.build(on, width, inner, z)
            case "right":
                return self.outer.build(on, width, z, inner)
            case "left of x":
                return self.outer.build(on, width, inner, x)
            case "right of x":
                return self.outer.build(on, width, x, inner)
            case _:
                return self.outer.build(on, width, inner, self._operand(width, x, z))

    def _operand(self, width: int, a: Value, b: Value) -> Value:
        assert self.inner is not None
        built = self.inner.build(SMART, width, a, b)
        return terms.zext(built, 1, width) if self.inner.condition else built

    def width(self, width: int) -> int:
        return self.outer.width(width)


PLACES = ("left", "right", "left of x", "right of x", "both sides")


def skeletons() -> Iterator[Skeleton]:
    """Give every operation alone, and every operation at every place inside every operation."""
    for outer in OPERATIONS:
        yield Skeleton(outer.name, outer, None, "alone")
        for inner in OPERATIONS:
            for place in PLACES:
                yield Skeleton(f"{outer.name}, {inner.name} {place}", outer, inner, place)


def symbols(width: int) -> tuple[Term, Term, Term]:
    """Return the unknowns ``x``, ``y`` and ``z``."""
    return terms.symbol("x", width), terms.symbol("y", width), terms.symbol("z", width)
