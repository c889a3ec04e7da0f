"""AArch32 system registers by encoding, grouped by what a read returns.

Keys are ``(opc1, CRn, CRm, opc2)`` of MRC and MCR, or ``(opc1, CRm)`` of MRRC and MCRR, with the
coprocessor in the table's name.  Sources: Arm ARM DDI 0406C.d, B3.17 and B4.1 (CP15), C11.8 (CP14);
DDI 0487 G, G8.2 to G8.5, for what ARMv8 and the GIC CPU interface added.  An encoding absent from
these tables and from :mod:`hypabi.arch.aarch32_maintenance` has no name in Arm's manuals.
"""

from collections.abc import Mapping
from typing import Final

Encoding = tuple[int, int, int, int]
WideEncoding = tuple[int, int]

CP15_CONSTANT: Final[Mapping[Encoding, str]] = {
    (0, 0, 0, 0): "MIDR",
    (0, 0, 0, 1): "CTR",
    (0, 0, 0, 2): "TCMTR",
    (0, 0, 0, 3): "TLBTR",
    (0, 0, 0, 4): "MIDR",  # opc2 4 and 7 are aliases: DDI 0406C, B4.1, MIDR
    (0, 0, 0, 5): "MPIDR",
    (0, 0, 0, 6): "REVIDR",
    (0, 0, 0, 7): "MIDR",
    (0, 0, 1, 0): "ID_PFR0",
    (0, 0, 1, 1): "ID_PFR1",
    (0, 0, 1, 2): "ID_DFR0",
    (0, 0, 1, 3): "ID_AFR0",
    (0, 0, 1, 4): "ID_MMFR0",
    (0, 0, 1, 5): "ID_MMFR1",
    (0, 0, 1, 6): "ID_MMFR2",
    (0, 0, 1, 7): "ID_MMFR3",
    (0, 0, 2, 0): "ID_ISAR0",
    (0, 0, 2, 1): "ID_ISAR1",
    (0, 0, 2, 2): "ID_ISAR2",
    (0, 0, 2, 3): "ID_ISAR3",
    (0, 0, 2, 4): "ID_ISAR4",
    (0, 0, 2, 5): "ID_ISAR5",
    (0, 0, 2, 6): "ID_MMFR4",
    (0, 0, 2, 7): "ID_ISAR6",
    (0, 0, 3, 4): "ID_PFR2",
    (0, 0, 3, 5): "ID_DFR1",
    (0, 0, 3, 6): "ID_MMFR5",
    (0, 5, 3, 0): "ERRIDR",
    (0, 9, 12, 6): "PMCEID0",
    (0, 9, 12, 7): "PMCEID1",
    (0, 9, 14, 4): "PMCEID2",
    (0, 9, 14, 5): "PMCEID3",
    (0, 9, 14, 6): "PMMIR",
    (1, 0, 0, 1): "CLIDR",
    (1, 0, 0, 7): "AIDR",
    (4, 12, 11, 1): "ICH_VTR",
}
"""Read-only, and the same at each read on one CPU."""

CP15_STATE: Final[Mapping[Encoding, str]] = {
    (0, 1, 0, 0): "SCTLR",
    (0, 1, 0, 1): "ACTLR",
    (0, 1, 0, 2): "CPACR",
    (0, 1, 0, 3): "ACTLR2",
    (0, 1, 1, 0): "SCR",
    (0, 1, 1, 1): "SDER",
    (0, 1, 1, 2): "NSACR",
    (0, 1, 2, 1): "TRFCR",
    (0, 1, 3, 1): "SDCR",
    (0, 2, 0, 0): "TTBR0",
    (0, 2, 0, 1): "TTBR1",
    (0, 2, 0, 2): "TTBCR",
    (0, 2, 0, 3): "TTBCR2",
    (0, 3, 0, 0): "DACR",
    (0, 5, 0, 0): "DFSR",
    (0, 5, 0, 1): "IFSR",
    (0, 5, 1, 0): "ADFSR",
    (0, 5, 1, 1): "AIFSR",
    (0, 6, 0, 0): "DFAR",
    (0, 6, 0, 2): "IFAR",
    (0, 7, 4, 0): "PAR",
    (0, 10, 2, 0): "MAIR0",  # PRRR while TTBCR.EAE is 0: one register, two layouts
    (0, 10, 2, 1): "MAIR1",  # NMRR
    (0, 10, 3, 0): "AMAIR0",
    (0, 10, 3, 1): "AMAIR1",
    (0, 12, 0, 0): "VBAR",
    (0, 12, 0, 1): "MVBAR",
    (0, 13, 0, 0): "FCSEIDR",
    (0, 13, 0, 1): "CONTEXTIDR",
    (0, 13, 0, 2): "TPIDRURW",
    (0, 13, 0, 3): "TPIDRURO",
    (0, 13, 0, 4): "TPIDRPRW",
    (0, 14, 0, 0): "CNTFRQ",
    (0, 14, 1, 0): "CNTKCTL",
    (2, 0, 0, 0): "CSSELR",
    (3, 4, 5, 0): "DSPSR",
    (3, 4, 5, 1): "DLR",
    (4, 0, 0, 0): "VPIDR",
    (4, 0, 0, 5): "VMPIDR",
    (4, 1, 0, 0): "HSCTLR",
    (4, 1, 0, 1): "HACTLR",
    (4, 1, 0, 3): "HACTLR2",
    (4, 1, 1, 0): "HCR",
    (4, 1, 1, 1): "HDCR",
    (4, 1, 1, 2): "HCPTR",
    (4, 1, 1, 3): "HSTR",
    (4, 1, 1, 4): "HCR2",
    (4, 1, 1, 7): "HACR",
    (4, 1, 2, 1): "HTRFCR",
    (4, 2, 0, 2): "HTCR",
    (4, 2, 1, 2): "VTCR",
    (4, 5, 1, 0): "HADFSR",
    (4, 5, 1, 1): "HAIFSR",
    (4, 5, 2, 0): "HSR",
    (4, 5, 2, 3): "VDFSR",
    (4, 6, 0, 0): "HDFAR",
    (4, 6, 0, 2): "HIFAR",
    (4, 6, 0, 4): "HPFAR",
    (4, 10, 2, 0): "HMAIR0",
    (4, 10, 2, 1): "HMAIR1",
    (4, 10, 3, 0): "HAMAIR0",
    (4, 10, 3, 1): "HAMAIR1",
    (4, 12, 0, 0): "HVBAR",
    (4, 13, 0, 2): "HTPIDR",
    (4, 14, 1, 0): "CNTHCTL",
}
"""Holds what software or an exception wrote last.  Reserved bits may read otherwise."""

CP15_VOLATILE: Final[Mapping[Encoding, str]] = {
    (0, 4, 6, 0): "ICC_PMR",
    (0, 5, 3, 1): "ERRSELR",
    (0, 9, 12, 0): "PMCR",
    (0, 9, 12, 1): "PMCNTENSET",
    (0, 9, 12, 2): "PMCNTENCLR",
    (0, 9, 12, 3): "PMOVSR",
    (0, 9, 12, 5): "PMSELR",
    (0, 9, 13, 0): "PMCCNTR",
    (0, 9, 13, 1): "PMXEVTYPER",
    (0, 9, 13, 2): "PMXEVCNTR",
    (0, 9, 14, 0): "PMUSERENR",
    (0, 9, 14, 1): "PMINTENSET",
    (0, 9, 14, 2): "PMINTENCLR",
    (0, 9, 14, 3): "PMOVSSET",
    (0, 12, 0, 2): "RMR",
    (0, 12, 1, 1): "DISR",
    (0, 12, 8, 3): "ICC_BPR0",
    (0, 12, 8, 4): "ICC_AP0R0",
    (0, 12, 8, 5): "ICC_AP0R1",
    (0, 12, 8, 6): "ICC_AP0R2",
    (0, 12, 8, 7): "ICC_AP0R3",
    (0, 12, 9, 0): "ICC_AP1R0",
    (0, 12, 9, 1): "ICC_AP1R1",
    (0, 12, 9, 2): "ICC_AP1R2",
    (0, 12, 9, 3): "ICC_AP1R3",
    (0, 12, 12, 3): "ICC_BPR1",
    (0, 12, 12, 4): "ICC_CTLR",
    (0, 12, 12, 5): "ICC_SRE",
    (0, 12, 12, 6): "ICC_IGRPEN0",
    (0, 12, 12, 7): "ICC_IGRPEN1",
    (0, 14, 2, 0): "CNTP_TVAL",
    (0, 14, 2, 1): "CNTP_CTL",
    (0, 14, 3, 0): "CNTV_TVAL",
    (0, 14, 3, 1): "CNTV_CTL",
    (0, 14, 15, 7): "PMCCFILTR",
    (4, 12, 0, 2): "HRMR",
    (4, 12, 1, 1): "VDISR",
    (4, 12, 8, 0): "ICH_AP0R0",
    (4, 12, 8, 1): "ICH_AP0R1",
    (4, 12, 8, 2): "ICH_AP0R2",
    (4, 12, 8, 3): "ICH_AP0R3",
    (4, 12, 9, 0): "ICH_AP1R0",
    (4, 12, 9, 1): "ICH_AP1R1",
    (4, 12, 9, 2): "ICH_AP1R2",
    (4, 12, 9, 3): "ICH_AP1R3",
    (4, 12, 9, 5): "ICC_HSRE",  # hardware or firmware may force SRE: IHI 0069
    (4, 12, 11, 0): "ICH_HCR",
    (4, 12, 11, 7): "ICH_VMCR",
    (4, 14, 2, 0): "CNTHP_TVAL",
    (4, 14, 2, 1): "CNTHP_CTL",
    (6, 12, 12, 4): "ICC_MCTLR",
    (6, 12, 12, 5): "ICC_MSRE",
    (6, 12, 12, 7): "ICC_MGRPEN1",
}
"""Can be written, but hardware, another register or another agent decides what a read returns."""

CP15_STATUS: Final[Mapping[Encoding, str]] = {
    (0, 12, 1, 0): "ISR",
    (0, 12, 8, 2): "ICC_HPPIR0",
    (0, 12, 11, 3): "ICC_RPR",
    (0, 12, 12, 2): "ICC_HPPIR1",
    (1, 0, 0, 0): "CCSIDR",  # which cache it describes is CSSELR's to say
    (1, 0, 0, 2): "CCSIDR2",
    (4, 12, 11, 2): "ICH_MISR",
    (4, 12, 11, 3): "ICH_EISR",
    (4, 12, 11, 5): "ICH_ELRSR",
}
"""Read-only, and may differ at each read."""

CP15_WIDE_STATE: Final[Mapping[WideEncoding, str]] = {
    (0, 2): "TTBR0",
    (1, 2): "TTBR1",
    (4, 2): "HTTBR",
    (6, 2): "VTTBR",
    (0, 7): "PAR",
    (2, 14): "CNTP_CVAL",
    (3, 14): "CNTV_CVAL",
    (4, 14): "CNTVOFF",
    (6, 14): "CNTHP_CVAL",
}
CP15_WIDE_VOLATILE: Final[Mapping[WideEncoding, str]] = {(0, 9): "PMCCNTR"}
CP15_WIDE_STATUS: Final[Mapping[WideEncoding, str]] = {
    (0, 14): "CNTPCT",
    (1, 14): "CNTVCT",
    (8, 14): "CNTPCTSS",
    (9, 14): "CNTVCTSS",
}

CP14_CONSTANT: Final[Mapping[Encoding, str]] = {
    (0, 0, 0, 0): "DBGDIDR",
    (0, 1, 0, 0): "DBGDRAR",
    (0, 2, 0, 0): "DBGDSAR",
    (0, 7, 0, 7): "DBGDEVID2",
    (0, 7, 1, 7): "DBGDEVID1",
    (0, 7, 2, 7): "DBGDEVID",
    (7, 0, 0, 0): "JIDR",
}
CP14_STATE: Final[Mapping[Encoding, str]] = {
    (0, 0, 6, 0): "DBGWFAR",
    (0, 0, 7, 0): "DBGVCR",
    (0, 1, 3, 4): "DBGOSDLR",
    (6, 0, 0, 0): "TEECR",
    (6, 1, 0, 0): "TEEHBR",
    (7, 1, 0, 0): "JOSCR",
    (7, 2, 0, 0): "JMCR",
}
CP14_VOLATILE: Final[Mapping[Encoding, str]] = {
    (0, 0, 0, 2): "DBGDTRRXext",
    (0, 0, 2, 0): "DBGDCCINT",
    (0, 0, 2, 2): "DBGDSCRext",
    (0, 0, 3, 2): "DBGDTRTXext",
    (0, 0, 6, 2): "DBGOSECCR",
    (0, 1, 4, 4): "DBGPRCR",
    (0, 7, 8, 6): "DBGCLAIMSET",
    (0, 7, 9, 6): "DBGCLAIMCLR",
}
CP14_STATUS: Final[Mapping[Encoding, str]] = {
    (0, 0, 1, 0): "DBGDSCRint",
    (0, 1, 1, 4): "DBGOSLSR",
    (0, 7, 14, 6): "DBGAUTHSTATUS",
}
CP14_WIDE_CONSTANT: Final[Mapping[WideEncoding, str]] = {(0, 1): "DBGDRAR", (0, 2): "DBGDSAR"}

BREAKPOINT_REGISTERS: Final[Mapping[tuple[int, int], str]] = {
    (0, 4): "DBGBVR",
    (0, 5): "DBGBCR",
    (0, 6): "DBGWVR",
    (0, 7): "DBGWCR",
    (1, 1): "DBGBXVR",
}
"""CP14, opc1 = 0, by (CRn, opc2); CRm is the number in the name."""

FLOATING_POINT: Final[Mapping[int, str]] = {
    0: "FPSID",
    1: "FPSCR",
    5: "MVFR2",
    6: "MVFR1",
    7: "MVFR0",
    8: "FPEXC",
    9: "FPINST",
    10: "FPINST2",
}
"""VMRS and VMSR, by field ``reg`` (DDI 0406C, B6.1 and B9.3)."""
