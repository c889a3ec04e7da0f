"""AArch32 on QEMU: programs of MCR, MSR and MRS, because the stub shows no banked register."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from hypabi.arch import aarch32, aarch32_registers
from hypabi.arch.aarch32 import HYP_MODE, MODES, Mode, bank_of, banked_register
from hypabi.arch.aarch32_exceptions import HYP_TRAP_OFFSET
from hypabi.arch.aarch32_system import WIDE_REGISTERS
from hypabi.arch.names import Architecture
from hypabi.machine.qemu.gdb import Stub, StubRefusal
from hypabi.machine.qemu.program_a32 import ERET, ISB, RESULTS, Access, Narrow, Program, Wide
from hypabi.machine.qemu.target import Refused, Setup
from hypabi.machine.state import MachineState, require_register

CPSR: Final = 25
PC: Final = 15
LATE: Final = ("HVBAR", "HCR", "HSCTLR")
"""Set last: the program's own vectors and surroundings depend on them."""
EATEN: Final = ("ELR_hyp", "SPSR_hyp")
"""The program needs these for its ERET, where the state does not start in Hyp mode."""
LOST_BY_HVC: Final = ("ELR_hyp", "SPSR_hyp", "HSR")
"""What the ``hvc`` with which we enter Hyp mode to look around overwrites."""
SEEN_IN_HYP: Final = {f"r{n}": n for n in range(8, 13)} | {"SP_hyp": 13, "LR_usr": 14}
"""Banked registers that Hyp mode sees as its own, by number."""
THUMB_BIG_MASK: Final = 1 << 5 | 1 << 9 | aarch32.IT_MASK


class TargetA32:
    """``qemu-system-arm -M virt`` with Hyp mode and without EL3."""

    executable = "qemu-system-arm"
    machine = "virt,virtualization=on"

    @cached_property
    def _accesses(self) -> Mapping[str, Access]:
        """Return how a system register is reached, by name."""
        found: dict[str, Access] = {}
        for coprocessor, table in (
            (15, aarch32_registers.CP15_STATE),
            (15, aarch32_registers.CP15_CONSTANT),
            (14, aarch32_registers.CP14_STATE),
            (14, aarch32_registers.CP14_CONSTANT),
        ):
            for encoding, name in table.items():
                found.setdefault(name, Narrow(coprocessor, *encoding))
        for wide, name in aarch32_registers.CP15_WIDE_STATE.items():
            found[name] = Wide(15, *wide)
        return found

    @cached_property
    def _banks(self) -> Mapping[str, tuple[int, int]]:
        """Return bit R and field SYSm of what banked MRS and MSR reach in Hyp mode, by name."""
        every = ((spsr, number) for spsr in (0, 1) for number in range(32))
        named = ((banked_register(*key), key) for key in every)
        return {bank.register: key for bank, key in named if bank and bank.modes >> HYP_MODE & 1}

    def setup(self, state: MachineState, page: int) -> Setup:
        """Return the program: set, read back, and enter the mode of the start."""
        program = Program(page, self._accesses)
        names = self._system(state)
        program.set("HVBAR", page)
        for name in names:
            if not self._read_only(name):
                program.set(name, state.registers[name])
        program.append(ISB)
        for name in names:
            program.read_back(name)
        self._banked(program, state)
        for name in LATE:
            if name in state.registers:
                program.set(name, state.registers[name])
        if state.registers["CPSR.M"] == HYP_MODE:
            done = program.here()
        else:
            program.append(ERET)
            done = state.pc
        return Setup(program.content(), program.entry, done, (program.undefined,))

    def _banked(self, program: Program, state: MachineState) -> None:
        registers = dict(state.registers)
        if registers["CPSR.M"] != HYP_MODE:
            registers |= {"ELR_hyp": state.pc, "SPSR_hyp": status(state)}
        for name, key in self._banks.items():
            if name in registers:
                program.set_banked(key, registers[name])
        for name, number in SEEN_IN_HYP.items():
            program.set_general(number, registers[name])
        program.set_saved_status(registers["SPSR_hyp"])

    def _system(self, state: MachineState) -> list[str]:
        general = {*require_register(Architecture.ARM), *LATE}
        names = sorted(name for name in state.registers if name not in general)
        strange = [name for name in names if name not in self._accesses]
        if strange:
            raise Refused(f"{strange[0]} cannot be set")
        return names

    def _read_only(self, name: str) -> bool:
        constant = (aarch32_registers.CP15_CONSTANT, aarch32_registers.CP14_CONSTANT)
        return any(name in table.values() for table in constant)

    def reason(self, stub: Stub) -> str:
        """Name the register at which the program ended: its vector leaves ELR_hyp in r4."""
        word = stub.read(stub.register(4), 4)
        number = int.from_bytes(word, "little") if word else 0
        for name, access in self._accesses.items():
            if number & ~0x0010_F000 in (access.write(0), access.write(0) | 3 << 16):
                return f"the processor has no {name}"
        return f"the processor refuses the instruction {number:#010x}"

    def verify(self, state: MachineState, content: bytes) -> None:
        """Compare the results with the state."""
        start = RESULTS
        for name in self._system(state):
            size = 8 if name in WIDE_REGISTERS else 4
            held = int.from_bytes(content[start : start + size], "little")
            start += size
            wanted = state.registers[name]
            if held != wanted:
                raise Refused(f"its {name} is {held:#x}, and the state gives {wanted:#x}")

    def start(self, stub: Stub, state: MachineState) -> None:
        """Set r0 to r14, CPSR where the program could not, and ``pc``."""
        mode = Mode(state.registers["CPSR.M"])
        if mode is Mode.HYP:
            stub.set_register(CPSR, status(state), 4)
        for number, name in enumerate(aarch32.GENERAL[:PC]):
            stub.set_register(number, state.registers[bank_of(name, mode) or name], 4)
        stub.set_register(PC, state.pc, 4)

    def jump(self, stub: Stub, address: int) -> None:
        """Set ``pc``."""
        stub.set_register(PC, address, 4)

    def pc(self, stub: Stub) -> int:
        """Return the present ``pc``."""
        return stub.register(PC)

    def mode_of(self, state: MachineState) -> str:
        """Return the mode in which a state starts."""
        return _mode(state.registers["CPSR.M"])

    def mode(self, stub: Stub) -> str:
        """Return ``hyp``, ``svc``..."""
        return _mode(stub.register(CPSR))

    def registers(
        self, stub: Stub, state: MachineState, names: tuple[str, ...], page: int
    ) -> Mapping[str, int]:
        """Return CPSR, the core registers, and what a program in Hyp mode reads of the others."""
        word = stub.register(CPSR)
        found = {f.register: word >> f.low & (1 << f.width) - 1 for f in aarch32.STATUS_FIELDS}
        found[aarch32.IT_REGISTER] = word >> 25 & 3 | (word >> 10 & 0x3F) << 2
        found["pc"] = stub.register(PC)
        core = {name: stub.register(number) for number, name in enumerate(aarch32.GENERAL[:PC])}
        mode = Mode(word & 0x1F) if word & 0x1F in MODES else None
        if mode is None:
            return found
        found |= {bank_of(name, mode) or name: value for name, value in core.items()}
        system = tuple(dict.fromkeys((*names, "HSR", "HVBAR")))
        return found | self._look_around(stub, mode, system, page)

    def _look_around(
        self, stub: Stub, mode: Mode, names: tuple[str, ...], page: int
    ) -> dict[str, int]:
        """Read banked and system registers in Hyp mode, which is entered for it if need be."""
        hidden: tuple[str, ...] = ()
        shown: dict[str, int] = {}
        if mode is not Mode.HYP:
            hidden = LOST_BY_HVC
            shown = _described(stub)
            if mode is Mode.USR or not self._enter_hyp(stub, page, shown.get("HVBAR")):
                return shown
            shown |= {name: stub.register(number) for name, number in SEEN_IN_HYP.items()}
        stub.set_register(CPSR, HYP_MODE | 0x1C0, 4)
        program = Program(page, self._accesses)
        wanted = [name for name in names if name in self._accesses and name not in hidden]
        banks = [name for name in self._banks if name not in hidden]
        for name in wanted:
            program.read_back(name)
        for name in banks:
            program.read_banked(self._banks[name])
        if mode is Mode.HYP:
            program.read_saved_status()
            banks.append("SPSR_hyp")
        if not program.run(stub):
            return shown
        values = program.results(stub, [*wanted, *banks])
        return values | shown

    def _enter_hyp(self, stub: Stub, page: int, base: int | None) -> bool:
        """Issue an ``hvc``, and stop at its vector."""
        if base is None:
            return False
        stub.write(page, (0xE1400070).to_bytes(4, "little"))
        stub.set_register(CPSR, stub.register(CPSR) & ~THUMB_BIG_MASK, 4)
        stub.set_register(PC, page, 4)
        vector = (base & -0x20) + HYP_TRAP_OFFSET
        stub.set_breakpoint(vector)
        stub.resume(1.0)
        stub.clear_breakpoint(vector)
        return stub.register(PC) == vector and stub.register(CPSR) & 0x1F == HYP_MODE


def _mode(word: int) -> str:
    return MODES.get(word & 0x1F, f"M={word & 0x1F:#07b}")


def status(state: MachineState) -> int:
    """Return the CPSR of a state as a word (DDI 0406C, B1.3.3)."""
    registers = state.registers
    word = sum(registers[field.register] << field.low for field in aarch32.STATUS_FIELDS)
    it = registers[aarch32.IT_REGISTER]
    return word | (it & 3) << 25 | it >> 2 << 10


def _described(stub: Stub) -> dict[str, int]:
    """Return HSR and HVBAR, which QEMU describes under their AArch64 names."""
    try:
        document = stub.document("system-registers.xml")
    except StubRefusal:
        return {}
    numbers = dict(re.findall(r'<reg name="(\w+)" bitsize="\d+" regnum="(\d{1,6})"', document))
    found = {}
    for name, other in (("HSR", "ESR_EL2"), ("HVBAR", "VBAR_EL2")):
        number = numbers.get(name) or numbers.get(other)
        if number is not None:
            found[name] = stub.register(int(number))
    return found
