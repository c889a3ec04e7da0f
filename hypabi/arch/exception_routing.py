"""Every way into a vector table of EL2 or HYP: what enters each slot, and what lets it.

Sources: Arm ARM DDI 0487, D1.3 (exception entry, routing, slots) and D19.2.40 (ESR_EL2.EC, with the
control that causes each); DDI 0406C, B1.8 (slots), B3.13 (HSR.EC) and B1.14 (what HYP can trap).
"""

from typing import Final

from hypabi.arch import aarch32_exceptions, aarch64
from hypabi.arch.vector_entries import Kind, Origin, Reason, Resumes, VectorEntry

HVC64: Final = aarch64.ExceptionClass.HVC64
NO_EL1: Final = "only HCR_EL2.TGE routes it to EL2, and with TGE = 1 there is no EL1 to serve"
NO_PL1: Final = "only HCR.TGE routes it to Hyp mode, from PL0, and with TGE = 1 no PL1 is served"


def _trapped(code: int, name: str, where: str, *, user: bool = True) -> Reason:
    return Reason(code, name, where, Resumes.AGAIN, user)


def _below(code: int, name: str) -> Reason:
    """Return an exception that EL1 takes itself, unless there is no EL1."""
    return Reason(code, name, "HCR_EL2.TGE", Resumes.AGAIN, user=True, never=NO_EL1)


SYNCHRONOUS_64: Final = (
    Reason(
        HVC64, "hvc with another immediate", "", Resumes.BEHIND, kind=Kind.OTHER_IMMEDIATE
    ),
    _trapped(0x01, "WFI, WFE, WFIT or WFET", "HCR_EL2.TWI or TWE"),
    _trapped(0x03, "MCR or MRC, CP15 (AArch32 EL0)", "HSTR_EL2.Tn, HCR_EL2.TIDCP or TID2"),
    _trapped(0x04, "MCRR or MRRC, CP15 (AArch32 EL0)", "HSTR_EL2.Tn"),
    _trapped(0x05, "MCR or MRC, CP14 (AArch32 EL0)", "MDCR_EL2.TDA, CPTR_EL2.TTA"),
    _trapped(0x06, "LDC or STC, CP14 (AArch32 EL0)", "MDCR_EL2.TDA"),
    _trapped(0x07, "FP or SIMD", "CPTR_EL2.TFP, or FPEN where E2H is 1"),
    _trapped(0x09, "pointer authentication", "HCR_EL2.API = 0"),
    _trapped(0x0A, "LD64B, ST64B or another instruction", "HCRX_EL2.EnALS, EnAS0, EnASR = 0"),
    _trapped(0x0C, "MRRC, CP14 (AArch32 EL0)", "MDCR_EL2.TDRA or TDA, CPTR_EL2.TTA"),
    _trapped(0x14, "MSRR, MRRS or SYSP", "HCRX_EL2.D128En = 0, HFG*TR2_EL2", user=False),
    _trapped(0x15, "SVC", "HFGITR_EL2.SVC_EL1 or SVC_EL0"),
    _trapped(0x17, "SMC", "HCR_EL2.TSC", user=False),
    _trapped(
        0x18,
        "MSR, MRS or system instruction",
        "HCR_EL2 (TVM, TID1-TID5, TSW, TPC, TPU, TTLB, TACR, TDZ, TIDCP...), CPTR_EL2, "
        "MDCR_EL2, CNTHCTL_EL2, ICH_HCR_EL2, HFG*TR_EL2, HDFG*TR_EL2",
    ),
    _trapped(0x19, "SVE", "CPTR_EL2.TZ, or ZEN where E2H is 1"),
    _trapped(0x1A, "ERET", "HFGITR_EL2.ERET, HCR_EL2.NV", user=False),
    _trapped(0x1D, "SME", "CPTR_EL2.TSM, or SMEN where E2H is 1"),
    _trapped(0x20, "instruction abort", "HCR_EL2.VM (stage 2), TEA or GPF"),
    _trapped(0x24, "data abort", "HCR_EL2.VM (stage 2), TEA or GPF"),
    _trapped(0x27, "memory copy or set", "HCRX_EL2.MCE2"),
    _trapped(0x30, "hardware breakpoint", "MDCR_EL2.TDE"),
    Reason(0x32, "software step", "MDCR_EL2.TDE", Resumes.NEXT, user=True),
    _trapped(0x34, "watchpoint", "MDCR_EL2.TDE"),
    _trapped(0x38, "BKPT (AArch32 EL0)", "MDCR_EL2.TDE"),
    _trapped(0x3C, "BRK", "MDCR_EL2.TDE"),
    _below(0x00, "undefined instruction, HVC at EL0 too"),
    _below(0x0D, "branch target"),
    _below(0x0E, "illegal execution state"),
    Reason(0x11, "SVC (AArch32 EL0)", "HCR_EL2.TGE", Resumes.BEHIND, user=True, never=NO_EL1),
    _below(0x1C, "failed pointer authentication"),
    _below(0x22, "PC alignment"),
    _below(0x26, "SP alignment"),
    _below(0x28, "trapped FP exception (AArch32 EL0)"),
    _below(0x2C, "trapped FP exception"),
    _below(0x2D, "guarded control stack"),
)  # fmt: skip
"""What enters EL2 from AArch64 EL1, or from EL0 while EL1 is AArch64 (HCR_EL2.RW = 1)."""

EL1_32_ONLY: Final = (
    Reason(0x12, "HVC", "", Resumes.BEHIND),
    _trapped(0x13, "SMC", "HCR_EL2.TSC", user=False),
    _trapped(0x08, "VMRS", "HCR_EL2.TID0 or TID3", user=False),
    _trapped(0x3A, "vector catch", "MDCR_EL2.TDE"),
)
SHARED_32: Final = frozenset(
    {0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0C, 0x20, 0x24, 0x30, 0x32, 0x34, 0x38}
)
"""Classes that AArch32 state has in common with what AArch64 EL1 can cause."""

SYNCHRONOUS_32: Final = tuple(
    sorted(
        (*EL1_32_ONLY, *(each for each in SYNCHRONOUS_64 if each.code in SHARED_32)),
        key=lambda each: each.code or 0,
    )
)
"""What enters EL2 while EL1 is AArch32 (HCR_EL2.RW = 0)."""

OF_EL2: Final = (
    Reason(HVC64, "HVC", "", Resumes.BEHIND, kind=Kind.FROM_ITSELF),
    Reason(0x00, "undefined instruction", ""),
    Reason(0x07, "FP or SIMD", "CPTR_EL2.TFP, or FPEN where E2H is 1"),
    Reason(0x0D, "branch target", "SCTLR_EL2.BT"),
    Reason(0x0E, "illegal execution state", ""),
    Reason(0x15, "SVC", "", Resumes.BEHIND),
    Reason(0x18, "MSR, MRS or system instruction", "CPTR_EL2 or HCR_EL2"),
    Reason(0x19, "SVE", "CPTR_EL2.TZ, or ZEN where E2H is 1"),
    Reason(0x1C, "failed pointer authentication", "FEAT_FPAC"),
    Reason(0x1D, "SME", "CPTR_EL2.TSM, or SMEN where E2H is 1"),
    Reason(0x21, "instruction abort", ""),
    Reason(0x22, "PC alignment", ""),
    Reason(0x25, "data abort", ""),
    Reason(0x26, "SP alignment", "SCTLR_EL2.SA"),
    Reason(0x27, "memory copy or set", "SCTLR_EL2.MSCEn = 0"),
    Reason(0x2C, "trapped FP exception", "FPCR"),
    Reason(0x2D, "guarded control stack", "GCSCR_EL2"),
    Reason(0x31, "hardware breakpoint", "MDCR_EL2.TDE and MDSCR_EL1.KDE"),
    Reason(0x33, "software step", "MDCR_EL2.TDE and MDSCR_EL1.KDE", Resumes.NEXT),
    Reason(0x35, "watchpoint", "MDCR_EL2.TDE and MDSCR_EL1.KDE"),
    Reason(0x3C, "BRK", ""),
)
"""What EL2 takes from itself."""

ASYNCHRONOUS: Final = (
    (0x80, "IRQ", Reason(None, "IRQ", "HCR_EL2.IMO", Resumes.NEXT, user=True)),
    (0x100, "FIQ", Reason(None, "FIQ", "HCR_EL2.FMO", Resumes.NEXT, user=True)),
    (0x180, "SError", Reason(0x2F, "SError", "HCR_EL2.AMO or TEA", Resumes.NEXT, user=True)),
)
"""Distance from the synchronous slot, and what enters there."""


def entries_of_el2() -> tuple[VectorEntry, ...]:
    """Return the slots of VBAR_EL2's table, the one that an ``hvc`` of the kernel enters first.

    DDI 0487, D1.3.1: the width of EL1, not of EL0, chooses between +0x400 and +0x600.  What
    interrupts EL2 itself is left out: exception entry masks it.
    """
    groups = (
        (aarch64.Slot.LOWER_AARCH64, Origin.EL1, SYNCHRONOUS_64),
        (aarch64.Slot.LOWER_AARCH32, Origin.EL1_32, SYNCHRONOUS_32),
        (aarch64.Slot.CURRENT_SP_EL2, Origin.EL2H, OF_EL2),
        (aarch64.Slot.CURRENT_SP_EL0, Origin.EL2T, OF_EL2),
    )
    entries = []
    for base, origin, reasons in groups:
        entries.append(VectorEntry(int(base), "synchronous", origin, reasons))
        if origin in (Origin.EL1, Origin.EL1_32):
            entries += [
                VectorEntry(base + at, name, origin, (each,)) for at, name, each in ASYNCHRONOUS
            ]
    return tuple(entries)


def _to_hyp(code: int, name: str, where: str, *, user: bool = True) -> Reason:
    return Reason(code, name, where, Resumes.AGAIN, user)


SYNCHRONOUS_HYP: Final = (
    Reason(
        0x12, "hvc with another immediate", "", Resumes.BEHIND, kind=Kind.OTHER_IMMEDIATE
    ),
    _to_hyp(0x01, "WFI or WFE", "HCR.TWI or TWE"),
    _to_hyp(
        0x03,
        "MCR or MRC, CP15",
        "HSTR.Tn, HCR (TVM, TID1-TID3, TSW, TPC, TPU, TTLB, TAC, TIDCP)",
    ),
    _to_hyp(0x04, "MCRR or MRRC, CP15", "HSTR.Tn, HCR.TVM"),
    _to_hyp(0x05, "MCR or MRC, CP14", "HCPTR.TTA, HDCR.TDRA, TDOSA or TDA, HCR.TID0, HSTR.TTEE"),
    _to_hyp(0x06, "LDC or STC, CP14", "HDCR.TDA"),
    _to_hyp(0x07, "coprocessor, FP or SIMD", "HCPTR.TCPn or TASE"),
    _to_hyp(0x08, "VMRS", "HCR.TID0 or TID3", user=False),
    _to_hyp(0x0A, "BXJ", "HSTR.TJDBX"),
    _to_hyp(0x0C, "MRRC, CP14", "HDCR.TDRA, HCPTR.TTA"),
    _to_hyp(0x13, "SMC", "HCR.TSC", user=False),
    _to_hyp(0x20, "prefetch abort", "HCR.VM (stage 2), HDCR.TDE for debug events"),
    _to_hyp(0x24, "data abort", "HCR.VM (stage 2), HDCR.TDE for debug events, HCR.AMO"),
    Reason(0x00, "undefined instruction", "HCR.TGE", user=True, never=NO_PL1),
    Reason(0x11, "SVC", "HCR.TGE", Resumes.BEHIND, user=True, never=NO_PL1),
    Reason(0x22, "PC alignment", "HCR.TGE", user=True, never=NO_PL1),
)  # fmt: skip
"""What enters Hyp mode by "Hyp trap, or Hyp mode entry" (DDI 0406C, B1.8.1, table B1-3)."""

OF_HYP: Final = (
    (0x08, "call", (
        Reason(0x12, "HVC", "", Resumes.BEHIND, kind=Kind.FROM_ITSELF),
        Reason(0x11, "SVC", "", Resumes.BEHIND),
    )),
    (0x04, "undefined", (
        Reason(0x00, "undefined instruction", ""),
        Reason(0x07, "coprocessor, FP or SIMD", "HCPTR.TCPn or TASE"),
    )),
    (0x0C, "prefetch abort", (Reason(0x21, "prefetch abort", ""),)),
    (0x10, "data abort", (Reason(0x25, "data abort", ""),)),
)  # fmt: skip
"""What Hyp mode takes from itself, by slot."""


def entries_of_hyp() -> tuple[VectorEntry, ...]:
    """Return the slots of HVBAR's table that something enters, that of ``hvc`` first."""
    hvc = aarch32_exceptions.HYP_TRAP_OFFSET
    entries = [VectorEntry(hvc, "Hyp trap, or Hyp mode entry", Origin.PL1, SYNCHRONOUS_HYP)]
    entries += [VectorEntry(at, name, Origin.HYP, reasons) for at, name, reasons in OF_HYP]
    for at, name, where in ((0x18, "IRQ", "HCR.IMO"), (0x1C, "FIQ", "HCR.FMO")):
        reason = Reason(None, name, where, Resumes.NEXT, user=True)
        entries.append(VectorEntry(at, name, Origin.PL1, (reason,)))
    return tuple(entries)
