"""A system register that may change in part, or to something, is held to that bit by bit."""

import pytest

from hypabi.contract.clause import KeepsSystemRegisters, Partly
from hypabi.contract.expression import Predicate
from hypabi.judgement.verification.breach import ChangedOtherwise
from hypabi.judgement.verification.verdict import Proved, Refuted
from tests.inputs import Assemble
from tests.judgement.handler_contract import Promise, bits, equal, judged, new, number, old

ENTERED = ("ELR_EL2", "SPSR_EL2", "ESR_EL2")


def part(high: int, low: int, to: Predicate | None = None) -> Partly:
    return Partly("CPTR_EL2", 64, high, low, to)


CLEARED = equal(bits(new("CPTR_EL2"), 8, 8), number(0, 1))
BIT = part(8, 8, CLEARED)
TO_X1 = part(63, 0, equal(new("CPTR_EL2"), old("x1")))


@pytest.mark.parametrize(
    ("source", "partly", "expected"),
    [
        ("mrs x9, cptr_el2\nbic x9, x9, #0x100\nmsr cptr_el2, x9", (BIT,), Proved),
        ("mrs x9, cptr_el2\norr x9, x9, #0x100\nmsr cptr_el2, x9", (BIT,), Refuted),
        ("mrs x9, cptr_el2\norr x9, x9, #0x100\nmsr cptr_el2, x9", (part(8, 8),), Proved),
        ("mrs x9, cptr_el2\nbic x9, x9, #0x300\nmsr cptr_el2, x9", (BIT,), Refuted),
        ("mrs x9, cptr_el2\nbic x9, x9, #0x300\nmsr cptr_el2, x9", (BIT, part(9, 9)), Proved),
        ("msr cptr_el2, x1", (BIT,), Refuted),
        ("msr cptr_el2, x1", (TO_X1,), Proved),
        ("msr cptr_el2, x2", (TO_X1,), Refuted),
        ("msr cptr_el2, x1", (BIT, TO_X1), Proved),
        ("nop", (TO_X1,), Proved),
        ("msr cptr_el2, x1", (), Refuted),
    ],
)
def test_bits_change_as_one_of_the_parts_says_or_not_at_all(
    source: str, partly: tuple[Partly, ...], expected: type, assemble: Assemble
) -> None:
    statement = KeepsSystemRegisters(ENTERED, partly)
    verdict = judged(f"{source}\neret", Promise(statement), assemble)
    assert isinstance(verdict, expected), verdict


def test_the_refutation_says_that_it_is_not_changed_as_permitted(assemble: Assemble) -> None:
    statement = KeepsSystemRegisters(ENTERED, (TO_X1,))
    verdict = judged("msr cptr_el2, x2\neret", Promise(statement), assemble)
    assert isinstance(verdict, Refuted)
    assert verdict.breach == ChangedOtherwise("CPTR_EL2")
    ((_, _, after),) = verdict.observed
    assert after == verdict.model.get("x2", 0) != verdict.model.get("x1", 0)
