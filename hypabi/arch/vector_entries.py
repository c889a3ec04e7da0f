"""The words for ways into a vector table: its slots, and why exceptions enter them."""

import enum
from collections.abc import Iterable

from hypabi.records import frozen


class Origin(enum.Enum):
    """Where an exception is taken from."""

    EL1 = "AArch64 EL1, or EL0 below it"
    EL1_32 = "AArch32 EL1, or EL0 below it"
    EL2T = "EL2 itself, on SP_EL0"
    EL2H = "EL2 itself, on SP_EL2"
    PL1 = "PL1 or PL0"
    HYP = "Hyp mode itself"


class Kind(enum.Enum):
    """What an exception is to a handler of hypercalls."""

    OTHER_IMMEDIATE = "hvc with another immediate"
    FROM_ITSELF = "hvc from where the handler runs"
    NO_HVC = "no hvc"


class Resumes(enum.Enum):
    """What the preferred return address is (DDI 0487 D1.3.1; DDI 0406C B1.8.3)."""

    AGAIN = "the instruction that caused it"
    BEHIND = "the instruction behind it"
    NEXT = "the next instruction of what was interrupted"


@frozen
class Reason:
    """One reason for an exception: what the syndrome says, and under which control it comes."""

    code: int | None
    """EC; ``None`` where the exception leaves the syndrome alone."""
    name: str
    where: str
    """Which control routes it there; empty where none is needed."""
    resumes: Resumes = Resumes.AGAIN
    user: bool = False
    """Whether code at EL0 or PL0 can cause it."""
    kind: Kind = Kind.NO_HVC
    never: str = ""
    """Why it cannot come while a kernel at EL1 or PL1 makes hypercalls; mostly empty."""


@frozen
class VectorEntry:
    """A slot of a vector table, and all that enters there besides the hypercall of the kernel."""

    offset: int
    name: str
    origin: Origin
    reasons: tuple[Reason, ...]


def spell_classes(codes: Iterable[int]) -> str:
    """Spell exception classes, consecutive ones as a range."""
    runs: list[list[int]] = []
    for code in sorted(set(codes)):
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ", ".join(f"{a:#04x}" if a == b else f"{a:#04x}-{b:#04x}" for a, b in runs)
