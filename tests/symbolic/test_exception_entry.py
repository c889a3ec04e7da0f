"""Entry by any exception: what an hvc leaves behind is one of the states that it allows."""

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.arch.vector_entries import Origin
from hypabi.smt.evaluate import evaluate
from hypabi.symbolic.entry import (
    MODES_OF,
    Entry,
    exception_class,
    exception_to_el2,
    exception_to_hyp,
    hvc_to_el2,
    hvc_to_hyp,
)

STATE_64 = {"ESR_EL2": 1 << 25, "ESR_EL2.EC": 0x16, "SPSR_EL2": 0x3C5, "HCR_EL2": 1 << 31}
STATE_32 = {"HSR": 1 << 25, "HSR.EC": 0x12, "SPSR_hyp": 0x1D3, "HSCTLR": 0}


def same(one: Entry, other: Entry, state: dict[str, int]) -> bool:
    names = one.registers.keys() | other.registers.keys()
    return all(
        evaluate(one.registers.get(name, state.get(name, 0)), state)
        == evaluate(other.registers.get(name, state.get(name, 0)), state)
        for name in names
    )


def holds(entry: Entry, state: dict[str, int]) -> bool:
    return all(evaluate(condition, state) for condition in entry.holds)


def test_an_hvc_from_el1_is_one_of_the_exceptions_from_el1() -> None:
    anything, hvc = exception_to_el2(0x400, Origin.EL1), hvc_to_el2(0x400)
    assert holds(anything, STATE_64)
    assert same(anything, hvc, STATE_64)
    assert not same(anything, hvc, STATE_64 | {"ESR_EL2.EC": 0x17})


def test_an_hvc_from_svc_is_one_of_the_exceptions_from_pl1() -> None:
    order, state = ByteOrder.LITTLE, InstructionSet.A32
    anything = exception_to_hyp(0x14, Origin.PL1, state, order)
    assert holds(anything, STATE_32)
    assert same(anything, hvc_to_hyp(0x14), STATE_32)
    assert not same(anything, hvc_to_hyp(0x14), STATE_32 | {"HSR.EC": 0x13})


@pytest.mark.parametrize("origin", [Origin.EL1, Origin.EL1_32, Origin.EL2T, Origin.EL2H])
def test_an_exception_is_taken_from_a_mode_of_its_origin_and_no_other(origin: Origin) -> None:
    entry = exception_to_el2(0, origin)
    allowed = {mode for mode in range(32) if holds(entry, {"SPSR_EL2": 0xFFFF_FFE0 | mode})}
    assert allowed == set(MODES_OF[origin])


def test_origins_of_one_table_share_no_mode_but_a_32_bit_program() -> None:
    levels = (Origin.EL1, Origin.EL2T, Origin.EL2H)
    modes = [mode for origin in levels for mode in MODES_OF[origin]]
    assert len(modes) == len(set(modes))
    assert set(MODES_OF[Origin.EL1]) & set(MODES_OF[Origin.EL1_32]) == {0b10000}


def test_the_class_is_bits_31_to_26_of_the_syndrome() -> None:
    syndrome = exception_to_el2(0, Origin.EL2H).registers["ESR_EL2"]
    state = {"ESR_EL2": 0xF_FC00_0003, exception_class("ESR_EL2"): 0x25}
    assert evaluate(syndrome, state) == 0xF_0000_0003 | 0x25 << 26
