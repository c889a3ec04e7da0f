"""The AArch32 profile: banked registers, CPSR as fields, exception returns, coprocessor operations.

CPSR is no register here: each field is one (``N``, ``CPSR.M``, all of
:data:`hypabi.arch.aarch32.STATUS_FIELDS`), and MRS, MSR and exception entry and return put the word
together or take it apart.  The current mode must be a constant: a path on which it is not ends.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from hypabi.arch import aarch32, aarch32_system
from hypabi.arch.aarch32 import BANKED, Mode, StatusField, bank_of, mode_of
from hypabi.arch.aarch32_maintenance import Kind
from hypabi.lifter.instruction import Constant, Op
from hypabi.semantics.domain import Context, IllegalChange, Unmodelled
from hypabi.semantics.exclusive import CLEAR, exclusive_load, exclusive_store
from hypabi.semantics.interpret import Frame, Profile
from hypabi.semantics.transfer import Call, ExceptionReturn, SynchronousException, Transfer

S = TypeVar("S")

EFFECTS: Final = frozenset(
    {"DSB", "DMB", "ISB", "SB", "ESB", "TSB", "CLREX", "SEV", "SEVL", "WFE", "WFI"}
)
"""Acts that change no register and no memory; they are recorded and control goes on."""

EXCEPTIONS: Final[Mapping[str, Call]] = {
    "hvc": Call.HVC,
    "smc": Call.SMC,
    "svc": Call.SVC,
    "bkpt": Call.BREAKPOINT,
    "hlt": Call.BREAKPOINT,
    "udf": Call.UNDEFINED,
}

LOSES_WRITES: Final = ("DCIMVAC", "DCISW")
"""Invalidating a data cache without cleaning it (DDI 0406C, B4.2.1)."""

STATE_OF_OTHERS: Final = (Kind.INTERRUPT, Kind.PERFORMANCE, Kind.DEBUG)
"""What operations change that no register of the tables holds (DDI 0406C, B4.2.4; IHI 0069, 12)."""

VISIBLE: Final = tuple(f for f in aarch32.STATUS_FIELDS if f.mask & aarch32.MRS_VISIBLE)
"""Fields that MRS shows, from the top down."""


class AArch32(Profile[S]):
    """What A32 and T32 add to p-code, Non-secure."""

    def width(self, name: str) -> int:
        """Return the architectural width of a physical register, in bits."""
        return aarch32.STATUS_WIDTHS.get(name) or aarch32_system.width(name)

    def resolve_read(self, name: str, context: Context[S]) -> str:
        """Return the copy that reading ``name`` reads in the current mode."""
        return physical(name, context)

    def resolve_write(self, name: str, context: Context[S]) -> str:
        """Return the copy that writing ``name`` writes in the current mode."""
        return physical(name, context)

    def user(self, frame: Frame[S], op: Op) -> Transfer[S] | None:
        """Run a user op of the overlay, or one that SLEIGH leaves to us."""
        name = op.user
        if name in EFFECTS:
            _record(frame, op)
            if name == CLEAR:
                frame.context.mark(None, 0)
            return None
        if name in EXCEPTIONS:
            immediate = op.inputs[0]
            assert isinstance(immediate, Constant)
            return SynchronousException(EXCEPTIONS[name], immediate.value)
        meaning = MEANINGS.get(name)
        if meaning is not None:
            return meaning(frame, op)
        if name.startswith("read "):
            _read_system(frame, op)
            return None
        kind = aarch32_system.operation_kind(name)
        if kind is None:
            raise Unmodelled(name)
        _operation(frame, op, kind)
        return None


def current_mode(context: Context[S]) -> Mode:
    """Return the mode that the PE is in.

    :raises Unmodelled: CPSR.M is not a constant, or a reserved value
    """
    value = context.read("CPSR.M")
    if not isinstance(value, int):
        raise Unmodelled("the processor mode is not a constant")
    mode = mode_of(value)
    if mode is None:
        raise Unmodelled(f"CPSR.M = {value:#07b} is reserved")
    return mode


def physical(name: str, context: Context[S]) -> str:
    """Return the copy that a register's name means in the current mode."""
    if name not in BANKED:
        return name
    mode = current_mode(context)
    copy = bank_of(name, mode)
    if copy is None:
        raise Unmodelled(f"{mode.suffix} mode has no {name}")
    return copy


def status_word(context: Context[S]) -> int | S:
    """Return CPSR as an exception saves it: every field, IT too (DDI 0406C, B1.3)."""
    word = _gather(context, aarch32.STATUS_FIELDS)
    domain = context.domain
    it = context.read(aarch32.IT_REGISTER)
    low = domain.shl(domain.zext(domain.extract(it, 0, 2, 8), 2, 32), 25, 32)
    high = domain.shl(domain.zext(domain.extract(it, 2, 6, 8), 6, 32), 10, 32)
    return domain.or_(word, domain.or_(low, high, 32), 32)


def set_status_word(context: Context[S], word: int | S) -> None:
    """Set CPSR as an exception return does: every field, IT too (CPSRWriteByInstr())."""
    domain = context.domain
    for field in aarch32.STATUS_FIELDS:
        context.write(field.register, domain.extract(word, field.low, field.width, 32))
    it = domain.concat(domain.extract(word, 10, 6, 32), domain.extract(word, 25, 2, 32), 6, 2)
    context.write(aarch32.IT_REGISTER, it)


def _gather(context: Context[S], fields: tuple[StatusField, ...]) -> int | S:
    """Return a word of ``fields``, which are sorted from the top down, and zero elsewhere."""
    domain = context.domain
    word: int | S = 0
    width = 0
    for field in fields:
        gap = 32 - width - field.low - field.width
        if gap:
            word, width = domain.concat(word, 0, width, gap) if width else 0, width + gap
        value = context.read(field.register)
        word = domain.concat(word, value, width, field.width) if width else value
        width += field.width
    return word if width == 32 else domain.concat(word, 0, width, 32 - width)


def _record(frame: Frame[S], op: Op) -> None:
    frame.context.effect(op.user, [frame.get(operand) for operand in op.inputs])


def _read_system(frame: Frame[S], op: Op) -> None:
    name = op.user.removeprefix("read ")
    assert op.output is not None
    width = aarch32_system.width(name)
    value = frame.context.havoc(f"{name} may differ at each read", width)
    if width == 64 and _size(op) == 4:
        value = frame.domain.extract(value, 0, 32, 64)
    frame.put(op.output, value)


def _size(op: Op) -> int:
    size = getattr(op.output, "size", 0)
    assert isinstance(size, int)
    return size


def _operation(frame: Frame[S], op: Op, kind: Kind) -> None:
    """Record a cache, TLB, translation... operation; what it returns is not known.

    :raises Unmodelled: it invalidates without cleaning, which may lose what was written, or changes
        what no register of its own holds: another CPU's interrupts, counters, the debugger
    """
    if op.user.startswith(LOSES_WRITES):
        raise Unmodelled(f"{op.user} may lose what was written to memory")
    if kind in STATE_OF_OTHERS:
        raise Unmodelled(f"{op.user} changes the state of the {kind.value}")
    _record(frame, op)
    context = frame.context
    if kind is Kind.TRANSLATION:
        context.write("PAR", context.havoc(f"{op.user} sets PAR", 64))
    if op.output is not None:
        frame.put(op.output, context.havoc(f"{op.user} may differ at each read", 32))


def _require_mode(frame: Frame[S], op: Op) -> None:
    modes = op.inputs[0]
    assert isinstance(modes, Constant)
    mode = current_mode(frame.context)
    if not modes.value >> mode & 1:
        raise Unmodelled(f"UNDEFINED or UNPREDICTABLE in {mode.suffix} mode")


def _read_cpsr(frame: Frame[S], op: Op) -> None:
    if current_mode(frame.context) is Mode.USR:
        raise Unmodelled("MRS of CPSR in usr mode leaves the privileged fields unknown")
    assert op.output is not None
    word = _gather(frame.context, VISIBLE)
    frame.put(op.output, word)


def _write_cpsr(frame: Frame[S], op: Op) -> None:
    """CPSRWriteByInstr() for MSR and CPS (DDI 0406C, B1.3; DDI 0487 G, G1.13)."""
    context, domain = frame.context, frame.domain
    mask = op.inputs[1]
    assert isinstance(mask, Constant)
    mode = current_mode(context)
    writable = mask.value & ~aarch32.EXECUTION_STATE
    if mode is Mode.USR:
        writable &= aarch32.UNPRIVILEGED_STATUS
    value = frame.get(op.inputs[0])
    for field in aarch32.STATUS_FIELDS:
        if not field.mask & writable:
            continue
        new = domain.extract(value, field.low, field.width, 32)
        if field.register == "CPSR.M":
            _check_mode_change(mode, new)
        context.write(field.register, new)


def _check_mode_change(mode: Mode, value: int | S) -> None:
    """Hyp mode is entered and left by exceptions only, Monitor mode belongs to Secure state."""
    if not isinstance(value, int):
        raise Unmodelled("the processor mode that is written is not a constant")
    new = mode_of(value)
    what = f"UNPREDICTABLE: CPSR.M from {mode.suffix} mode to {value:#07b}"
    if new is None or new is Mode.MON:
        raise Unmodelled(what)
    if (new is Mode.HYP) != (mode is Mode.HYP):
        raise IllegalChange(what)


def _eret(frame: Frame[S], _op: Op) -> Transfer[S]:
    context = frame.context
    mode = current_mode(context)
    link = "ELR_hyp" if mode is Mode.HYP else physical("lr", context)
    return ExceptionReturn(context.read(link), context.read(physical("SPSR", context)))


def _exception_return(frame: Frame[S], op: Op) -> Transfer[S]:
    context = frame.context
    return ExceptionReturn(frame.get(op.inputs[0]), context.read(physical("SPSR", context)))


def _return_from_exception(frame: Frame[S], op: Op) -> Transfer[S]:
    target, status = op.inputs
    return ExceptionReturn(frame.get(target), frame.get(status))


def _nothing(_frame: Frame[S], _op: Op) -> None:
    """Pass: setISAMode only follows SLEIGH's write of CPSR.T."""


MEANINGS: Final[Mapping[str, Callable[[Frame[S], Op], Transfer[S] | None]]] = {
    "require mode": _require_mode,
    "read cpsr": _read_cpsr,
    "write cpsr": _write_cpsr,
    "eret": _eret,
    "exception return": _exception_return,
    "return from exception": _return_from_exception,
    "exclusive load": exclusive_load,
    "exclusive store": exclusive_store,
    "setISAMode": _nothing,
}
