"""AArch64: register widths, PSTATE, EL2 vectors, syndromes, E2H redirection, AAPCS64."""

import enum
from collections.abc import Mapping
from typing import Final

GENERAL: Final = tuple(f"x{n}" for n in range(31))
"""The general registers; ``x30`` is the link register (Arm ARM DDI 0487, B1.2.1)."""

FLAGS: Final = ("N", "Z", "C", "V")
"""PSTATE condition flags, one bit each (B1.3)."""

STACK_POINTERS: Final = ("SP_EL0", "SP_EL1", "SP_EL2", "SP_EL3")


def width(name: str) -> int:
    """Return the number of bits of a register."""
    if name in FLAGS:
        return 1
    if name[0] == "Z" and name[1:].isdigit():
        return 256  # SLEIGH's longest view of a vector register; the architecture allows more
    return 64


class ExceptionClass(enum.IntEnum):
    """ESR_ELx.EC, the reason of an exception (D19.2.40)."""

    UNKNOWN = 0x00
    SVC64 = 0x15
    HVC32 = 0x12
    HVC64 = 0x16
    SMC64 = 0x17
    SYSTEM_REGISTER = 0x18
    DATA_ABORT_LOWER = 0x24


def hvc_syndrome(immediate: int) -> int:
    """Return ESR_EL2 for ``hvc #immediate`` from AArch64: EC, IL = 1, imm16 in ISS."""
    return ExceptionClass.HVC64 << 26 | 1 << 25 | immediate


class Slot(enum.IntEnum):
    """Offsets into an EL2 vector table of the slots that an ``hvc`` can reach (D1.3.1)."""

    CURRENT_SP_EL0 = 0x000
    CURRENT_SP_EL2 = 0x200
    LOWER_AARCH64 = 0x400
    LOWER_AARCH32 = 0x600


VECTOR_SLOTS: Final = 16
VECTOR_SLOT_SIZE: Final = 0x80
VECTOR_TABLE_SIZE: Final = VECTOR_SLOTS * VECTOR_SLOT_SIZE
VECTOR_ALIGNMENT: Final = 0x800

MODES: Final[Mapping[int, str]] = {
    0b00000: "EL0t",
    0b00100: "EL1t",
    0b00101: "EL1h",
    0b01000: "EL2t",
    0b01001: "EL2h",
    0b01100: "EL3t",
    0b01101: "EL3h",
}
"""SPSR_ELx.M[4:0] when the exception came from AArch64 (C5.2.19)."""

HCR_EL2_E2H: Final = 34
HCR_EL2_TGE: Final = 27

REDIRECTED_BY_E2H: Final[Mapping[str, str]] = {
    **{
        f"{stem}_EL1": f"{stem}_EL2"
        for stem in (
            "SCTLR", "SCTLR2", "TTBR0", "TTBR1", "TCR", "TCR2", "AFSR0", "AFSR1", "ESR", "FAR",
            "MAIR", "MAIR2", "AMAIR", "AMAIR2", "VBAR", "CONTEXTIDR", "SPSR", "ELR", "ZCR", "SMCR",
            "TRFCR", "PMSCR", "BRBCR", "PIR", "PIRE0", "POR", "GCSCR", "GCSPR", "PFAR", "TFSR",
            "SCXTNUM", "SPMACCESSR", "TRCITECR",
        )
    },
    "CPACR_EL1": "CPTR_EL2",
    "MPAM1_EL1": "MPAM2_EL2",
    "CNTKCTL_EL1": "CNTHCTL_EL2",
    "CNTP_TVAL_EL0": "CNTHP_TVAL_EL2",
    "CNTP_CTL_EL0": "CNTHP_CTL_EL2",
    "CNTP_CVAL_EL0": "CNTHP_CVAL_EL2",
    "CNTV_TVAL_EL0": "CNTHV_TVAL_EL2",
    "CNTV_CTL_EL0": "CNTHV_CTL_EL2",
    "CNTV_CVAL_EL0": "CNTHV_CVAL_EL2",
}  # fmt: skip
"""What an access at EL2 means when HCR_EL2.E2H is 1 (D8.10.1, table of redirected accesses)."""

UNCLEAR_WITH_E2H: Final = frozenset(
    {"ACTLR_EL1", "ACTLRMASK_EL1", "CPACRMASK_EL1", "CSRCR_EL1", "CSRPTR_EL1", "SCTLRMASK_EL1",
     "SCTLR2MASK_EL1", "TCRMASK_EL1", "TCR2MASK_EL1"}
)  # fmt: skip
"""Registers with an ``_EL12`` name of which we cannot say what the plain name means at EL2."""

VOLATILE: Final = frozenset(
    {"CNTPCT_EL0", "CNTVCT_EL0", "CNTPCTSS_EL0", "CNTVCTSS_EL0", "RNDR", "RNDRRS", "ISR_EL1",
     "ICC_HPPIR0_EL1", "ICC_HPPIR1_EL1", "ICC_RPR_EL1", "ICH_MISR_EL2", "ICH_EISR_EL2",
     "ICH_ELRSR_EL2", "MDCCSR_EL0"}
)  # fmt: skip
"""Registers that nobody can write and of which two reads may differ: they keep nothing."""

RANDOM: Final = frozenset({"RNDR", "RNDRRS"})
"""Registers whose read says in NZCV whether there was a number in time (FEAT_RNG)."""

UNSTEADY: Final = frozenset(
    {"PMCCNTR_EL0", "PMICNTR_EL0", "ICC_SRE_EL1",
     *(f"PMEVCNTR{n}_EL0" for n in range(31)),
     *(f"CNT{timer}_{what}_EL{level}" for what in ("CTL", "TVAL")
       for timer, level in (("P", 0), ("V", 0), ("PS", 1), ("HP", 2), ("HV", 2), ("HPS", 2),
                            ("HVS", 2)))}
)  # fmt: skip
"""Registers that may be read otherwise than they were written: counters, timers, and what EL3 can
lock (GICv3 IHI 0069, 12.2.24)."""

LOCKABLE: Final[Mapping[str, tuple[int, int]]] = {"ICC_SRE_EL2": (0b0111, 0b1000)}
"""Bits that may be read otherwise than they were written, and bits that may be stuck at 1: where
EL3 locks SRE, DFB and DIB; Enable where SRE is RAO/WI (GICv3 IHI 0069, 12.2.25)."""

VIEWS: Final = (
    r"CNT\w+_TVAL_\w+|\w+(SET|CLR)\d?(_EL\d)?|PMX\w+|PMCR_EL0|PMZR_EL0|PMSWINC_EL0|ERX\w+|RMR_EL\d"
    r"|ICC_(EOIR|DIR|A?SGI|AP|PPI|CTLR|IGRPEN)\w*|OSLAR_EL1|OSDTR\w+|DBGDTR\w+"
)
"""Names, as a pattern, of registers a write to which changes other state than their own."""

ACKNOWLEDGE: Final = frozenset(
    {"ICC_IAR0_EL1", "ICC_IAR1_EL1", "ICC_NMIAR1_EL1", "DBGDTR_EL0", "DBGDTR_EL0_HALF"}
)
"""Registers the mere reading of which changes state."""

HCR_EL2_RW: Final = 31

ARGUMENTS: Final = tuple(f"x{n}" for n in range(8))
CALLEE_SAVED: Final = tuple(f"x{n}" for n in range(19, 30))
"""AAPCS64 6.1.1: these and sp survive a call."""
