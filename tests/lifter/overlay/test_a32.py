"""The A32 overlay against the GNU assembler (what must decode) and disassembler (what it is)."""

import random
import re

import pytest

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.instruction import Constant, Label, Memory, Op, Opcode, Register
from hypabi.lifter.overlay.a32 import decode
from hypabi.lifter.overlay.a32_forms import CONDITIONAL, UNCONDITIONAL, Form, classify
from hypabi.lifter.overlay.aarch32_block import USER_OPS
from hypabi.lifter.sleigh import Lifter
from tests.lifter.overlay.gnu_arm import disassemble, word

ADDRESS = 0x8000

ACCEPTED = [
    ("eret", Form.ERET),
    ("ereteq", Form.ERET),
    ("mrs r0, elr_hyp", Form.MRS_BANKED),
    ("mrs r1, SPSR_svc", Form.MRS_BANKED),
    ("mrs r1, SP_usr", Form.MRS_BANKED),
    ("mrs r2, r8_fiq", Form.MRS_BANKED),
    ("msr elr_hyp, lr", Form.MSR_BANKED),
    ("msr spsr_hyp, r3", Form.MSR_BANKED),
    ("msr sp_hyp, r3", Form.MSR_BANKED),
    ("msr LR_und, r3", Form.MSR_BANKED),
    ("mrs r0, cpsr", Form.MRS),
    ("mrs lr, spsr", Form.MRS),
    ("msr cpsr_c, r1", Form.MSR),
    ("msr cpsr_fsxc, r1", Form.MSR),
    ("msr spsr_cxsf, r1", Form.MSR),
    ("msr cpsr_c, #0xd3", Form.MSR_IMMEDIATE),
    ("msr spsr_f, #0xf0000000", Form.MSR_IMMEDIATE),
    ("hvc #0", Form.HVC),
    ("hvc #0xea1", Form.HVC),
    ("smc #0", Form.SMC),
    ("smcne #3", Form.SMC),
    ("svc #0x123456", Form.SVC),
    ("udf #1", Form.UDF),
    ("bkpt #7", Form.BKPT),
    ("hlt #7", Form.HLT),
    ("srsdb sp!, #0x13", Form.SRS),
    ("srsia sp, #0x11", Form.SRS),
    ("rfeia sp!", Form.RFE),
    ("rfedb r3", Form.RFE),
    ("cpsid aif", Form.CPS),
    ("cpsie i", Form.CPS),
    ("cps #0x13", Form.CPS),
    ("cpsid if, #0x13", Form.CPS),
    ("setend be", Form.SETEND),
    ("setend le", Form.SETEND),
    ("ldmia sp, {r8-r12, sp, lr}^", Form.LDM),
    ("ldmia sp!, {r0-r12, pc}^", Form.LDM),
    ("stmdb sp, {r8-r12, sp, lr}^", Form.STM),
    ("movs pc, lr", Form.SUBS_PC),
    ("subs pc, lr, #4", Form.SUBS_PC),
    ("subs pc, lr, #8", Form.SUBS_PC),
    ("adcs pc, r1, r2, ror #3", Form.SUBS_PC),
    ("mcr p15, 4, r7, c12, c0, 0", Form.MCR),
    ("mrcne p15, 0, r7, c1, c0, 0", Form.MRC),
    ("mcrr p15, 4, r7, r7, c14", Form.MCRR),
    ("mrrc p15, 6, r0, r1, c2", Form.MRRC),
    ("mrc p14, 0, APSR_nzcv, c0, c1, 0", Form.MRC),
    ("isb", Form.BARRIER),
    ("dsb ish", Form.BARRIER),
    ("dmb sy", Form.BARRIER),
    ("clrex", Form.BARRIER),
    ("wfi", Form.HINT),
    ("wfene", Form.HINT),
    ("sev", Form.HINT),
    ("nop", Form.HINT),
    ("yield", Form.HINT),
    ("blx .+64", Form.BLX),
    ("mov lr, pc", Form.LINK_PC),
    ("sxtah r0, r1, r2, ror #8", Form.EXTEND),
    ("mov pc, lr", Form.DATA_TO_PC),
    ("add pc, pc, r0, lsl #2", Form.DATA_TO_PC),
    ("sub pc, r1, #4", Form.DATA_TO_PC),
    ("pld [r0, #4]", Form.PRELOAD),
    ("pldw [r0, r1]", Form.PRELOAD),
    ("pli [r0]", Form.PRELOAD),
    ("ldrex r0, [r1]", Form.LOAD_EXCLUSIVE),
    ("ldrexd r0, r1, [r2]", Form.LOAD_EXCLUSIVE),
    ("ldaexh r0, [r2]", Form.LOAD_EXCLUSIVE),
    ("strex r0, r1, [r2]", Form.STORE_EXCLUSIVE),
    ("strexd r0, r2, r3, [r4]", Form.STORE_EXCLUSIVE),
    ("stlexb r0, r1, [r2]", Form.STORE_EXCLUSIVE),
]

LEFT_TO_SLEIGH = [
    "mov r0, #0", "ldr r0, [r1]", "b .", "bx lr", "bl .", "blx r3", "pop {r4, pc}", "push {r4, lr}",
    "subs r0, lr, #4", "cmp r0, #1", "teq r0, #1", "tst r0, #1", "movw r0, #1", "movt r0, #1",
    "mul r0, r1, r2", "strh r0, [r1]", "clz r0, r1", "qadd r0, r1, r2", "ubfx r0, r1, #16, #4",
    "vmrs r0, fpscr",
    "ldr pc, [r0]", "ldm r0, {r1, r2}", "vldmia r0!, {d0-d15}",
    "lda r0, [r1]", "stl r0, [r1]", "rev r0, r1", ".arch_extension crc; crc32b r0, r1, r2",
    "bfc r0, #0, #4", "ldrd r0, r1, [r2]",
]  # fmt: skip

REFUSED = [
    (0xE10F_F000, "mrs pc, cpsr"),
    (0xE320_F1FF, "hint with a bit set that should be zero"),
    (0xE129_F00F, "msr cpsr, pc"),
    (0xE36F_F000 & ~0x000F_0000, "msr spsr_, #0"),
    (0xE128_F300, "msr (banked) with the reserved SYSm = 0b11000"),
    (0xE121_FA1E, "bx with bits zero that should be one"),
    (0xE12F_FF20, "bxj"),
    (0xE0ED_E2B4, "strht, whose writeback SLEIGH forgets"),
    (0xE4FF_C7E5, "ldrbt relative to the pc"),
    (0xE5BF_6A96, "ldr with writeback to the pc"),
    (0xE549_9B2C | 0x0020_0000, "strb with writeback to the register stored"),
    (0xE1D8_F0B8, "ldrh to the pc"),
    (0xE30D_F372, "movw to the pc"),
    (0xE099_F998, "umull with the pc"),
    (0xE08F_1312, "add with a register-shifted operand and the pc"),
    (0xE7E9_EDD0, "ubfx beyond bit 31"),
    (0xE9BB_0D45, "ldm with writeback to a register that it loads"),
    (0xE89F_0003, "ldm relative to the pc"),
    (0x6D6E_DA3D, "vstmdb of s27 to s87, on which SLEIGH ends the process"),
    (0xECF8_4B6E, "vldm of d20 to d74"),
    (0x5CC4_1A1B, "vstmia of s3 to s29, valid, on which SLEIGH ends the process too"),
    (0xEC90_0A00, "vldm of no register"),
    (0xD140_0070, "hvcle"),
    (0xE1C0_0090 | 0xF0F, "strexb with its status in the pc"),
    (0xE1A0_0F91, "strexd of an odd register"),
    (0xE8FD_2000 | 0x8000, "ldm sp!, {sp, pc}^"),
    (0xE8FD_0001, "ldm sp!, {r0}^"),
    (0xF84D_051A, "srs to Hyp mode's stack"),
    (0xF84D_0514, "srs to a reserved mode's stack"),
    (0xF102_0000, "cps #0: no mode"),
    (0xF108_0000, "cpsie of nothing"),
    (0xE31F_F000, "tstp"),
    (0xE1B0_F110, "movs pc, r0, lsl r1"),
    (0xEE00_0F10, "mcr to MIDR, which is read-only"),
    (0xEE1F_0F10, "mrc from implementation defined space"),
    (0xEE00_0010, "mcr p0"),
    (0xEC50_0F02, "mrrc with Rt = Rt2"),
    (0xEE1F_FF30 & ~0x000F_0000 | 0x0001_0000, "mrc p15 to APSR_nzcv"),
    (0xFE07_0F15, "mcr2 p15"),
    (0xEE01_0E00, "cdp p14"),
]


@pytest.mark.parametrize(("line", "form"), ACCEPTED, ids=[line for line, _ in ACCEPTED])
def test_form_of_hypervisor_code_decodes(line: str, form: Form) -> None:
    instruction = word(line)
    assert classify(instruction) is form
    assert isinstance(decode(instruction, ADDRESS), tuple)


@pytest.mark.parametrize("line", LEFT_TO_SLEIGH)
def test_ordinary_form_is_left_to_sleigh(line: str) -> None:
    assert decode(word(line), ADDRESS) is None


@pytest.mark.parametrize(("instruction", "what"), REFUSED, ids=[what for _, what in REFUSED])
def test_unpredictable_word_is_refused_with_a_reason(instruction: int, what: str) -> None:
    reason = decode(instruction, ADDRESS)
    assert isinstance(reason, str), what
    assert len(reason) > 10


# Mnemonics of objdump, without condition, that a form may have; None: words objdump misreads.
MNEMONICS = {
    Form.MRS: "mrs", Form.MRS_BANKED: "mrs", Form.MSR: "msr", Form.MSR_BANKED: "msr",
    Form.MSR_IMMEDIATE: "msr", Form.ERET: "eret", Form.HVC: "hvc", Form.SMC: "smc", Form.SVC: "svc",
    Form.BKPT: "bkpt", Form.HLT: "hlt", Form.UDF: "udf", Form.CPS: "cps|cpsie|cpsid",
    Form.SETEND: "setend", Form.SRS: "srs(da|db|ia|ib)", Form.RFE: "rfe(da|db|ia|ib)",
    Form.LDM: "ldm(ia|da|db|ib)?", Form.STM: "stm(ia|da|db|ib)?",
    Form.SUBS_PC: "(and|eor|sub|rsb|add|adc|sbc|rsc|orr|mov|bic|mvn|lsl|lsr|asr|ror|rrx)s",
    Form.DATA_TO_PC: "and|eor|sub|rsb|add|adr|adc|sbc|rsc|orr|mov|bic|mvn|lsl|lsr|asr|ror|rrx",
    Form.EXTEND: "[su]xta?[bh]", Form.COMPARE_P: "(tst|teq|cmp|cmn)p?",
    Form.HINT: "nop|yield|wfe|wfi|sev|sevl|esb|csdb|dbg|psb|tsb",
    Form.BARRIER: "dsb|dfb|dmb|isb|clrex|sb|ssbb|pssbb", Form.PRELOAD: "pld|pldw|pli",
    Form.MCR: "mcr", Form.MRC: "mrc", Form.MCRR: "mcrr", Form.MRRC: "mrrc",
    Form.MISCELLANEOUS: "", Form.UNALLOCATED: "", Form.OVERLONG_LIST: "",
    Form.BLX: "blx", Form.LINK_PC: "mov",
    Form.COPROCESSOR: "cdp|ldcl?|stcl?",
    Form.COPROCESSOR_2: "(mcr|mrc|mcrr|mrrc|cdp|ldc|stc)2l?",
    Form.LOAD_EXCLUSIVE: "ld(r|a)ex[bhd]?", Form.STORE_EXCLUSIVE: "st(r|l)ex[bhd]?",
}  # fmt: skip
CONDITIONS = "(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?"

# Bits that the manual prints as (0) or (1): a sample must have them right to be the form at all.
FIXED = {
    Form.MRS: (0x000F_0D0F, 0x000F_0000), Form.MRS_BANKED: (0x0000_0C0F, 0),
    Form.MSR: (0x0000_FD00, 0x0000_F000), Form.MSR_BANKED: (0x0000_FC00, 0x0000_F000),
    Form.MSR_IMMEDIATE: (0x0000_F000, 0x0000_F000), Form.ERET: (0x000F_FF0F, 0x0000_000E),
    Form.SMC: (0x000F_FF00, 0), Form.CPS: (0x0000_FE00, 0), Form.SETEND: (0x000E_FD0F, 0),
    Form.SRS: (0x000F_FFE0, 0x000D_0500), Form.RFE: (0x0000_FFFF, 0x0000_0A00),
    Form.HINT: (0x0000_FF00, 0x0000_F000), Form.BARRIER: (0x000F_FF00, 0x000F_F000),
    Form.PRELOAD: (0x0000_F000, 0x0000_F000), Form.LOAD_EXCLUSIVE: (0x0000_000F, 0x0000_000F),
    Form.MCR: (0x0000_0F00, 0x0000_0F00), Form.MRC: (0x0000_0F00, 0x0000_0F00),
    Form.MCRR: (0x0000_0F00, 0x0000_0F00), Form.MRRC: (0x0000_0F00, 0x0000_0F00),
    Form.COPROCESSOR: (0x0000_0F00, 0x0000_0E00), Form.COPROCESSOR_2: (0x0000_0F00, 0x0000_0F00),
}  # fmt: skip


def sample(seed: int, per_row: int) -> list[int]:
    """Return words of every row of the tables, the free bits at random but for a fixed seed."""
    choose = random.Random(seed)
    found: set[int] = set()
    for table in (CONDITIONAL, UNCONDITIONAL):
        for mask, value, form in table:
            if form is None:
                continue
            fixed, bits = FIXED.get(form, (0, 0))
            for _ in range(per_row):
                instruction = choose.getrandbits(32) & ~mask | value
                instruction = instruction & ~fixed | bits
                if table is CONDITIONAL:
                    condition = choose.choice([14, 14, 14, choose.randrange(14)])
                    instruction = instruction & 0x0FFF_FFFF | condition << 28
                found.add(instruction)
    found |= {0xE010_F000 | choose.getrandbits(21) & ~0xF000 | op << 21 for op in range(16)}
    found |= {0xE210_F000 | choose.getrandbits(20) & ~0xF000 | op << 21 for op in range(16)}
    found |= {one & ~(1 << 20) for one in found if one >> 26 & 3 == 0 and one >> 28 == 14}
    return sorted(found)


def test_each_decoded_word_is_to_objdump_what_it_is_to_us() -> None:
    instructions = [one for one in sample(20161, 400) if isinstance(decode(one, ADDRESS), tuple)]
    forms = {classify(one) for one in instructions}
    wrong = []
    for instruction, text in zip(instructions, disassemble(instructions), strict=True):
        form = classify(instruction)
        assert form is not None
        mnemonic = text.split("\t")[0]
        if not re.fullmatch(f"({MNEMONICS[form]}){CONDITIONS}", mnemonic):
            wrong.append((f"{instruction:#010x}", form.value, text))
    assert wrong == []
    never = {
        Form.UNALLOCATED,
        Form.OVERLONG_LIST,
        Form.MISCELLANEOUS,
        Form.COMPARE_P,
        Form.COPROCESSOR,
        Form.COPROCESSOR_2,
    }
    assert forms == set(Form) - never
    assert len(instructions) > 3000


OURS = re.compile(
    "(eret|hvc|smc|svc|bkpt|hlt|mrs|msr|cps|cpsie|cpsid|setend|srs(da|db|ia|ib)|rfe(da|db|ia|ib)"
    f"|dsb|dmb|isb|clrex|wfe|wfi|sev|pld|pli|strex[bhd]?|stlex[bhd]?){CONDITIONS}"
)


def test_no_word_that_objdump_calls_a_system_instruction_is_left_to_sleigh() -> None:
    choose = random.Random(7)
    instructions = sorted(
        {0xE000_0000 | choose.getrandbits(28) for _ in range(20000)}
        | {0xF000_0000 | choose.getrandbits(28) for _ in range(20000)}
        | {0xE100_0000 | choose.getrandbits(24) for _ in range(20000)}
    )
    missed = [
        (f"{instruction:#010x}", text)
        for instruction, text in zip(instructions, disassemble(instructions), strict=True)
        if decode(instruction, ADDRESS) is None
        and OURS.fullmatch(text.split("\t")[0])
        and "UNDEF" not in text
        and not (instruction & 0x0E00_0080 == 0x80 and text.startswith("msr"))  # a multiplication
    ]
    assert missed == []


def user_ops(line: str) -> list[str]:
    ops = decode(word(line), ADDRESS)
    assert isinstance(ops, tuple)
    return [op.user for op in ops if op.opcode is Opcode.USER]


def test_every_user_op_is_in_the_table_or_names_a_register_or_an_operation() -> None:
    for line, _ in ACCEPTED:
        for name in user_ops(line):
            assert name in USER_OPS or name.startswith("read "), line
    assert user_ops("mcr p15, 0, r0, c7, c5, 0") == ["ICIALLU"]
    assert user_ops("mcr p15, 4, r0, c8, c7, 0") == ["require mode", "TLBIALLH"]
    assert user_ops("mrrc p15, 0, r0, r1, c14") == ["read CNTPCT"]


def test_moves_of_registers_are_copies_between_named_registers() -> None:
    copies = {
        "mrs r0, elr_hyp": Op(Opcode.COPY, Register("r0", 0, 4), (Register("ELR_hyp", 0, 4),)),
        "msr sp_usr, r3": Op(Opcode.COPY, Register("SP_usr", 0, 4), (Register("r3", 0, 4),)),
        "mcr p15, 4, r7, c12, c0, 0": Op(
            Opcode.COPY, Register("HVBAR", 0, 4), (Register("r7", 0, 4),)
        ),
        "mrc p15, 0, r7, c1, c0, 0": Op(
            Opcode.COPY, Register("r7", 0, 4), (Register("SCTLR", 0, 4),)
        ),
    }
    for line, copy in copies.items():
        ops = decode(word(line), ADDRESS)
        assert isinstance(ops, tuple) and ops[-1] == copy


def test_condition_skips_to_the_end_of_the_instruction() -> None:
    for line in ("ereteq", "mcrne p15, 0, r7, c1, c0, 0", "mrsge r0, cpsr", "wfile"):
        ops = decode(word(line), ADDRESS)
        assert isinstance(ops, tuple)
        (branch,) = [op for op in ops if op.opcode is Opcode.CBRANCH]
        assert branch.inputs[0] == Label(len(ops))


def test_pc_reads_as_the_address_plus_eight() -> None:
    ops = decode(word("subs pc, pc, #4"), ADDRESS)
    assert isinstance(ops, tuple)
    assert ops[0].inputs == (Constant(ADDRESS + 8, 4), Constant(4, 4))


def test_branch_to_t32_code_links_and_sets_the_instruction_set() -> None:
    for line, target in (("blx .+66", ADDRESS + 66), ("blx .-30", ADDRESS - 30)):
        ops = decode(word(line), ADDRESS)
        assert isinstance(ops, tuple)
        assert ops == (
            Op(Opcode.COPY, Register("lr", 0, 4), (Constant(ADDRESS + 4, 4),)),
            Op(Opcode.COPY, Register("CPSR.T", 0, 1), (Constant(1, 1),)),
            Op(Opcode.CALL, None, (Memory(target, 4),)),
        )


@pytest.mark.parametrize("line", ["blx .+64", "mov lr, pc", "bx lr"])
def test_what_was_lifted_before_does_not_change_what_a_word_means(line: str) -> None:
    lifter = Lifter(InstructionSet.A32, ByteOrder.LITTLE)
    fresh = Lifter(InstructionSet.A32, ByteOrder.LITTLE)
    first = word(line).to_bytes(4, "little")
    lifter.lift(ADDRESS, first)
    lifter.text(ADDRESS, first)
    for address in (ADDRESS + 4, ADDRESS + 64):
        for other in ("bx r3", "add r0, r1, r2", "ldr pc, [r0]"):
            content = word(other).to_bytes(4, "little")
            assert lifter.lift(address, content) == fresh.lift(address, content), other
