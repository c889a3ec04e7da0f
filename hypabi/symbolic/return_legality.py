"""Which exception returns from EL2 or Hyp are illegal, and where a legal one lands.

DDI 0487, D1.4.2 (A64) and G1.17 (AArch32): an illegal return changes neither level nor mode but
sets PSTATE.IL, so that the next instruction takes an Illegal Execution state exception.
"""

from collections.abc import Iterable
from typing import Final

from hypabi.arch import aarch32, aarch64
from hypabi.arch.aarch32 import Mode
from hypabi.smt import terms
from hypabi.smt.terms import Value
from hypabi.unknowns import MemoryWord, unknown_of

HCR_TGE: Final = 27
"""HCR.TGE (DDI 0487, G8.2.66), where HCR_EL2 has it, too."""
THUMB: Final = 5
"""SPSR.T."""
EL0T: Final = 0b00000
EL1: Final = (0b00100, 0b00101)
EL2: Final = (0b01000, 0b01001)
USR: Final = 0b10000
EL1_32: Final = (0b10001, 0b10010, 0b10011, 0b10111, 0b11011, 0b11111)
"""SPSR_EL2.M of FIQ, IRQ, Supervisor, Abort, Undefined and System mode (C5.2.19)."""


def illegal_to_a64(status: Value, control: Value) -> Value:
    """Return whether an ERET at EL2 is illegal.

    :param status: SPSR_EL2
    :param control: HCR_EL2: RW says whether EL1 is AArch64, TGE that EL1 is not there
    """
    mode = terms.extract(status, 0, 5, 64)
    everything = terms.extract(control, aarch64.HCR_EL2_TGE, 1, 64)
    wide = terms.extract(control, aarch64.HCR_EL2_RW, 1, 64)
    legal = terms.lor(
        _among(mode, (*EL2, USR)),
        terms.land(_among(mode, EL1), wide, terms.lnot(everything)),
        terms.land(_among(mode, EL1_32), terms.lnot(wide), terms.lnot(everything)),
        terms.land(_among(mode, (EL0T,)), terms.lor(wide, everything)),
    )
    return terms.lnot(legal)


def illegal_from_hyp(status: Value, control: Value | None) -> Value:
    """Return whether an ERET in Hyp mode is illegal.

    :param status: SPSR_hyp
    :param control: HCR, ``None`` where it is what it was when PL1 called
    """
    mode = terms.extract(status, 0, 5, 32)
    everything = 0 if control is None else terms.extract(control, HCR_TGE, 1, 32)
    below = tuple(each for each in Mode if each not in (Mode.USR, Mode.MON, Mode.HYP))
    legal = terms.lor(
        _among(mode, (Mode.USR, Mode.HYP)),
        terms.land(_among(mode, below), terms.lnot(everything)),
    )
    return terms.lnot(legal)


def _among(mode: Value, values: Iterable[int]) -> Value:
    return terms.lor(*(terms.eq(mode, int(each), 5) for each in values))


def landing(target: Value, status: Value) -> Value:
    """Return where an AArch32 exception return goes: the instruction set clears low bits.

    DDI 0487, AArch32.ExceptionReturn(); DDI 0406C, BranchWritePC().
    """
    thumb = terms.extract(status, THUMB, 1, 32)
    halfword, word = (
        terms.and_(target, ~1 & 0xFFFF_FFFF, 32),
        terms.and_(target, ~3 & 0xFFFF_FFFF, 32),
    )
    return terms.ite(thumb, halfword, word, 32)


def environment_alone(condition: Value) -> bool:
    """Return whether a condition speaks only of memory as it was at entry, which others wrote."""
    names = (symbol.name for symbol in terms.symbols_of(condition))
    return all(isinstance(unknown_of(name), MemoryWord) for name in names)


def mode_name(value: int, bits: int) -> str:
    """Return the name of a mode that SPSR.M holds."""
    modes = aarch32.MODES if bits == 32 else aarch64.MODES
    return modes.get(value, f"M={value:#07b}")
