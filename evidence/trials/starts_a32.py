"""Random states of AArch32, for A32 and T32."""

import random
from collections.abc import Iterable, Mapping
from typing import Final

from evidence.trials.board import CODE_SIZE, WINDOW_SIZE
from evidence.trials.operands import Operands
from evidence.trials.program_a32 import (
    BASE_HSCTLR,
    GENERAL,
    HVC,
    LANDED,
    LANDED_T32,
    LOWER_VECTORS,
    UDF,
    UDF_T32,
    VECTORS,
    accesses,
    banks,
    reached,
    status,
)
from evidence.trials.start import Reach, Start
from evidence.trials.starts import registers as random_registers
from evidence.trials.starts import target, window_of
from evidence.trials.words import Word
from hypabi.arch import aarch32, aarch32_system
from hypabi.arch.aarch32 import Mode, bank_of
from hypabi.arch.aarch32_system import WIDE_REGISTERS
from hypabi.arch.names import ByteOrder, InstructionSet

ALWAYS: Final = (
    "CPACR",
    "HCPTR",
    "HCR",
    "HSCTLR",
    "HSR",
    "HSTR",
    "HVBAR",
    "SCTLR",
    "VBAR",
)
"""System registers that every state gives and every end shows."""
NAMES: Final = frozenset(aarch32_system.names())
EE: Final = 1 << 25
BASE_SCTLR: Final = 0x00C5_0078
FREE: Final[Mapping[str, int]] = {
    "SCTLR": 1 << 2 | 1 << 12 | EE | 1 << 30,
    "HSCTLR": 1 << 2 | 1 << 12 | EE | 1 << 30,
    "HVBAR": 0,
    "HCPTR": 0,
    "HSTR": 0,
    "HDCR": 0,
    "CPACR": 0,
    "DBGDSCRext": 0,
    "TTBCR": 0b111,
}
"""Bits that may be anything where not all may: the others end the program on QEMU itself."""
BASE: Final[Mapping[str, int]] = {
    "SCTLR": BASE_SCTLR, "HSCTLR": BASE_HSCTLR, "HVBAR": VECTORS, "VBAR": LOWER_VECTORS,
    "CPACR": 0x00F0_0000,
}  # fmt: skip
QUIET: Final = {
    "HCR": 0, "SCTLR": BASE_SCTLR, "HSCTLR": BASE_HSCTLR, "HVBAR": VECTORS, "VBAR": LOWER_VECTORS,
}  # fmt: skip
"""What these hold at the start; the word may write anything that is free."""
LOWER_MODES: Final = (Mode.SVC, Mode.SVC, Mode.IRQ, Mode.ABT, Mode.UND, Mode.FIQ, Mode.SYS)
IT: Final = 0xBF08
"""IT for one instruction; the condition is in bits 7:4."""


BANKS: Final = (*GENERAL, *banks(), "SP_hyp", "LR_usr", "ELR_hyp")
SAVED: Final = (*(name for name in banks() if name.startswith("SPSR_")), "SPSR_hyp")
NONE: Final = dict.fromkeys(
    ("CPSR.J", "CPSR.SSBS", "CPSR.PAN", "CPSR.DIT", "CPSR.IL", aarch32.IT_REGISTER), 0
)
"""What no word here runs with, or ARMv7 lacks."""
FIELDS: Final = {
    field.register: field.width for field in aarch32.STATUS_FIELDS if field.register not in NONE
}


def reaches(processor: str) -> dict[str, Reach]:
    """Return the system registers that a processor has, and their bits that may be anything."""
    names = list(accesses())
    least = {name: BASE.get(name, 0) for name in names}
    most = {
        name: least[name] | FREE.get(name, (1 << (64 if name in WIDE_REGISTERS else 32)) - 1)
        for name in names
    }
    found = reached(names, {**most, **QUIET}, {**least, **QUIET}, processor)
    found |= {
        n: Reach(readable=True, writable=True, ones=most[n], zeros=least[n])
        for n in ("SCTLR", "HSCTLR")
    }
    found |= {"HCR": Reach(readable=True, writable=True, ones=0x07FF_FFFE, zeros=0)}
    return {name: each for name, each in found.items() if each.readable}


def meant(names: Iterable[str]) -> frozenset[str]:
    """Return the system registers that an access by these names may mean."""
    return frozenset(names)


class MakerA32:
    """Random states for one word."""

    bits = 32

    def __init__(
        self, word: Word, operands: Operands, place: int, reach: Mapping[str, Reach]
    ) -> None:
        self.word = word
        self.operands = operands
        self.place = place
        self.reach = reach
        self._thumb = word.instruction_set is InstructionSet.T32
        self._named = sorted(operands.named)
        self._names = tuple(reach)
        self._bits = tuple((name, each.ones, each.zeros) for name, each in reach.items())
        self._reach = [reach[name] for name in operands.named if name in reach]

    def start(self, source: random.Random) -> Start:
        """Return a state without regard to what the word does with it."""
        lower = source.random() < 0.3
        big = source.random() < 0.4
        mode = source.choice(LOWER_MODES) if lower else Mode.HYP
        named = (bank_of(name, mode) or name for name in self._named)
        registers = random_registers(source, BANKS, 32, named)
        registers |= {name: _status(name, source) for name in SAVED}
        registers |= {name: source.getrandbits(width) for name, width in FIELDS.items()}
        registers |= NONE
        registers |= {"CPSR.E": int(big), "CPSR.T": int(self._thumb), "CPSR.M": mode.value}
        registers |= random_registers(source, self._names, 64, ())
        registers |= {name: registers[name] & ones | zeros for name, ones, zeros in self._bits}
        registers |= QUIET
        registers["SCTLR"] |= EE if source.getrandbits(1) else 0
        registers["HSCTLR"] |= EE if source.getrandbits(1) else 0
        for name in self.operands.targets:
            copy = bank_of(name, mode) or name
            if copy in registers:
                registers[copy] = _target(source)
        if self._reach:
            self._tame(registers, mode, source)
        if lower:
            registers |= {"ELR_hyp": self.place, "SPSR_hyp": status(registers)}
        # QEMU 7.2 keeps ITSTATE in the SPSR of an exception right behind such an access.
        prefixed = self._thumb and source.random() < 0.25 and not (lower and self._reach)
        it = (IT | source.randrange(15) << 4).to_bytes(2, "little") if prefixed else b""
        code = self._code(it, mode)
        order = ByteOrder.BIG if big else ByteOrder.LITTLE
        content = source.randbytes(WINDOW_SIZE)
        if self.operands.loaded:
            words = (_target(source) for _ in range(WINDOW_SIZE // 4))
            content = b"".join(word.to_bytes(4, order.value) for word in words)
        landing = self.place + len(it) + len(self.word.content)
        return Start(
            self.word,
            self.place,
            code,
            landing,
            registers,
            window_of(source),
            content,
            order,
            lower,
            prefixed,
        )

    def physical(self, start: Start, name: str) -> str:
        """Return which copy of a register an instruction names."""
        return bank_of(name, Mode(start.registers["CPSR.M"])) or name

    def end(self, state: InstructionSet) -> bytes:
        """Return an instruction that ends the run."""
        return (UDF_T32 if state is InstructionSet.T32 else UDF).to_bytes(4, "little")

    def _code(self, it: bytes, mode: Mode) -> bytes:
        code = it + self.word.content
        lower = mode is not Mode.HYP
        at = self.place + len(code)
        if not self._thumb:
            branch = 0xEA000000 | (LANDED - at - 8 >> 2) & 0xFF_FFFF
            landing = (HVC | 0x424 << 8 | 2 if lower else branch).to_bytes(4, "little")
            return code + landing + self.end(InstructionSet.A32) * 2
        halves = (0xF7E4, 0x8242) if lower else _branch(LANDED_T32 - at - 4)
        landing = b"".join(half.to_bytes(2, "little") for half in halves)
        return (code + landing + self.end(InstructionSet.T32) * 4)[:CODE_SIZE]

    def _tame(self, registers: dict[str, int], mode: Mode, source: random.Random) -> None:
        """Let registers hold what the processor keeps if it is written to a system register."""
        ones, zeros = -1, 0
        for reach in self._reach:
            ones &= reach.ones
            zeros |= reach.zeros
        for name in self.operands.named:
            copy = bank_of(name, mode) or name
            if copy in registers and name in aarch32.GENERAL:
                registers[copy] = (zeros | source.getrandbits(64) & ones) & 0xFFFF_FFFF


def _target(source: random.Random) -> int:
    """Return an address where control may go, in either instruction set."""
    return target(source) + source.choice((0, 1))


def _status(name: str, source: random.Random) -> int:
    """Return a program status that a return may restore: IT, J and what ARMv7 lacks are 0."""
    word = source.getrandbits(32) & 0xF80F_03E0
    modes = (*LOWER_MODES, Mode.HYP) if name == "SPSR_hyp" else LOWER_MODES
    return word | source.choice(modes).value


def _branch(distance: int) -> tuple[int, int]:
    """Return B of T32, encoding T4 (DDI 0406C, A8.8.18)."""
    sign, i1, i2 = distance >> 24 & 1, distance >> 23 & 1, distance >> 22 & 1
    j1, j2 = 1 ^ i1 ^ sign, 1 ^ i2 ^ sign
    first = 0xF000 | sign << 10 | distance >> 12 & 0x3FF
    return first, 0x9000 | j1 << 13 | j2 << 11 | distance >> 1 & 0x7FF
