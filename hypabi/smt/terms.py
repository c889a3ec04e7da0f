"""The constructors of terms, under one name.

A value is a Python ``int`` while it is concrete and a :class:`Term` only when it is symbolic, so
every constructor takes the width.  Conditions are values of width 1.  Each constructor folds
constants and simplifies what it can see at once; none searches.
"""

from hypabi.smt.arithmetic import add, clz, mul, neg, popcount, sdiv, srem, sub, udiv, urem
from hypabi.smt.bitwise import and_, or_, xor
from hypabi.smt.comparisons import eq, ne, sle, slt, ule, ult
from hypabi.smt.conditional import ite
from hypabi.smt.connectives import land, lnot, lor
from hypabi.smt.printer import text
from hypabi.smt.rewrite import simplify_under, size_of, substitute, symbols_of
from hypabi.smt.shifts import ashr, lshr, shl
from hypabi.smt.slices import concat, extract, not_, sext, zext
from hypabi.smt.term import Op, Term, Value, symbol

__all__ = [
    "Op",
    "Term",
    "Value",
    "add",
    "and_",
    "ashr",
    "clz",
    "concat",
    "eq",
    "extract",
    "ite",
    "land",
    "lnot",
    "lor",
    "lshr",
    "mul",
    "ne",
    "neg",
    "not_",
    "or_",
    "popcount",
    "sdiv",
    "sext",
    "shl",
    "simplify_under",
    "size_of",
    "sle",
    "slt",
    "srem",
    "sub",
    "substitute",
    "symbol",
    "symbols_of",
    "text",
    "udiv",
    "ule",
    "ult",
    "urem",
    "xor",
    "zext",
]
