"""What the stub of a booting QEMU shows of the registers of the CPU that has stopped."""

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from hypabi.arch import aarch64
from hypabi.arch.names import Architecture
from hypabi.machine.crossing import Instruction
from hypabi.machine.qemu.gdb import Stub, StubError

SHOWN_A64: Final = (
    "VBAR_EL2", "ELR_EL2", "SPSR_EL2", "ESR_EL2", "SCTLR_EL2", "HCR_EL2", "SP_EL0", "SP_EL1",
)  # fmt: skip
"""System registers that are looked at, of those that QEMU describes."""
BRANCH_A64: Final = (0xFC000000, 0x14000000)
"""``b``"""
RET_A64: Final = (0xFFFFFC1F, 0xD65F0000)
"""``ret xN``"""
BRANCH_A32: Final = (0xFF000000, 0xEA000000)
MOST_FRAMES: Final = 16
PUSH_A64: Final = (0xFFC003E0, 0xA98003E0)
"""``stp xA, xB, [sp, #N]!``, whatever A, B and N are."""

ASKS_CLASS: Final = (
    (0xA9BF07E0,),  # stp x0, x1, [sp, #-16]!
    (0xD53C5200,),  # mrs x0, ESR_EL2
    (0xD35AFC00, 0xD35A7C00),  # lsr x0, x0, #26; ubfx x0, x0, #26, #6
    (0xF100581F,),  # cmp x0, #0x16: HVC from AArch64
)
"""How a slot begins that tells hypercalls from what else enters it, word by word."""
BRANCH_EQUAL: Final = (0xFF00001F, 0x54000000)
"""``b.eq``"""
TSC: Final = 19
"""HCR_EL2.TSC (DDI 0487, D17.2.48)."""

EXCEPTION_CLASSES: Final[Mapping[int, Instruction]] = {
    0x12: Instruction.HVC,
    0x13: Instruction.SMC,
    0x16: Instruction.HVC,
    0x17: Instruction.SMC,
}
"""ESR_EL2.EC, HSR.EC (DDI 0487, D17.2.37): HVC and SMC from AArch32 and from AArch64."""


class Registers(Protocol):
    """The registers of the CPU that has stopped."""

    def pc(self) -> int:
        """Return where it is."""
        ...

    def jump(self, address: int) -> None:
        """Set where it goes on."""
        ...

    def mode(self) -> str:
        """Return its mode."""
        ...

    def is_at_el2(self) -> bool:
        """Tell whether that is EL2's or Hyp."""
        ...

    def syndrome(self) -> int:
        """Return ESR_EL2 or HSR."""
        ...

    def link(self) -> int | None:
        """Return the preferred return address, ``None`` where the stub does not show it."""
        ...

    def callers_mode(self) -> str | None:
        """Return the mode from which EL2 was entered, where it is shown."""
        ...

    def vectors(self) -> int | None:
        """Return the vector base of EL2 or HYP."""
        ...

    def at_entry(self) -> Mapping[str, int]:
        """Return what is shown of the caller's registers, by the architecture's names."""
        ...

    def at_entry_behind_push(self) -> Mapping[str, int]:
        """Return the same where :func:`entry_of_calls` is, the two pushed registers restored."""
        ...

    def traps_smc(self) -> bool:
        """Tell whether an ``smc`` of EL1 enters EL2."""
        ...

    def at_exit(self) -> Mapping[str, int]:
        """Return the same once it is back."""
        ...

    def callers(self) -> Iterator[int]:
        """Yield where the functions go on that are on the stack, the innermost first."""
        ...

    def branch(self, word: bytes, pc: int) -> int | None:
        """Return where an unconditional branch goes, direct or a ``ret``; ``None`` for others."""
        ...

    def push(self, word: bytes, pc: int) -> bool:
        """Carry out a push of two registers; return whether it is one."""
        ...


def registers_of(architecture: Architecture, stub: Stub) -> Registers:
    """Return what reads the registers of an architecture."""
    return _A64(stub) if architecture is Architecture.ARM64 else _A32(stub)


def _numbers(stub: Stub) -> Mapping[str, int]:
    document = stub.document("system-registers.xml")
    found = re.findall(r'<reg name="(\w+)" bitsize="\d+" regnum="(\d{1,6})"', document)
    return {name: int(number) for name, number in found}


class _A64:
    """Core registers are x0 to x30, sp, pc, cpsr."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._numbers = _numbers(stub)
        missing = [name for name in SHOWN_A64[:4] if self._number(name) is None]
        if missing:
            raise StubError(f"its GDB stub does not show {missing[0]}")

    def _number(self, name: str) -> int | None:
        found = self._numbers.get(name)
        return self._numbers.get(re.sub("_EL[01]$", "", name)) if found is None else found

    def _system(self, name: str) -> int:
        number = self._number(name)
        assert number is not None
        return self._stub.register(number)

    def pc(self) -> int:
        return self._stub.register(32)

    def jump(self, address: int) -> None:
        self._stub.set_register(32, address, 8)

    def mode(self) -> str:
        return mode_a64(self._stub.register(33))

    def is_at_el2(self) -> bool:
        return self._stub.register(33) >> 2 & 3 == 2

    def syndrome(self) -> int:
        return self._system("ESR_EL2")

    def link(self) -> int | None:
        return self._system("ELR_EL2")

    def callers_mode(self) -> str | None:
        return mode_a64(self._system("SPSR_EL2"))

    def vectors(self) -> int | None:
        return self._system("VBAR_EL2")

    def at_entry(self) -> Mapping[str, int]:
        return self._shown()

    def at_entry_behind_push(self) -> Mapping[str, int]:
        pushed = self._stub.read(self._stub.register(31), 16)
        if pushed is None:
            raise StubError("it does not show the stack of EL2")
        first, second = (int.from_bytes(pushed[at : at + 8], "little") for at in (0, 8))
        return {**self._shown(), "x0": first, "x1": second}

    def traps_smc(self) -> bool:
        return self._number("HCR_EL2") is None or bool(self._system("HCR_EL2") >> TSC & 1)

    def at_exit(self) -> Mapping[str, int]:
        return {**self._shown(), "PSTATE": self._stub.register(33)}

    def _shown(self) -> dict[str, int]:
        core = self._stub.registers()
        if len(core) < 8 * 33:
            raise StubError(f"the core registers are answered with {len(core)} bytes")
        found = {
            name: int.from_bytes(core[8 * number : 8 * number + 8], "little")
            for number, name in enumerate(aarch64.GENERAL)
        }
        for name in SHOWN_A64:
            number = self._number(name)
            if number is not None:
                found[name] = self._stub.register(number)
        return found

    def callers(self) -> Iterator[int]:
        # Procedure Call Standard, 6.4.6: a frame record is the caller's frame, and a link.
        frame = self._stub.register(29)
        for _ in range(MOST_FRAMES):
            pair = self._stub.read(frame, 16) if frame and not frame & 7 else None
            if pair is None:
                return
            before = frame
            frame, link = (int.from_bytes(pair[n : n + 8], "little") for n in (0, 8))
            if link:
                yield link
            if frame <= before:
                return

    def branch(self, word: bytes, pc: int) -> int | None:
        value = int.from_bytes(word, "little")
        if value & RET_A64[0] == RET_A64[1]:
            return self._general(value >> 5 & 0x1F)
        if value & BRANCH_A64[0] != BRANCH_A64[1]:
            return None
        distance = (value & 0x3FFFFFF) - ((value & 0x2000000) << 1)
        return pc + 4 * distance & (1 << 64) - 1

    def push(self, word: bytes, pc: int) -> bool:
        # DDI 0487, C6.2.396, STP, pre-index: imm7, Rt2, Rn, Rt.
        value = int.from_bytes(word, "little")
        if value & PUSH_A64[0] != PUSH_A64[1]:
            return False
        first, second = value & 0x1F, value >> 10 & 0x1F
        offset = 8 * ((value >> 15 & 0x7F) - (value >> 14 & 0x80))
        at = self._stub.register(31) + offset & (1 << 64) - 1
        content = b"".join(self._general(n).to_bytes(8, "little") for n in (first, second))
        self._stub.write(at, content)
        self._stub.set_register(31, at, 8)
        self.jump(pc + 4)
        return True

    def _general(self, number: int) -> int:
        return 0 if number == 31 else self._stub.register(number)


class _A32:
    """Core registers are r0 to r15 of the present mode, and cpsr; HYP's are named as EL2's."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._numbers = _numbers(stub)
        for names in (("HSR", "ESR_EL2"), ("HVBAR", "VBAR_EL2")):
            if not any(name in self._numbers for name in names):
                raise StubError(f"its GDB stub does not show {names[0]}")

    def _system(self, *names: str) -> int:
        return self._stub.register(next(self._numbers[n] for n in names if n in self._numbers))

    def pc(self) -> int:
        return self._stub.register(15)

    def jump(self, address: int) -> None:
        self._stub.set_register(15, address, 4)

    def mode(self) -> str:
        return mode_a32(self._stub.register(25))

    def is_at_el2(self) -> bool:
        return self._stub.register(25) & 0x1F == 0x1A

    def syndrome(self) -> int:
        return self._system("HSR", "ESR_EL2") & 0xFFFFFFFF

    def link(self) -> int | None:
        return None

    def callers_mode(self) -> str | None:
        return None

    def vectors(self) -> int | None:
        return self._system("HVBAR", "VBAR_EL2") & 0xFFFFFFFF

    def at_entry(self) -> Mapping[str, int]:
        return self._shown()

    def at_entry_behind_push(self) -> Mapping[str, int]:
        return self._shown()

    def traps_smc(self) -> bool:
        return True

    def at_exit(self) -> Mapping[str, int]:
        return {**self._shown(), "CPSR": self._stub.register(25)}

    def _shown(self) -> dict[str, int]:
        found = {f"r{number}": self._stub.register(number) for number in range(13)}
        base = self.vectors()
        assert base is not None
        return {**found, "HVBAR": base, "HSR": self.syndrome()}

    def callers(self) -> Iterator[int]:
        yield from ()

    def branch(self, word: bytes, pc: int) -> int | None:
        value = int.from_bytes(word, "little")
        if value & BRANCH_A32[0] != BRANCH_A32[1] or self._stub.register(25) >> 5 & 1:
            return None
        distance = (value & 0xFFFFFF) - ((value & 0x800000) << 1)
        return pc + 8 + 4 * distance & 0xFFFFFFFF

    def push(self, word: bytes, pc: int) -> bool:
        del word, pc
        return False


def entry_of_calls(slot: bytes, address: int) -> int | None:
    """Return where a vector slot of A64 goes on with an ``hvc`` and with no other exception.

    ``None`` where it does not begin as KVM's: with a push of x0 and x1, and a branch on the
    exception class.

    :param slot: its code
    :param address: of the slot
    """
    count = len(ASKS_CLASS)
    *asks, branch = struct.unpack_from(f"<{count + 1}I", slot)
    asked = all(word in words for word, words in zip(asks, ASKS_CLASS, strict=True))
    if not asked or branch & BRANCH_EQUAL[0] != BRANCH_EQUAL[1]:
        return None
    # DDI 0487, C6.2.26, B.cond: imm19.
    distance = (int(branch) >> 5 & 0x7FFFF) - (int(branch) >> 4 & 0x80000)
    return address + 4 * (count + distance) & (1 << 64) - 1


def mode_a64(status: int) -> str:
    """Return the mode that a PSTATE or SPSR of AArch64 has."""
    number = status & 0x1F
    return aarch64.MODES.get(number, f"M={number:#x}")


MODES_A32: Final = {
    0x10: "usr", 0x11: "fiq", 0x12: "irq", 0x13: "svc", 0x16: "mon", 0x17: "abt", 0x1A: "hyp",
    0x1B: "und", 0x1F: "sys",
}  # fmt: skip


def mode_a32(status: int) -> str:
    """Return the mode that a CPSR has."""
    number = status & 0x1F
    return MODES_A32.get(number, f"M={number:#x}")
