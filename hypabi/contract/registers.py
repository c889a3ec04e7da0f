"""The registers and fields that a contract may name, and how it may spell them.

General registers are those of the caller's view (``x0``, ``r4``, ``ip``); a copy of one mode or
level is named with it (``SP_EL1``, ``LR_svc``).  A plain ``sp`` or ``lr`` of AArch32 is refused:
which copy it means depends on who reads.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, assert_never

from hypabi.arch import aarch32, aarch32_registers, aarch64, aarch64_system
from hypabi.arch.identifiers import whole_register
from hypabi.arch.names import Architecture
from hypabi.decode.place import Place, closest_name
from hypabi.records import frozen

_BANKED_ARM: Final = re.compile(r"(?:r(?:8|9|10|11|12)|SP|LR)_[a-z]{3}")

_SYNONYMS: Final[Mapping[Architecture, Mapping[str, str]]] = {
    Architecture.ARM: {"fp": "r11", "ip": "r12"},
    Architecture.ARM64: {"lr": "x30", "SPSEL": "SPSel"},
}
"""AAPCS32 (IHI 0042) 6.1, AAPCS64 6.1.1; DDI 0487 C5.2.18 writes SPSel."""

_MASKS: Final = {"A": (8, 8), "I": (7, 7), "F": (6, 6)}
_CONTROL: Final = {"M": (0, 0), "A": (1, 1), "C": (2, 2), "I": (12, 12), "EE": (25, 25)}

# fmt: off
FIELDS: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "CPSR": {**_MASKS, "M": (4, 0), "T": (5, 5), "E": (9, 9)},
    "HSCTLR": {**_CONTROL, "TE": (30, 30)},
    "HCR": {"VM": (0, 0), "TGE": (27, 27)},
    "PSTATE": {**_MASKS, "D": (9, 9), "M": (4, 0)},
    "SCTLR_EL1": {**_CONTROL, "E0E": (24, 24)},
    "SCTLR_EL2": {**_CONTROL, "EnTP2": (60, 60)},
    "CNTHCTL_EL2": {"EL1PCTEN": (0, 0), "EL1PCEN": (1, 1)},
    "CPTR_EL2": {
        "TZ": (8, 8), "TFP": (10, 10), "TSM": (12, 12), "ZEN": (17, 16), "FPEN": (21, 20),
        "SMEN": (25, 24), "TAM": (30, 30), "TCPAC": (31, 31),
    },
    "HCRX_EL2": {"SMPME": (5, 5), "MSCEn": (11, 11), "TCR2En": (14, 14), "EnFPM": (23, 23)},
    "HCR_EL2": {"VM": (0, 0), "TGE": (27, 27), "RW": (31, 31), "E2H": (34, 34)},
    "ICC_SRE_EL2": {"SRE": (0, 0), "Enable": (3, 3)},
    "ID_AA64DFR0_EL1": {
        "PMUVer": (11, 8), "PMSVer": (35, 32), "TraceBuffer": (47, 44), "BRBE": (55, 52),
    },
    "ID_AA64MMFR0_EL1": {"FGT": (59, 56)},
    "ID_AA64MMFR1_EL1": {"VH": (11, 8), "LO": (19, 16), "HCX": (43, 40)},
    "ID_AA64MMFR3_EL1": {"S1PIE": (11, 8), "S1POE": (19, 16)},
    "ID_AA64PFR0_EL1": {"EL2": (11, 8), "GIC": (27, 24), "SVE": (35, 32), "AMU": (47, 44)},
    "ID_AA64PFR1_EL1": {"SME": (27, 24), "GCS": (47, 44)},
    "MDCR_EL2": {"HPMN": (4, 0), "E2PB": (13, 12), "E2TB": (25, 24)},
    "PMBIDR_EL1": {"P": (4, 4)},
    "PMCR_EL0": {"N": (15, 11)},
    "TRBIDR_EL1": {"P": (4, 4)},
}
# fmt: on
"""Bits ``(high, low)``: DDI 0406C B4.1 and B1.3.3; DDI 0487 D19.2 and C5.2.19.

``PSTATE`` and ``CPSR`` are the program status, laid out as the SPSR that would save it.
"""

STATE: Final = frozenset(
    {"N", "Z", "C", "V", "DAIF", "SPSel", "CURRENTEL", "PAN", "UAO", "SSBS", "DIT", "TCO", "ALLINT"}
)
"""PSTATE, which ERET restores: it is judged by how the call ends, not register by register."""


def is_status_part(name: str) -> bool:
    """Tell whether a name is that of a part of PSTATE or CPSR."""
    return name in STATE or name.startswith("CPSR.")


@frozen
class Registers:
    """The registers of one architecture: ``general`` and ``system`` map each name to its width."""

    architecture: Architecture
    general: Mapping[str, int]
    system: Mapping[str, int]

    def width(self, name: str) -> int | None:
        """Return the width of a register under its architectural name, ``None`` for no register."""
        return self.general.get(name) or self.system.get(name)

    def canonical(self, name: str) -> str:
        """Return the architectural name of a register (``ip`` is ``r12``)."""
        return _SYNONYMS[self.architecture].get(name, name)

    def half_of(self, name: str) -> str | None:
        """Return the register of which a name is the low half (``w0``), ``None`` of other names."""
        whole = whole_register(name)
        return whole if whole != name and whole in self.general else None

    def known(self, name: str, place: Place) -> str:
        """Return the architectural name of a register.

        :raises FileError: the architecture has no such register
        """
        found = self.canonical(name)
        if self.width(found) is None:
            what = f"{self.architecture.value} has no register {name!r}"
            raise place.refuse(what, self._hint(name))
        return found

    def part_known(self, name: str, place: Place) -> str:
        """Return the architectural name of a register or of its low half.

        :raises FileError: as :meth:`known`
        """
        return name if self.half_of(name) else self.known(name, place)

    def expand(self, names: tuple[str, ...], place: Place) -> tuple[str, ...]:
        """Spell out ranges: ``("r0-r3", "ip")`` is ``("r0", "r1", "r2", "r3", "r12")``.

        :raises FileError: the architecture has not these registers
        """
        registers: list[str] = []
        for name in names:
            registers += self._one_or_range(name, place)
        return tuple(dict.fromkeys(registers))

    def _one_or_range(self, name: str, place: Place) -> list[str]:
        match = re.fullmatch(r"([a-z])(\d{1,2})-([a-z])(\d{1,2})", name)
        if match is None:
            return [self.known(name, place)]
        kind, first, other, last = match.groups()
        if kind != other or int(first) > int(last):
            raise place.refuse(f"{name!r} is no range of registers", "write it as x0-x18")
        return [self.known(f"{kind}{number}", place) for number in range(int(first), int(last) + 1)]

    def _hint(self, name: str) -> str:
        if name in ("sp", "lr", "pc", "SPSR", "ELR"):
            return "name the copy that is meant, as in SP_EL1 or LR_svc"
        if name.endswith("_EL12"):
            return f"name EL1's own register, {name[:-1]}"
        return closest_name(name, (*self.general, *self.system))


@cache
def registers_of(architecture: Architecture) -> Registers:
    """Collect the registers of an architecture."""
    match architecture:
        case Architecture.ARM:
            general = (*aarch32.GENERAL[:13], *_banked_arm())
            return Registers(architecture, dict.fromkeys(general, 32), _arm_system())
        case Architecture.ARM64:
            general = (*aarch64.GENERAL, *aarch64.STACK_POINTERS)
            return Registers(architecture, dict.fromkeys(general, 64), _arm64_system())
        case _:
            assert_never(architecture)


def is_general(architecture: Architecture, name: str) -> bool:
    """Tell whether a name is a general register, or one mode's or level's copy of it."""
    match architecture:
        case Architecture.ARM:
            return name in aarch32.GENERAL[:13] or _BANKED_ARM.fullmatch(name) is not None
        case Architecture.ARM64:
            return name in aarch64.GENERAL or name in aarch64.STACK_POINTERS


def field_bits(register: str, field: str) -> tuple[int, int] | None:
    """Return the bits ``(high, low)`` of a register's field."""
    return FIELDS.get(register, {}).get(field)


def mode_known(architecture: Architecture, mode: str) -> bool:
    """Tell whether a mode is one: ``hyp`` on arm, ``EL2h`` on arm64."""
    match architecture:
        case Architecture.ARM:
            return mode in {each.suffix for each in aarch32.Mode}
        case Architecture.ARM64:
            return mode in aarch64.MODES.values()


def _banked_arm() -> tuple[str, ...]:
    names = aarch32.physical_registers()
    return tuple(name for name in names if _BANKED_ARM.fullmatch(name))


def _arm64_system() -> dict[str, int]:
    names = aarch64_system.SYSTEM_REGISTERS.values()
    aliases = ("_EL12", "_EL02")
    whole = {name: 64 for name in names if not name.endswith(aliases)}
    return {"PSTATE": 64, "SPSel": 64} | whole


def _arm_system() -> dict[str, int]:
    widths = {"CPSR": 32, "ELR_hyp": 32}
    widths.update((name, 32) for name in aarch32.physical_registers() if name[:5] == "SPSR_")
    for narrow in (
        aarch32_registers.CP15_CONSTANT,
        aarch32_registers.CP15_STATE,
        aarch32_registers.CP15_VOLATILE,
        aarch32_registers.CP15_STATUS,
    ):
        widths.update(dict.fromkeys(narrow.values(), 32))
    for wide in (aarch32_registers.CP15_WIDE_STATE, aarch32_registers.CP15_WIDE_STATUS):
        widths.update(dict.fromkeys(wide.values(), 64))
    return widths
