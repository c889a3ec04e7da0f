"""The A64 profile: banked stack pointer, E2H redirection, volatile registers, user ops."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from hypabi.arch import aarch64
from hypabi.arch.aarch64_access import needs_el2
from hypabi.lifter.instruction import Constant, Op
from hypabi.semantics.domain import Context, Undefined, Unmodelled
from hypabi.semantics.exclusive import CLEAR, exclusive_load, exclusive_store
from hypabi.semantics.interpret import Frame, Profile
from hypabi.semantics.transfer import Call, ExceptionReturn, SynchronousException, Transfer

S = TypeVar("S")

VIEWS: Final = re.compile(aarch64.VIEWS)
IMPLEMENTATION_DEFINED: Final = re.compile(r"S3_\d_C1[15]_C\d+_\d")
"""Registers that the architecture leaves open (DDI 0487, D18.3.2, op0 = 3)."""

EFFECTS: Final = frozenset(
    {"DSB", "DMB", "ISB", "SB", "CLREX", "SEV", "SEVL", "TSB", "WFE", "WFI", "ESB"}
)
"""Acts that change no register and no memory; they are recorded and control goes on."""

EFFECT_CLASSES: Final = ("TLBI ", "DC ", "IC ")
OPERATIONS: Final = (*EFFECT_CLASSES, "AT ")
CHANGES_MEMORY: Final = ("DC Z", "DC G", "DC I")
"""Clearing, tagging, and invalidating without cleaning, which may lose what was written."""

KEYS: Final[Mapping[str, tuple[str, int]]] = {
    "PACIASP": ("APIAKEY", 31),
    "AUTIASP": ("APIAKEY", 31),
    "PACIBSP": ("APIBKEY", 30),
    "AUTIBSP": ("APIBKEY", 30),
}
"""The key, and the bit of SCTLR_ELx that enables it: EnIA, EnIB (D19.2.139)."""

EXCLUSIVE: Final = {"exclusive load": exclusive_load, "exclusive store": exclusive_store}

EXCEPTIONS: Final[Mapping[str, Call]] = {
    "hvc": Call.HVC,
    "smc": Call.SMC,
    "svc": Call.SVC,
    "brk": Call.BREAKPOINT,
    "udf": Call.UNDEFINED,
}


class AArch64(Profile[S]):
    """What A64 adds to p-code when the PE is at EL1 or EL2."""

    def width(self, name: str) -> int:
        """Return the architectural width of a physical register, in bits."""
        return aarch64.width(name)

    def zeroes_above(self, name: str, bits: int) -> bool:
        """Return whether a write is one of a W register (Arm ARM DDI 0487, B1.2.1)."""
        return bits == 32 and (name[0] == "x" or name.startswith("SP_EL"))

    def resolve_read(self, name: str, context: Context[S]) -> str:
        """Return the physical register that is read; a volatile one is havocked first."""
        physical = self._resolve(name, context)
        if physical in aarch64.VOLATILE or physical in aarch64.UNSTEADY:
            context.write(physical, context.havoc(f"{physical} may differ at each read", 64))
        if physical in aarch64.RANDOM:
            for flag in "NCV":
                context.write(flag, 0)
            context.write("Z", context.havoc(f"{physical} may have no number in time", 1))
        if physical in aarch64.LOCKABLE:
            self._read_lockable(physical, context)
        if physical in aarch64.ACKNOWLEDGE:
            raise Unmodelled(f"reading {physical} changes what others see")
        return physical

    def _read_lockable(self, name: str, context: Context[S]) -> None:
        domain = context.domain
        free, sticky = aarch64.LOCKABLE[name]
        kept = domain.and_(context.read(name), ~free & (1 << 64) - 1, 64)
        locked = context.havoc(f"{name} may be locked by EL3", 64)
        locked = domain.and_(locked, free | sticky, 64)
        context.write(name, domain.or_(kept, locked, 64))

    def resolve_write(self, name: str, context: Context[S]) -> str:
        """Return the physical register that is written."""
        physical = self._resolve(name, context)
        if physical in aarch64.VOLATILE or VIEWS.fullmatch(physical):
            raise Unmodelled(f"writing {physical} changes more than a register of that name")
        return physical

    def _resolve(self, name: str, context: Context[S]) -> str:
        if name == "sp":
            return self._stack_pointer(context)
        if IMPLEMENTATION_DEFINED.fullmatch(name):
            raise Unmodelled(f"{name}, which the architecture leaves to the implementation")
        if name[0] == "x" or "_" not in name:
            return name
        _check_level(name, context)
        if name.endswith(("_EL12", "_EL02")):
            return self._alias(name, context)
        if name in aarch64.UNCLEAR_WITH_E2H and _level(context) == 2 and _e2h(context):
            raise Unmodelled(f"{name} at EL2 with HCR_EL2.E2H = 1")
        redirected = aarch64.REDIRECTED_BY_E2H.get(name)
        if redirected is not None and _level(context) == 2 and _e2h(context):
            return redirected
        return name

    def _stack_pointer(self, context: Context[S]) -> str:
        """SPSel chooses between SP_EL0 and the level's own (Arm ARM DDI 0487, C5.2.18)."""
        selected = context.read("SPSel")
        if not isinstance(selected, int):
            raise Unmodelled("SPSel is not a constant")
        return f"SP_EL{_level(context)}" if selected & 1 else "SP_EL0"

    def _alias(self, name: str, context: Context[S]) -> str:
        """``*_EL12`` and ``*_EL02`` name EL1's own register, at EL2 with E2H (D19.1.2)."""
        if _level(context) != 2 or not _e2h(context):
            raise Undefined(f"{name} is undefined unless HCR_EL2.E2H is 1")
        return name[:-1] if name.endswith("_EL12") else f"{name[:-2]}0"

    def user(self, frame: Frame[S], op: Op) -> Transfer[S] | None:
        """Run a user op; one without a meaning is refused."""
        name = op.user
        if name.startswith(OPERATIONS):
            _check_level(name, frame.context)
        if name in EFFECTS or (
            name.startswith(EFFECT_CLASSES) and not name.startswith(CHANGES_MEMORY)
        ):
            frame.context.effect(name, [frame.get(operand) for operand in op.inputs])
            if name == CLEAR:
                frame.context.mark(None, 0)
            if name == "ESB":
                deferred = frame.context.havoc("ESB puts an SError that is pending in DISR_EL1", 64)
                frame.context.write("DISR_EL1", deferred)
            return None
        if name == "eret":
            level = _level(frame.context)
            context = frame.context
            return ExceptionReturn(context.read(f"ELR_EL{level}"), context.read(f"SPSR_EL{level}"))
        if name in EXCEPTIONS:
            immediate = op.inputs[0]
            assert isinstance(immediate, Constant)
            return SynchronousException(EXCEPTIONS[name], immediate.value)
        if name.startswith("AT "):
            frame.context.effect(name, [frame.get(operand) for operand in op.inputs])
            frame.context.write("PAR_EL1", frame.context.havoc(f"{name} sets PAR_EL1", 64))
            return None
        if name in KEYS:
            self._signing(frame, op)
            return None
        if name in EXCLUSIVE:
            EXCLUSIVE[name](frame, op)
            return None
        raise Unmodelled(name)

    def _signing(self, frame: Frame[S], op: Op) -> None:
        """Sign or authenticate x30 (DDI 0487, D8.10): with the key, SP, and what enables it."""
        context = frame.context
        key, enable = KEYS[op.user]
        pointer, modifier = (frame.get(operand) for operand in op.inputs)
        control = context.read(f"SCTLR_EL{_level(context)}")
        with_ = (
            modifier,
            context.read(f"{key}LO_EL1"),
            context.read(f"{key}HI_EL1"),
            context.domain.extract(control, enable, 1, 64),
        )
        act = context.sign if op.user.startswith("PAC") else context.authenticate
        assert op.output is not None
        frame.put(op.output, act(pointer, with_))


def _check_level(name: str, context: Context[S]) -> None:
    """Refuse what MRS and MSR make UNDEFINED at EL1, or by SPSel (DDI 0487, D19.2).

    :raises Undefined: the register is EL2's, or the stack pointer in use
    """
    if name in needs_el2() and _level(context) == 1:
        raise Undefined(f"{name} is UNDEFINED at EL1")
    if name == "SP_EL0" and context.read("SPSel") != 1:
        known = isinstance(context.read("SPSel"), int)
        raise (Undefined if known else Unmodelled)("SP_EL0 is UNDEFINED unless SPSel is 1")


def _level(context: Context[S]) -> int:
    level = context.read("CURRENTEL")
    if not isinstance(level, int):
        raise Unmodelled("the exception level is not a constant")
    return level >> 2 & 3


def _e2h(context: Context[S]) -> bool:
    hcr = context.read("HCR_EL2")
    return context.decide(context.domain.extract(hcr, aarch64.HCR_EL2_E2H, 1, 64))
