"""What enters a slot is held against what is promised of it: new, lost, or not told."""

from dataclasses import replace

import pytest

from hypabi.arch.exception_routing import entries_of_el2, entries_of_hyp
from hypabi.arch.vector_entries import Origin, VectorEntry
from hypabi.contract.model import Taken
from hypabi.contract.revision import EntryPromise, Row, Service
from hypabi.judgement.entries.baseline import (
    Answered,
    AsCall,
    NotAsCall,
    NotTold,
    SlotWord,
    all_alike,
    judge_slot,
    promise_of,
    takes_hvc,
)
from tests.judgement.handler_contract import ALWAYS, PARTY, REVISION, WHY

SERVED = Row("stub", "SET", Service.SERVED, ALWAYS, (), (), (), None)
SERVING = replace(REVISION, rows=(SERVED,))
OWN = next(each for each in entries_of_el2() if each.origin is Origin.EL2H)
CLASS_OF_HVC = 0x16


def word(taken: Taken, answered: Answered) -> SlotWord:
    party = replace(PARTY, entries=(EntryPromise(Origin.EL2H, taken, WHY),))
    return judge_slot(SERVING, party, OWN, all_alike(OWN, answered)).verdict


@pytest.mark.parametrize(
    ("taken", "answered", "expected"),
    [
        (Taken.ANY, AsCall(), SlotWord.KEPT),
        (Taken.ANY, AsCall(frozenset({"SET"})), SlotWord.KEPT),
        (Taken.ANY, AsCall(frozenset()), SlotWord.BROKEN),
        (Taken.ANY, AsCall(frozenset(), "it was not followed"), SlotWord.UNDECIDED),
        (Taken.ANY, NotAsCall("it hangs"), SlotWord.BROKEN),
        (Taken.NONE, NotAsCall("it hangs"), SlotWord.KEPT),
        (Taken.NONE, AsCall(), SlotWord.BROKEN),
        (Taken.HVC, AsCall(), SlotWord.BROKEN),
        (Taken.HVC, NotAsCall("it hangs"), SlotWord.BROKEN),
        (Taken.ANY, NotTold("a limit"), SlotWord.UNDECIDED),
        (Taken.NONE, NotTold("a limit"), SlotWord.UNDECIDED),
        (Taken.OPEN, NotTold("a limit"), SlotWord.OPEN),
        (Taken.OPEN, AsCall(), SlotWord.OPEN),
    ],
)
def test_an_answer_is_held_against_the_promise(
    taken: Taken, answered: Answered, expected: SlotWord
) -> None:
    assert word(taken, answered) is expected


def test_a_slot_that_answers_each_hvc_and_nothing_else_keeps_to_hvc() -> None:
    party = replace(PARTY, entries=(EntryPromise(Origin.EL2H, Taken.HVC, WHY),))
    answers = {
        reason: AsCall() if reason.code == CLASS_OF_HVC else NotAsCall("it goes to C")
        for reason in OWN.reasons
    }
    judged = judge_slot(SERVING, party, OWN, answers)
    assert (judged.verdict, judged.answered) == (SlotWord.KEPT, Taken.HVC)


def test_where_nothing_is_said_of_a_place_nothing_from_there_is_a_call() -> None:
    party = replace(PARTY, entries=(EntryPromise(Origin.EL1, Taken.ANY, WHY),))
    assert promise_of(party, OWN) == (Taken.NONE, None)


def test_a_promise_is_about_the_slot_of_an_hvc_and_no_interrupt() -> None:
    party = replace(PARTY, entries=(EntryPromise(Origin.EL1, Taken.ANY, WHY),))
    promised = {
        each.name: promise_of(party, each)[0]
        for each in entries_of_el2()
        if each.origin is Origin.EL1
    }
    assert promised == {
        "synchronous": Taken.ANY,
        "IRQ": Taken.NONE,
        "FIQ": Taken.NONE,
        "SError": Taken.NONE,
    }


def offset(entry: VectorEntry) -> int:
    return entry.offset


def test_an_hvc_enters_one_slot_from_each_place() -> None:
    """DDI 0487, table D1-7; DDI 0406C, table B1-3."""
    assert sorted(map(offset, filter(takes_hvc, entries_of_el2()))) == [0x0, 0x200, 0x400, 0x600]
    assert sorted(map(offset, filter(takes_hvc, entries_of_hyp()))) == [0x8, 0x14]
