"""Find the AArch32 system register or operation that an MCR, MRC, MCRR or MRRC names."""

import enum
from collections.abc import Mapping

from hypabi.arch import aarch32_maintenance as operations
from hypabi.arch import aarch32_registers as registers
from hypabi.arch.aarch32 import ALL_MODES, HYP_OR_MON, Mode, mode_set
from hypabi.arch.aarch32_maintenance import Kind
from hypabi.arch.aarch32_registers import Encoding, WideEncoding
from hypabi.records import frozen


class Nature(enum.Enum):
    """What a read of a system register returns, and whether it can be written."""

    CONSTANT = "constant"
    """Read-only; every read on one CPU gives the same."""
    STATE = "state"
    """What was written last."""
    VOLATILE = "volatile"
    """Can be written; what a read gives is for hardware to decide."""
    STATUS = "status"
    """Read-only; may differ at each read."""

    @property
    def writable(self) -> bool:
        """Whether MCR or MCRR may write it."""
        return self in (Nature.STATE, Nature.VOLATILE)

    @property
    def repeatable(self) -> bool:
        """Whether two reads with no write between give the same."""
        return self in (Nature.CONSTANT, Nature.STATE)


class Direction(enum.Enum):
    """Which way a coprocessor access moves its value."""

    READ = "read"
    WRITE = "write"


@frozen
class SystemRegister:
    """A system register as one encoding reaches it.

    ``width`` is the access's; the register itself may be wider (TTBR0, PAR, PMCCNTR).
    """

    name: str
    nature: Nature
    width: int
    modes: int
    """The mode set in which the encoding is defined; User mode is not told apart."""


@frozen
class SystemOperation:
    """An access that acts.  ``uses_value`` is unset where the value written is ignored."""

    name: str
    kind: Kind
    direction: Direction
    uses_value: bool
    modes: int


System = SystemRegister | SystemOperation

SECURE_ONLY = mode_set(Mode.MON)
WIDE_PL2 = frozenset({(4, 2), (6, 2), (4, 14), (6, 14)})
"""HTTBR, VTTBR, CNTVOFF, CNTHP_CVAL."""
MAX_COUNTER = 30
"""PMEVCNTR<n> and PMEVTYPER<n> exist for n = 0 to 30."""


def _modes(opc1: int) -> int:
    """Return where CP15 encodings with this opc1 are defined (DDI 0406C, B3.17)."""
    return {4: HYP_OR_MON, 6: SECURE_ONLY}.get(opc1, ALL_MODES)


def _in_groups(
    groups: tuple[tuple[Nature, Mapping[Encoding, str]], ...], encoding: Encoding, modes: int
) -> SystemRegister | None:
    for nature, group in groups:
        name = group.get(encoding)
        if name is not None:
            return SystemRegister(name, nature, 32, modes)
    return None


def _counter(encoding: Encoding) -> SystemRegister | None:
    """Decode PMEVCNTR<n> and PMEVTYPER<n> (DDI 0487 G, G8.4)."""
    opc1, crn, crm, opc2 = encoding
    number = (crm & 0b11) << 3 | opc2
    if opc1 != 0 or crn != 14 or crm < 8 or number > MAX_COUNTER:
        return None
    name = "PMEVCNTR" if crm < 12 else "PMEVTYPER"
    return SystemRegister(f"{name}{number}", Nature.VOLATILE, 32, ALL_MODES)


def _list_register(encoding: Encoding) -> SystemRegister | None:
    """Decode ICH_LR<n> and ICH_LRC<n>, the two halves of list register n (IHI 0069)."""
    opc1, crn, crm, opc2 = encoding
    if opc1 != 4 or crn != 12 or crm < 12:
        return None
    name = "ICH_LR" if crm < 14 else "ICH_LRC"
    return SystemRegister(f"{name}{(crm & 1) << 3 | opc2}", Nature.VOLATILE, 32, HYP_OR_MON)


def _cp15(encoding: Encoding, direction: Direction) -> System | None:
    modes = _modes(encoding[0])
    groups = (
        (Nature.STATE, registers.CP15_STATE),
        (Nature.CONSTANT, registers.CP15_CONSTANT),
        (Nature.VOLATILE, registers.CP15_VOLATILE),
        (Nature.STATUS, registers.CP15_STATUS),
    )
    register = _in_groups(groups, encoding, modes) or _counter(encoding) or _list_register(encoding)
    if register is not None:
        return register
    if direction is Direction.READ:
        name = operations.INTERRUPT_READ.get(encoding)
        if name is None:
            return None
        return SystemOperation(name, Kind.INTERRUPT, direction, uses_value=True, modes=modes)
    for kind, group in operations.CP15_WRITES.items():
        name = group.get(encoding)
        if name is not None:
            uses_value = name not in operations.WHOLE
            return SystemOperation(name, kind, direction, uses_value=uses_value, modes=modes)
    return None


def _cp14(encoding: Encoding, direction: Direction) -> System | None:
    groups = (
        (Nature.STATE, registers.CP14_STATE),
        (Nature.CONSTANT, registers.CP14_CONSTANT),
        (Nature.VOLATILE, registers.CP14_VOLATILE),
        (Nature.STATUS, registers.CP14_STATUS),
    )
    register = _in_groups(groups, encoding, ALL_MODES)
    if register is not None:
        return register
    opc1, crn, crm, opc2 = encoding
    name = registers.BREAKPOINT_REGISTERS.get((crn, opc2)) if opc1 == 0 else None
    if name is not None:
        return SystemRegister(f"{name}{crm}", Nature.STATE, 32, ALL_MODES)
    reads = direction is Direction.READ
    action = (operations.DEBUG_READ if reads else operations.DEBUG_WRITE).get(encoding)
    if action is None:
        return None
    return SystemOperation(action, Kind.DEBUG, direction, uses_value=True, modes=ALL_MODES)


def find_coprocessor_register(
    coprocessor: int, encoding: Encoding, direction: Direction
) -> System | None:
    """Return what MRC (read) or MCR (write) with this encoding reaches.

    :param encoding: ``(opc1, CRn, CRm, opc2)``
    :returns: ``None`` where Arm's manuals name nothing, or what they name goes the other way only
    """
    found = None
    if coprocessor == 15:
        found = _cp15(encoding, direction)
    elif coprocessor == 14:
        found = _cp14(encoding, direction)
    return _permitted(found, direction)


def find_wide(coprocessor: int, encoding: WideEncoding, direction: Direction) -> System | None:
    """Return what MRRC (read) or MCRR (write) reaches; ``encoding`` is ``(opc1, CRm)``."""
    if coprocessor == 14:
        name = registers.CP14_WIDE_CONSTANT.get(encoding)
        found = SystemRegister(name, Nature.CONSTANT, 64, ALL_MODES) if name else None
        return _permitted(found, direction)
    if coprocessor != 15:
        return None
    modes = HYP_OR_MON if encoding in WIDE_PL2 else ALL_MODES
    groups = (
        (Nature.STATE, registers.CP15_WIDE_STATE),
        (Nature.VOLATILE, registers.CP15_WIDE_VOLATILE),
        (Nature.STATUS, registers.CP15_WIDE_STATUS),
    )
    for nature, group in groups:
        name = group.get(encoding)
        if name is not None:
            return _permitted(SystemRegister(name, nature, 64, modes), direction)
    action = operations.INTERRUPT_WIDE.get(encoding)
    if action is None or direction is Direction.READ:
        return None
    return SystemOperation(action, Kind.INTERRUPT, direction, uses_value=True, modes=modes)


def _permitted(found: System | None, direction: Direction) -> System | None:
    if isinstance(found, SystemRegister) and direction is Direction.WRITE:
        return found if found.nature.writable else None
    return found


WIDE_REGISTERS = frozenset(registers.CP15_WIDE_STATE.values()) | frozenset(
    {"PMCCNTR", "CNTPCT", "CNTVCT", "CNTPCTSS", "CNTVCTSS", "DBGDRAR", "DBGDSAR"}
)
"""System registers that hold 64 bits; MRC and MCR reach the low half."""


def width(name: str) -> int:
    """Return the width in bits of a system register."""
    return 64 if name in WIDE_REGISTERS else 32


def operation_kind(name: str) -> Kind | None:
    """Return what a system operation acts on, ``None`` for a name that is no operation."""
    for kind, group in operations.CP15_WRITES.items():
        if name in group.values():
            return kind
    if name in operations.INTERRUPT_WIDE.values() or name in operations.INTERRUPT_READ.values():
        return Kind.INTERRUPT
    debug = (*operations.DEBUG_READ.values(), *operations.DEBUG_WRITE.values())
    return Kind.DEBUG if name in debug else None


def _all_groups() -> tuple[Mapping[Encoding, str] | Mapping[WideEncoding, str], ...]:
    return (
        registers.CP15_STATE,
        registers.CP15_CONSTANT,
        registers.CP15_VOLATILE,
        registers.CP15_STATUS,
        registers.CP15_WIDE_STATE,
        registers.CP15_WIDE_VOLATILE,
        registers.CP15_WIDE_STATUS,
        registers.CP14_STATE,
        registers.CP14_CONSTANT,
        registers.CP14_VOLATILE,
        registers.CP14_STATUS,
    )


def names() -> tuple[str, ...]:
    """Return the name of every system register there is, sorted."""
    plain = {name for group in _all_groups() for name in group.values()}
    numbered = {f"PMEVCNTR{n}" for n in range(MAX_COUNTER + 1)}
    numbered |= {f"PMEVTYPER{n}" for n in range(MAX_COUNTER + 1)}
    numbered |= {f"ICH_LR{n}" for n in range(16)} | {f"ICH_LRC{n}" for n in range(16)}
    numbered |= {
        f"{name}{n}" for name in registers.BREAKPOINT_REGISTERS.values() for n in range(16)
    }
    return tuple(sorted(plain | numbered | set(registers.FLOATING_POINT.values())))
