"""The AArch32 machine: processor modes, banked registers, program status, procedure-call standard.

Sources: Arm ARM DDI 0406C.d (ARMv7-A with the Virtualization Extensions), chapters B1.3 and B1.8,
and DDI 0487 G, chapter G1, for what ARMv8 added.  A register that has several copies is written
``r8``, ``sp``, ``lr`` or ``SPSR`` where the current mode selects the copy, and ``r8_fiq``,
``SP_hyp``, ``LR_usr`` or ``SPSR_svc`` where one copy is meant.  A *mode set* is an integer with bit
``mode.value`` set for each mode in it.
"""

import enum

from hypabi.records import frozen


class Mode(enum.IntEnum):
    """A processor mode; the value is CPSR.M (DDI 0406C, B1.3)."""

    USR = 0b10000
    FIQ = 0b10001
    IRQ = 0b10010
    SVC = 0b10011
    MON = 0b10110
    ABT = 0b10111
    HYP = 0b11010
    UND = 0b11011
    SYS = 0b11111

    @property
    def suffix(self) -> str:
        """The spelling in a banked register's name: ``usr``, ``hyp``."""
        return self.name.lower()

    @property
    def bank(self) -> "Mode":
        """The mode whose ``SP`` copy this mode uses: System mode runs on User mode's registers."""
        return Mode.USR if self is Mode.SYS else self


HYP_MODE = Mode.HYP.value

MODES = {mode.value: mode.suffix for mode in Mode}
"""The name of each mode by CPSR.M or SPSR.M."""

GENERAL = (
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7",
    "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc",
)  # fmt: skip
"""R0 to R15, by number, as the current mode sees them."""


def mode_set(*modes: Mode) -> int:
    """Return the mode set that holds ``modes``."""
    members = 0
    for mode in modes:
        members |= 1 << mode
    return members


def mode_of(value: int) -> Mode | None:
    """Return the mode that CPSR.M = ``value`` selects, ``None`` for a reserved value."""
    return Mode(value) if value in {mode.value for mode in Mode} else None


ALL_MODES = mode_set(*Mode)
PRIVILEGED = ALL_MODES & ~mode_set(Mode.USR)
HAS_SPSR = ALL_MODES & ~mode_set(Mode.USR, Mode.SYS)
"""Modes that an exception can enter; the other two share no SPSR (DDI 0406C, B1.3)."""
HYP_OR_MON = mode_set(Mode.HYP, Mode.MON)


def bank_of(name: str, mode: Mode) -> str | None:
    """Name the copy that ``name`` means in ``mode``, ``None`` where that mode has none.

    :param name: ``r8`` to ``r12``, ``sp``, ``lr`` or ``SPSR``; any other register has one copy and
        is returned unchanged
    """
    match name:
        case "r8" | "r9" | "r10" | "r11" | "r12":
            return f"{name}_fiq" if mode is Mode.FIQ else name
        case "sp":
            return f"SP_{mode.bank.suffix}"
        case "lr":  # Hyp mode has no LR of its own: DDI 0406C, B1.3
            return "LR_usr" if mode is Mode.HYP else f"LR_{mode.bank.suffix}"
        case "SPSR":
            return f"SPSR_{mode.suffix}" if HAS_SPSR >> mode & 1 else None
        case _:
            return name


BANKED = ("r8", "r9", "r10", "r11", "r12", "sp", "lr", "SPSR")
"""Names whose copy depends on the mode."""


def physical_registers() -> tuple[str, ...]:
    """Return every 32-bit general and banked register there is, each under its own name."""
    names = [f"r{number}" for number in range(8)]
    for name in BANKED:
        copies = (bank_of(name, mode) for mode in Mode)
        names.extend(dict.fromkeys(copy for copy in copies if copy is not None))
    return (*names, "ELR_hyp", "pc")


@frozen
class Banked:
    """What SYSm and R of a banked MRS or MSR name, and in which modes they may."""

    register: str
    modes: int


def _banked_sp_lr(system_mode: int) -> Banked | None:
    """Decode SYSm = ``1xxxx`` with R = 0 (DDI 0406C, B9.2): LR where even, SP where odd."""
    modes = {0: Mode.IRQ, 2: Mode.SVC, 4: Mode.ABT, 6: Mode.UND, 12: Mode.MON}
    pair = system_mode & 0b1110
    name = "SP" if system_mode & 1 else "LR"
    if pair == 0b1110:  # the pair of Hyp mode is ELR_hyp and SP_hyp
        if name == "SP":
            return Banked("SP_hyp", mode_set(Mode.MON))
        return Banked("ELR_hyp", HYP_OR_MON)
    mode = modes.get(pair)
    if mode is None:
        return None
    return Banked(f"{name}_{mode.suffix}", _elsewhere(mode))


def _elsewhere(mode: Mode) -> int:
    """Return the modes that may reach a copy of ``mode``: privileged, and not ``mode`` itself.

    Monitor mode's copies belong to Secure state; only Secure modes could, which we never are.
    DDI 0406C, B9.2, BankedRegisterAccessValid(): everything else is UNPREDICTABLE.
    """
    if mode is Mode.MON:
        return 0
    return PRIVILEGED & ~mode_set(mode)


def banked_register(spsr: int, system_mode: int) -> Banked | None:
    """Decode the operand of a banked MRS or MSR.

    :param spsr: bit R, 1 for a saved program status register
    :param system_mode: field SYSm, 5 bits
    :returns: ``None`` where the combination is UNPREDICTABLE in every mode
    """
    if spsr:
        saved = {14: Mode.FIQ, 16: Mode.IRQ, 18: Mode.SVC, 20: Mode.ABT, 22: Mode.UND}
        saved |= {28: Mode.MON, 30: Mode.HYP}
        mode = saved.get(system_mode)
        if mode is None:
            return None
        reach = mode_set(Mode.MON) if mode is Mode.HYP else _elsewhere(mode)
        return Banked(f"SPSR_{mode.suffix}", reach)
    if system_mode & 0b10000:
        return _banked_sp_lr(system_mode)
    mode = Mode.FIQ if system_mode & 0b01000 else Mode.USR
    number = 8 + (system_mode & 0b111)
    if number == 15:
        return None
    if mode is Mode.USR and number < 13:
        return Banked(f"r{number}", _reach(mode, number))
    name = {13: "SP", 14: "LR"}.get(number, f"r{number}")
    return Banked(f"{name}_{mode.suffix}", _reach(mode, number))


def _reach(mode: Mode, number: int) -> int:
    """Return the modes that may name R<number> of User or FIQ mode (DDI 0406C, B9.2)."""
    if mode is Mode.FIQ:
        return PRIVILEGED & ~mode_set(Mode.FIQ)
    if number == 13:
        return PRIVILEGED & ~mode_set(Mode.SYS)
    if number == 14:  # Hyp mode's lr is LR_usr
        return PRIVILEGED & ~mode_set(Mode.SYS, Mode.HYP)
    return mode_set(Mode.FIQ)


@frozen
class StatusField:
    """A field of CPSR or SPSR, and the register that holds it here: one byte each."""

    register: str
    low: int
    width: int

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return ((1 << self.width) - 1) << self.low


STATUS_FIELDS = (
    StatusField("N", 31, 1),
    StatusField("Z", 30, 1),
    StatusField("C", 29, 1),
    StatusField("V", 28, 1),
    StatusField("CPSR.Q", 27, 1),
    StatusField("CPSR.J", 24, 1),
    StatusField("CPSR.SSBS", 23, 1),
    StatusField("CPSR.PAN", 22, 1),
    StatusField("CPSR.DIT", 21, 1),
    StatusField("CPSR.IL", 20, 1),
    StatusField("CPSR.GE", 16, 4),
    StatusField("CPSR.E", 9, 1),
    StatusField("CPSR.A", 8, 1),
    StatusField("CPSR.I", 7, 1),
    StatusField("CPSR.F", 6, 1),
    StatusField("CPSR.T", 5, 1),
    StatusField("CPSR.M", 0, 5),
)
"""Every field but IT, which lies in two pieces: IT[7:2] at 15:10 and IT[1:0] at 26:25.

Bits 23 to 20 are ARMv8's (DDI 0487 G, G8.2, CPSR); on ARMv7 they read as zero.
"""

IT_REGISTER = "CPSR.IT"
IT_MASK = 0x0600_FC00

STATUS_WIDTHS = {field.register: field.width for field in STATUS_FIELDS} | {IT_REGISTER: 8}
"""The width in bits of each field's register."""

MRS_VISIBLE = 0xF8FF_03DF & ~(1 << 20)
"""What MRS shows of CPSR: no J, T, IT (DDI 0406C, B9.3, MRS), nor IL, which is 0 while MRS runs."""

EXECUTION_STATE = IT_MASK | 1 << 24 | 1 << 20 | 1 << 5
"""IT, J, IL, T: only an exception return writes them (DDI 0406C, B1.3, CPSRWriteByInstr())."""

UNPRIVILEGED_STATUS = 0xF80F_0000 | 1 << 23 | 1 << 21 | 1 << 9
"""N, Z, C, V, Q, GE, SSBS, DIT, E: what User mode may write with MSR."""

ARGUMENTS = ("r0", "r1", "r2", "r3")
"""AAPCS32 (IHI 0042), 6.1.1: argument registers, the first two of which return a result."""
RESULTS = ("r0", "r1")
SCRATCH = ("r0", "r1", "r2", "r3", "r12", "lr")
"""May be changed by a call; so may N, Z, C, V, Q and GE."""
CALLEE_SAVED = ("r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "sp")
