"""The entries of a table: each slot once, each class once, where the Arm ARM puts them."""

import pytest

from hypabi.arch.aarch32_exceptions import HYP_VECTORS, ExceptionClass
from hypabi.arch.exception_routing import entries_of_el2, entries_of_hyp
from hypabi.arch.vector_entries import Kind, Origin, Resumes, VectorEntry


@pytest.mark.parametrize("entries", [entries_of_el2(), entries_of_hyp()])
def test_every_slot_is_there_once_and_every_class_once_in_it(
    entries: tuple[VectorEntry, ...],
) -> None:
    offsets = [entry.offset for entry in entries]
    assert len(offsets) == len(set(offsets))
    for entry in entries:
        codes = [reason.code for reason in entry.reasons]
        assert len(codes) == len(set(codes)), entry
        assert all(code is None or 0 <= code < 64 for code in codes)


def test_the_slots_of_el2_are_those_of_d1_3_1() -> None:
    groups = {Origin.EL2T: 0x000, Origin.EL2H: 0x200, Origin.EL1: 0x400, Origin.EL1_32: 0x600}
    steps = {"synchronous": 0, "IRQ": 0x80, "FIQ": 0x100, "SError": 0x180}
    for entry in entries_of_el2():
        assert entry.offset == groups[entry.origin] + steps[entry.name]


def test_the_slots_of_hyp_are_those_of_table_b1_3() -> None:
    offsets = {vector.offset for vector in HYP_VECTORS} - {0}
    assert {entry.offset for entry in entries_of_hyp()} == offsets


def test_an_hvc_of_the_kernel_itself_is_no_door() -> None:
    for entries in (entries_of_el2(), entries_of_hyp()):
        first = entries[0]
        hvc = next(reason for reason in first.reasons if reason.kind is Kind.OTHER_IMMEDIATE)
        assert hvc.code in (0x16, ExceptionClass.HVC)
        assert [entry for entry in entries if hvc in entry.reasons] == [first]


def test_what_comes_from_below_without_a_control_is_a_call_and_resumes_behind_it() -> None:
    # DDI 0487 D1.3: all else that EL2 takes from EL1 has to be routed or trapped there.
    for entry in (*entries_of_el2(), *entries_of_hyp()):
        if entry.origin in (Origin.EL2T, Origin.EL2H, Origin.HYP):
            continue
        for reason in entry.reasons:
            if not reason.where:
                assert reason.resumes is Resumes.BEHIND, reason
                assert reason.code in (0x12, 0x16), reason


def test_hyp_knows_the_classes_of_b3_13() -> None:
    known = {int(each) for each in ExceptionClass} - {0x0E}  # of ARMv8 only
    codes = {int(r.code) for entry in entries_of_hyp() for r in entry.reasons if r.code is not None}
    assert codes == known
