"""Read an expression of a contract, resolve its names, check its widths.

The syntax is Python's, parsed by :mod:`ast` and accepted only where it is on the list below:

* integers; registers; a field ``SCTLR_EL2.M`` or bits ``x0[15:0]``; the contract's own names, a
  call's for its number; the call's arguments, which are what they were at entry; ``result``,
  ``success``, ``error``; ``big_endian`` and ``in_t32``, one bit each;
* ``old(x5)``, the value at entry; ``table_of("stub")``; ``address_of("__boot_cpu_mode")``;
  ``word(address_of("__boot_cpu_mode"))`` and ``doubleword(x0 + 8)``, 32 and 64 bits of memory, also
  written ``mem32[x0]`` and ``mem64[x0 + 8]``; ``mem[x0]``, as many as an address has;
  ``cpucap(ARM64_KVM_PROTECTED_MODE)``;
* ``+ - % & | << >>``, ``== != < <= > >=`` (unsigned, not chained), ``not and or``, parentheses.

In an expression over the entry alone every name is read at entry, and ``old`` is refused.
"""

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from hypabi.contract.expression import (
    BIG_ENDIAN,
    IN_T32,
    WORDS,
    AddressOf,
    BigEndian,
    Bits,
    Capability,
    Comparison,
    Conjunction,
    Disjunction,
    InT32,
    Integer,
    Moment,
    Negation,
    Operation,
    Operator,
    Predicate,
    Read,
    Relation,
    TableOf,
    Value,
    Word,
    width_of,
)
from hypabi.contract.registers import Registers, field_bits
from hypabi.decode.place import FileError, Place, closest_name
from hypabi.records import frozen, replace

LONGEST: Final = 400
"""Characters of an expression: Python's parser is not meant for hostile input without a bound."""

GRAMMAR: Final = "the grammar is in docs/reference/expressions.md"
MEMORY: Final = {"mem": None, "mem32": 32, "mem64": 64}
"""Bits of memory that are read; ``None``: as many as an address has."""

_OPERATORS: Final[Mapping[type[ast.operator], Operator]] = {
    ast.Add: Operator.ADD,
    ast.Sub: Operator.SUBTRACT,
    ast.Mod: Operator.REMAINDER,
    ast.BitAnd: Operator.AND,
    ast.BitOr: Operator.OR,
    ast.LShift: Operator.SHIFT_LEFT,
    ast.RShift: Operator.SHIFT_RIGHT,
}

_RELATIONS: Final[Mapping[type[ast.cmpop], tuple[Relation, bool]]] = {
    ast.Eq: (Relation.EQUAL, False),
    ast.NotEq: (Relation.DIFFERENT, False),
    ast.Lt: (Relation.BELOW, False),
    ast.LtE: (Relation.AT_MOST, False),
    ast.Gt: (Relation.BELOW, True),
    ast.GtE: (Relation.AT_MOST, True),
}
"""With whether the sides are swapped."""


@frozen
class Scope:
    """The names that an expression may use, besides the registers.

    :param moment: ``ENTRY`` for an expression over the entry alone
    :param names: our names for registers
    :param constants: our names for numbers, with ``success`` and ``error``
    :param result: the register that holds the answer
    """

    registers: Registers
    moment: Moment
    names: Mapping[str, str]
    constants: Mapping[str, int]
    arguments: Mapping[str, str]
    result: str
    parties: frozenset[str]

    def at(self, moment: Moment) -> "Scope":
        """Return the same names in an expression over another moment."""
        return replace(self, moment=moment)


@frozen
class _Literal:
    """A number that takes its width from the other side."""

    value: int


_Operand = Value | _Literal


def parse_predicate(text: str, scope: Scope, place: Place) -> Predicate:
    """Read a condition.

    :raises FileError: at ``place``, for what is no condition, unknown or of the wrong width
    """
    with _told_of_grammar():
        return _Reader(scope, place).predicate(_tree(text, place))


def parse_value(text: str, scope: Scope, place: Place) -> Value:
    """Read a value as wide as an address.

    :raises FileError: as :func:`parse_predicate`
    """
    width = scope.registers.architecture.bits
    reader = _Reader(scope, place)
    with _told_of_grammar():
        return reader.sized(reader.operand(_tree(text, place)), width)


def parse_part(text: str, scope: Scope, place: Place) -> Value | None:
    """Read a register, a field or bits of one; ``None`` for a number.

    :raises FileError: as :func:`parse_predicate`
    """
    with _told_of_grammar():
        found = _Reader(scope, place).operand(_tree(text, place))
    return None if isinstance(found, _Literal) else found


@contextmanager
def _told_of_grammar() -> Iterator[None]:
    """Add to every refusal where the whole grammar is written."""
    try:
        yield
    except FileError as refused:
        hint = "; ".join(filter(None, (refused.hint, GRAMMAR)))
        raise FileError(refused.where, refused.what, hint) from None


def _tree(text: str, place: Place) -> ast.expr:
    if len(text) > LONGEST:
        raise place.refuse(f"the expression has {len(text)} characters, at most {LONGEST} are read")
    if not text.isascii() or not text.isprintable():
        raise place.refuse("the expression holds a character that no expression needs")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise place.refuse(f"{text!r} is no expression", _syntax_hint(text)) from None


def _syntax_hint(text: str) -> str:
    for wrong, right in (("&&", "and"), ("||", "or"), ("!", "not"), (" = ", "==")):
        if wrong in text:
            return f"write {right!r} for {wrong.strip()!r}"
    return ""


@frozen
class _Reader:
    """Turns Python's syntax tree into ours; every method refuses what is not on the list."""

    scope: Scope
    place: Place

    def predicate(self, node: ast.expr) -> Predicate:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return Conjunction(tuple(self.predicate(value) for value in values))
            case ast.BoolOp(op=ast.Or(), values=values):
                return Disjunction(tuple(self.predicate(value) for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Negation(self.predicate(operand))
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self._comparison(left, operator, right)
            case ast.Compare():
                raise self._refuse(node, "compares more than two values", "join them with 'and'")
            case ast.Call(func=ast.Name(id="cpucap"), args=[ast.Name(id=name)], keywords=[]):
                return Capability(name)
            case _:
                hint = "compare it with something, as in SCTLR_EL2.M == 0"
                raise self._refuse(node, "is no condition", hint)

    def operand(self, node: ast.expr) -> _Operand:
        match node:
            case ast.Constant() if (value := _plain_integer(node)) is not None:
                return _Literal(value)
            case ast.UnaryOp(op=ast.USub(), operand=inner) if (
                value := _plain_integer(inner)
            ) is not None:
                return _Literal(-value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=ast.Name(id=name), attr=field):
                return self._field(name, field)
            case ast.Subscript(value=ast.Name(id=name), slice=address) if (
                name in MEMORY and not isinstance(address, ast.Slice)
            ):
                return self._memory(address, MEMORY[name])
            case ast.Subscript(value=base, slice=ast.Slice(lower=high, upper=low, step=None)):
                return self._bits(node, base, high, low)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._operation(node, left, operator, right)
            case ast.Call(func=ast.Name(id=function), args=[argument], keywords=[]):
                return self._call(node, function, argument)
            case _:
                raise self._refuse(node, "is nothing that an expression may hold")

    def sized(self, operand: _Operand, width: int) -> Value:
        """Give a number the width of its neighbour; refuse any other width."""
        if isinstance(operand, _Literal):
            if not -(1 << (width - 1)) <= operand.value < 1 << width:
                raise self.place.refuse(f"{operand.value:#x} does not fit into {width} bits")
            return Integer(operand.value % (1 << width), width)
        found = width_of(operand)
        if found != width:
            raise self.place.refuse(
                f"a value of {found} bits stands where one of {width} is needed"
            )
        return operand

    def _pair(self, node: ast.expr, left: ast.expr, right: ast.expr) -> tuple[Value, Value]:
        one, other = self.operand(left), self.operand(right)
        if isinstance(one, _Literal):
            if isinstance(other, _Literal):
                raise self._refuse(node, "holds no register", "its value never changes")
            return self.sized(one, width_of(other)), other
        return one, self.sized(other, width_of(one))

    def _comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Predicate:
        known = _RELATIONS.get(type(operator))
        node = ast.Compare(left, [operator], [right])
        if known is None:
            raise self._refuse(node, "uses a comparison that contracts have not")
        relation, swapped = known
        one, other = self._pair(node, left, right)
        return Comparison(relation, other, one) if swapped else Comparison(relation, one, other)

    def _operation(
        self, node: ast.expr, left: ast.expr, operator: ast.operator, right: ast.expr
    ) -> Value:
        known = _OPERATORS.get(type(operator))
        if known is None:
            raise self._refuse(node, "uses an operator that contracts have not", "+ - % & | << >>")
        one, other = self._pair(node, left, right)
        if known is Operator.REMAINDER and isinstance(other, Integer) and other.value == 0:
            raise self._refuse(node, "divides by zero")
        return Operation(known, one, other)

    def _name(self, name: str) -> _Operand:
        scope = self.scope
        if name in scope.constants:
            return _Literal(scope.constants[name])
        if name in scope.arguments:
            return self._read(scope.arguments[name], Moment.ENTRY)
        if name == BIG_ENDIAN:
            return BigEndian()
        if name == IN_T32:
            return InT32()
        if name == "result":
            if scope.moment is Moment.ENTRY:
                raise self.place.refuse("there is no 'result' at entry", "use it in 'ensures'")
            return self._register(scope.result, name)
        return self._register(scope.names.get(name, name), name)

    def _register(self, spelled: str, name: str) -> Value:
        """Return a register, or the low half that a name means; refused under the name given."""
        scope = self.scope
        whole = scope.registers.half_of(spelled)
        if whole is not None:
            return Bits(self._read(whole, scope.moment), 31, 0)
        register = scope.registers.canonical(spelled)
        if scope.registers.width(register) is None:
            what = f"{scope.registers.architecture.value} knows no {name!r}"
            raise self.place.refuse(what, closest_name(name, self._known()))
        return self._read(register, scope.moment)

    def _known(self) -> tuple[str, ...]:
        scope = self.scope
        own = (*scope.arguments, *scope.names, *scope.constants, "result", BIG_ENDIAN)
        return (*own, *scope.registers.general, *scope.registers.system)

    def _read(self, register: str, moment: Moment) -> Value:
        register = self.scope.registers.canonical(register)
        width = self.scope.registers.width(register)
        assert width is not None, register
        return Read(register, width, moment)

    def _field(self, name: str, field: str) -> Value:
        base = self._name(name)
        if not isinstance(base, Read):
            raise self.place.refuse(f"{name!r} is a number and has no fields")
        bits = field_bits(base.register, field)
        if bits is None:
            hint = f"write its bits, as in {name}[3:0]"
            raise self.place.refuse(f"no field {field!r} of {base.register} is known here", hint)
        return Bits(base, *bits)

    def _bits(
        self, node: ast.expr, base: ast.expr, high: ast.expr | None, low: ast.expr | None
    ) -> Value:
        of = self.operand(base)
        if isinstance(of, _Literal):
            raise self._refuse(node, "takes bits of a number")
        top, bottom = _plain_integer(high), _plain_integer(low)
        if top is None or bottom is None or not bottom <= top < width_of(of):
            hint = "high before low, as in x0[15:0]"
            raise self._refuse(node, "names bits that are not there", hint)
        return Bits(of, top, bottom)

    def _memory(self, address: ast.expr, width: int | None) -> Value:
        bits = self.scope.registers.architecture.bits
        return Word(self.sized(self.operand(address), bits), width or bits, self.scope.moment)

    def _call(self, node: ast.expr, function: str, argument: ast.expr) -> Value:
        match function, argument:
            case "old", _:
                return self._old(node, argument)
            case "table_of", ast.Constant(value=str() as party):
                if party not in self.scope.parties:
                    raise self.place.refuse(
                        f"no party {party!r}", closest_name(party, self.scope.parties)
                    )
                return TableOf(party, self.scope.registers.architecture.bits)
            case "address_of", ast.Constant(value=str() as symbol):
                return AddressOf(symbol, self.scope.registers.architecture.bits)
            case _ if function in WORDS:
                address = self.sized(self.operand(argument), self.scope.registers.architecture.bits)
                return Word(address, WORDS[function], self.scope.moment)
            case _:
                hint = (
                    'there are old(x0), table_of("stub"), address_of("symbol"), word(ADDRESS), '
                    "doubleword(ADDRESS) and cpucap(NAME)"
                )
                raise self._refuse(node, "is no function of contracts", hint)

    def _old(self, node: ast.expr, argument: ast.expr) -> Value:
        if self.scope.moment is Moment.ENTRY:
            raise self._refuse(node, "is needless", "every name here is read at entry")
        before = _Reader(self.scope.at(Moment.ENTRY), self.place).operand(argument)
        if isinstance(before, _Literal):
            raise self._refuse(node, "is needless", "a number never changes")
        return before

    def _refuse(self, node: ast.expr, what: str, hint: str = "") -> Exception:
        return self.place.refuse(f"{ast.unparse(node)!r} {what}", hint)


def _plain_integer(node: ast.expr | None) -> int | None:
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return value
        case _:
            return None
