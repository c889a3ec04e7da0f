"""Every constructor twice: as hypabi offers it, and as a plain node that nothing has simplified.

A rewrite is whatever makes the two differ, so the tests need no list of rewrites: they build the
same expression in both languages and hold one against the other.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.term import Op, Term, Value, make_term

Unary = Callable[[Value, int], Value]
Binary = Callable[[Value, Value, int], Value]
Resizing = Callable[[Value, int, int], Value]
Junction = Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Language:
    """The constructors of :mod:`hypabi.smt.terms`, by name."""

    add: Binary
    sub: Binary
    mul: Binary
    udiv: Binary
    urem: Binary
    sdiv: Binary
    srem: Binary
    and_: Binary
    or_: Binary
    xor: Binary
    shl: Binary
    lshr: Binary
    ashr: Binary
    eq: Binary
    ne: Binary
    ult: Binary
    ule: Binary
    slt: Binary
    sle: Binary
    not_: Unary
    neg: Unary
    popcount: Resizing
    clz: Resizing
    zext: Resizing
    sext: Resizing
    ite: Callable[[Value, Value, Value, int], Value]
    extract: Callable[[Value, int, int, int], Value]
    concat: Callable[[Value, Value, int, int], Value]
    land: Junction
    lor: Junction
    lnot: Callable[[Value], Value]


NAMES = tuple(field.name for field in dataclasses.fields(Language))

SMART = Language(**{name: getattr(terms, name) for name in NAMES})
"""As hypabi offers them."""


def _binary(op: Op) -> Binary:
    return lambda a, b, width: make_term(op, (a, b), width)


def _comparison(op: Op) -> Binary:
    return lambda a, b, _width: make_term(op, (a, b), 1)


def _inverted(op: Op) -> Binary:
    return lambda a, b, _width: make_term("not", (make_term(op, (b, a), 1),), 1)


PLAIN = Language(
    add=_binary("add"),
    sub=_binary("sub"),
    mul=_binary("mul"),
    udiv=_binary("udiv"),
    urem=_binary("urem"),
    sdiv=_binary("sdiv"),
    srem=_binary("srem"),
    and_=_binary("and"),
    or_=_binary("or"),
    xor=_binary("xor"),
    shl=_binary("shl"),
    lshr=_binary("lshr"),
    ashr=_binary("ashr"),
    eq=_comparison("eq"),
    ne=_inverted("eq"),
    ult=_comparison("ult"),
    ule=_inverted("ult"),
    slt=_comparison("slt"),
    sle=_inverted("slt"),
    not_=lambda a, width: make_term("not", (a,), width),
    neg=lambda a, width: make_term("neg", (a,), width),
    popcount=lambda a, _width, to: make_term("popcount", (a,), to),
    clz=lambda a, _width, to: make_term("clz", (a,), to),
    zext=lambda a, _width, to: make_term("zext", (a,), to),
    sext=lambda a, _width, to: make_term("sext", (a,), to),
    ite=lambda condition, a, b, width: make_term("ite", (condition, a, b), width),
    extract=lambda a, low, size, _width: make_term("extract", (a,), size, low),
    concat=lambda high, low, high_width, low_width: make_term(
        "concat", (high, low), high_width + low_width
    ),
    land=lambda *values: make_term("and", values, 1),
    lor=lambda *values: make_term("or", values, 1),
    lnot=lambda value: make_term("not", (value,), 1),
)
"""As nodes that nothing simplified; each needs a term among its operands, because a node does."""


def _folding(name: str) -> Callable[..., Value]:
    def fold(*args: Any) -> Value:  # noqa: ANN401  # any constructor's arguments
        widths = _operand_widths(name, args)
        operands: tuple[Value, ...] = args[: len(widths)]
        if any(isinstance(operand, Term) for operand in operands):
            plain: Value = getattr(PLAIN, name)(*args)
            return plain
        unknowns = [terms.symbol(f"operand {i}", width) for i, width in enumerate(widths)]
        plain = getattr(PLAIN, name)(*unknowns, *args[len(widths) :])
        return evaluate(plain, {f"operand {i}": v for i, v in enumerate(args[: len(widths)])})

    return fold


def _operand_widths(name: str, args: tuple[Any, ...]) -> list[int]:
    match name:
        case "land" | "lor" | "lnot":
            return [1] * len(args)
        case "concat":
            return [args[2], args[3]]
        case "extract":
            return [args[3]]
        case "ite":
            return [1, args[3], args[3]]
        case "not_" | "neg" | "popcount" | "clz" | "zext" | "sext":
            return [args[1]]
        case _:
            return [args[2]] * 2


FOLDED = Language(**{name: _folding(name) for name in NAMES})
"""As :data:`PLAIN`, but what is concrete is computed, by definition and not by rewriting."""

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


def _uneven(name: str) -> Build:
    """Combine two fields of different sizes, both widened."""
    return lambda on, w, a, b: getattr(on, name)(
        on.zext(on.extract(a, 0, 1, w), 1, w),
        on.zext(on.extract(b, 1, w // 2, w), w // 2, w),
        w,
    )


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
        lambda on, w, a, b: on.concat(on.extract(a, 1, w - 1, w), on.extract(b, 0, 1, w), w - 1, 1),
    ),
    Operation("widened", lambda on, w, a, _b: on.extract(on.zext(a, w, 2 * w), 1, w, 2 * w)),
    Operation(
        "sign widened", lambda on, w, a, _b: on.extract(on.sext(a, w, 2 * w), w // 2, w, 2 * w)
    ),
    *(Operation(f"uneven {name}", _uneven(name)) for name in ("and_", "or_", "xor")),
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
