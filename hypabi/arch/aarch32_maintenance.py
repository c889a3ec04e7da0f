"""AArch32 system operations by encoding: CP14 and CP15 accesses that act.

Keys and sources as in :mod:`hypabi.arch.aarch32_registers`; DDI 0406C.d, B4.2 and DDI 0487 G, G8.2
for caches, TLBs and address translation; the GIC architecture IHI 0069 for the interrupt interface.
"""

import enum
from collections.abc import Mapping
from typing import Final

from hypabi.arch.aarch32_registers import Encoding, WideEncoding


class Kind(enum.Enum):
    """What a system operation acts on."""

    CACHE = "cache"
    TLB = "TLB"
    BRANCH_PREDICTOR = "branch predictor"
    BARRIER = "barrier"
    TRANSLATION = "address translation"
    INTERRUPT = "interrupt controller"
    PERFORMANCE = "performance monitor"
    DEBUG = "debug"


CACHE: Final[Mapping[Encoding, str]] = {
    (0, 7, 1, 0): "ICIALLUIS",
    (0, 7, 5, 0): "ICIALLU",
    (0, 7, 5, 1): "ICIMVAU",
    (0, 7, 6, 1): "DCIMVAC",
    (0, 7, 6, 2): "DCISW",
    (0, 7, 10, 1): "DCCMVAC",
    (0, 7, 10, 2): "DCCSW",
    (0, 7, 11, 1): "DCCMVAU",
    (0, 7, 14, 1): "DCCIMVAC",
    (0, 7, 14, 2): "DCCISW",
}
BRANCH_PREDICTOR: Final[Mapping[Encoding, str]] = {
    (0, 7, 1, 6): "BPIALLIS",
    (0, 7, 3, 4): "CFPRCTX",
    (0, 7, 3, 5): "DVPRCTX",
    (0, 7, 3, 7): "CPPRCTX",
    (0, 7, 5, 6): "BPIALL",
    (0, 7, 5, 7): "BPIMVA",
}
BARRIER: Final[Mapping[Encoding, str]] = {
    (0, 7, 5, 4): "CP15ISB",
    (0, 7, 10, 4): "CP15DSB",
    (0, 7, 10, 5): "CP15DMB",
}
TRANSLATION: Final[Mapping[Encoding, str]] = {
    (0, 7, 8, 0): "ATS1CPR",
    (0, 7, 8, 1): "ATS1CPW",
    (0, 7, 8, 2): "ATS1CUR",
    (0, 7, 8, 3): "ATS1CUW",
    (0, 7, 8, 4): "ATS12NSOPR",
    (0, 7, 8, 5): "ATS12NSOPW",
    (0, 7, 8, 6): "ATS12NSOUR",
    (0, 7, 8, 7): "ATS12NSOUW",
    (0, 7, 9, 0): "ATS1CPRP",
    (0, 7, 9, 1): "ATS1CPWP",
    (4, 7, 8, 0): "ATS1HR",
    (4, 7, 8, 1): "ATS1HW",
}
"""Each leaves its result in PAR."""

TLB: Final[Mapping[Encoding, str]] = {
    (0, 8, 3, 0): "TLBIALLIS",
    (0, 8, 3, 1): "TLBIMVAIS",
    (0, 8, 3, 2): "TLBIASIDIS",
    (0, 8, 3, 3): "TLBIMVAAIS",
    (0, 8, 3, 5): "TLBIMVALIS",
    (0, 8, 3, 7): "TLBIMVAALIS",
    (0, 8, 5, 0): "ITLBIALL",
    (0, 8, 5, 1): "ITLBIMVA",
    (0, 8, 5, 2): "ITLBIASID",
    (0, 8, 6, 0): "DTLBIALL",
    (0, 8, 6, 1): "DTLBIMVA",
    (0, 8, 6, 2): "DTLBIASID",
    (0, 8, 7, 0): "TLBIALL",
    (0, 8, 7, 1): "TLBIMVA",
    (0, 8, 7, 2): "TLBIASID",
    (0, 8, 7, 3): "TLBIMVAA",
    (0, 8, 7, 5): "TLBIMVAL",
    (0, 8, 7, 7): "TLBIMVAAL",
    (4, 8, 0, 1): "TLBIIPAS2IS",
    (4, 8, 0, 5): "TLBIIPAS2LIS",
    (4, 8, 3, 0): "TLBIALLHIS",
    (4, 8, 3, 1): "TLBIMVAHIS",
    (4, 8, 3, 4): "TLBIALLNSNHIS",
    (4, 8, 3, 5): "TLBIMVALHIS",
    (4, 8, 4, 1): "TLBIIPAS2",
    (4, 8, 4, 5): "TLBIIPAS2L",
    (4, 8, 7, 0): "TLBIALLH",
    (4, 8, 7, 1): "TLBIMVAH",
    (4, 8, 7, 4): "TLBIALLNSNH",
    (4, 8, 7, 5): "TLBIMVALH",
}
INTERRUPT: Final[Mapping[Encoding, str]] = {
    (0, 12, 8, 1): "ICC_EOIR0",
    (0, 12, 11, 1): "ICC_DIR",
    (0, 12, 12, 1): "ICC_EOIR1",
}
PERFORMANCE: Final[Mapping[Encoding, str]] = {(0, 9, 12, 4): "PMSWINC"}

INTERRUPT_WIDE: Final[Mapping[WideEncoding, str]] = {
    (0, 12): "ICC_SGI1R",
    (1, 12): "ICC_ASGI1R",
    (2, 12): "ICC_SGI0R",
}
"""Writes of 64 bits."""

INTERRUPT_READ: Final[Mapping[Encoding, str]] = {
    (0, 12, 8, 0): "ICC_IAR0",
    (0, 12, 12, 0): "ICC_IAR1",
}
"""Reads that acknowledge an interrupt."""

DEBUG_WRITE: Final[Mapping[Encoding, str]] = {
    (0, 0, 5, 0): "DBGDTRTXint",
    (0, 1, 0, 4): "DBGOSLAR",
}
DEBUG_READ: Final[Mapping[Encoding, str]] = {(0, 0, 5, 0): "DBGDTRRXint"}
"""CP14: the same encoding reads one register and writes another."""

CP15_WRITES: Final[Mapping[Kind, Mapping[Encoding, str]]] = {
    Kind.CACHE: CACHE,
    Kind.BRANCH_PREDICTOR: BRANCH_PREDICTOR,
    Kind.BARRIER: BARRIER,
    Kind.TRANSLATION: TRANSLATION,
    Kind.TLB: TLB,
    Kind.INTERRUPT: INTERRUPT,
    Kind.PERFORMANCE: PERFORMANCE,
}
"""Operations that MCR p15 starts."""

WHOLE: Final[frozenset[str]] = frozenset(
    {"ICIALLUIS", "ICIALLU", "BPIALLIS", "BPIALL", "CP15ISB", "CP15DSB", "CP15DMB"}
    | {"TLBIALLIS", "ITLBIALL", "DTLBIALL", "TLBIALL"}
    | {"TLBIALLHIS", "TLBIALLNSNHIS", "TLBIALLH", "TLBIALLNSNH"}
)
"""Operations on everything: the value of Rt is ignored."""
