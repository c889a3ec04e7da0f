"""States to start from: a caller about to issue an ``hvc``, or a hypervisor at its vector."""

import enum
from collections.abc import Iterable, Mapping
from typing import Final

from hypabi.arch.aarch32 import Mode
from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.machine.state import Extent, MachineState, require_register


class Level(enum.Enum):
    """Where a run starts."""

    CALLER = "EL1h, or Supervisor mode"
    HYPERVISOR = "EL2h, or Hyp mode"


SYSTEM_64: Final[Mapping[str, int]] = {
    "HCR_EL2": 1 << 31,  # RW: EL1 is AArch64
    "SCTLR_EL1": 0x30D0_0800,
    "SCTLR_EL2": 0x30C5_0830,
    "VBAR_EL1": 0,
    "VBAR_EL2": 0,
}
"""System registers without which nothing runs: bits that are RES1, and all else off."""

SYSTEM_32: Final[Mapping[str, int]] = {
    "HCR": 0,
    "HSCTLR": 0x30C5_0878,
    "HSTR": 0,
    "HVBAR": 0,
    "SCTLR": 0x00C5_0078,
    "VBAR": 0,
}

EE: Final = 1 << 25
TE: Final = 1 << 30


def start_state(
    level: Level,
    pc: int,
    memory: Iterable[Extent],
    registers: Mapping[str, int],
    state: InstructionSet = InstructionSet.A64,
    order: ByteOrder = ByteOrder.LITTLE,
) -> MachineState:
    """Return a state: what ``registers`` does not give is 0, or off.

    Exceptions are masked, no address is translated, and exceptions are taken in the instruction set
    ``state`` and the byte order ``order``.
    """
    if state is InstructionSet.A64:
        values = _start_64(level, order)
        architecture = Architecture.ARM64
    else:
        values = _start_32(level, state, order)
        architecture = Architecture.ARM
    return MachineState(architecture, {**values, "pc": pc, **registers}, tuple(memory))


def _start_64(level: Level, order: ByteOrder) -> dict[str, int]:
    values = dict.fromkeys(require_register(Architecture.ARM64), 0) | dict(SYSTEM_64)
    values["CURRENTEL"] = (1 if level is Level.CALLER else 2) << 2
    values["SPSel"] = 1
    values["DAIF"] = 0xF << 6
    if order is ByteOrder.BIG:
        values["SCTLR_EL1"] |= EE | 1 << 24  # E0E: EL0 is big-endian too
        values["SCTLR_EL2"] |= EE
    return values


def _start_32(level: Level, state: InstructionSet, order: ByteOrder) -> dict[str, int]:
    values = dict.fromkeys(require_register(Architecture.ARM), 0) | dict(SYSTEM_32)
    values["CPSR.M"] = (Mode.SVC if level is Level.CALLER else Mode.HYP).value
    values |= {"CPSR.A": 1, "CPSR.I": 1, "CPSR.F": 1}
    for name in ("SCTLR", "HSCTLR"):
        values[name] |= EE if order is ByteOrder.BIG else 0
        values[name] |= TE if state is InstructionSet.T32 else 0
    values["CPSR.E"] = int(order is ByteOrder.BIG)
    values["CPSR.T"] = int(state is InstructionSet.T32)
    return values
