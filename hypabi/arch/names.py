"""The two architectures, their instruction sets and byte orders."""

import enum


class Architecture(enum.Enum):
    """The architecture an image was built for, spelled as the kernel spells it."""

    ARM = "arm"
    ARM64 = "arm64"

    @property
    def bits(self) -> int:
        """Width of an address and of a general register."""
        return 32 if self is Architecture.ARM else 64


class InstructionSet(enum.Enum):
    """The instruction set state (Arm ARM DDI 0487, A1.3.2)."""

    A64 = "A64"
    A32 = "A32"
    T32 = "T32"


class Conduit(enum.Enum):
    """An instruction by which a lower level asks a higher one (DEN0028, 2.3)."""

    HVC = "hvc"
    SMC = "smc"


class ByteOrder(enum.Enum):
    """The byte order of data.  Instructions are little-endian always (BE8 on arm)."""

    LITTLE = "little"
    BIG = "big"
