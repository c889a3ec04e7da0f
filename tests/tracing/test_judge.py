"""A crossing against the contract: each breach is told, and its neighbour is satisfied."""

from hypabi.machine.crossing import Recognised
from hypabi.tracing.result import CrossingWord, TracedCrossing
from tests.tracing.events import (
    KVM_INIT,
    KVM_RUN,
    RESET_VECTORS,
    SET_VECTORS,
    STUB,
    back,
    entered,
    one,
    set_vectors,
    traced,
)


def questions(crossing: TracedCrossing) -> set[str]:
    return {each.question for each in crossing.findings}


def test_a_call_that_the_stub_serves_is_satisfied() -> None:
    found = set_vectors()
    assert (found.verdict, found.findings) == (CrossingWord.SATISFIED, ())
    assert found.judged > 3
    assert (found.party, found.call, found.live) == ("stub", "HVC_SET_VECTORS", "kvm-init")


def test_an_answer_that_is_no_success_is_violated() -> None:
    found = set_vectors(result=1)
    assert found.verdict is CrossingWord.VIOLATED


def test_a_register_that_is_lost_is_violated_and_a_scratch_register_is_not() -> None:
    lost = set_vectors(x19=7)
    assert lost.verdict is CrossingWord.VIOLATED
    assert questions(lost) == {"registers"}
    assert "x19" in lost.findings[0].text
    assert set_vectors(x9=7).verdict is CrossingWord.SATISFIED


def test_vectors_that_are_not_aligned_are_the_callers_fault() -> None:
    found = set_vectors(to=KVM_INIT + 0x40)
    assert found.verdict is CrossingWord.VIOLATED
    assert any("2048" in each.text or "alignment" in each.text for each in found.findings)


def test_setting_vectors_while_kvm_is_live_is_for_nobody() -> None:
    call = entered(SET_VECTORS, KVM_RUN, {"x0": 0, "x1": STUB})
    answer = back(call, {"x0": 0xBADCA11})
    found = one(call, answer, Recognised(KVM_RUN, KVM_RUN))
    assert found.verdict is CrossingWord.VIOLATED
    assert questions(found) >= {"caller"}


def test_a_call_that_is_not_back_is_undecided() -> None:
    call = entered(RESET_VECTORS, STUB, {"x0": 2})
    (found,) = traced(Recognised(STUB, STUB), call).crossings
    assert found.verdict is CrossingWord.UNDECIDED
    assert not found.returned


def test_a_call_of_unknown_vectors_is_undecided() -> None:
    call = entered(RESET_VECTORS, 0x7777_0800, {"x0": 2})
    (found,) = traced(Recognised(STUB, STUB), call, back(call, {"x0": 0})).crossings
    assert (found.party, found.verdict) == (None, CrossingWord.UNDECIDED)


def test_clauses_about_what_no_source_sees_are_named_and_not_judged() -> None:
    assert "memory" in set_vectors().unseen
