"""AArch64 exceptions, without EL3 and EL0: DDI 0487, D1.3 (entry) and D1.4 (return)."""

from collections.abc import Mapping
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.aarch64_access import needs_el2
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.lifter.instruction import Instruction, Opcode, Operand, Register
from hypabi.machine.engine.core import Core
from hypabi.semantics.aarch64 import AArch64
from hypabi.semantics.domain import Unmodelled
from hypabi.semantics.interpret import Profile
from hypabi.semantics.transfer import Call

PLACED: Final[Mapping[str, int]] = {"SSBS": 12, "PAN": 22, "UAO": 23, "DIT": 24, "TCO": 25}
"""Where a one-bit field of PSTATE stands, both in SPSR_ELx and in its own register (C5.2)."""

FLAGS: Final[Mapping[str, int]] = {"N": 31, "Z": 30, "C": 29, "V": 28}
DAIF_MASK: Final = 0xF << 6
IL_BIT: Final = 20
STACK_ALIGNMENT_CHECK: Final = 1 << 3
"""SCTLR_ELx.SA (D1.3.3)."""
HCD: Final = 29
HCR_TRAPS: Final = 0xF_FFFF_0000_07FF_E000 & ~(1 << 31 | 1 << HCD | 1 << 34 | 1 << 27)
"""Bits of HCR_EL2 under which EL1's own system instructions may trap (D19.2.48)."""

HIGHER: Final = ("_EL3", "_EL12", "_EL02")
"""Ends of other names that are UNDEFINED at EL1, whatever HCR_EL2.E2H is (D19.1.2)."""

CLASSES: Final[Mapping[Call, int]] = {
    Call.SVC: aarch64.ExceptionClass.SVC64,
    Call.HVC: aarch64.ExceptionClass.HVC64,
    Call.BREAKPOINT: 0x3C,
    Call.UNDEFINED: aarch64.ExceptionClass.UNKNOWN,
}
ILLEGAL_STATE: Final = 0x0E
PC_ALIGNMENT: Final = 0x22
SP_ALIGNMENT: Final = 0x26


class RulesA64:
    """The rules of EL1 and EL2 in AArch64 state; there is no EL3."""

    architecture = Architecture.ARM64

    def __init__(self) -> None:
        self.profile: Profile[int] = AArch64()
        self.defaults = {"PSTATE.IL": 0}
        self.masks = {name: 1 << bit for name, bit in PLACED.items()}
        self.masks |= {"DAIF": DAIF_MASK, "SPSel": 1}

    def mode(self, core: Core) -> str:
        """Return ``EL2h``, ``EL1t``..."""
        number = _level(core) << 2 | core.read("SPSel") & 1
        return aarch64.MODES.get(number, f"M={number:#x}")

    def instruction_set(self, core: Core) -> InstructionSet:
        """Return A64."""
        return InstructionSet.A64

    def before_fetch(self, core: Core, pc: int) -> int | None:
        """Take a PC alignment fault or an illegal execution state exception (D1.3.2)."""
        level = _level(core)
        if level not in (1, 2):
            raise Unmodelled(f"EL{level}")
        if core.read(f"SCTLR_EL{level}") & 1:
            raise Unmodelled(f"EL{level} translates addresses (SCTLR_EL{level}.M)")
        if level == 1 and core.read("HCR_EL2") & 1:
            raise Unmodelled("stage 2 translates addresses (HCR_EL2.VM)")
        if pc & 3:
            core.write(f"FAR_EL{level}", pc)
            return self._take(core, level, PC_ALIGNMENT, 0, pc)
        if core.read("PSTATE.IL"):
            return self._take(core, level, ILLEGAL_STATE, 0, pc)
        return None

    def before(self, core: Core, instruction: Instruction) -> int | None:
        """Take what system registers of a higher level and a misaligned stack pointer cause."""
        level = _level(core)
        names = _registers(instruction)
        if instruction.overlay and level == 1:
            asked = names | {op.user for op in instruction.ops}
            if any(name in needs_el2() or name.endswith(HIGHER) for name in asked):
                return self._take(core, 1, aarch64.ExceptionClass.UNKNOWN, 0, instruction.address)
            if names & {"MIDR_EL1", "MPIDR_EL1"}:
                raise Unmodelled("MIDR_EL1 or MPIDR_EL1 at EL1, which EL2 replaces")
            if core.read("HCR_EL2") & HCR_TRAPS and any("_EL" in name for name in names):
                raise Unmodelled("whether HCR_EL2 traps this access")
        stack = core.read(f"SP_EL{level}" if core.read("SPSel") & 1 else "SP_EL0")
        misaligned = stack & 15 and "sp" in names and _accesses_memory(instruction)
        if misaligned and core.read(f"SCTLR_EL{level}") & STACK_ALIGNMENT_CHECK:
            return self._take(core, level, SP_ALIGNMENT, 0, instruction.address)
        return None

    def after(self, core: Core, instruction: Instruction) -> None:
        """Refuse an unaligned access: without translation all memory is Device (D8.2.10)."""
        for address, size in core.accesses:
            if address % size:
                raise Unmodelled(f"an unaligned access at {address:#x} to memory of Device type")

    def target(self, core: Core, address: int) -> int:
        """Return the address: it is checked where it is fetched."""
        return address

    def call(self, core: Core, call: Call, immediate: int, following: int) -> int:
        """Take the exception of hvc, svc, brk or udf."""
        level = _level(core)
        pc = following - 4
        if call is Call.SMC:
            raise Unmodelled("smc, and there is no EL3")
        if call is Call.HVC:
            if core.read("HCR_EL2") >> HCD & 1:  # C6.2.103: UNDEFINED
                return self._take(core, level, aarch64.ExceptionClass.UNKNOWN, 0, pc)
            return self._take(core, 2, CLASSES[call], immediate, following)
        to = level
        if level == 1 and core.read("HCR_EL2") >> aarch64.HCR_EL2_TGE & 1:
            raise Unmodelled("HCR_EL2.TGE at EL1")
        link = following if call is Call.SVC else pc
        syndrome = 0 if call is Call.UNDEFINED else immediate
        return self._take(core, to, CLASSES[call], syndrome, link)

    def exception_return(self, core: Core, target: int, status: int) -> int:
        """AArch64.ExceptionReturn(): an illegal one sets PSTATE.IL, and no level (D1.4.4)."""
        level, to = _level(core), status >> 2 & 3
        if status >> 4 & 1:
            raise Unmodelled("a return to AArch32 state")
        illegal = self._illegal(core, level, status)
        for name, bit in FLAGS.items():
            core.write(name, status >> bit & 1)
        core.write("DAIF", status & DAIF_MASK)
        for name, bit in PLACED.items():
            if name in core.registers:
                core.write(name, status & 1 << bit)
        core.write("PSTATE.IL", 1 if illegal else status >> IL_BIT & 1)
        if not illegal:
            core.write("CURRENTEL", to << 2)
            core.write("SPSel", status & 1)
        return target

    def _illegal(self, core: Core, level: int, status: int) -> bool:
        to = status >> 2 & 3
        if to > level or status & 2 or (to == 0 and status & 1):
            return True
        hcr = core.read("HCR_EL2")
        if level == 2 and to == 1:
            return bool(hcr >> aarch64.HCR_EL2_TGE & 1) or not hcr >> 31 & 1
        return False

    def _take(self, core: Core, to: int, reason: int, syndrome: int, link: int) -> int:
        """AArch64.TakeException(): save, mask, and return the vector."""
        level = _level(core)
        selector = core.read("SPSel") & 1
        core.write(f"SPSR_EL{to}", _status(core))
        core.write(f"ELR_EL{to}", link)
        core.write(f"ESR_EL{to}", reason << 26 | 1 << 25 | syndrome)
        base = core.read(f"VBAR_EL{to}") & -aarch64.VECTOR_ALIGNMENT
        if level < to:
            offset = int(aarch64.Slot.LOWER_AARCH64)
        else:
            offset = int(aarch64.Slot.CURRENT_SP_EL2 if selector else aarch64.Slot.CURRENT_SP_EL0)
        self._enter(core, to)
        return base + offset

    def _enter(self, core: Core, to: int) -> None:
        core.write("CURRENTEL", to << 2)
        core.write("SPSel", 1)
        core.write("DAIF", DAIF_MASK)
        core.write("PSTATE.IL", 0)
        if "UAO" in core.registers:
            core.write("UAO", 0)
        control = core.registers.get(f"SCTLR_EL{to}", 0)
        if "SSBS" in core.registers:
            core.write("SSBS", (control >> 44 & 1) << PLACED["SSBS"])
        if "TCO" in core.registers:
            core.write("TCO", 1 << PLACED["TCO"])
        if "PAN" in core.registers and self._sets_pan(core, to, control):
            core.write("PAN", 1 << PLACED["PAN"])

    def _sets_pan(self, core: Core, to: int, control: int) -> bool:
        """PAN is set at EL1, and at EL2 where E2H and TGE are 1, unless SCTLR_ELx.SPAN is."""
        hcr = core.read("HCR_EL2")
        host = hcr >> aarch64.HCR_EL2_E2H & hcr >> aarch64.HCR_EL2_TGE & 1
        return not control >> 23 & 1 and (to == 1 or bool(host))


def _level(core: Core) -> int:
    return core.read("CURRENTEL") >> 2 & 3


def _status(core: Core) -> int:
    """Return PSTATE as SPSR_ELx holds it (C5.2.19)."""
    word = _level(core) << 2 | core.read("SPSel") & 1 | core.read("DAIF") & DAIF_MASK
    for name, bit in FLAGS.items():
        word |= core.read(name) << bit
    for name, bit in PLACED.items():
        word |= core.registers.get(name, 0) & 1 << bit
    return word | core.read("PSTATE.IL") << IL_BIT


def _registers(instruction: Instruction) -> set[str]:
    operands: list[Operand | None] = [op.output for op in instruction.ops]
    operands += [operand for op in instruction.ops for operand in op.inputs]
    return {operand.name for operand in operands if isinstance(operand, Register)}


def _accesses_memory(instruction: Instruction) -> bool:
    return any(op.opcode in (Opcode.LOAD, Opcode.STORE) for op in instruction.ops)
