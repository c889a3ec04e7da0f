"""One node of a term, interned: structurally equal terms are the same object.

Invariants.  ``args`` holds at least one term (a value without terms is a Python ``int``), except
for a symbol, which has none.  An ``int`` among ``args`` is reduced modulo its width.  Identity is
equality, so ``==``, ``hash`` and sets of terms cost what they cost for any object; ``digest`` is
the same in every run and orders the operands of commutative operations, so no output depends on
addresses, on the hash seed or on what was built before.

The table of living terms is the only module-level state of hypabi: interning needs one table for
the process.  It is weak, so it holds no term alive.
"""

import zlib
from collections.abc import Callable
from typing import Final, Literal, NoReturn
from weakref import ref

Op = Literal[
    "symbol",
    "add",
    "sub",
    "neg",
    "mul",
    "udiv",
    "urem",
    "sdiv",
    "srem",
    "and",
    "or",
    "xor",
    "not",
    "shl",
    "lshr",
    "ashr",
    "eq",
    "ult",
    "slt",
    "ite",
    "extract",
    "concat",
    "zext",
    "sext",
    "popcount",
    "clz",
]
"""What survives simplification.  ``and`` and ``or`` of width 1 take two or more arguments."""


class _Draft:
    """A term under construction, the only form whose fields can be set."""

    __slots__ = ("__weakref__", "args", "digest", "low", "name", "op", "width")

    op: Op
    args: "tuple[Value, ...]"
    width: int
    low: int
    name: str
    digest: int


class Term(_Draft):
    """A symbolic bit-vector; build it with the constructors of :mod:`hypabi.smt.terms`.

    ``low`` is the lowest bit of an ``extract`` and 0 elsewhere, ``name`` the name of a ``symbol``
    and empty elsewhere.  A term has no truth value.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a term is immutable, {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a term is immutable, {name} cannot be deleted")

    def __bool__(self) -> NoReturn:
        raise TypeError("a term has no truth value; ask a solver")

    def __copy__(self) -> "Term":
        return self

    def __deepcopy__(self, memo: object) -> "Term":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a term is saved as text, not pickled")

    def __repr__(self) -> str:
        parts = [a.op if isinstance(a, Term) else hex(a) for a in self.args]
        return f"<{self.op}:{self.width} {self.name or ' '.join(parts)}>"


Value = int | Term
"""A bit-vector: an ``int`` in ``[0, 2**width)`` while concrete, a :class:`Term` when symbolic."""


def symbolic(value: Value) -> Term:
    """Return a value of which the caller knows that it is a term."""
    assert isinstance(value, Term)
    return value


_Key = tuple[str, tuple[Value, ...], int, int]


class _Entry(ref[Term]):
    """A weak reference that knows its key, so that a dying term can leave the table."""

    __slots__ = ("key",)
    key: _Key


_living: Final[dict[_Key, _Entry]] = {}
_allocate: Final[Callable[[type[_Draft]], _Draft]] = object.__new__


def _forget(entry: ref[Term]) -> None:
    assert isinstance(entry, _Entry)
    if _living.get(entry.key) is entry:
        del _living[entry.key]


def make_term(op: Op, args: tuple[Value, ...], width: int, low: int = 0) -> Term:
    """Return the one term of this shape, without simplifying it.

    For the constructors of this package, which see to the invariants.
    """
    key = (op, args, width, low)
    entry = _living.get(key)
    if entry is not None:
        living = entry()
        if living is not None:
            return living
    parts = [a if isinstance(a, int) else a.digest for a in args]
    return _create(key, op, "", hash((_ORDER[op], width, low, *parts)))


def symbol(name: str, width: int) -> Term:
    """Return the unknown called ``name``, ``width`` bits wide."""
    key: _Key = (name, (), width, 0)
    entry = _living.get(key)
    if entry is not None:
        living = entry()
        if living is not None:
            return living
    assert name and width > 0, (name, width)
    return _create(key, "symbol", name, hash((zlib.crc32(name.encode()), len(name), width)))


def _create(key: _Key, op: Op, name: str, digest: int) -> Term:
    draft = _allocate(_Draft)
    draft.op = op
    _, draft.args, draft.width, draft.low = key
    draft.name = name
    draft.digest = digest
    draft.__class__ = Term
    entry = _Entry(draft, _forget)  # type: ignore[arg-type]  # the line above made it a term
    entry.key = key
    _living[key] = entry
    return draft  # type: ignore[return-value]  # as above


def ordered(a: Term, b: Term) -> tuple[Term, Term]:
    """Return the operands of a commutative operation in the order that every run gives them."""
    return (b, a) if b.digest < a.digest else (a, b)


def reduced(value: Value, width: int) -> Value:
    """Reduce a concrete value modulo ``2**width``."""
    return value & ((1 << width) - 1) if isinstance(value, int) else value


def operand_width(term: Term) -> int:
    """Return the width of what ``term`` compares, joins or measures, which its own width hides.

    For ``eq``, ``ult``, ``slt``, ``zext``, ``sext``, ``extract``, ``popcount``, ``clz``.
    """
    for argument in term.args:
        if isinstance(argument, Term):
            return argument.width
    raise AssertionError(term)


def part_widths(concat: Term) -> tuple[int, int]:
    """Return the widths of the high and the low part of a ``concat``."""
    high, low = concat.args
    if isinstance(high, Term):
        return high.width, concat.width - high.width
    assert isinstance(low, Term)
    return concat.width - low.width, low.width


_ORDER: Final[dict[str, int]] = {op: 1 + i for i, op in enumerate(Op.__args__)}  # type: ignore[attr-defined]
