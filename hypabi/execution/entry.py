"""The state in which an ``hvc`` enters a vector (DDI 0487 D1.3; for HYP DDI 0406C B1.8.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hypabi.arch import aarch64
from hypabi.arch.names import InstructionSet
from hypabi.smt import terms
from hypabi.smt.terms import Value

EL2: Final = 2 << 2
"""CurrentEL as MRS reads it at EL2."""

DAIF_MASKED: Final = 0xF << 6


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a path starts and what holds there.

    ``registers`` are those that exception entry sets; every other register is a symbol of its own
    name.  ``link`` names the preferred return address, ``status`` the saved program status.
    """

    address: int
    state: InstructionSet
    registers: Mapping[str, Value]
    assumptions: tuple[str, ...]
    link: str
    status: str
    mode: str
    identifier: str
    """The register that selects the call: paths that it tells apart are never merged."""


def hvc_to_el2(address: int, immediate: int = 0) -> Entry:
    """Return the entry of ``hvc #immediate``, issued at AArch64 EL1, to a slot at EL2.

    :param address: of the slot's first instruction
    """
    status = _caller_status()
    registers: dict[str, Value] = {
        "CURRENTEL": EL2,
        "SPSel": 1,
        "DAIF": DAIF_MASKED,
        "ESR_EL2": aarch64.hvc_syndrome(immediate),
        "SPSR_EL2": status,
    }
    return Entry(
        address,
        InstructionSet.A64,
        registers,
        (f"entered by hvc #{immediate} from AArch64 EL1",),
        "ELR_EL2",
        "SPSR_EL2",
        "EL2h",
        "x0",
    )


def _caller_status() -> Value:
    """SPSR_EL2 of a caller at EL1: M[4:1] is 0b0010, M[0] chooses its stack pointer (C5.2.19)."""
    whole = terms.symbol("SPSR_EL2", 64)
    high = terms.extract(whole, 5, 59, 64)
    selector = terms.extract(whole, 0, 1, 64)
    return terms.concat(high, terms.concat(0b0010, selector, 4, 1), 59, 5)


def hvc_to_hyp(address: int, immediate: int = 0) -> Entry:
    """Return the entry of ``hvc #immediate``, issued at PL1 in A32 state, to a slot of HVBAR's
    table.

    The caller is in Supervisor mode, as the kernel is; what else CPSR holds is kept in SPSR_hyp.

    :param address: of the slot's first instruction
    """
    whole = terms.symbol("SPSR_hyp", 32)
    status = terms.concat(terms.extract(whole, 5, 27, 32), 0b10011, 27, 5)
    registers: dict[str, Value] = {
        "CPSR.M": 0b11010,
        "CPSR.A": 1,
        "CPSR.I": 1,
        "CPSR.F": 1,
        "CPSR.T": 0,
        "CPSR.J": 0,
        "CPSR.IT": 0,
        "HSR": 0x12 << 26 | 1 << 25 | immediate,
        "SPSR_hyp": status,
    }
    return Entry(
        address,
        InstructionSet.A32,
        registers,
        (f"entered by hvc #{immediate} from Supervisor mode",),
        "ELR_hyp",
        "SPSR_hyp",
        "hyp",
        "r0",
    )
