"""Random states of AArch64."""

import random
import re
from collections.abc import Iterable, Mapping
from typing import Final

from evidence.trials.board import WINDOW_SIZE
from evidence.trials.operands import Operands
from evidence.trials.program_a64 import (
    BASE_HCR,
    BASE_SCTLR,
    GENERAL,
    LANDED,
    LATE,
    LOWER_VECTORS,
    VECTORS,
    encodings,
    reached,
)
from evidence.trials.start import Reach, Start
from evidence.trials.starts import registers as random_registers
from evidence.trials.starts import target, window_of
from evidence.trials.words import Word
from hypabi.arch import aarch64
from hypabi.arch.names import ByteOrder, InstructionSet

ALWAYS: Final = (
    "CPACR_EL1", "CPTR_EL2", "DIT", "ELR_EL1", "ELR_EL2", "ESR_EL1", "ESR_EL2", "FAR_EL1",
    "PAN", "SCTLR_EL1", "SPSR_EL1", "SPSR_EL2", "SSBS", "UAO", "VBAR_EL1", "VBAR_EL2",
)  # fmt: skip
"""System registers that every state gives and every end shows."""

NAMES: Final = frozenset(encodings())
ALIASES: Final = ("EL12", "EL02")
OUT_OF_REACH: Final = re.compile(
    r"\w+_EL(12|02|3)|RMR_EL\d|CURRENTEL|DAIF|NZCV|SPSEL|SP_EL\d|PM|ALLINT"
)
"""System registers that are no state of their own here, or that reset the processor."""
PLACED: Final = {"SSBS": 12, "PAN": 22, "UAO": 23, "DIT": 24, "TCO": 25}
EE: Final = 1 << 25
E0E: Final = 1 << 24
E2H: Final = 1 << 34
TGE: Final = 1 << 27
BASE_SCTLR_EL1: Final = 0x30D0_0800

FREE: Final[Mapping[str, int]] = {
    "SCTLR_EL1": 1 << 2 | 1 << 3 | 1 << 12 | 1 << 19 | EE | E0E,
    "SCTLR_EL2": 1 << 2 | 1 << 3 | 1 << 12 | 1 << 19 | EE,
    "HCR_EL2": 0x4_0FFF_FFFE,
    "MDSCR_EL1": 0,
    "MDCR_EL2": 0x1F,
    "CPACR_EL1": 0,
    "CPTR_EL2": 0,
    "VBAR_EL2": 0,
    "ICH_HCR_EL2": 0xFFFF_83FF,
    **{f"DBGBCR{number}_EL1": 0b111 for number in range(16)},
}
"""Bits that may be anything where not all may: translation, alignment checks, traps and single
steps would end the program on QEMU itself."""
BASE: Final[Mapping[str, int]] = {
    "SCTLR_EL1": BASE_SCTLR_EL1, "SCTLR_EL2": BASE_SCTLR, "HCR_EL2": BASE_HCR,
    "CPACR_EL1": 0x333_0000, "CPTR_EL2": 0x333_22FF, "VBAR_EL2": VECTORS,
}  # fmt: skip
"""What they hold besides: RES1 bits, and no trap of floating point, SVE and SME."""


def meant(names: Iterable[str]) -> frozenset[str]:
    """Return every system register that an access by these names may mean, whatever E2H is."""
    found = set()
    for name in names:
        own = (
            f"{name[:-2]}{'1' if name.endswith('_EL12') else '0'}" if name[-4:] in ALIASES else name
        )
        found |= {own, aarch64.REDIRECTED_BY_E2H.get(own, own)}
    return frozenset(found)


def reaches(processor: str) -> dict[str, Reach]:
    """Return the system registers that a processor has, and their bits that may be anything."""
    names = [name for name in encodings() if not OUT_OF_REACH.match(name)]
    least = {name: BASE.get(name, 0) for name in names}
    every = (1 << 64) - 1
    most = {name: least[name] | FREE.get(name, every) for name in names}
    taken = {**dict.fromkeys(LATE, 0), "SCTLR_EL2": BASE_SCTLR, "HCR_EL2": BASE_HCR}
    found = reached(names, {**most, **taken}, {**least, **taken}, processor)
    late = {n: Reach(readable=True, writable=True, ones=most[n], zeros=least[n]) for n in LATE}
    return {name: each for name, each in {**found, **late}.items() if each.readable}


class MakerA64:
    """Random states for one word."""

    bits = 64

    def __init__(
        self, word: Word, operands: Operands, place: int, reach: Mapping[str, Reach]
    ) -> None:
        self.word = word
        self.operands = operands
        self.place = place
        self.reach = reach
        distance = LANDED - (place + 4) >> 2
        self._branch = 0x14000000 | distance & 0x3FFFFFF
        self._returns = word.content == bytes.fromhex("e0039fd6")
        self._named = sorted(operands.named & set(GENERAL))
        self._names = tuple(reach)
        self._bits = tuple((name, *_free(name, each)) for name, each in reach.items())
        self._reach = [reach[name] for name in meant(operands.named) if name in reach]

    def start(self, source: random.Random) -> Start:
        """Return a state without regard to what the word does with it."""
        # HCR_EL2.APK traps the keys at EL1, and no access traps here (docs/limits.md).
        lower = source.random() < 0.15 and not any("KEY" in name for name in self.operands.named)
        big = source.random() < 0.3
        registers = random_registers(source, GENERAL, 64, self._named)
        registers |= {flag: source.getrandbits(1) for flag in "NZCV"}
        registers |= {f"SP_EL{level}": source.getrandbits(60) << 4 for level in range(3)}
        registers["DAIF"] = source.getrandbits(4) << 6
        registers["SPSel"] = int(source.random() < 0.7)
        level = 1 if lower else 2
        registers["CURRENTEL"] = level << 2
        registers |= random_registers(source, self._names, 64, ())
        registers |= {name: registers[name] & ones | zeros for name, ones, zeros in self._bits}
        registers |= {
            "HCR_EL2": self._control(level, source),
            "SCTLR_EL2": BASE_SCTLR | (EE if big else 0),
            "SCTLR_EL1": BASE_SCTLR_EL1 | (EE | E0E if big else 0),
            "VBAR_EL2": VECTORS,
            "VBAR_EL1": LOWER_VECTORS,
        }
        for name in self.operands.targets:
            if name != "sp":
                aligned = source.random() < 0.9
                registers[name] = target(source) + (0 if aligned else source.randrange(1, 4))
        if self._reach:
            self._tame(registers, source)
        if self._returns:
            registers |= self._return(level, source)
        content = source.randbytes(WINDOW_SIZE)
        if lower:
            registers |= {"ELR_EL2": self.place, "SPSR_EL2": _status(registers)}
        return Start(
            self.word,
            self.place,
            self.word.content + self._landing(level),
            self.place + 4,
            registers,
            window_of(source),
            content,
            ByteOrder.BIG if big else ByteOrder.LITTLE,
            lower,
        )

    def physical(self, start: Start, name: str) -> str:
        """Return which copy of a register an instruction names."""
        if name != "sp":
            return name
        level = start.registers["CURRENTEL"] >> 2
        return f"SP_EL{level}" if start.registers["SPSel"] else "SP_EL0"

    def end(self, state: InstructionSet) -> bytes:
        """Return UDF, which is what all memory holds."""
        assert state is InstructionSet.A64
        return bytes(4)

    def _landing(self, level: int) -> bytes:
        word = 0xD4084842 if level == 1 else self._branch  # hvc #0x4242
        return word.to_bytes(4, "little")

    def _control(self, level: int, source: random.Random) -> int:
        if level == 1 or not any("_EL" in name for name in self.operands.named):
            return BASE_HCR
        return BASE_HCR | source.choice((0, 0, E2H, E2H | TGE))

    def _tame(self, registers: dict[str, int], source: random.Random) -> None:
        """Let registers hold what the processor keeps if it is written to a system register."""
        ones, zeros = -1, 0
        for reach in self._reach:
            ones &= reach.ones
            zeros |= reach.zeros
        for name in self.operands.named:
            if name[0] == "x":
                registers[name] = zeros | source.getrandbits(64) & ones

    def _return(self, level: int, source: random.Random) -> dict[str, int]:
        status = source.getrandbits(32) & ~0x1F & ~(1 << 21)
        status |= source.choice((0b00100, 0b00101, 0b00101, 0b01000, 0b01001, 0b00000, 0b01100))
        if source.random() < 0.7:
            status &= ~(1 << 20)
        aligned = source.random() < 0.95
        return {
            f"ELR_EL{level}": target(source) + (0 if aligned else 2),
            f"SPSR_EL{level}": status,
        }


def _free(name: str, reach: Reach) -> tuple[int, int]:
    if name in PLACED:
        return 1 << PLACED[name], 0
    return reach.ones, reach.zeros


def _status(registers: Mapping[str, int]) -> int:
    word = registers["CURRENTEL"] | registers["SPSel"] | registers["DAIF"]
    for name, bit in (("N", 31), ("Z", 30), ("C", 29), ("V", 28)):
        word |= registers[name] << bit
    for name in PLACED:
        word |= registers.get(name, 0)
    return word
