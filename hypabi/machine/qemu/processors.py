"""Processors that QEMU has, by what their identification registers read.

A state that gives identification registers is one for a certain processor.  Whoever makes states
takes these values, or asks for a model that has them, so that a referee can be found.  The values
are QEMU's; ``tests/machine/test_processors.py`` reads them again.
"""

from collections.abc import Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.machine.state import MachineState
from hypabi.records import frozen


@frozen
class Processor:
    """A processor by QEMU's name; ``identification`` holds what never changes on ``virt``."""

    name: str
    architecture: Architecture
    identification: Mapping[str, int]

    def is_of(self, state: MachineState) -> bool:
        """Return whether a state gives no identification register another value."""
        given = state.registers
        return state.architecture is self.architecture and all(
            given.get(name, value) == value for name, value in self.identification.items()
        )


ZERO_ARM64: Final = dict.fromkeys(
    (
        "AIDR_EL1",
        "ID_AA64AFR0_EL1",
        "ID_AA64AFR1_EL1",
        "ID_AA64DFR1_EL1",
        "ID_AA64DFR2_EL1",
        "ID_AA64FPFR0_EL1",
        "ID_AA64ISAR2_EL1",
        "ID_AA64ISAR3_EL1",
        "ID_AA64MMFR3_EL1",
        "ID_AA64MMFR4_EL1",
        "ID_AA64PFR2_EL1",
        "ID_AA64SMFR0_EL1",
        "ID_AA64ZFR0_EL1",
        "REVIDR_EL1",
    ),
    0,
)
"""What none of the processors here implements."""

NEOVERSE_N1: Final = Processor(
    "neoverse-n1",
    Architecture.ARM64,
    ZERO_ARM64
    | {
        "CLIDR_EL1": 0x8200_0023,
        "CTR_EL0": 0x8444_C004,
        "DCZID_EL0": 0x4,
        "ICH_VTR_EL2": 0x90B8_0003,
        "ID_AA64DFR0_EL1": 0x1030_5408,
        "ID_AA64ISAR0_EL1": 0x1000_1021_1120,
        "ID_AA64ISAR1_EL1": 0x0010_0001,
        "ID_AA64MMFR0_EL1": 0x0010_1125,
        "ID_AA64MMFR1_EL1": 0x1021_2122,
        "ID_AA64MMFR2_EL1": 0x1011,
        "ID_AA64PFR0_EL1": 0x1100_0000_1111_0112,
        "ID_AA64PFR1_EL1": 0x20,
        "MIDR_EL1": 0x414F_D0C1,
        "MPIDR_EL1": 0x8000_0000,
    },
)

CORTEX_A57: Final = Processor(
    "cortex-a57",
    Architecture.ARM64,
    ZERO_ARM64
    | {
        "CLIDR_EL1": 0x0A20_0023,
        "CTR_EL0": 0x8444_C004,
        "DCZID_EL0": 0x4,
        "ICH_VTR_EL2": 0x90B8_0003,
        "ID_AA64DFR0_EL1": 0x1030_5106,
        "ID_AA64ISAR0_EL1": 0x0001_1120,
        "ID_AA64ISAR1_EL1": 0x0,
        "ID_AA64MMFR0_EL1": 0x1124,
        "ID_AA64MMFR1_EL1": 0x0,
        "ID_AA64MMFR2_EL1": 0x0,
        "ID_AA64PFR0_EL1": 0x0100_0222,
        "ID_AA64PFR1_EL1": 0x0,
        "MIDR_EL1": 0x411F_D070,
        "MPIDR_EL1": 0x8000_0000,
    },
)

ZERO_ARM: Final = dict.fromkeys(
    (
        "AIDR",
        "ID_AFR0",
        "ID_ISAR5",
        "ID_MMFR4",
        "TCMTR",
        "TLBTR",
    ),
    0,
)
"""What none of the processors here implements."""

CORTEX_A15: Final = Processor(
    "cortex-a15",
    Architecture.ARM,
    ZERO_ARM
    | {
        "CLIDR": 0x0A20_0023,
        "CTR": 0x8444_C004,
        "ID_DFR0": 0x0201_0505,
        "ID_ISAR0": 0x0210_1110,
        "ID_ISAR1": 0x1311_2111,
        "ID_ISAR2": 0x2123_2041,
        "ID_ISAR3": 0x1111_2131,
        "ID_ISAR4": 0x1001_1142,
        "ID_MMFR0": 0x1020_1105,
        "ID_MMFR1": 0x2000_0000,
        "ID_MMFR2": 0x0124_0000,
        "ID_MMFR3": 0x0210_2211,
        "ID_PFR0": 0x1131,
        "ID_PFR1": 0x0001_1001,
        "MIDR": 0x414F_C0F0,
        "MPIDR": 0x8000_0000,
        "REVIDR": 0x414F_C0F0,
    },
)

CORTEX_A7: Final = Processor(
    "cortex-a7",
    Architecture.ARM,
    ZERO_ARM
    | {
        "CLIDR": 0x0A20_0023,
        "CTR": 0x8444_8003,
        "ID_DFR0": 0x0201_0505,
        "ID_ISAR0": 0x0210_1110,
        "ID_ISAR1": 0x1311_2111,
        "ID_ISAR2": 0x2123_2041,
        "ID_ISAR3": 0x1111_2131,
        "ID_ISAR4": 0x1001_1142,
        "ID_MMFR0": 0x1010_1105,
        "ID_MMFR1": 0x4000_0000,
        "ID_MMFR2": 0x0124_0000,
        "ID_MMFR3": 0x0210_2211,
        "ID_PFR0": 0x1131,
        "ID_PFR1": 0x0001_1001,
        "MIDR": 0x410F_C075,
        "MPIDR": 0x8000_0000,
        "REVIDR": 0x410F_C075,
    },
)

PROCESSORS: Final = (NEOVERSE_N1, CORTEX_A57, CORTEX_A15, CORTEX_A7)
"""In the order in which a machine prefers them."""


def processor_of(state: MachineState) -> Processor | None:
    """Return the first processor that a state can be of."""
    return next((processor for processor in PROCESSORS if processor.is_of(state)), None)
