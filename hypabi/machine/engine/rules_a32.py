"""AArch32 exceptions, Non-secure, without EL3: DDI 0406C.d, B1.8 and B1.9."""

from typing import Final

from hypabi.arch import aarch32_system
from hypabi.arch.aarch32 import Mode, mode_of
from hypabi.arch.aarch32_exceptions import HYP_TRAP_OFFSET, ExceptionClass
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.lifter.instruction import Instruction, Operand, Register
from hypabi.machine.engine.core import Core
from hypabi.semantics.aarch32 import AArch32, current_mode, set_status_word, status_word
from hypabi.semantics.domain import Unmodelled
from hypabi.semantics.interpret import Profile
from hypabi.semantics.transfer import Call

HYP_CALL_OFFSET: Final = 0x08
HYP_UNDEFINED_OFFSET: Final = 0x04
SYSTEM_NAMES: Final = frozenset(aarch32_system.names())

TE: Final = 30
EE: Final = 25
"""Bits of SCTLR and HSCTLR: the instruction set and the data order of exceptions (B4.1.130)."""
VM: Final = 1
TGE: Final = 1 << 27
HCD: Final = 1 << 29
HIGH_VECTORS: Final = 1 << 13
HCR_TRAPS: Final = 0x07FF_E000 | 1 << 30
"""TWI to TVM, and TRVM (B4.1.65)."""


class RulesA32:
    """The rules of Non-secure PL1 and Hyp mode; there is no EL3."""

    architecture = Architecture.ARM

    def __init__(self) -> None:
        self.profile: Profile[int] = AArch32()
        self.defaults: dict[str, int] = {}
        # B4.1: bits 4:0 of the vector bases are reserved; QEMU reads them as 0, as ARMv8 does.
        self.masks = dict.fromkeys(("HVBAR", "VBAR"), 0xFFFF_FFE0)

    def mode(self, core: Core) -> str:
        """Return ``hyp``, ``svc``..."""
        mode = mode_of(core.registers["CPSR.M"])
        return f"M={core.registers['CPSR.M']:#07b}" if mode is None else mode.suffix

    def instruction_set(self, core: Core) -> InstructionSet:
        """Return what CPSR.T says."""
        return InstructionSet.T32 if core.read("CPSR.T") else InstructionSet.A32

    def before_fetch(self, core: Core, pc: int) -> int | None:
        """Refuse translation, and User and Monitor mode."""
        mode = current_mode(core)
        if mode in (Mode.USR, Mode.MON):
            raise Unmodelled(f"{mode.suffix} mode")
        control = "HSCTLR" if mode is Mode.HYP else "SCTLR"
        if core.read(control) & 1:
            raise Unmodelled(f"addresses are translated ({control}.M)")
        if mode is not Mode.HYP and core.read("HCR") & VM:
            raise Unmodelled("stage 2 translates addresses (HCR.VM)")
        if core.read("CPSR.J") or core.read("CPSR.IL"):
            raise Unmodelled("CPSR.J or CPSR.IL is set")
        return None

    def before(self, core: Core, instruction: Instruction) -> int | None:
        """Refuse a misaligned instruction, and a system register that Hyp mode may trap."""
        pc = instruction.address
        if pc & (1 if core.read("CPSR.T") else 3):
            raise Unmodelled(f"UNPREDICTABLE: an instruction at the misaligned address {pc:#x}")
        if current_mode(core) is Mode.HYP or not instruction.overlay:
            return None
        names = _registers(instruction)
        if names & {"MIDR", "MPIDR"}:
            raise Unmodelled("MIDR or MPIDR at PL1, which Hyp mode replaces")
        if names & SYSTEM_NAMES:
            traps = core.read("HCR") & HCR_TRAPS | core.registers.get("HSTR", 0)
            if traps:
                raise Unmodelled("whether HCR or HSTR traps this access")
        return None

    def after(self, core: Core, instruction: Instruction) -> None:
        """Refuse an unaligned access: without translation, memory is Strongly-ordered (A3.2.1)."""
        for address, size in core.accesses:
            if address % min(size, 4):
                raise Unmodelled(f"an unaligned access at {address:#x} to Strongly-ordered memory")

    def target(self, core: Core, address: int) -> int:
        """BranchWritePC(): bit 0 of a T32 address is not there (A2.3.1)."""
        return address & ~1 if core.read("CPSR.T") else address

    def call(self, core: Core, call: Call, immediate: int, following: int) -> int:
        """Take the exception of hvc, svc or udf."""
        mode = current_mode(core)
        size = following - core.read("pc")
        if call is Call.HVC:
            return self._hvc(core, mode, immediate, following)
        if call is Call.SVC:
            return self._svc(core, mode, immediate, following)
        if call is Call.UNDEFINED:
            address = following - size
            if mode is Mode.HYP:
                syndrome = ExceptionClass.UNKNOWN << 26 | 1 << 25
                return self._enter_hyp(core, HYP_UNDEFINED_OFFSET, syndrome, address)
            self._require_no_tge(core)
            # B1.9.1: LR_und is the instruction's address plus 4, or 2 in T32.
            return self._enter(core, Mode.UND, 0x04, address + (2 if core.read("CPSR.T") else 4))
        raise Unmodelled(f"{call.value} #{immediate:#x}")

    def _hvc(self, core: Core, mode: Mode, immediate: int, following: int) -> int:
        """TakeHVCException() (B1.9.7)."""
        if core.read("HCR") & HCD:
            raise Unmodelled("HCR.HCD")
        syndrome = ExceptionClass.HVC << 26 | 1 << 25 | immediate
        offset = HYP_CALL_OFFSET if mode is Mode.HYP else HYP_TRAP_OFFSET
        return self._enter_hyp(core, offset, syndrome, following)

    def _svc(self, core: Core, mode: Mode, immediate: int, following: int) -> int:
        """TakeSVCException() (B1.9.2)."""
        if mode is not Mode.HYP:
            self._require_no_tge(core)
            return self._enter(core, Mode.SVC, 0x08, following)
        long = following - core.read("pc") == 4
        syndrome = ExceptionClass.SVC << 26 | long << 25 | immediate & 0xFFFF
        return self._enter_hyp(core, HYP_CALL_OFFSET, syndrome, following)

    def _require_no_tge(self, core: Core) -> None:
        if core.read("HCR") & TGE:
            raise Unmodelled("HCR.TGE at PL1")

    def _enter_hyp(self, core: Core, offset: int, syndrome: int, link: int) -> int:
        """EnterHypMode(): save, mask, and return the vector (B1.8.6)."""
        core.write("HSR", syndrome)
        core.write("ELR_hyp", link)
        core.write("SPSR_hyp", status_word(core))
        self._change(core, Mode.HYP, core.read("HSCTLR"))
        core.write("CPSR.A", 1)
        core.write("CPSR.F", 1)
        return (core.read("HVBAR") & -0x20) + offset

    def _enter(self, core: Core, mode: Mode, offset: int, link: int) -> int:
        control = core.read("SCTLR")
        if control & HIGH_VECTORS:
            raise Unmodelled("high vectors (SCTLR.V)")
        core.write(f"LR_{mode.suffix}", link)
        core.write(f"SPSR_{mode.suffix}", status_word(core))
        self._change(core, mode, control)
        return (core.read("VBAR") & -0x20) + offset

    def _change(self, core: Core, mode: Mode, control: int) -> None:
        core.write("CPSR.M", mode.value)
        core.write("CPSR.J", 0)
        core.write("CPSR.IT", 0)
        core.write("CPSR.IL", 0)
        core.write("CPSR.T", control >> TE & 1)
        core.write("CPSR.E", control >> EE & 1)
        core.write("CPSR.I", 1)

    def exception_return(self, core: Core, target: int, status: int) -> int:
        """CPSRWriteByInstr() and BranchWritePC() of ERET and its relatives (B9.3.2)."""
        mode, to = current_mode(core), mode_of(status & 0x1F)
        if to is None or to is Mode.MON or (to is Mode.HYP and mode is not Mode.HYP):
            raise Unmodelled(f"UNPREDICTABLE: a return from {mode.suffix} to M={status & 31:#07b}")
        set_status_word(core, status)
        return target & (~1 if status >> 5 & 1 else ~3)


def _registers(instruction: Instruction) -> set[str]:
    operands: list[Operand | None] = [op.output for op in instruction.ops]
    operands += [operand for op in instruction.ops for operand in op.inputs]
    names = {operand.name for operand in operands if isinstance(operand, Register)}
    return names | {op.user.removeprefix("read ") for op in instruction.ops}
