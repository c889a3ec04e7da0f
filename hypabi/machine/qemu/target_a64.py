"""AArch64 on QEMU: a set-up program of MSR and MRS, and what the stub shows of registers."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from hypabi.arch.names import Architecture
from hypabi.machine.qemu.gdb import Stub, StubError, StubRefusal
from hypabi.machine.qemu.target import PAGE_SIZE, Refused, Setup
from hypabi.machine.state import MORE_PSTATE_64, MachineState, require_register

CODE: Final = 0x800
VALUES: Final = 0x4000
RESULTS: Final = 0x6000

LATE: Final = ("VBAR_EL2", "HCR_EL2", "SCTLR_EL2")
"""Set last: the program's own vectors, register names and memory accesses depend on them."""
EATEN: Final = ("ELR_EL2", "SPSR_EL2")
"""The program needs these for its ERET, where the state starts at EL1."""
READ_ONLY: Final = frozenset({"ICH_VTR_EL2", "RVBAR_EL1", "RVBAR_EL2", "DBGAUTHSTATUS_EL1"})
"""Constants of an implementation beside the identification registers."""
SP: Final = 31
PC: Final = 32
CPSR: Final = 33

FLAGS: Final[Mapping[str, int]] = {"N": 31, "Z": 30, "C": 29, "V": 28}
PLACED: Final[Mapping[str, int]] = {
    "SSBS": 12, "PAN": 22, "UAO": 23, "DIT": 24, "TCO": 25,
}  # fmt: skip
IL_BIT: Final = 20

ISB: Final = 0xD5033FDF
ERET: Final = 0xD69F03E0
LOAD_NEXT: Final = 0xF8408400
"""ldr xT, [xN], #8"""
STORE_NEXT: Final = 0xF8008400
"""str xT, [xN], #8"""
MOVE_TO_SP: Final = 0x9100003F
"""mov sp, x1"""

OTHERS: Final = tuple(f"{stem}_EL{level}" for level in (1, 2) for stem in ("ELR", "SPSR", "ESR"))
"""System registers that are shown whether they were asked for or not."""


class TargetA64:
    """``qemu-system-aarch64 -M virt`` with EL2 and without EL3."""

    executable = "qemu-system-aarch64"
    machine = "virt,virtualization=on,gic-version=3"

    @cached_property
    def _encodings(self) -> Mapping[str, int]:
        """Return op0:op1:CRn:CRm:op2 by name."""
        found: dict[str, int] = {}
        for key, name in SYSTEM_REGISTERS.items():
            found.setdefault(name, key)
        return found

    def setup(self, state: MachineState, page: int) -> Setup:
        """Return the program: set, read back, and enter the level of the start."""
        level = state.registers["CURRENTEL"] >> 2
        if level not in (1, 2):
            raise Refused(f"the state starts at EL{level}")
        program = _Program(page, self._encodings)
        program.set("VBAR_EL2", page)
        self._set_and_read_back(program, state)
        enter = self._enter_el1 if level == 1 else self._stay_at_el2
        done = enter(program, state)
        failed = tuple(page + slot for slot in (0x000, 0x200))
        return Setup(program.content(), page + CODE, done, failed)

    def _set_and_read_back(self, program: "_Program", state: MachineState) -> None:
        names = self._system(state)
        for name in names:
            if not self._read_only(name):
                program.set(name, state.registers[name])
        program.append(ISB)
        for name in names:
            program.read_back(name)
        for name in ("SP_EL0", "SP_EL1"):
            program.set(name, state.registers[name])

    def _enter_el1(self, program: "_Program", state: MachineState) -> int:
        program.set("ELR_EL2", state.pc)
        program.set("SPSR_EL2", status(state))
        program.stack_pointer(state.registers["SP_EL2"])
        program.late(state)
        program.append(ERET)
        return state.pc

    def _stay_at_el2(self, program: "_Program", state: MachineState) -> int:
        registers = state.registers
        for name in EATEN:
            if name in registers:
                program.set(name, registers[name])
        program.set("NZCV", status(state) & 0xF << 28)
        program.set("DAIF", registers["DAIF"])
        for name in sorted(PLACED.keys() & registers.keys()):
            program.set(name, status(state) & 1 << PLACED[name])
        program.stack_pointer(registers["SP_EL2"])
        if not registers["SPSel"] & 1:
            program.set("SPSEL", 0)
        program.late(state)
        return program.here()

    def _system(self, state: MachineState) -> list[str]:
        """Return the system registers that the state gives, but for those that wait."""
        general = {*require_register(Architecture.ARM64), *MORE_PSTATE_64, *LATE, *EATEN}
        names = sorted(name for name in state.registers if name not in general)
        strange = [name for name in names if name not in self._encodings]
        if strange:
            raise Refused(f"{strange[0]} cannot be set")
        return names

    def _read_only(self, name: str) -> bool:
        """Identification has CRn = 0 with op1 of 0, 1 or 3 (DDI 0487, D18.2)."""
        if name in READ_ONLY:
            return True
        key = self._encodings[name]
        return key >> 14 == 3 and key >> 7 & 0xF == 0 and key >> 11 & 7 in (0, 1, 3)

    def reason(self, stub: Stub) -> str:
        """Name the register at which the program ended."""
        address = _description(stub, ("ELR_EL2",)).get("ELR_EL2", 0)
        word = stub.read(address, 4)
        key = int.from_bytes(word, "little") >> 5 & 0xFFFF if word else 0
        return f"the processor has no {SYSTEM_REGISTERS.get(key, 'such register')}"

    def verify(self, state: MachineState, content: bytes) -> None:
        """Compare the results with the state."""
        for index, name in enumerate(self._system(state)):
            start = RESULTS + 8 * index
            held = int.from_bytes(content[start : start + 8], "little")
            if held != state.registers[name]:
                wanted = state.registers[name]
                raise Refused(f"its {name} is {held:#x}, and the state gives {wanted:#x}")

    def start(self, stub: Stub, state: MachineState) -> None:
        """Set x0 to x30 and ``pc``; the stack pointers are the program's work."""
        for number, name in enumerate(aarch64.GENERAL):
            stub.set_register(number, state.registers[name], 8)
        stub.set_register(PC, state.pc, 8)

    def pc(self, stub: Stub) -> int:
        """Return the present ``pc``."""
        return stub.register(PC)

    def jump(self, stub: Stub, address: int) -> None:
        """Set ``pc``."""
        stub.set_register(PC, address, 8)

    def mode_of(self, state: MachineState) -> str:
        """Return the mode in which a state starts."""
        number = status(state) & 0x1F
        return aarch64.MODES.get(number, f"M={number:#x}")

    def mode(self, stub: Stub) -> str:
        """Return ``EL1h``..."""
        number = stub.register(CPSR) & 0x1F
        return aarch64.MODES.get(number, f"M={number:#x}")

    def registers(
        self, stub: Stub, state: MachineState, names: tuple[str, ...], page: int
    ) -> Mapping[str, int]:
        """Return general registers, PSTATE, and the system registers that the stub shows."""
        core = stub.registers()
        if len(core) < 8 * PC + 12:
            raise StubError(f"the core registers are answered with {len(core)} bytes")
        found = {
            name: int.from_bytes(core[8 * number : 8 * number + 8], "little")
            for number, name in enumerate((*aarch64.GENERAL, "sp", "pc"))
        }
        word = int.from_bytes(core[8 * PC + 8 : 8 * PC + 12], "little")
        found |= {name: word >> bit & 1 for name, bit in FLAGS.items()}
        found |= {"DAIF": word & 0xF << 6, "SPSel": word & 1, "CURRENTEL": word & 0b1100}
        found["PSTATE.IL"] = word >> IL_BIT & 1
        for name in PLACED.keys() & state.registers.keys():
            found[name] = word & 1 << PLACED[name]
        own = f"SP_EL{word >> 2 & 3}" if word & 1 else "SP_EL0"
        stacks = aarch64.STACK_POINTERS[:3]
        shown = _description(stub, (*stacks, *OTHERS, *names))
        found |= {name: value for name, value in shown.items() if name not in found}
        found[own] = found.pop("sp")
        for name in names:
            if name not in found and name in self._encodings and self._read_only(name):
                found[name] = state.registers[name]  # verified at the start, and cannot change
        return found


class _Program:
    """Words of A64 and the table of values that they load, in one page."""

    def __init__(self, page: int, encodings: Mapping[str, int]) -> None:
        self._page = page
        self._encodings = encodings
        self._words: list[int] = []
        self._values: list[int] = []
        # adr x0, VALUES; adr x2, RESULTS
        for register, offset in ((0, VALUES), (2, RESULTS)):
            distance = offset - CODE - 4 * len(self._words)
            self._words.append(0x10000000 | (distance & 3) << 29 | distance >> 2 << 5 | register)

    def append(self, word: int) -> None:
        self._words.append(word)

    def here(self) -> int:
        return self._page + CODE + 4 * len(self._words)

    def set(self, name: str, value: int) -> None:
        self._load(1, value)
        self._move(1, name)

    def stack_pointer(self, value: int) -> None:
        self._load(1, value)
        self.append(MOVE_TO_SP)

    def read_back(self, name: str) -> None:
        self.append(0xD5200000 | self._encodings[name] << 5 | 1)
        self.append(STORE_NEXT | 2 << 5 | 1)

    def late(self, state: MachineState) -> None:
        """Load all values first: after SCTLR_EL2 is set, memory may look different."""
        given = [name for name in LATE if name in state.registers]
        for index, name in enumerate(given):
            self._load(3 + index, state.registers[name])
        for index, name in enumerate(given):
            self._move(3 + index, name)

    def content(self) -> bytes:
        code = b"".join(word.to_bytes(4, "little") for word in self._words)
        values = b"".join(value.to_bytes(8, "little") for value in self._values)
        assert CODE + len(code) <= VALUES and VALUES + len(values) <= RESULTS
        page = bytearray(PAGE_SIZE)
        page[CODE : CODE + len(code)] = code
        page[VALUES : VALUES + len(values)] = values
        return bytes(page)

    def _load(self, register: int, value: int) -> None:
        self._values.append(value)
        self.append(LOAD_NEXT | register)

    def _move(self, register: int, name: str) -> None:
        self.append(0xD5000000 | self._encodings[name] << 5 | register)


def status(state: MachineState) -> int:
    """Return the PSTATE of a state as SPSR_ELx holds it (C5.2.19)."""
    registers = state.registers
    word = registers["CURRENTEL"] & 0b1100 | registers["SPSel"] & 1 | registers["DAIF"] & 0xF << 6
    for name, bit in FLAGS.items():
        word |= registers[name] << bit
    for name, bit in PLACED.items():
        word |= registers.get(name, 0) & 1 << bit
    return word | registers.get("PSTATE.IL", 0) << IL_BIT


def _description(stub: Stub, names: Iterable[str]) -> dict[str, int]:
    """Return what the stub shows of some system registers.

    QEMU names a register that has an AArch32 view without its level: ``SCTLR`` is SCTLR_EL1.
    """
    try:
        document = stub.document("system-registers.xml")
    except StubRefusal:
        return {}
    numbers = dict(re.findall(r'<reg name="(\w+)" bitsize="\d+" regnum="(\d{1,6})"', document))
    found = {}
    for name in dict.fromkeys(names):
        number = numbers.get(name) or numbers.get(re.sub("_EL[01]$", "", name))
        if number is not None:
            found[name] = stub.register(int(number))
    return found
