"""The AArch32 machine's tables are consistent with each other and with the GNU assembler."""

import pathlib
import re
import subprocess

import pytest

from hypabi.arch import aarch32, aarch32_exceptions
from hypabi.arch.aarch32 import Mode
from tests.inputs import find_tool

ASSEMBLER = "arm-linux-gnueabihf-as"
OBJDUMP = "arm-linux-gnueabihf-objdump"


def test_each_mode_is_its_cpsr_value() -> None:
    assert {mode.value: mode.suffix for mode in Mode} == {
        0x10: "usr", 0x11: "fiq", 0x12: "irq", 0x13: "svc", 0x16: "mon",
        0x17: "abt", 0x1A: "hyp", 0x1B: "und", 0x1F: "sys",
    }  # fmt: skip


@pytest.mark.parametrize("value", [v for v in range(32) if v not in {m.value for m in Mode}])
def test_a_reserved_mode_value_is_no_mode(value: int) -> None:
    assert aarch32.mode_of(value) is None


def test_hyp_mode_has_its_own_sp_and_spsr_but_shares_lr_with_user_mode() -> None:
    assert aarch32.bank_of("sp", Mode.HYP) == "SP_hyp"
    assert aarch32.bank_of("SPSR", Mode.HYP) == "SPSR_hyp"
    assert aarch32.bank_of("lr", Mode.HYP) == "LR_usr"


def test_only_fiq_mode_has_its_own_r8_to_r12() -> None:
    for number in range(8, 13):
        banks = {mode: aarch32.bank_of(f"r{number}", mode) for mode in Mode}
        assert banks.pop(Mode.FIQ) == f"r{number}_fiq"
        assert set(banks.values()) == {f"r{number}"}


def test_system_mode_runs_on_user_registers_and_neither_has_an_spsr() -> None:
    for name in aarch32.BANKED:
        assert aarch32.bank_of(name, Mode.SYS) == aarch32.bank_of(name, Mode.USR)
    assert aarch32.bank_of("SPSR", Mode.SYS) is None


def test_there_are_forty_three_copies_and_none_is_counted_twice() -> None:
    # 8 + 5 * 2 (r8-r12) + 8 SP + 7 LR + 7 SPSR + ELR_hyp + pc
    names = aarch32.physical_registers()
    assert len(set(names)) == len(names) == 8 + 10 + 8 + 7 + 7 + 1 + 1


def test_every_banked_operand_of_the_assembler_decodes_to_its_own_name(
    tmp_path: pathlib.Path,
) -> None:
    """All 64 values of R:SYSm, disassembled by objdump, against our table."""
    objdump = find_tool(OBJDUMP)
    words = [
        0xE100_0200 | spsr << 22 | (mode & 0xF) << 16 | (mode >> 4) << 8
        for spsr in (0, 1)
        for mode in range(32)
    ]
    raw = tmp_path / "words"
    raw.write_bytes(b"".join(word.to_bytes(4, "little") for word in words))
    command = [objdump, "-D", "-b", "binary", "-m", "arm", str(raw)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    operands = re.findall(r"mrs\s+r0, (\S+)", text)
    assert len(operands) == 64
    named = 0
    for index, operand in enumerate(operands):
        banked = aarch32.banked_register(index >> 5, index & 31)
        theirs = operand if re.fullmatch(r"\w+_\w{3}", operand) else None
        if theirs and re.fullmatch(r"R\d+_usr", theirs):  # the copy of all modes but FIQ
            theirs = theirs.removesuffix("_usr")
        assert (banked.register.lower() if banked else None) == (theirs.lower() if theirs else None)
        named += banked is not None
    assert named == 33


def test_a_banked_move_cannot_name_the_current_copy() -> None:
    for spsr in (0, 1):
        for system_mode in range(32):
            banked = aarch32.banked_register(spsr, system_mode)
            if banked is None or banked.register == "ELR_hyp":
                continue
            for mode in Mode:
                own = {aarch32.bank_of(name, mode) for name in aarch32.BANKED}
                assert not (banked.register in own and banked.modes >> mode & 1)


def test_elr_hyp_can_be_named_in_hyp_mode_and_sp_hyp_cannot() -> None:
    elr = aarch32.banked_register(0, 0b11110)
    stack = aarch32.banked_register(0, 0b11111)
    assert elr is not None and elr.register == "ELR_hyp" and elr.modes >> Mode.HYP & 1
    assert stack is not None and stack.register == "SP_hyp" and not stack.modes >> Mode.HYP & 1


def test_status_fields_cover_cpsr_without_overlap() -> None:
    covered = aarch32.IT_MASK
    for field in aarch32.STATUS_FIELDS:
        assert covered & field.mask == 0
        covered |= field.mask
    assert covered == 0xFFFF_FFFF


def test_mrs_shows_the_mode_and_no_execution_state_but_e() -> None:
    assert aarch32.MRS_VISIBLE & 0x1F == 0x1F
    assert aarch32.MRS_VISIBLE & aarch32.EXECUTION_STATE == 0
    assert aarch32.MRS_VISIBLE & 1 << 9


def test_hvc_from_pl1_enters_the_sixth_vector() -> None:
    table = aarch32_exceptions.HYP_VECTORS
    assert [vector.offset for vector in table] == list(range(0, 32, 4))
    assert table[5].offset == aarch32_exceptions.HYP_TRAP_OFFSET == 0x14
    assert "hvc from PL1" in table[5].entered_by


def test_syndrome_of_hvc_reads_back() -> None:
    syndrome = aarch32_exceptions.hvc_syndrome(0xEA1)
    assert aarch32_exceptions.HSR_EC.of(syndrome) == 0x12
    assert aarch32_exceptions.HSR_HVC_IMMEDIATE.of(syndrome) == 0xEA1
    assert aarch32_exceptions.HSR_IL.of(syndrome) == 1
    assert syndrome >> 32 == 0


def test_aapcs_parts_the_registers_in_two() -> None:
    assert not set(aarch32.SCRATCH) & set(aarch32.CALLEE_SAVED)
    assert set(aarch32.SCRATCH) | set(aarch32.CALLEE_SAVED) | {"pc"} == set(aarch32.GENERAL)
    assert set(aarch32.RESULTS) < set(aarch32.ARGUMENTS) < set(aarch32.SCRATCH)
