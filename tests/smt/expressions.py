"""Random expressions that share parts, in both languages at once."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from hypabi.smt import terms
from hypabi.smt.term import Value
from tests.smt.language import COMPARISONS, FOLDED, SMART, Language

BINARY = ("add", "sub", "mul", "udiv", "urem", "sdiv", "srem", "and_", "or_", "xor")
SHIFTS = ("shl", "lshr", "ashr")
WIDTHS = (1, 2, 5, 8, 16)
RESHAPING = ("popcount", "clz", "extract", "concat", "zext", "sext")
STEPS = (*BINARY, *SHIFTS, *COMPARISONS, *RESHAPING, "not_", "neg", "ite", "land", "lor", "lnot")


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression as the constructors give it and as it was said."""

    smart: Value
    plain: Value
    width: int


Step = tuple[str, int, int, int, int]


def steps(most: int = 25) -> st.SearchStrategy[list[Step]]:
    """Draw the steps of a program; each takes earlier results, so parts are shared."""
    number = st.integers(0, 1 << 16)
    return st.lists(
        st.tuples(st.sampled_from(STEPS), number, number, number, number), max_size=most
    )


def build(program: list[Step]) -> list[Expression]:
    """Run the steps; unknowns and constants of every width come first."""
    pool = [_leaf(width, index) for width in WIDTHS for index in range(4)]
    for name, *choices in program:
        pool.append(_step(name, choices, pool))
    return pool[len(WIDTHS) * 4 :] or pool


def _leaf(width: int, index: int) -> Expression:
    value: Value = terms.symbol(f"s{index}_{width}", width)
    if index == 3:
        value = zlib.crc32(bytes([width])) & ((1 << width) - 1)
    return Expression(value, value, width)


def _step(name: str, choices: list[int], pool: list[Expression]) -> Expression:
    first = pool[choices[0] % len(pool)]
    wanted = 1 if name in ("land", "lor", "lnot") else first.width
    a, b, c = (_fit(pool[choice % len(pool)], wanted) for choice in choices[:3])
    condition = _fit(pool[choices[3] % len(pool)], 1)
    low, more = choices[1] % wanted, choices[2] % 8
    built: list[Value] = []
    for on in (SMART, FOLDED):
        of = _smart if on is SMART else _plain
        operands = (of(a), of(b), of(c))
        built.append(_apply(on, name, operands, of(condition), (wanted, low, more)))
    width = _result_width(name, wanted, low, more)
    return Expression(built[0], built[1], width)


def _smart(expression: Expression) -> Value:
    return expression.smart


def _plain(expression: Expression) -> Value:
    return expression.plain


def _apply(
    on: Language,
    name: str,
    operands: tuple[Value, Value, Value],
    condition: Value,
    sizes: tuple[int, int, int],
) -> Value:
    (a, b, c), (width, low, more) = operands, sizes
    build = getattr(on, name)
    match name:
        case "land" | "lor":
            result: Value = build(a, b, c)
        case "lnot":
            result = build(a)
        case "not_" | "neg":
            result = build(a, width)
        case "popcount" | "clz":
            result = build(a, width, more + 1)
        case "zext" | "sext":
            result = build(a, width, width + more)
        case "ite":
            result = build(condition, a, b, width)
        case "extract":
            result = build(a, low, width - low, width)
        case "concat":
            result = build(a, b, width, width)
        case _:
            result = build(a, b, width)
    return result


def _result_width(name: str, width: int, low: int, more: int) -> int:
    match name:
        case "popcount" | "clz":
            return more + 1
        case "zext" | "sext":
            return width + more
        case "extract":
            return width - low
        case "concat":
            return 2 * width
        case _ if name in COMPARISONS or name in ("land", "lor", "lnot"):
            return 1
        case _:
            return width


def _fit(expression: Expression, width: int) -> Expression:
    """Cut or widen an expression to a width."""
    if expression.width == width:
        return expression
    if expression.width > width:
        return Expression(
            SMART.extract(expression.smart, 0, width, expression.width),
            FOLDED.extract(expression.plain, 0, width, expression.width),
            width,
        )
    return Expression(
        SMART.zext(expression.smart, expression.width, width),
        FOLDED.zext(expression.plain, expression.width, width),
        width,
    )


def model(seed: int) -> Mapping[str, int]:
    """Give every unknown of :func:`build` a number, corner values among them."""
    numbers: dict[str, int] = {}
    for width in WIDTHS:
        for index in range(3):
            name = f"s{index}_{width}"
            drawn = zlib.crc32(f"{name} {seed}".encode())
            corners = (0, (1 << width) - 1, 1 << (width - 1), drawn >> 8, drawn >> 16)
            numbers[name] = corners[drawn % len(corners)] & ((1 << width) - 1)
    return numbers


def expressions() -> list[Value]:
    """Build expressions whose operands have no order of their own."""
    names = [f"r{i}" for i in range(8)]
    values: list[Value] = []
    for i in range(24):
        a, b, c = (terms.symbol(names[(i * k) % 8], 64) for k in (1, 3, 5))
        build = (terms.add, terms.mul, terms.xor, terms.and_, terms.or_)[i % 5]
        other = (terms.xor, terms.or_, terms.add)[i % 3]
        value = build(other(a, b, 64), terms.mul(b, c, 64), 64)
        condition = terms.lor(terms.eq(a, b, 64), terms.eq(c, value, 64), terms.ult(b, a, 64))
        values.append(terms.ite(condition, value, values[-1] if values else 3, 64))
    return values
