"""Which AArch64 system registers may be read, written, or are of another profile or state.

Arm ARM DDI 0487, D19.2: an MSR to a read-only register, an MRS of a write-only one, and either to a
register of a higher Exception level are UNDEFINED.  Names and directions are checked against GNU
binutils by ``tests/arch``.
"""

import re
from functools import cache
from typing import Final

from hypabi.arch.aarch64_system import SYSTEM_OPERATIONS, SYSTEM_REGISTERS

READ_ONLY: Final = re.compile(
    r"A(M(CFGR|CG1IDR|CGCR|EVTYPER0\d)_EL0|IDR_EL1)|BRB(IDR0|(INF|SRC|TGT)\d+)_EL1"
    r"|C(CSIDR2?|LIDR)_EL1|CNT[PV]CT(SS)?_EL0|CSR(IDR|PTRIDX)_EL\d|C(TR|URRENTEL)(_EL0)?"
    r"|DBGAUTHSTATUS_EL1|DCZID_EL0|ERRIDR_EL1|ERX(FR|PFGF|GSR)_EL1|GMID_EL1"
    r"|ICC_(HPPIR[01]?|IAR[01]|NMIAR1|RPR|IDR0|IAFFIDR|PPI_HMR\d)_EL1"
    r"|ICH_(EISR|ELRSR|MISR|VTR)_EL2|ID_\w+_EL1|ISR_EL1|LORID_EL1|MDCCSR_EL0|MDRAR_EL1"
    r"|M(P|PAM)?IDR_EL1|MVFR\d_EL1|OSLSR_EL1|PM(B|S)IDR_EL1|PMCEID\d_EL0|PMMIR_EL1|REVIDR_EL1"
    r"|RNDR(RS)?|RVBAR_EL\d|SMIDR_EL1|SPM(CFGR|DEVAFF|DEVARCH|IIDR)_EL1|TRBIDR_EL1"
    r"|PM(CCNT|ICNT|EVCNT\d+)SVR_EL1"
    r"|TRC(AUTHSTATUS|[CP]?IDR\d+|DEV(AFF\d|ARCH|ID|TYPE)|LSR|OSLSR|PDSR|STATR)"
)
"""Registers that no MSR can name, as a pattern."""

WRITE_ONLY: Final = re.compile(
    r"ICC_(A?SGI1R|SGI0R|DIR|EOIR[01])_EL1|OSLAR_EL1|PMSWINC_EL0|PMZR_EL0|SPMZR_EL0|TRC(OS)?LAR"
)
"""Registers that no MRS can name, as a pattern."""

REAL_TIME: Final = re.compile(r"PR(BAR|LAR)\d*_EL[12]|PR(ENR|SELR)_EL[12]|MPUIR_EL[12]|VSCTLR_EL2")
"""Registers of the R profile (DDI 0600), which a PE with an MMU does not have."""

WITHOUT_OPERAND: Final = re.compile(r"TLBI (ALL|VMALL)\w+|IC IALLU(IS)?")
"""System operations whose Rt has to be 31 (C5.5); elsewhere they are CONSTRAINED UNPREDICTABLE."""

IMPLEMENTATION_DEFINED: Final = re.compile(r"S3_\d_C1[15]_C\d+_\d")
"""Registers that the architecture leaves open (D18.3.2, op0 = 3): elsewhere said of them."""

ABOVE_EL2: Final = (6, 7)
"""Values of op1 that only EL3, or Secure state, may use (C5.1.2); SP_EL2 is among them."""


EL2_AND_ABOVE: Final = 4
"""The value of op1 with which a register or operation is UNDEFINED at EL1 (C5.1.2)."""


@cache
def needs_el2() -> frozenset[str]:
    """Return the system registers and operations that are UNDEFINED at EL1 by their encoding.

    What is written ``_EL12`` is not among them: it is told by its name.
    """
    tables = (SYSTEM_REGISTERS, SYSTEM_OPERATIONS)
    return frozenset(
        name for table in tables for key, name in table.items() if key >> 11 & 7 == EL2_AND_ABOVE
    )


def refused_read(name: str, op1: int) -> str | None:
    """Return why an MRS of a register is UNDEFINED below EL3, ``None`` where it may not be.

    :param name: as ``SYSTEM_REGISTERS`` has it; ``S3_4_C9_C9_7`` for what it does not have
    """
    if WRITE_ONLY.fullmatch(name):
        return f"UNDEFINED: {name} cannot be read"
    return _absent(name, op1)


def refused_write(name: str, op1: int) -> str | None:
    """Return why an MSR to a register is UNDEFINED below EL3; as :func:`refused_read`."""
    if READ_ONLY.fullmatch(name):
        return f"UNDEFINED: {name} cannot be written"
    return _absent(name, op1)


def _absent(name: str, op1: int) -> str | None:
    if name.startswith(("S2_", "S3_")) and not IMPLEMENTATION_DEFINED.fullmatch(name):
        return f"UNDEFINED: no system register has the encoding {name}"
    if op1 in ABOVE_EL2:
        return f"UNDEFINED: {name} below EL3"
    return f"UNDEFINED: {name} is of the R profile" if REAL_TIME.fullmatch(name) else None
