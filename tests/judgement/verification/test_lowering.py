"""Lowering: what a contract says means, as a term, what it says."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Left, Outcome, Returned
from hypabi.contract.expression import (
    BigEndian,
    Bits,
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
    Value,
    width_of,
)
from hypabi.judgement.verification.lowering import Lowering, NotKnown, Surroundings
from hypabi.records import replace
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from tests.judgement.made_case import behaviour

NAMES = ("x0", "x1", "VBAR_EL2")
AROUND = Surroundings({}, lambda _: None, lambda _: False)


def values(width: int) -> st.SearchStrategy[Value]:
    registers = st.builds(Read, st.sampled_from(NAMES), st.just(64), st.sampled_from(list(Moment)))
    wide: st.SearchStrategy[Value] = st.one_of(
        registers, st.builds(Integer, st.integers(0, (1 << 64) - 1), st.just(64))
    )
    leaves = wide if width == 64 else st.builds(lambda of: Bits(of, width + 7, 8), registers)

    def larger(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
        return st.builds(Operation, st.sampled_from(list(Operator)), inner, inner)

    return st.recursive(leaves, larger, max_leaves=6)


def predicates() -> st.SearchStrategy[Predicate]:
    def comparison(width: int) -> st.SearchStrategy[Predicate]:
        relation = st.sampled_from(list(Relation))
        return st.builds(Comparison, relation, values(width), values(width))

    leaves = st.sampled_from((4, 12, 64)).flatmap(comparison)

    def larger(inner: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
        several = st.lists(inner, max_size=3).map(tuple)
        return st.one_of(
            st.builds(Negation, inner),
            st.builds(Conjunction, several),
            st.builds(Disjunction, several),
        )

    return st.recursive(leaves, larger, max_leaves=5)


@settings(max_examples=40)
@given(
    predicates(),
    st.lists(st.integers(0, (1 << 64) - 1), min_size=3, max_size=3),
    st.lists(st.integers(0, (1 << 64) - 1), min_size=3, max_size=3),
)
def test_a_predicate_means_what_it_says(
    predicate: Predicate, before: list[int], after: list[int]
) -> None:
    entry = dict(zip(NAMES, before, strict=True))
    leaving = dict(zip(NAMES, after, strict=True))
    lowering = lowered(leaving)
    assert evaluate(lowering.predicate(predicate), entry) == truth(predicate, entry, leaving)


def lowered(registers: Mapping[str, terms.Value], outcome: Outcome | None = None) -> Lowering:
    case = Case((), registers, (), (), outcome or Returned(), (), None)
    entry: dict[str, terms.Value] = {"SPSel": 1, "DAIF": 0x3C0}
    behaviour = Behaviour(0, entry, "ELR_EL2", "SPSR_EL2", (case,), {})
    return Lowering(behaviour, case, AROUND)


def number(value: Value, entry: dict[str, int], leaving: dict[str, int]) -> int:
    """Compute a value over integers, by the words of the contract's language."""
    match value:
        case Integer(constant, _):
            return constant
        case Read(register, _, moment):
            return (entry if moment is Moment.ENTRY else leaving)[register]
        case Bits(of, high, low):
            return number(of, entry, leaving) >> low & (1 << (high - low + 1)) - 1
        case Operation(operator, left, right):
            a, b = (number(each, entry, leaving) for each in (left, right))
            width = width_of(left)
            return operation(operator, a, b, width) & (1 << width) - 1
        case _:
            raise AssertionError(value)


def operation(operator: Operator, a: int, b: int, width: int) -> int:
    match operator:
        case Operator.ADD:
            return a + b
        case Operator.SUBTRACT:
            return a - b
        case Operator.REMAINDER:
            return a % b if b else a
        case Operator.AND:
            return a & b
        case Operator.OR:
            return a | b
        case Operator.SHIFT_LEFT:
            return a << b if b < width else 0
        case Operator.SHIFT_RIGHT:
            return a >> b if b < width else 0


def truth(predicate: Predicate, entry: dict[str, int], leaving: dict[str, int]) -> bool:
    match predicate:
        case Comparison(relation, left, right):
            a, b = (number(each, entry, leaving) for each in (left, right))
            return {
                Relation.EQUAL: a == b,
                Relation.DIFFERENT: a != b,
                Relation.BELOW: a < b,
                Relation.AT_MOST: a <= b,
            }[relation]
        case Negation(of):
            return not truth(of, entry, leaving)
        case Conjunction(parts):
            return all(truth(part, entry, leaving) for part in parts)
        case Disjunction(parts):
            return any(truth(part, entry, leaving) for part in parts)
        case _:
            raise AssertionError(predicate)


def test_a_register_that_a_case_does_not_list_holds_its_entry_value() -> None:
    leaving = Read("x5", 64, Moment.EXIT)
    assert lowered({}).value(leaving) is terms.symbol("x5", 64)
    assert lowered({"x5": 3}).value(leaving) == 3
    assert lowered({"x5": 3}).value(Read("x5", 64, Moment.ENTRY)) is terms.symbol("x5", 64)


def status(outcome: Outcome, registers: dict[str, terms.Value]) -> terms.Value:
    return lowered(registers, outcome).value(Read("PSTATE", 64, Moment.EXIT))


def test_the_program_status_at_exit_is_what_the_end_of_the_path_makes_it() -> None:
    saved, written = terms.symbol("SPSR_EL2", 64), terms.symbol("x3", 64)
    target = terms.symbol("x1", 64)
    assert status(Returned(), {}) is saved
    assert status(Left(target, "EL1h", written), {}) is written
    for selected, masks in ((0, 0x3C0), (1, 0x80), (1, 0)):
        left = status(Left(target, "EL2h"), {"SPSel": selected, "DAIF": masks})
        assert terms.extract(left, 0, 10, 64) == masks | 0b01000 | selected
        # What EL2 ran with besides is not known, so nothing can be proved of it.
        assert terms.symbols_of(terms.extract(left, 10, 54, 64))


@pytest.mark.parametrize(("state", "bit"), [(InstructionSet.A32, 0), (InstructionSet.T32, 1)])
def test_the_instruction_set_is_that_of_the_vectors_and_not_known_without_one(
    state: InstructionSet, bit: int
) -> None:
    of_image = replace(AROUND, state=state)
    assert Lowering(behaviour(), None, of_image).value(InT32()) == bit
    with pytest.raises(NotKnown):
        Lowering(behaviour(), None, AROUND).value(InT32())


@pytest.mark.parametrize(("order", "bit"), [(ByteOrder.LITTLE, 0), (ByteOrder.BIG, 1)])
def test_the_byte_order_of_data_is_the_images_and_not_known_without_one(
    order: ByteOrder, bit: int
) -> None:
    of_image = replace(AROUND, order=order)
    assert Lowering(behaviour(), None, of_image).value(BigEndian()) == bit
    with pytest.raises(NotKnown):
        Lowering(behaviour(), None, AROUND).value(BigEndian())
