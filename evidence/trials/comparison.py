"""Two ends of one start, compared; and what the manual leaves open, which is not."""

from collections.abc import Iterator, Mapping
from typing import Final

from evidence.trials.start import End, Start
from hypabi.arch import aarch64
from hypabi.arch.names import InstructionSet
from hypabi.records import frozen

WHERE: Final = "where control is"
MEMORY: Final = "memory"


@frozen
class Difference:
    """A thing that two ends give two values."""

    what: str
    ours: str
    theirs: str


def compared(
    start: Start, ours: End, theirs: End
) -> tuple[tuple[Difference, ...], tuple["Exclusion", ...]]:
    """Return everything in which two ends differ, and why some of it was left out."""
    counted: list[Difference] = []
    left: list[Exclusion] = []
    for each in _all(ours, theirs):
        why = excluded(each, start, ours, theirs)
        counted += [each] if why is None else []
        left += [] if why is None else [why]
    return tuple(counted), tuple(left)


def _all(ours: End, theirs: End) -> Iterator[Difference]:
    if ours.where != theirs.where:
        yield Difference(WHERE, f"{ours.where:#x}", f"{theirs.where:#x}")
    for name in sorted(ours.registers.keys() & theirs.registers.keys()):
        one, other = ours.registers[name], theirs.registers[name]
        if one != other:
            yield Difference(name, f"{one:#x}", f"{other:#x}")
    if ours.content != theirs.content:
        yield Difference(MEMORY, ours.content.hex(), theirs.content.hex())


@frozen
class Exclusion:
    """What is not compared, and the clause of the manual."""

    name: str
    clause: str


FLAGS_AT_VECTOR: Final = Exclusion(
    "NZCV and DIT behind an exception",
    "DDI 0487, D1.3.1 and AArch64.TakeException(): an exception leaves NZCV and DIT as they are; "
    "QEMU clears them.  What they were is compared in SPSR_ELx.",
)
BTYPE: Final = Exclusion(
    "SPSR_ELx.BTYPE behind BR and BLR",
    "DDI 0487, C5.2.19: BTYPE is RES0 where FEAT_BTI is not implemented, as on the processors of "
    "hypabi.machine; the processor here has it.",
)
SYNDROME_LENGTH: Final = Exclusion(
    "HSR.IL of an UNDEFINED instruction",
    "DDI 0406C, B3.13.6: IL is UNK/SBZP where HSR.EC is 0x00; ours says what ARMv8 does.",
)
RESERVED_STATUS: Final = Exclusion(
    "bits 23 to 20 of an SPSR of ARMv7",
    "DDI 0406C, B1.3.3: they are reserved, UNK/SBZP; ARMv8 gives them meanings.",
)
ILLEGAL_RETURN: Final = Exclusion(
    "PAN, UAO, DIT, TCO and SSBS behind an illegal exception return",
    "DDI 0487, SetPSTATEFromPSR(): UAO, DIT, TCO and SSBS are UNKNOWN then, and PAN is the SPSR's; "
    "QEMU leaves all of them as they were.",
)
EXCLUSIONS: Final = (FLAGS_AT_VECTOR, ILLEGAL_RETURN, BTYPE, SYNDROME_LENGTH, RESERVED_STATUS)
CLEARED: Final = 0xF << 28 | 1 << 24
RESERVED_BITS: Final = 0xF << 20
BTYPE_BITS: Final = 3 << 10
IL: Final = 1 << 25
ERET: Final = bytes.fromhex("e0039fd6")
STATUS_IL: Final = 1 << 20
KEPT_BITS: Final = 1 << 25 | 0b111 << 22 | 1 << 12
"""TCO, DIT, UAO, PAN and SSBS in an SPSR."""


def excluded(each: Difference, start: Start, ours: End, theirs: End) -> Exclusion | None:
    """Return why a difference does not count, ``None`` where it does."""
    if start.word.instruction_set is InstructionSet.A64:
        return _excluded_a64(each, start, ours, theirs)
    if each.what == "HSR" and _bits(each) == IL and not int(each.ours, 16) >> 26:
        return SYNDROME_LENGTH
    if each.what.startswith("SPSR_") and not _bits(each) & ~RESERVED_BITS:
        return RESERVED_STATUS
    return None


def _bits(each: Difference) -> int:
    return int(each.ours, 16) ^ int(each.theirs, 16)


def _excluded_a64(each: Difference, start: Start, ours: End, theirs: End) -> Exclusion | None:
    if start.word.content == ERET and _is_illegal(ours) and _is_illegal(theirs):
        if each.what in {"PAN", "UAO", "DIT", "TCO", "SSBS"}:
            return ILLEGAL_RETURN
        besides = CLEARED if _through_el1(ours.registers) else 0
        if each.what in {"SPSR_EL1", "SPSR_EL2"} and not _bits(each) & ~(KEPT_BITS | besides):
            return ILLEGAL_RETURN
    if ours.where == start.landing or ours.where != theirs.where:
        return None
    if each.what in {*aarch64.FLAGS, "DIT"}:
        return FLAGS_AT_VECTOR
    if each.what in {"SPSR_EL1", "SPSR_EL2"}:
        if _bits(each) & ~BTYPE_BITS == 0:
            return BTYPE
        if _through_el1(ours.registers) and _bits(each) & ~CLEARED == 0:
            return FLAGS_AT_VECTOR
    return None


def _is_illegal(end: End) -> bool:
    """Tell whether an exception of an illegal state came of the return, at either level."""
    return any(end.registers.get(f"SPSR_EL{level}", 0) & STATUS_IL for level in (1, 2))


def _through_el1(registers: Mapping[str, int]) -> bool:
    """Tell whether a vector of EL1 was entered first; its ``hvc`` says so."""
    syndrome = registers["ESR_EL2"]
    return syndrome >> 26 == aarch64.ExceptionClass.HVC64 and syndrome & 0xFF00 == 0x100
