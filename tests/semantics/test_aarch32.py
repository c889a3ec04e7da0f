"""What A32 system instructions do, from assembly text to the state after."""

import pathlib
import random
from collections.abc import Callable

import pytest

from hypabi.arch.aarch32 import IT_MASK, STATUS_FIELDS, Mode
from hypabi.arch.names import InstructionSet
from hypabi.lifter.instruction import Instruction
from hypabi.semantics.aarch32 import set_status_word, status_word
from hypabi.semantics.domain import Unmodelled
from hypabi.semantics.interpret import run_instruction
from hypabi.semantics.transfer import Call, ExceptionReturn, Goto, Jump, Next, SynchronousException
from hypabi.smt import terms
from tests.semantics.a32_machine import ADDRESS, Machine, lifter_of, machine

SVC, HYP, FIQ, USR, SYS, IRQ, ABT, UND = (
    Mode.SVC, Mode.HYP, Mode.FIQ, Mode.USR, Mode.SYS, Mode.IRQ, Mode.ABT, Mode.UND
)  # fmt: skip


def test_sp_is_a_different_copy_in_each_mode_and_lr_of_hyp_mode_is_users() -> None:
    made = machine(HYP, SP_hyp=0x100, SP_svc=0x200, LR_usr=7, LR_svc=8)
    made.run("mov r0, sp")
    made.run("mov r1, lr")
    assert (made.read("r0"), made.read("r1")) == (0x100, 7)
    made.write("CPSR.M", SVC.value)
    made.run("mov r0, sp")
    made.run("mov r1, lr")
    assert (made.read("r0"), made.read("r1")) == (0x200, 8)


def test_r8_of_fiq_mode_is_not_that_of_the_others() -> None:
    made = machine(FIQ, r8_fiq=1, r8=2)
    made.run("mov r0, r8")
    made.write("CPSR.M", ABT.value)
    made.run("mov r1, r8")
    assert (made.read("r0"), made.read("r1")) == (1, 2)


def test_mrs_cpsr_shows_the_mode_whatever_the_rest_is() -> None:
    made = machine(HYP)
    made.run("mrs r0, cpsr")
    made.run("and r0, r0, #0x1f")
    made.run("teq r0, #0x1a")
    assert made.read("r0") == 0b11010
    assert made.read("Z") == 1


def test_mrs_cpsr_puts_every_field_in_its_place_and_hides_execution_state() -> None:
    made = machine(SVC)
    for field in STATUS_FIELDS:
        made.write(field.register, (1 << field.width) - 1)
    made.write("CPSR.IT", 0xFF)
    made.write("CPSR.M", SVC.value)
    made.run("mrs r0, cpsr")
    # T, J, IL and IT hidden: DDI 0406C prints the mask 0xF8FF03DF; IL is bit 20.
    assert made.read("r0") == 0xF8EF_03DF & ~0x1F | SVC


def test_status_word_and_its_reverse_lose_nothing() -> None:
    choose = random.Random(3)
    for _ in range(50):
        word = choose.getrandbits(32)
        made = Machine()
        set_status_word(made, word)
        assert status_word(made) == word
    assert IT_MASK == 0x0600_FC00


def test_msr_cpsr_c_changes_mode_and_masks_and_leaves_the_flags() -> None:
    made = machine(SVC, N=1, Z=0, C=1, V=0, r0=0xFFFF_FF92)
    made.run("msr cpsr_c, r0")
    assert made.read("CPSR.M") == IRQ
    assert [made.read(f"CPSR.{name}") for name in "IF"] == [1, 0]
    assert [made.read(name) for name in "NZCV"] == [1, 0, 1, 0]
    assert made.registers.get("CPSR.A") is None
    assert made.registers.get("CPSR.T") is None


def test_msr_cpsr_f_changes_the_flags_and_not_the_mode() -> None:
    made = machine(SVC, r0=0xA000_001F)
    made.run("msr cpsr_f, r0")
    assert [made.read(name) for name in "NZCV"] == [1, 0, 1, 0]
    assert made.read("CPSR.M") == SVC


def test_msr_never_writes_the_instruction_set_state() -> None:
    made = machine(SVC, r0=SVC | 1 << 5 | 1 << 24)
    made.write("CPSR.T", 0)
    made.write("CPSR.J", 0)
    made.run("msr cpsr_cxsf, r0")
    assert (made.read("CPSR.T"), made.read("CPSR.J")) == (0, 0)


@pytest.mark.parametrize(("mode", "new"), [(HYP, SVC), (SVC, HYP), (SVC, Mode.MON), (SVC, 0b10100)])
def test_mode_change_that_only_an_exception_can_make_is_refused(mode: Mode, new: int) -> None:
    with pytest.raises(Unmodelled, match="UNPREDICTABLE"):
        machine(mode, r0=new).run("msr cpsr_c, r0")


def test_mode_written_from_an_unknown_value_is_refused() -> None:
    made = machine(SVC)
    made.write("r0", terms.symbol("r0", 32))
    with pytest.raises(Unmodelled, match="not a constant"):
        made.run("msr cpsr_c, r0")


def test_cps_masks_and_changes_mode() -> None:
    made = machine(HYP)
    made.write("CPSR.I", 0)
    made.run("cpsid ai")
    assert [made.registers.get(f"CPSR.{name}") for name in "AIF"] == [1, 1, None]
    made = machine(IRQ)
    made.run("cpsie f, #0x13")
    assert (made.read("CPSR.F"), made.read("CPSR.M")) == (0, SVC)


def test_setend_sets_the_data_endianness() -> None:
    made = machine(HYP)
    made.run("setend be")
    assert made.read("CPSR.E") == 1
    made.run("setend le")
    assert made.read("CPSR.E") == 0


def test_eret_in_hyp_mode_goes_by_elr_hyp_and_not_by_lr() -> None:
    made = machine(HYP, ELR_hyp=0x4000, SPSR_hyp=0x13, LR_usr=0x666, SPSR_svc=0x10)
    assert made.run("eret") == ExceptionReturn(0x4000, 0x13)


def test_eret_elsewhere_goes_by_lr_and_that_modes_spsr() -> None:
    made = machine(SVC, ELR_hyp=0x4000, LR_svc=0x5000, SPSR_svc=0x10)
    assert made.run("eret") == ExceptionReturn(0x5000, 0x10)


def test_conditional_eret_falls_through_where_the_condition_fails() -> None:
    made = machine(HYP, ELR_hyp=0x4000, SPSR_hyp=0x13, Z=0)
    assert made.run("ereteq") == Next()
    made.write("Z", 1)
    assert made.run("ereteq") == ExceptionReturn(0x4000, 0x13)


def test_movs_pc_lr_returns_by_spsr_and_touches_no_flag() -> None:
    made = machine(SVC, LR_svc=0x80, SPSR_svc=0x1F)
    assert made.run("movs pc, lr") == ExceptionReturn(0x80, 0x1F)
    assert made.run("subs pc, lr, #4") == ExceptionReturn(0x7C, 0x1F)
    assert not set("NZCV") & set(made.registers)


@pytest.mark.parametrize("line", ["movs pc, lr", "ldm sp, {pc}^", "rfeia r0", "srsdb sp!, #0x13"])
def test_return_that_is_undefined_in_hyp_mode_is_refused_there(line: str) -> None:
    with pytest.raises(Unmodelled, match="in hyp mode"):
        machine(HYP, r0=0, SP_hyp=0).run(line)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("mcr p15, 0, r0, c12, c12, 1", "ICC_EOIR1 .* interrupt controller"),
        ("mcrr p15, 0, r0, r1, c12", "ICC_SGI1R .* interrupt controller"),
        ("mrc p15, 0, r0, c12, c12, 0", "ICC_IAR1 .* interrupt controller"),
        ("mcr p15, 0, r0, c9, c12, 4", "PMSWINC .* performance monitor"),
        ("mcr p14, 0, r0, c1, c0, 4", "DBGOSLAR .* debug"),
        ("mrc p14, 0, r0, c0, c5, 0", "DBGDTRRXint .* debug"),
    ],
)
def test_what_interrupts_counts_or_talks_to_a_debugger_is_refused(line: str, what: str) -> None:
    with pytest.raises(Unmodelled, match=what):
        machine(HYP, r0=1, r1=2).run(line)


@pytest.mark.parametrize("mode", [USR, SYS])
def test_mode_without_an_spsr_cannot_read_it_or_return(mode: Mode) -> None:
    for line in ("mrs r0, spsr", "eret", "movs pc, lr", "msr spsr_c, r0"):
        with pytest.raises(Unmodelled):
            machine(mode, r0=0).run(line)


# Data processing with Rd = pc: first operand, second operand, carry; shifts: operand, carry.
OPERATIONS: dict[str, Callable[[int, int, int], int]] = {
    "and": lambda n, m, c: n & m, "eor": lambda n, m, c: n ^ m, "sub": lambda n, m, c: n - m,
    "rsb": lambda n, m, c: m - n, "add": lambda n, m, c: n + m, "adc": lambda n, m, c: n + m + c,
    "sbc": lambda n, m, c: n - m - (1 - c), "rsc": lambda n, m, c: m - n - (1 - c),
    "orr": lambda n, m, c: n | m, "bic": lambda n, m, c: n & ~m,
}  # fmt: skip
SHIFTS: dict[str, Callable[[int, int], int]] = {
    "lsl #7": lambda m, c: m << 7, "lsr #32": lambda m, c: 0, "lsr #5": lambda m, c: m >> 5,
    "asr #32": lambda m, c: -(m >> 31), "asr #3": lambda m, c: (m - (m >> 31 << 32)) >> 3,
    "ror #9": lambda m, c: m >> 9 | m << 23, "rrx": lambda m, c: c << 31 | m >> 1,
    "lsl #0": lambda m, c: m,
}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
def test_arithmetic_into_the_pc_computes_what_the_manual_says(operation: str) -> None:
    choose = random.Random(operation)
    for shift, meaning in SHIFTS.items():
        n, m, carry = choose.getrandbits(32), choose.getrandbits(32), choose.getrandbits(1)
        made = machine(SVC, r1=n, r2=m, C=carry, SPSR_svc=0x10)
        expected = OPERATIONS[operation](n, meaning(m, carry), carry) & 0xFFFF_FFFF
        line = f"{operation}s pc, r1, r2, {shift}"
        assert made.run(line) == ExceptionReturn(expected, 0x10), line


def test_mvns_pc_inverts() -> None:
    assert machine(SVC, r2=5, SPSR_svc=0x10).run("mvns pc, r2") == ExceptionReturn(
        ~5 & 0xFFFF_FFFF, 0x10
    )


def test_srs_stores_lr_below_spsr_on_the_stack_of_the_named_mode() -> None:
    made = machine(IRQ, LR_irq=0x1111, SPSR_irq=0x2222, SP_svc=0x1000, SP_irq=0x9000)
    made.run("srsdb sp!, #0x13")
    assert made.words(0xFF8, 2) == [0x1111, 0x2222]
    assert (made.read("SP_svc"), made.read("SP_irq")) == (0xFF8, 0x9000)
    made.run("srsia sp, #0x13")
    assert made.words(0xFF8, 2) == [0x1111, 0x2222]
    assert made.read("SP_svc") == 0xFF8


@pytest.mark.parametrize(
    ("suffix", "low", "after"),
    [("ia", 0x1000, 0x1008), ("ib", 0x1004, 0x1008), ("da", 0xFFC, 0xFF8), ("db", 0xFF8, 0xFF8)],
)
def test_rfe_takes_pc_from_the_lower_and_cpsr_from_the_higher_word(
    suffix: str, low: int, after: int
) -> None:
    made = machine(SVC, r3=0x1000)
    made.set_word(low, 0x4444)
    made.set_word(low + 4, 0x5555)
    assert made.run(f"rfe{suffix} r3!") == ExceptionReturn(0x4444, 0x5555)
    assert made.read("r3") == after


def test_ldm_user_writes_the_user_bank_and_stm_user_reads_it() -> None:
    made = machine(SVC, r0=0x100, SP_svc=1, LR_svc=2, SP_usr=3, LR_usr=4, r8=5)
    made.run("stm r0, {r8, sp, lr}^")
    assert made.words(0x100, 3) == [5, 3, 4]
    for index, value in enumerate((8, 13, 14)):
        made.set_word(0x100 + 4 * index, value)
    made.run("ldm r0, {r8, sp, lr}^")
    assert [made.read(name) for name in ("r8", "SP_usr", "LR_usr")] == [8, 13, 14]
    assert (made.read("SP_svc"), made.read("LR_svc")) == (1, 2)


def test_ldm_user_with_a_base_that_it_overwrites_still_reads_where_the_base_pointed() -> None:
    made = machine(SVC, r8=0x100)
    made.set_word(0x100, 0x9000)
    made.set_word(0x104, 0x77)
    made.run("ldm r8, {r8, r9}^")
    assert (made.read("r8"), made.read("r9")) == (0x9000, 0x77)


def test_ldm_with_pc_returns_by_spsr_and_loads_the_current_bank() -> None:
    made = machine(SVC, SP_svc=0x100, SPSR_svc=0x1F, LR_usr=9)
    for index, value in enumerate((1, 2, 0x8880)):
        made.set_word(0x100 + 4 * index, value)
    assert made.run("ldm sp!, {r0, lr, pc}^") == ExceptionReturn(0x8880, 0x1F)
    assert (made.read("r0"), made.read("LR_svc"), made.read("LR_usr")) == (1, 2, 9)
    assert made.read("SP_svc") == 0x10C


@pytest.mark.parametrize(
    ("line", "call", "immediate"),
    [
        ("hvc #0", Call.HVC, 0),
        ("hvc #0xea1", Call.HVC, 0xEA1),
        ("smc #1", Call.SMC, 1),
        ("svc #0x42", Call.SVC, 0x42),
        ("udf #5", Call.UNDEFINED, 5),
        ("bkpt #6", Call.BREAKPOINT, 6),
    ],
)
def test_call_is_an_exception_with_its_immediate(line: str, call: Call, immediate: int) -> None:
    assert machine(SVC).run(line) == SynchronousException(call, immediate)


def test_hvc_does_not_exist_in_user_mode() -> None:
    with pytest.raises(Unmodelled, match="usr"):
        machine(USR).run("hvc #0")


def test_system_register_is_written_and_read_by_name() -> None:
    made = machine(HYP, r7=0x8000_0000)
    made.run("mcr p15, 4, r7, c12, c0, 0")
    assert made.read("HVBAR") == 0x8000_0000
    made.run("mrc p15, 4, r1, c12, c0, 0")
    assert made.read("r1") == 0x8000_0000


def test_hyp_register_is_out_of_reach_in_supervisor_mode() -> None:
    with pytest.raises(Unmodelled, match="svc"):
        machine(SVC, r7=0).run("mcr p15, 4, r7, c12, c0, 0")


def test_mcrr_writes_rt_to_the_low_half_and_mrrc_reads_it_back() -> None:
    made = machine(HYP, r0=0x1111_2222, r1=0x3333_4444)
    made.run("mcrr p15, 6, r0, r1, c2")
    assert made.read("VTTBR") == 0x3333_4444_1111_2222
    made.run("mrrc p15, 6, r2, r3, c2")
    assert (made.read("r2"), made.read("r3")) == (0x1111_2222, 0x3333_4444)
    made.run("mcrr p15, 4, r0, r0, c14")
    assert made.read("CNTVOFF") == 0x1111_2222_1111_2222


def test_mcr_to_a_wide_register_keeps_its_high_half() -> None:
    made = machine(SVC, TTBR0=0xAAAA_BBBB_CCCC_DDDD, r0=1)
    made.run("mcr p15, 0, r0, c2, c0, 0")
    assert made.read("TTBR0") == 0xAAAA_BBBB_0000_0001


def test_volatile_register_does_not_read_back_what_was_written() -> None:
    made = machine(HYP, r7=9)
    made.run("mcr p15, 4, r7, c12, c9, 5")
    made.run("mrc p15, 4, r6, c12, c9, 5")
    made.run("mrc p15, 4, r5, c12, c9, 5")
    assert made.read("ICC_HSRE") == 9
    assert made.read("r6") not in (9, made.read("r5"))
    assert made.unknown == ["ICC_HSRE may differ at each read"] * 2


def test_maintenance_operation_is_an_effect_with_its_operand() -> None:
    made = machine(HYP, r0=0x1000)
    made.run("mcr p15, 0, r0, c7, c14, 1")
    made.run("mcr p15, 4, r0, c8, c7, 0")
    made.run("dsb ish")
    made.run("isb")
    assert made.effects == [
        ("DCCIMVAC", (0x1000,)), ("TLBIALLH", ()), ("DSB", (11,)), ("ISB", (15,)),
    ]  # fmt: skip


def test_address_translation_leaves_an_unknown_in_par() -> None:
    made = machine(HYP, r0=0x1000, PAR=5)
    made.run("mcr p15, 4, r0, c7, c8, 0")
    assert made.effects == [("ATS1HR", (0x1000,))]
    assert made.read("PAR") != 5


def test_conditional_move_to_a_system_register_merges() -> None:
    made = machine(SVC, r0=1, SCTLR=2)
    made.write("Z", terms.symbol("Z", 1))
    made.run("mcreq p15, 0, r0, c1, c0, 0")  # Machine.decide would fail on a symbol
    assert made.read("SCTLR") == terms.ite(terms.symbol("Z", 1), 1, 2, 32)


CONDITIONS: dict[str, Callable[[int, int, int, int], int | bool]] = {
    "eq": lambda n, z, c, v: z,
    "cs": lambda n, z, c, v: c,
    "mi": lambda n, z, c, v: n,
    "vs": lambda n, z, c, v: v,
    "hi": lambda n, z, c, v: c and not z,
    "ge": lambda n, z, c, v: n == v,
    "gt": lambda n, z, c, v: n == v and not z,
}
OPPOSITES = {"ne": "eq", "cc": "cs", "pl": "mi", "vc": "vs", "ls": "hi", "lt": "ge", "le": "gt"}


@pytest.mark.parametrize("condition", [*CONDITIONS, *OPPOSITES])
def test_condition_passes_exactly_where_the_manual_says(condition: str) -> None:
    for flags in range(16):
        n, z, c, v = (flags >> bit & 1 for bit in range(4))
        passes = bool(CONDITIONS[OPPOSITES.get(condition, condition)](n, z, c, v))
        made = machine(SVC, N=n, Z=z, C=c, V=v, SCTLR=5, r0=0)
        made.run(f"mrc{condition} p15, 0, r0, c1, c0, 0")
        assert (made.read("r0") == 5) == (passes != (condition in OPPOSITES)), flags


def test_exclusive_store_may_fail_and_then_writes_nothing() -> None:
    made = machine(SVC, r1=0xABCD, r2=0x100)
    made.set_word(0x100, 1)
    made.run("strex r0, r1, [r2]")
    assert (made.read("r0"), made.words(0x100, 1)) == (1, [1])
    made.run("ldrex r3, [r2]")
    made.run("strex r0, r1, [r2]")
    assert (made.read("r0"), made.words(0x100, 1)) == (0, [0xABCD])


def test_exclusive_loads_of_each_size() -> None:
    made = machine(SVC, r8=0x100)
    made.set_word(0x100, 0x8765_4321)
    made.set_word(0x104, 0x1234_5678)
    made.run("ldrexb r0, [r8]")
    made.run("ldrexh r1, [r8]")
    made.run("ldrex r2, [r8]")
    made.run("ldrexd r4, r5, [r8]")
    assert [made.read(f"r{n}") for n in (0, 1, 2, 4, 5)] == [
        0x21, 0x4321, 0x8765_4321, 0x8765_4321, 0x1234_5678,
    ]  # fmt: skip


def test_bx_sets_the_instruction_set_from_bit_zero() -> None:
    made = machine(SVC, r1=0x9001)
    assert made.run("bx r1") == Goto(0x9000, Jump.BRANCH)
    assert made.read("CPSR.T") == 1


def test_preload_and_silent_hints_do_nothing() -> None:
    made = machine(SVC)
    before = dict(made.registers)
    for line in ("pld [r0]", "nop", "yield", "csdb", "dbg #3"):
        assert made.run(line) == Next()
    assert made.registers == before and not made.effects


def test_pc_relative_operand_of_the_overlay_is_the_address_plus_eight() -> None:
    made = machine(SVC, SPSR_svc=0x10)
    assert made.run("subs pc, pc, #4") == ExceptionReturn(ADDRESS + 4, 0x10)


def test_data_processing_to_the_pc_branches_and_bit_zero_selects_the_set() -> None:
    made = machine(SVC, LR_svc=0x9001, r0=2)
    assert made.run("mov pc, lr") == Goto(0x9000, Jump.RETURN)
    assert made.read("CPSR.T") == 1
    assert made.run("add pc, pc, r0, lsl #2") == Goto(ADDRESS + 16, Jump.BRANCH)
    assert made.read("CPSR.T") == 0
    assert made.run("sub pc, lr, #1") == Goto(0x9000, Jump.BRANCH)


def recorded(line: str) -> tuple[InstructionSet, bytes, int, list[int], int, int, dict[int, int]]:
    name, word, flags, registers, pc, cpsr, *changed = line.split()
    code = int(word, 16).to_bytes(len(word) // 2, "little")
    after = {int(n, 16): int(v, 16) for n, v in (change.split("=") for change in changed)}
    values = [int(value, 16) for value in registers.split(",")]
    return InstructionSet[name], code, int(flags, 16), values, int(pc, 16), int(cpsr, 16), after


NAMES = [*(f"r{number}" for number in range(13)), "SP_svc", "LR_svc"]


@pytest.mark.parametrize("name", ["A32", "T32"])
def test_instruction_ends_in_the_state_that_qemu_recorded(name: str) -> None:
    path = pathlib.Path(__file__).with_name("recorded_by_qemu.txt")
    lines = [line for line in path.read_text().splitlines() if line.startswith(name)]
    assert len(lines) > 450
    for line in lines:
        state, code, flags, before, pc, cpsr, changed = recorded(line)
        made = Machine(SVC)
        set_status_word(made, flags << 28 | 0x1C0 | SVC | (state is InstructionSet.T32) << 5)
        made.registers.update(zip(NAMES, before, strict=True))
        instruction = lifter_of(state).lift(ADDRESS, code)
        assert isinstance(instruction, Instruction), line
        transfer = run_instruction(instruction, made, made.profile)
        where = transfer.target if isinstance(transfer, Goto) else ADDRESS + instruction.size
        expected = [changed.get(number, value) for number, value in enumerate(before)]
        assert [made.read(register) for register in NAMES] == expected, line
        assert (where, status_word(made)) == (pc, cpsr), line
