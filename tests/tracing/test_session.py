"""Crossings of guests, past EL2 and with callers: what they are called, and nobody is blamed."""

from hypabi.machine.crossing import (
    Back,
    Callers,
    Entered,
    Instruction,
    Recognised,
    Side,
    VectorsSet,
)
from hypabi.records import replace
from hypabi.tracing.result import FIRMWARE, GUEST, CrossingWord, TracedCrossing
from tests.tracing.events import EL1H, KVM_RUN, RESET_VECTORS, STUB, back, entered, traced

GUEST_PC = 0x4000_0008
RUN = 0xC600_0015
"""Some host call of KVM; which one it is does not matter here."""


def host(identifier: int) -> Entered:
    return replace(entered(RESET_VECTORS, KVM_RUN, {"x0": identifier}), side=Side.HOST)


def guest(identifier: int, caller: int = GUEST_PC) -> Entered:
    return replace(host(identifier), caller=caller, side=Side.GUEST, vectors=KVM_RUN + 0x4000)


def seen(*events: Entered | Back | Callers | VectorsSet) -> tuple[TracedCrossing, ...]:
    return traced(Recognised(KVM_RUN, KVM_RUN), Recognised(STUB, STUB), *events).crossings


def test_a_guest_that_asks_for_the_number_of_a_stub_call_is_not_held_against_the_contract() -> None:
    call = guest(0)
    (found,) = seen(call, back(call, {"x0": 1}))
    assert (found.party, found.call, found.verdict) == (GUEST, None, CrossingWord.ELSEWHERE)
    same = replace(call, side=Side.HOST)
    assert seen(same, back(same, {"x0": 1}))[0].verdict is not CrossingWord.ELSEWHERE


def test_a_guest_is_asked_by_psci_and_its_address_is_no_place_of_the_image() -> None:
    call = guest(0x8400_0000, RESET_VECTORS)
    (found,) = seen(call, back(call, {"x0": 0x1_0001}))
    assert (found.call, found.place, found.result) == ("PSCI_VERSION", None, "0x10001")


def test_a_guest_that_waits_does_not_nest_the_calls_of_its_host() -> None:
    first, asks, second = host(RUN), guest(0x8400_0000), host(RUN)
    crossings = seen(
        first, asks, back(first, {"x0": 0}), second, back(asks, {"x0": 2}), back(second, {"x0": 0})
    )
    assert [(each.depth, each.returned, each.result) for each in crossings] == [
        (0, True, "0x0"), (1, True, "0x2"), (0, True, "0x0"),
    ]  # fmt: skip


def test_an_smc_past_el2_is_of_firmware_and_changes_nobody_who_is_live() -> None:
    call = replace(host(0x8400_0000), instruction=Instruction.SMC, entry=None, vectors=None)
    (found,) = seen(call, back(call, {"x0": 0x1_0001, "VBAR_EL2": STUB}))
    assert (found.party, found.call, found.live) == (FIRMWARE, "PSCI_VERSION", None)


def test_the_caller_of_a_leaf_is_in_its_link_register_and_others_are_in_frames() -> None:
    call = entered(RESET_VECTORS, KVM_RUN, {"x0": 2, "x30": STUB + 0x40})
    returns = Callers(11, 0, (RESET_VECTORS + 4,))
    (found,) = seen(call, returns, back(call, {"x0": 0, "PSTATE": EL1H}))
    assert found.callers is not None
    assert [each.partition("+")[0] for each in found.callers][1:] == ["__hyp_reset_vectors"]
    assert len(found.callers) == 2
    assert seen(call, back(call, {"x0": 0}))[0].callers is None


def test_vectors_that_were_written_meanwhile_stand_beside_the_call() -> None:
    call = host(RUN)
    (found,) = seen(call, VectorsSet(11, 0, 0x101), VectorsSet(12, 0, KVM_RUN))
    assert (found.vectors_set, found.returned) == (("0x101", f"{KVM_RUN:#x}"), False)
