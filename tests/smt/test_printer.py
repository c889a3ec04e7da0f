"""Terms as a reader of a report sees them."""

import pytest

from hypabi.smt import terms
from hypabi.smt.term import Value, make_term
from hypabi.smt.terms import text

X0, X1, X2, X10 = (terms.symbol(name, 64) for name in ("x0", "x1", "x2", "x10"))
HCR = terms.symbol("HCR_EL2", 64)
W0 = terms.extract(X0, 0, 32, 64)
IS_3 = terms.eq(X0, 3, 64)
BELOW = terms.ult(X0, X1, 64)

WRITTEN: dict[str, tuple[Value, int]] = {
    "0": (0, 64),
    "9": (9, 64),
    "0xa": (10, 64),
    "0xff": (-1, 8),
    "x1 + 8": (terms.add(X1, 8, 64), 64),
    "x1 - 8": (terms.sub(X1, 8, 64), 64),
    "x1 - x0": (terms.sub(X1, X0, 64), 64),
    "x0 - (x1 - x2)": (terms.sub(X0, terms.sub(X1, X2, 64), 64), 64),
    "x2 + x10": (terms.add(X10, X2, 64), 64),
    "5 - x0": (terms.sub(5, X0, 64), 64),
    "-x0": (terms.neg(X0, 64), 64),
    "~x0": (terms.not_(X0, 64), 64),
    "x0 * (x0 + x1)": (terms.mul(X0, terms.add(X0, X1, 64), 64), 64),
    "x0 + x1 * x2": (terms.add(X0, terms.mul(X1, X2, 64), 64), 64),
    "x0 / x1": (terms.udiv(X0, X1, 64), 64),
    "x0 %s x1": (terms.srem(X0, X1, 64), 64),
    "HCR_EL2[34]": (terms.extract(HCR, 34, 1, 64), 1),
    "HCR_EL2[7:4]": (terms.extract(HCR, 4, 4, 64), 4),
    "HCR_EL2[11:8]": (terms.and_(terms.lshr(HCR, 8, 64), 0xF, 64), 64),
    "HCR_EL2 | 0x400000000": (terms.or_(HCR, 1 << 34, 64), 64),
    "HCR_EL2 & 0xfffffffbffffffff": (terms.and_(HCR, ~(1 << 34), 64), 64),
    "(x0 & 9) == 8": (terms.eq(terms.and_(X0, 9, 64), 8, 64), 1),
    "x2 & (x0 | x1)": (terms.and_(terms.or_(X0, X1, 64), X2, 64), 64),
    "x1 ^ (x0 << 3)": (terms.xor(terms.shl(X0, 3, 64), X1, 64), 64),
    "x0 >> 8": (terms.lshr(X0, 8, 64), 64),
    "x0 << x1": (terms.shl(X0, X1, 64), 64),
    "x0 >>s x1": (terms.ashr(X0, X1, 64), 64),
    "x0[31:0]": (terms.zext(W0, 32, 64), 64),
    "(x0[31:0] + 1)[31:0]": (terms.zext(terms.add(W0, 1, 32), 32, 64), 64),
    "sext(x0[31:0])": (terms.sext(W0, 32, 64), 64),
    "(x0 + x1)[15:8]": (terms.extract(terms.add(X0, X1, 64), 8, 8, 64), 8),
    "HCR_EL2[63:35]:'1':HCR_EL2[33:0]": (
        terms.concat(
            terms.extract(HCR, 35, 29, 64),
            terms.concat(1, terms.extract(HCR, 0, 34, 64), 1, 34),
            29,
            35,
        ),
        64,
    ),
    "bits(32, 0x12345678):x0[31:0]": (terms.concat(0x12345678, W0, 32, 32), 64),
    "x0[7:0]:'0000':x0[6:3]": (
        terms.concat(
            terms.extract(X0, 0, 8, 64), terms.zext(terms.extract(X0, 3, 4, 64), 4, 8), 8, 8
        ),
        16,
    ),
    "x0 == 3": (IS_3, 1),
    "x0 != 3": (terms.lnot(IS_3), 1),
    "x0 < x1": (BELOW, 1),
    "x0 >= x1": (terms.lnot(BELOW), 1),
    "x0 < 4": (terms.ult(X0, 4, 64), 1),
    "x0 >= 6": (terms.ult(5, X0, 64), 1),
    "x0 <s x1": (terms.slt(X0, X1, 64), 1),
    "x0 >s 5": (terms.slt(5, X0, 64), 1),
    "x0[63]": (terms.slt(X0, 0, 64), 1),
    "!x0[63]": (terms.sle(0, X0, 64), 1),
    "x0 == 3 ? x1 : 5": (terms.ite(IS_3, X1, 5, 64), 64),
    "x2 + (x0 == 3 ? x1 : 5)": (terms.add(X2, terms.ite(IS_3, X1, 5, 64), 64), 64),
    "x0 == 3 && x1 < x2": (terms.land(IS_3, terms.ult(X1, X2, 64)), 1),
    "(x0 == 3 || x0 < x1) && x0 != x2": (
        terms.land(terms.lor(IS_3, BELOW), terms.ne(X0, X2, 64)),
        1,
    ),
    "(x0 == 3 && x1 < x2) || x0 < x1": (
        terms.lor(terms.land(IS_3, terms.ult(X1, X2, 64)), BELOW),
        1,
    ),
    "x0 != 3 || x1 >= x2": (terms.lnot(terms.land(IS_3, terms.ult(X1, X2, 64))), 1),
    "x0 != 3 && (x1 >= x2 || HCR_EL2[34])": (
        terms.lnot(
            terms.lor(
                IS_3,
                terms.land(terms.ult(X1, X2, 64), terms.lnot(terms.extract(HCR, 34, 1, 64))),
            )
        ),
        1,
    ),
    "popcount(x0) + 1": (terms.add(terms.popcount(X0, 64, 64), 1, 64), 64),
}


@pytest.mark.parametrize("expected", WRITTEN)
def test_value_is_written_as_expected(expected: str) -> None:
    value, width = WRITTEN[expected]
    assert text(value, width) == expected


def test_long_text_names_the_parts_it_shares() -> None:
    value: Value = X0
    for _ in range(40):
        value = terms.add(terms.mul(value, value, 64), X1, 64)
    written = text(value, 64)
    assert written.startswith("x1 + t39 * t39 where t1 = x1 + x0 * x0, t2 = x1 + t1 * t1, ")
    assert len(written) < 2000


def test_short_text_has_no_names() -> None:
    shared = terms.mul(X0, X1, 64)
    assert text(terms.xor(shared, terms.neg(shared, 64), 64), 64) == "(x0 * x1) ^ -(x0 * x1)"


def test_every_operation_can_be_written() -> None:
    x, y = (terms.symbol(n, 8) for n in "ab")
    for op in ("add", "sub", "mul", "udiv", "urem", "sdiv", "srem", "shl", "lshr", "ashr"):
        assert "a" in text(make_term(op, (x, y), 8), 8)
