"""What a party hands a call to C with is judged at that moment: registers, and memory it stored."""

import pytest

from hypabi.behaviour.derive import derive_behaviour
from hypabi.contract.clause import Clause, Ensures, HandedTo
from hypabi.contract.expression import Comparison, Moment, Operation, Operator, Predicate, Word
from hypabi.contract.revision import Row, Service
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided, Verdict
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.judgement.handler_contract import (
    ALWAYS,
    PARTY,
    REVISION,
    WHY,
    equal,
    new,
    number,
    old,
)
from tests.symbolic.handler import image_of

SET = equal(old("x0"), number(0))
C_FUNCTION = "\n.globl handle_trap\nhandle_trap: stp x29, x30, [sp, #-16]!\nret\n"
SAVES = """
    stp x0, x1, [sp, #-16]!
    mrs x0, tpidr_el2
    stp x2, x3, [x0, #16]
    ldp x2, x3, [sp], #16
    stp x2, x3, [x0]
    mov x29, x0
    bl handle_trap
    eret
"""


def word(offset: int) -> Word:
    address = Operation(Operator.ADD, new("x0"), number(offset)) if offset else new("x0")
    return Word(address, 64, Moment.EXIT)


def saved(register: int) -> Comparison:
    return equal(word(8 * register), old(f"x{register}"))


def verdict(
    source: str,
    holds: Predicate,
    assemble: Assemble,
    when: Predicate | None = None,
) -> Verdict:
    """Judge what holds where a handler ends, beside the clause that says where that is."""
    image = image_of(source + C_FUNCTION, assemble)
    behaviour = derive_behaviour(explorer_for(image), image.entry)
    clauses = (
        Clause("end", "", HandedTo("handle_trap"), WHY, when),
        Clause("it", "", Ensures(holds), WHY),
    )
    row = Row("stub", None, Service.OTHER, ALWAYS, (), (), clauses, None)
    around = Surroundings({}, lambda _: None, lambda _: False)
    held = HeldRow(REVISION, PARTY, row, behaviour, around)
    found = {each.clause.name: each.verdict for each in judge_row(held, BitwuzlaSolver())}
    return found["it"]


@pytest.mark.parametrize("register", range(4))
def test_what_was_saved_by_a_pointer_is_proved(assemble: Assemble, register: int) -> None:
    assert isinstance(verdict(SAVES, saved(register), assemble), Proved)


@pytest.mark.parametrize(
    ("was", "becomes", "register"),
    [
        ("stp x2, x3, [x0, #16]", "stp x9, x3, [x0, #16]", 2),
        ("stp x2, x3, [x0, #16]", "stp x2, x2, [x0, #16]", 3),
        ("stp x2, x3, [x0, #16]", "str x2, [x0, #16]", 3),
        ("stp x2, x3, [x0]", "stp x3, x2, [x0]", 0),
        ("stp x2, x3, [x0]", "stp x2, x3, [x0]\\n strb w9, [x0, #9]", 1),
    ],
)
def test_an_argument_that_is_replaced_or_not_saved_is_refuted(
    assemble: Assemble, was: str, becomes: str, register: int
) -> None:
    assert SAVES.count(was) == 1
    source = SAVES.replace(was, becomes.replace("\\n", "\n"))
    assert isinstance(verdict(source, saved(register), assemble), Refuted)


def test_registers_are_those_at_the_moment_of_the_call(assemble: Assemble) -> None:
    kept = equal(new("x29"), new("x0"))
    assert isinstance(verdict(SAVES, kept, assemble), Proved)
    assert isinstance(verdict(SAVES.replace("mov x29, x0", "nop"), kept, assemble), Refuted)


def test_memory_that_another_pointer_may_have_written_is_undecided(assemble: Assemble) -> None:
    source = SAVES.replace("mov x29, x0", "mov x29, x0\n str xzr, [x5]")
    assert isinstance(verdict(source, saved(2), assemble), Undecided)


def test_where_a_call_may_end_elsewhere_too_nothing_holds_at_the_hand_over(
    assemble: Assemble,
) -> None:
    """A clause that says where some states end says nothing of the others."""
    found = verdict(SAVES, saved(2), assemble, when=SET)
    assert isinstance(found, Undecided)
