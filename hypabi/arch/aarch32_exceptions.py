"""How AArch32 exceptions enter: the vector tables, and the syndrome that HSR reports.

Sources: Arm ARM DDI 0406C.d, B1.8 (vector tables) and B3.13 (syndromes); DDI 0487 G, G1 and G8.2.
"""

import enum

from hypabi.records import frozen

VECTOR_SIZE = 4
VECTOR_COUNT = 8
TABLE_SIZE = VECTOR_SIZE * VECTOR_COUNT
TABLE_ALIGNMENT = 32
"""HVBAR: bits 4:0 are reserved (DDI 0406C, B4.1, HVBAR)."""

HYP_CALL_OFFSET = 0x08
"""Where ``hvc`` and ``svc`` in Hyp mode itself enter."""

HYP_TRAP_OFFSET = 0x14
"""Where ``hvc`` from PL1 and every trap to Hyp mode enters."""


@frozen
class Vector:
    """One word of a vector table: its offset and what enters there."""

    offset: int
    name: str
    entered_by: str


HYP_VECTORS = (
    Vector(0x00, "reset", "nothing (reserved)"),
    Vector(0x04, "undefined", "an undefined instruction in Hyp mode"),
    Vector(0x08, "call", "hvc or svc in Hyp mode"),
    Vector(0x0C, "prefetch abort", "a prefetch abort in Hyp mode"),
    Vector(0x10, "data abort", "a data abort in Hyp mode"),
    Vector(0x14, "trap", "hvc from PL1, or a trap to Hyp mode"),
    Vector(0x18, "irq", "an IRQ routed to Hyp mode"),
    Vector(0x1C, "fiq", "an FIQ routed to Hyp mode"),
)
"""The table at HVBAR."""


@frozen
class SyndromeField:
    """A field of HSR."""

    name: str
    low: int
    width: int

    def of(self, syndrome: int) -> int:
        """Return the field's value in ``syndrome``."""
        return syndrome >> self.low & (1 << self.width) - 1


HSR_EC = SyndromeField("EC", 26, 6)
HSR_IL = SyndromeField("IL", 25, 1)
HSR_HVC_IMMEDIATE = SyndromeField("imm16", 0, 16)
"""ISS[15:0] where EC is HVC."""


class ExceptionClass(enum.IntEnum):
    """HSR.EC: why Hyp mode was entered (DDI 0406C, B3.13; DDI 0487 G, G8.2, HSR)."""

    UNKNOWN = 0x00
    WFI_WFE = 0x01
    CP15_MCR_MRC = 0x03
    CP15_MCRR_MRRC = 0x04
    CP14_MCR_MRC = 0x05
    CP14_LDC_STC = 0x06
    HCPTR_TRAP = 0x07
    CP10_VMRS = 0x08
    BXJ = 0x0A
    CP14_MRRC = 0x0C
    ILLEGAL_STATE = 0x0E
    SVC = 0x11
    HVC = 0x12
    SMC = 0x13
    PREFETCH_ABORT = 0x20
    PREFETCH_ABORT_HYP = 0x21
    PC_ALIGNMENT = 0x22
    DATA_ABORT = 0x24
    DATA_ABORT_HYP = 0x25


def hvc_syndrome(immediate: int) -> int:
    """Return the HSR of ``hvc #immediate``; IL is set, because no HVC is a 16-bit instruction."""
    return ExceptionClass.HVC << HSR_EC.low | 1 << HSR_IL.low | immediate
