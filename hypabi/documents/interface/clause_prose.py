"""Say in words what a clause says: ``VBAR_EL2 == vectors`` is "``VBAR_EL2`` holds *vectors*".

The words are made of the resolved expression, so they cannot say anything else than what is proved.
Where both architectures say the same of different registers, one sentence names both: ``r0/x0``.
"""

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from hypabi.arch.names import Architecture
from hypabi.contract.clause import (
    Calls,
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Returns,
)
from hypabi.contract.expression import (
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
    OfImage,
    Operation,
    Operator,
    Predicate,
    Read,
    Relation,
    TableOf,
    Value,
    Word,
)
from hypabi.contract.registers import FIELDS
from hypabi.documents.markup.tree import Code, Emphasis, Inline, Text, Words, joined, words
from hypabi.records import frozen

DECIMAL: Final = 4096
"""Below it a number is written in decimal."""

_RELATIONS: Final[Mapping[Relation, str]] = {
    Relation.EQUAL: " is ",
    Relation.DIFFERENT: " is not ",
    Relation.BELOW: " is below ",
    Relation.AT_MOST: " is at most ",
}


@frozen
class Names:
    """What a reader calls the registers of one call on one architecture."""

    architecture: Architecture
    arguments: Mapping[str, str]
    """Name of each argument by its register."""
    success: int | None
    error: int | None
    result: str
    default: Moment = Moment.ENTRY
    """The moment that goes without saying."""


def number(value: int, width: int = 64) -> str:
    """Spell a number as a programmer does."""
    if value < DECIMAL:
        return str(value)
    if value > (1 << width) - DECIMAL:
        return str(value - (1 << width))
    return f"{value:#x}"


def predicate(of: Predicate, names: Names) -> Words:
    """Return a condition in words."""
    match of:
        case Comparison():
            return _comparison(of, names)
        case Capability(name):
            return words("the kernel has patched itself for ", Code(name))
        case Negation(Capability(name)):
            return words("the kernel has not patched itself for ", Code(name))
        case Negation(inner):
            return words("it is not so that ", predicate(inner, names))
        case Conjunction(parts):
            return joined([predicate(part, names) for part in parts]) or words("always")
        case Disjunction(parts):
            return joined([predicate(part, names) for part in parts], " or ") or words("never")
        case _:
            assert_never(of)


def _comparison(of: Comparison, names: Names) -> Words:
    left, right = value(of.left, names), value(of.right, names)
    equal = of.relation is Relation.EQUAL
    match of:
        case Comparison(
            Relation.EQUAL, Operation(Operator.REMAINDER, base, divisor), Integer(0, _)
        ):
            return words(value(base, names), " is a multiple of ", value(divisor, names))
        case Comparison(_, Operation(Operator.REMAINDER, base, divisor), _):
            rest = words(value(base, names), " modulo ", value(divisor, names))
            return words(rest, _RELATIONS[of.relation], right)
        case Comparison(_, Read(register, _, Moment.EXIT), Integer(number_, _)) if (
            equal and register == names.result
        ):
            return words(left, " is ", right, _meaning(number_, names))
        case Comparison(_, Read(one, _, Moment.EXIT), Read(other, _, Moment.ENTRY)) if (
            equal and one == other
        ):
            return words(Code(one), " is unchanged")
        case Comparison(_, Read(), _) if equal:
            return words(left, " holds ", right)
        case _:
            return words(left, _RELATIONS[of.relation], right)


def _meaning(answer: int, names: Names) -> str:
    if answer == names.success:
        return " (success)"
    return " (error)" if answer == names.error else ""


def value(of: Value, names: Names) -> Words:
    """Return a value in words."""
    match of:
        case Integer(value=n, width=width):
            return words(Code(number(n, width)))
        case Read(register, _, moment):
            if moment is Moment.ENTRY and register in names.arguments:
                return words(Emphasis(names.arguments[register]))
            return _at(names, moment, Code(register))
        case Bits(Read(register, _, moment), high, low):
            return _at(names, moment, Code(_field(register, high, low)))
        case Bits(inner, high, low):
            return words(f"bits {high} to {low} of ", value(inner, names))
        case TableOf() | BigEndian() | InT32() | AddressOf():
            return _of_image(of)
        case Word():
            return _word(of, names)
        case Operation():
            return _operation(of, names)
        case _:
            assert_never(of)


def _of_image(of: OfImage) -> Words:
    match of:
        case TableOf(party, _):
            return words("the address of the vectors of ", Emphasis(party))
        case BigEndian():
            return words("1 where data are big-endian, else 0")
        case InT32():
            return words("1 where the vectors are in T32, else 0")
        case AddressOf(symbol, _):
            return words("the address of ", Code(symbol))
        case _:
            assert_never(of)


def _operation(of: Operation, names: Names) -> Words:
    match of:
        case Operation(Operator.AND, base, Integer(value=mask, width=width)) if (
            mask == (1 << width) - 2
        ):
            return words(value(base, names), " with bit 0 cleared")
        case _:
            sides = [_nested(side, names) for side in (of.left, of.right)]
            return words(sides[0], f" {of.operator.value} ", sides[1])


def _word(of: Word, names: Names) -> Words:
    match of.address:
        case AddressOf(symbol, _):
            return _at(names, of.moment, f"the {_word_name(of)} at ", Code(symbol))
        case address:
            return words(f"the {_word_name(of)} at ", value(address, names))


def _word_name(of: Word) -> str:
    return next(name for name, bits in WORDS.items() if bits == of.width)


def _nested(of: Value, names: Names) -> Words:
    inner = value(of, names)
    return words("(", inner, ")") if isinstance(of, Operation) else inner


def _at(names: Names, moment: Moment, *name: Code | str) -> Words:
    if moment is names.default or moment is Moment.EXIT:
        return words(*name)
    return words("what ", *name, " held at entry")


def _field(register: str, high: int, low: int) -> str:
    known = {bits: field for field, bits in FIELDS.get(register, {}).items()}
    if (high, low) in known:
        return f"{register}.{known[high, low]}"
    return f"{register}[{high}:{low}]" if high != low else f"{register}[{high}]"


def statement(clause: Clause, names: Names, subject: str = "the call") -> Words:
    """Return what a clause promises in words, without its conditions.

    :param subject: what ends: a call, or an installer
    """
    of = clause.statement
    match of:
        case Ensures(holds):
            exit_ = Names(
                names.architecture,
                names.arguments,
                names.success,
                names.error,
                names.result,
                Moment.EXIT,
            )
            return predicate(holds, exit_)
        case Returns(mode):
            if mode is None:
                return words(
                    f"{subject} returns to its caller, behind the instruction that made it"
                )
            return words(f"{subject} returns behind the instruction that made it, at ", Code(mode))
        case Leaves(target, mode):
            where = words(value(target, names), " at ", Code(mode))
            return words(f"{subject} does not come back: control goes to ", where)
        case Calls(target, mode):
            return words("the function at ", value(target, names), " is called at ", Code(mode))
        case HandedTo(symbol):
            return words(f"{subject} is handed to the C function ", Code(symbol))
        case KeepsRegisters() | KeepsSystemRegisters() | KeepsMemory():
            return words(clause.text)
        case _:
            assert_never(of)


def conditions(clause: Clause, names: Names) -> Words:
    """Return in words where a clause is promised, empty where it always is."""
    found: list[Words] = []
    if clause.when is not None:
        found.append(words("where ", predicate(clause.when, names), " at entry"))
    if clause.answered is not None:
        value = Code(number(clause.answered.value))
        found.append(words("if the call answers ", value, f" ({clause.answered.name})"))
    return joined(found, ", and ")


def sentence(of: Words) -> Words:
    """Return words with a capital letter first and a full stop last."""
    match of:
        case (Text(text), *rest):
            of = (Text(text[:1].upper() + text[1:]), *rest)
        case _:
            pass
    return words(of, ".")


def merged(each: Sequence[Words]) -> Words | None:
    """Return one wording for all architectures, ``None`` where they do not say the same."""
    kinds = {tuple(map(type, of)) for of in each}
    if len(kinds) != 1:
        return None
    found: list[Inline] = []
    for parts in zip(*each, strict=True):
        texts = tuple(dict.fromkeys(part.text for part in parts))
        if len(texts) == 1:
            found.append(parts[0])
        elif isinstance(parts[0], Code):
            found.append(Code("/".join(texts)))
        else:
            return None
    return tuple(found)


def on_each(said: Mapping[Architecture, Words]) -> Words:
    """Return what is said of each architecture, once where it is the same."""
    one = merged(tuple(said.values()))
    if one is not None:
        return one
    parts = [words(f"on {architecture.value} ", of) for architecture, of in said.items()]
    return joined(parts, "; ")
