"""The A64 profile: banked stack pointers, redirected, volatile and aliased system registers."""

import re

import pytest

from hypabi.arch import aarch64
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from hypabi.semantics.aarch64 import VIEWS
from hypabi.semantics.transfer import Call, ExceptionReturn, SynchronousException
from hypabi.smt.term import Term
from tests.semantics.a64_machine import EL2, Machine, Refused

NAMES = set(SYSTEM_REGISTERS.values())
KEYS = {name: key for key, name in SYSTEM_REGISTERS.items()}
E2H = 1 << aarch64.HCR_EL2_E2H
ALIASES = sorted(name for name in NAMES if name.endswith(("_EL12", "_EL02")))


def mrs(name: str, register: int = 1) -> int:
    return 0xD5200000 | KEYS[name] << 5 | register


def msr(name: str, register: int = 1) -> int:
    return 0xD5000000 | KEYS[name] << 5 | register


def plain(alias: str) -> str:
    return alias[:-1] if alias.endswith("_EL12") else f"{alias[:-2]}0"


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_el1s_register_and_the_plain_name_is_el2s(alias: str) -> None:
    """With E2H the two names are never one register, or what it means is refused."""
    machine = Machine({"HCR_EL2": E2H, "x1": 5, "x2": 6, plain(alias): 1})
    if VIEWS.fullmatch(plain(alias)):
        with pytest.raises(Refused):
            machine.step(msr(alias), 0)
        return
    machine.step(msr(alias), 0)
    assert machine.registers[plain(alias)] == 5
    if plain(alias) in aarch64.UNCLEAR_WITH_E2H:
        with pytest.raises(Refused):
            machine.step(msr(plain(alias), 2), 0)
        return
    machine.step(msr(plain(alias), 2), 0)
    assert machine.registers[plain(alias)] == 5
    assert machine.registers[aarch64.REDIRECTED_BY_E2H[plain(alias)]] == 6


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_means_nothing_without_the_host_extension(alias: str) -> None:
    for registers in ({"HCR_EL2": 0}, {"HCR_EL2": E2H, "CURRENTEL": 1 << 2}):
        machine = Machine({"x1": 5, plain(alias): 1, **registers})
        with pytest.raises(Refused):
            machine.step(msr(alias), 0)


@pytest.mark.parametrize("name", sorted(aarch64.REDIRECTED_BY_E2H))
def test_nothing_is_redirected_at_el1_or_without_the_host_extension(name: str) -> None:
    if VIEWS.fullmatch(name):
        return
    for registers in ({"HCR_EL2": 0}, {"HCR_EL2": E2H, "CURRENTEL": 1 << 2}):
        machine = Machine({"x1": 5, **registers})
        machine.step(msr(name), 0)
        assert machine.registers[name] == 5
        assert aarch64.REDIRECTED_BY_E2H[name] not in machine.registers


def test_the_stack_pointer_is_the_one_that_spsel_selects() -> None:
    for selected, level, name in ((0, 2, "SP_EL0"), (1, 2, "SP_EL2"), (1, 1, "SP_EL1")):
        machine = Machine({"SPSel": selected, "CURRENTEL": level << 2, name: 0x1000})
        machine.step(0x910043FF, 0)  # add sp, sp, #16
        assert machine.registers[name] == 0x1010


def test_an_exception_return_takes_its_own_levels_link_and_status() -> None:
    for level in (1, 2):
        machine = Machine(
            {"CURRENTEL": level << 2, f"ELR_EL{level}": 0x1234, f"SPSR_EL{level}": 0x3C5}
        )
        assert machine.step(0xD69F03E0, 0) == ExceptionReturn(0x1234, 0x3C5)


@pytest.mark.parametrize(
    ("word", "call"),
    [
        (0xD4000002, Call.HVC),
        (0xD4000003, Call.SMC),
        (0xD4000001, Call.SVC),
        (0xD4200000, Call.BREAKPOINT),
    ],
)
def test_calls_carry_their_immediate(word: int, call: Call) -> None:
    for immediate in (0, 1, 0xEA1, 0xFFFF):
        machine = Machine()
        assert machine.step(word | immediate << 5, 0) == SynchronousException(call, immediate)


SECURE = frozenset({"CNTPS_CTL_EL1", "CNTPS_TVAL_EL1"})
"""UNDEFINED below EL3 in Non-secure state: no such access is lifted."""


@pytest.mark.parametrize("name", sorted((aarch64.VOLATILE | aarch64.UNSTEADY) - SECURE))
def test_what_differs_at_each_read_is_never_a_known_value(name: str) -> None:
    machine = Machine({name: 5, "HCR_EL2": 0})
    with pytest.raises(AssertionError, match="may differ at each read"):
        machine.step(mrs(name), 0)


@pytest.mark.parametrize("name", sorted(aarch64.ACKNOWLEDGE))
def test_reading_that_changes_state_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        Machine({name: 5}).step(mrs(name), 0)


@pytest.mark.parametrize(
    "name",
    ["CNTV_TVAL_EL0", "PMCNTENSET_EL0", "PMOVSCLR_EL0", "PMXEVTYPER_EL0", "ICC_EOIR1_EL1",
     "OSLAR_EL1", "RMR_EL2", "PMCR_EL0", "ERXCTLR_EL1", "DBGCLAIMSET_EL1", "CNTPCT_EL0"],
)  # fmt: skip
def test_writing_a_view_of_other_state_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        Machine({"x1": 5, "HCR_EL2": 0}).step(msr(name), 0)


PLAIN = {
    "VBAR_EL2", "SCTLR_EL2", "HCR_EL2", "CPTR_EL2", "MDCR_EL2", "CNTHCTL_EL2", "CNTVOFF_EL2",
    "TPIDR_EL2", "ELR_EL2", "SPSR_EL2", "TTBR0_EL2", "TCR_EL2", "MAIR_EL2", "VTTBR_EL2", "ZCR_EL2",
    "ICH_HCR_EL2", "ICC_SRE_EL2", "PMUSERENR_EL0", "PMSELR_EL0", "HSTR_EL2", "VPIDR_EL2",
}  # fmt: skip


def test_the_registers_of_a_stub_are_no_views() -> None:
    assert PLAIN <= NAMES
    assert {name for name in PLAIN if VIEWS.fullmatch(name)} == set()


def test_every_pair_that_sets_and_clears_one_state_is_a_view() -> None:
    pairs = {
        name for name in NAMES
        if "SET" in name and name.replace("SET", "CLR") in NAMES and not name.startswith("TRC")
    }  # fmt: skip
    assert len(pairs) > 6
    both = pairs | {name.replace("SET", "CLR") for name in pairs}
    assert {name for name in both if not VIEWS.fullmatch(name)} == set()


def test_views_are_few() -> None:
    views = {name for name in NAMES if VIEWS.fullmatch(name)}
    assert len(views) < 120
    assert not [name for name in views if re.fullmatch(r".*_EL2", name) and "TVAL" not in name
                and name != "RMR_EL2"]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "name"),
    [(0xD5033FDF, "ISB"), (0xD503309F | 0xF00, "DSB"), (0xD508871F, "TLBI VMALLE1"),
     (0xD508751F, "IC IALLU"), (0xD50B7B21, "DC CVAU"), (0xD503205F, "WFE")],
)  # fmt: skip
def test_barriers_and_maintenance_are_recorded(word: int, name: str) -> None:
    machine = Machine({"x1": 0x1000})
    machine.step(word, 0)
    assert machine.effects == [name]


@pytest.mark.parametrize("word", [0xD50B7421, 0xD5087621, 0xD5087641, 0xD50B7461, 0xD503403F ^ 1])
def test_operations_that_change_memory_or_are_unknown_are_refused(word: int) -> None:
    """DC ZVA, DC IVAC, DC ISW, DC GVA, and no instruction at all."""
    with pytest.raises(Refused):
        Machine({"x1": 0x1000}).step(word, 0)


@pytest.mark.parametrize("crn", [11, 15])
def test_what_the_architecture_leaves_open_is_refused(crn: int) -> None:
    for word in (0xD5380001 | crn << 12, 0xD51F0001 | crn << 12 | 7 << 5):
        with pytest.raises(Refused):
            Machine({"x1": 5, f"S3_0_C{crn}_C0_0": 1}).step(word, 0)


def test_an_error_that_is_pending_may_be_deferred() -> None:
    with pytest.raises(AssertionError, match="DISR_EL1"):
        Machine().step(0xD503221F, 0)  # esb


def test_what_runs_at_an_unknown_level_is_refused() -> None:
    assert EL2 == 8
    with pytest.raises(Refused):
        Machine({"SPSel": 0, "CURRENTEL": 8}).step(0xD503231F, 0)  # paciaz


@pytest.mark.parametrize(
    ("above", "own"),
    [
        (0xD50C871F, 0xD508871F),  # tlbi alle2, tlbi vmalle1
        (0xD50C8721, 0xD5088721),  # tlbi vae2, x1; tlbi vae1, x1
        (0xD51C4321, 0xD5184021),  # msr spsr_abt, x1; msr elr_el1, x1
    ],
)
def test_what_an_encoding_keeps_for_el2_is_refused_at_el1(above: int, own: int) -> None:
    """DDI 0487, C5.1.2: op1 = 4 is UNDEFINED at EL1."""
    Machine({"x1": 0}).step(above, 0)
    at_el1: dict[str, int | Term] = {"x1": 0, "CURRENTEL": 4}
    with pytest.raises(Refused):
        Machine(at_el1).step(above, 0)
    Machine(at_el1).step(own, 0)


@pytest.mark.parametrize(("name", "flags"), [("RNDR", (0, 1, 0, 0)), ("CNTVCT_EL0", (1, 0, 1, 1))])
def test_reading_a_random_number_sets_the_flags_and_reading_a_counter_does_not(
    name: str, flags: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DDI 0487, RNDR: NZCV is 0b0100 where no number is returned, and else 0b0000."""
    monkeypatch.setattr(Machine, "havoc", lambda _machine, _reason, width: (1 << width) - 1)
    machine = Machine({"N": 1, "Z": 0, "C": 1, "V": 1})
    machine.step(mrs(name), 0)
    assert tuple(machine.registers[flag] for flag in "NZCV") == flags
    assert machine.registers["x1"] == (1 << 64) - 1
