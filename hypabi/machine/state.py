"""The state in which a machine starts, and what ends its run."""

from collections.abc import Iterable, Mapping

from hypabi.arch import aarch32, aarch32_exceptions, aarch32_system, aarch64
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from hypabi.arch.names import Architecture, ByteOrder
from hypabi.errors import HypabiError
from hypabi.records import field, frozen

CURRENT_LEVEL_SLOTS = (0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380)
"""Slots of VBAR_EL2's table that an exception taken at EL2 itself enters (DDI 0487, D1.3.1)."""

PSTATE_64 = {
    "N": 1, "Z": 1, "C": 1, "V": 1, "DAIF": 64, "SPSel": 64, "CURRENTEL": 64,
}  # fmt: skip
"""The fields of PSTATE that every state of an arm64 machine gives, as ``semantics`` names them."""

MORE_PSTATE_64 = {"PAN": 64, "UAO": 64, "DIT": 64, "SSBS": 64, "TCO": 64, "PSTATE.IL": 1}
"""Fields that a state may give; absent, they are 0."""

VECTOR_REGISTERS = {f"Z{number}": 256 for number in range(32)}


class StateError(HypabiError):
    """A machine state is incomplete or names what the architecture lacks."""


@frozen
class Extent:
    """Bytes in memory, as they lie there."""

    address: int
    content: bytes

    @property
    def end(self) -> int:
        """First address after the bytes."""
        return self.address + len(self.content)


@frozen
class Cell:
    """``size`` bytes of memory that an observation shows."""

    address: int
    size: int


@frozen
class MachineState:
    """Everything a run depends on.

    ``registers`` go by the names of :mod:`hypabi.semantics`: the general registers, each bank under
    its own name, the fields of PSTATE or CPSR, ``pc``, and system registers.  General registers and
    status fields are all given; a system register that is not given is one that the run must not
    read.  ``memory`` is all there is; where extents overlap, the later one holds.
    """

    architecture: Architecture
    registers: Mapping[str, int]
    memory: tuple[Extent, ...] = ()

    @property
    def pc(self) -> int:
        """Return the address of the first instruction."""
        return self.registers["pc"]

    @property
    def byte_order(self) -> ByteOrder:
        """Return the order of data where the run starts."""
        return data_order(self.architecture, self.registers)

    def word(self, address: int, value: int, size: int) -> Extent:
        """Return ``value`` as ``size`` bytes in the data order of the start."""
        order = self.byte_order
        return Extent(address, value.to_bytes(size, order.value))

    def check(self) -> None:
        """Refuse a state that leaves something open.

        :raises StateError: a register is missing, unknown or too wide, or memory lies outside
        """
        widths = require_register(self.architecture)
        missing = sorted(widths.keys() - self.registers.keys())
        if missing:
            raise StateError("machine state", f"gives no {', '.join(missing)}")
        for name, value in self.registers.items():
            bits = register_width(self.architecture, name)
            if bits is None:
                raise StateError("machine state", f"{self.architecture.value} has no {name}")
            if not 0 <= value < 1 << bits:
                raise StateError("machine state", f"{name} = {value:#x} is not of {bits} bits")
        for extent in self.memory:
            if not 0 <= extent.address <= extent.end <= 1 << self.architecture.bits:
                raise StateError("machine state", f"memory at {extent.address:#x} has no such end")


@frozen
class Limits:
    """What ends a run.

    ``back`` is where the caller goes on: arriving there in the mode of the start is ``Returned``.
    ``stops`` are other addresses at which the run ends; ``faults`` are vectors, and arriving there
    is ``Faulted``.  No instruction at any of them is executed, except the first of the run.
    """

    back: int | None = None
    stops: tuple[int, ...] = ()
    faults: tuple[int, ...] = ()
    instructions: int = 100_000
    """Most instructions; only a machine that counts them obeys."""
    seconds: float = 1.0
    """Longest time that the code itself may run."""


@frozen
class Request:
    """What an observation shows besides the general registers and the mode.

    ``system`` names system registers; empty means those that the state gives.
    """

    memory: tuple[Cell, ...] = ()
    system: tuple[str, ...] = field(default=())


def require_register(architecture: Architecture) -> Mapping[str, int]:
    """Return the registers that every state gives, with their widths in bits."""
    if architecture is Architecture.ARM64:
        general = (*aarch64.GENERAL, "SP_EL0", "SP_EL1", "SP_EL2", "pc")
        return dict.fromkeys(general, 64) | PSTATE_64
    names = [name for name in aarch32.physical_registers() if not name.endswith("_mon")]
    return dict.fromkeys(names, 32) | dict(aarch32.STATUS_WIDTHS)


def register_width(architecture: Architecture, name: str) -> int | None:
    """Return the width in bits of a register, ``None`` where the architecture has none."""
    found = require_register(architecture).get(name)
    if found is not None:
        return found
    if architecture is Architecture.ARM64:
        if name in MORE_PSTATE_64 or name in VECTOR_REGISTERS:
            return (MORE_PSTATE_64 | VECTOR_REGISTERS)[name]
        return 64 if name in SYSTEM_REGISTERS.values() else None
    return aarch32_system.width(name) if name in aarch32_system.names() else None


def data_order(architecture: Architecture, registers: Mapping[str, int]) -> ByteOrder:
    """Return the order in which data accesses see memory, as the registers say.

    DDI 0487, D19.2.133: SCTLR_ELx.EE is bit 25.  On AArch32 it is CPSR.E.
    """
    if architecture is Architecture.ARM:
        big = registers["CPSR.E"]
    else:
        level = registers["CURRENTEL"] >> 2 & 3
        big = registers.get(f"SCTLR_EL{level}", 0) >> 25 & 1
    return ByteOrder.BIG if big else ByteOrder.LITTLE


VECTOR_BASES = {
    "HVBAR": 0x1F, "VBAR": 0x1F, "VBAR_EL1": 0x7FF, "VBAR_EL2": 0x7FF,
}  # fmt: skip
"""Reserved bits of the vector bases: hardware keeps them or not, and nothing else depends on it."""


def without_reserved_bits(registers: Mapping[str, int]) -> dict[str, int]:
    """Return registers as any hardware may show them: sorted, reserved bits of bases as 0."""
    return {name: registers[name] & ~VECTOR_BASES.get(name, 0) for name in sorted(registers)}


def fault_vectors(architecture: Architecture, registers: Mapping[str, int]) -> tuple[int, ...]:
    """Return where an exception that is taken at EL2 or HYP itself enters."""
    if architecture is Architecture.ARM64:
        base = registers.get("VBAR_EL2")
        return () if base is None else tuple((base & -0x800) + s for s in CURRENT_LEVEL_SLOTS)
    base = registers.get("HVBAR")
    if base is None:
        return ()
    offsets = (v.offset for v in aarch32_exceptions.HYP_VECTORS if 0 < v.offset < 0x14)
    return tuple((base & -0x20) + offset for offset in offsets)


def placed(memory: Iterable[Extent]) -> tuple[Extent, ...]:
    """Return memory without overlaps, sorted by address: later extents hold."""
    bytes_: list[Extent] = []
    for extent in memory:
        if extent.content:
            bytes_ = [*_without(bytes_, extent), extent]
    return tuple(sorted(bytes_, key=lambda extent: extent.address))


def _without(extents: Iterable[Extent], new: Extent) -> Iterable[Extent]:
    for old in extents:
        if old.end <= new.address or new.end <= old.address:
            yield old
            continue
        if old.address < new.address:
            yield Extent(old.address, old.content[: new.address - old.address])
        if new.end < old.end:
            yield Extent(new.end, old.content[new.end - old.address :])
