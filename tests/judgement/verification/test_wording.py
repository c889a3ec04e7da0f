"""Each breach and each end has words of its own, so that no two are told alike."""

import pytest

from hypabi.behaviour.outcome import Called, Faulted, Left, Outcome, Store, Undecided
from hypabi.judgement.verification.breach import (
    Amiss,
    Breach,
    ChangedOtherwise,
    Ends,
    HandedElsewhere,
    InTheWay,
    Lost,
    Misread,
    ModeFault,
    Written,
    WrongMode,
)
from hypabi.judgement.verification.wording import breach_text, unfollowed_text
from hypabi.smt import terms
from hypabi.smt.terms import Term

X1 = terms.symbol("x1", 64)
assert isinstance(X1, Term)

SAID: tuple[tuple[Breach, str], ...] = (
    (Lost("x19"), "x19 is lost"),
    (ChangedOtherwise("CPTR_EL2"), "CPTR_EL2 is not changed as permitted"),
    (Written(Store(X1, 8, 4, 0), 64), "4 bytes at x1 + 0x8 are written"),
    (Ends(Left(0x40, "EL2h")), "control goes to address 0x40 at EL2h"),
    (HandedElsewhere("panic"), "control goes to panic"),
    (WrongMode(ModeFault.LEAVES, "hyp"), "it leaves at hyp"),
    (WrongMode(ModeFault.NOT_RETURNED, "svc"), "it does not return at svc"),
    (InTheWay("IL"), "IL is set where control goes"),
)


@pytest.mark.parametrize(("breach", "text"), SAID, ids=[text for _, text in SAID])
def test_a_breach_is_told_in_one_line(breach: Breach, text: str) -> None:
    assert breach_text(breach) == text


def test_no_two_breaches_are_told_alike() -> None:
    breaches: list[Breach] = [breach for breach, _ in SAID]
    breaches += [*Amiss, *Misread, *(WrongMode(fault, "EL2t") for fault in ModeFault)]
    assert len({breach_text(each) for each in breaches}) == len(breaches)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Called("f", 0x80), ["f", "not followed"]),
        (Faulted(0x40, "a load"), ["a load faults at 0x40", "not followed"]),
        (Undecided(0x40, "no meaning"), ["at 0x40", "no meaning"]),
    ],
)
def test_what_was_not_followed_is_named(outcome: Outcome, words: list[str]) -> None:
    text = unfollowed_text(outcome)
    assert all(word in text for word in words)
