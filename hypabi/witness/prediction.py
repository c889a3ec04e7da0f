"""What the derivation says happens, and what the contract promises instead, in numbers."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.arch import aarch64
from hypabi.arch.aarch32 import mode_of
from hypabi.arch.names import Architecture
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Fault,
    Faulted,
    Left,
    Requested,
    Returned,
    Store,
    Stuck,
    Undecided,
)
from hypabi.contract.clause import (
    Calls,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Returns,
)
from hypabi.contract.expression import Moment
from hypabi.contract.expression import Value as Expression
from hypabi.contract.registers import registers_of
from hypabi.contract.revision import NVHE_PREFIX
from hypabi.image.model import Image
from hypabi.judgement.verification.breach import AtNextInstruction, Written
from hypabi.judgement.verification.lowering import PROGRAM_STATUS, Lowering
from hypabi.judgement.verification.wording import breach_text
from hypabi.smt import terms
from hypabi.smt.terms import Value
from hypabi.unknowns import Havoc, capability_name, unknown_of
from hypabi.witness.call_setup import Caller
from hypabi.witness.expectation import (
    Beginning,
    Ends,
    Handed,
    Holds,
    Keeps,
    KeepsBytes,
    Open,
    Promise,
    about_of,
    formula_of,
)
from hypabi.witness.model import Arrival, Given, Prediction, WitnessError
from hypabi.witness.state_search import Chosen

HYP_VECTORS: Final = {Fault.UNDEFINED: 0x04, Fault.SUPERVISOR_CALL: 0x08}
"""Offset of the vector that an exception of HYP mode itself enters (DDI 0406C, table B1-3)."""


def mode_name(architecture: Architecture, status: int) -> str:
    """Return the name of the mode that a program status names, as machines spell it."""
    number = status & 0x1F
    if architecture is Architecture.ARM64:
        return aarch64.MODES.get(number, f"M={number:#x}")
    mode = mode_of(number)
    return f"M={number:#07b}" if mode is None else mode.suffix


class Predictor:
    """Evaluates one case under the state that was chosen."""

    def __init__(self, chosen: Chosen, caller: Caller, image: Image) -> None:
        self.chosen = chosen
        self.caller = caller
        self.image = image
        self.case = chosen.obligation.case
        self.architecture = caller.architecture
        self.bits = caller.architecture.bits
        held = chosen.obligation.held
        self.lowering = Lowering(held.behaviour, self.case, held.surroundings)

    # At the end -------------------------------------------------------------------------------

    def prediction(self, promise: Promise) -> Prediction:
        """Return what a machine shall show at the end."""
        general = registers_of(self.architecture).general
        after = {n: v for n, v in self.case.registers.items() if n in general}
        changed = {name: self.known(value) for name, value in after.items()}
        before = {
            name: self.chosen.value(self.lowering.at_entry(name, self.bits)) for name in after
        }
        shown = {n: v for n, v in changed.items() if v is not None and v != before[n]}
        for name in about_of(promise):
            value = self.at_end(name)
            if value is not None:
                shown[name] = value
        opened = tuple(sorted(name for name, value in changed.items() if value is None))
        return Prediction(self.arrival(), dict(sorted(shown.items())), opened, tuple(self.stored()))

    def known(self, value: Value) -> int | None:
        """Return a term's value, ``None`` where the code does not set it."""
        if any(isinstance(unknown_of(each.name), Havoc) for each in terms.symbols_of(value)):
            return None
        return self.chosen.value(value)

    def at_end(self, name: str) -> int | None:
        """Return a register at the end."""
        if name in PROGRAM_STATUS:
            return None
        width = registers_of(self.architecture).width(name)
        assert width is not None, name
        return self.known(self.lowering.register(name, width, Moment.EXIT))

    def arrival(self) -> Arrival:
        """Return where and in which mode control ends up."""
        above = "EL2h" if self.architecture is Architecture.ARM64 else "hyp"
        match self.case.outcome:
            case Returned():
                return Arrival("returned", self.caller.back, self.callers_mode())
            case Left(target, mode, status):
                name = mode if status is None else self._mode(status)
                return self._reached(target, name)
            case CalledBack(target, mode):
                return self._reached(target, mode)
            case Called(_, address):
                return Arrival("reached", address, above)
            case Stuck(address):
                return Arrival("stuck", address, None)
            case Faulted(_, what, Fault.ILLEGAL_RETURN):
                raise WitnessError(what, "only the instruction there could show it")
            case Faulted(_, _, fault):
                return Arrival("faulted", self._vector(fault), above)
            case Requested() | Undecided() as end:
                raise WitnessError(type(end).__name__, "no machine can show this end of a path")
            case _:
                assert_never(self.case.outcome)

    def _vector(self, fault: Fault) -> int | None:
        """Return the vector that an exception at EL2 or HYP itself enters, if it can be told.

        DDI 0487, D1.3.1; DDI 0406C, B1.8.1.
        """
        if self.architecture is Architecture.ARM64:
            base, selector = self.at_end("VBAR_EL2"), self.case.registers.get("SPSel", 1)
            if base is None or not isinstance(selector, int):
                return None
            slot = aarch64.Slot.CURRENT_SP_EL2 if selector & 1 else aarch64.Slot.CURRENT_SP_EL0
            return (base & -aarch64.VECTOR_ALIGNMENT) + slot
        base = self.at_end("HVBAR")
        offset = HYP_VECTORS.get(fault)
        return None if base is None or offset is None else (base & -0x20) + offset

    def _reached(self, target: Value, mode: str) -> Arrival:
        address = self.address(target)
        if (address, mode) == (self.caller.back, self.callers_mode()):
            return Arrival("returned", address, mode)
        return Arrival("reached", address, mode)

    def address(self, target: Value) -> int:
        """Return where a jump goes; on AArch32 bit 0 chooses the instruction set state."""
        value = self.chosen.value(target)
        return value & ~1 if self.architecture is Architecture.ARM else value

    def _mode(self, status: Value) -> str:
        return mode_name(self.architecture, self.chosen.value(status))

    def callers_mode(self) -> str:
        """Return the mode of the caller."""
        return self._mode(self.caller.at_entry(self.lowering.behaviour.status))

    def stored(self) -> Iterator[Given]:
        """Yield the memory that the case writes, as it lies there at the end."""
        written: dict[int, int] = {}
        for store in self.case.stores:
            value = self.known(store.value)
            place = self.place(store)
            for position in range(store.size):
                written.pop(place + position, None)
            if value is not None:
                content = value.to_bytes(store.size, self.caller.order.value)
                written |= {place + n: byte for n, byte in enumerate(content)}
        for start, content in runs(written):
            yield Given(start, content, len(content))

    def place(self, store: Store) -> int:
        """Return the address of a store."""
        base = 0 if store.base is None else store.base
        return self.chosen.value(terms.add(base, store.offset, self.bits))

    # What was promised ------------------------------------------------------------------------

    def promise(self, initial: Mapping[int, int]) -> Promise:
        """Return the promise that is broken.

        :param initial: byte at each address of memory that the case writes, at the start
        """
        goal = self.chosen.obligation.goal
        if isinstance(goal.breach, AtNextInstruction):
            raise WitnessError(breach_text(goal.breach), "only the instruction there could show it")
        match self.chosen.obligation.clause.statement:
            case Ensures(holds):
                try:
                    return Holds(formula_of(holds, self._beginning()))
                except Open as word:
                    what = "no machine is asked what memory holds at the end"
                    raise WitnessError(str(word), what) from None
            case KeepsRegisters() | KeepsSystemRegisters():
                (kept,) = goal.about
                return Keeps(kept.name, self.chosen.value(kept.before))
            case KeepsMemory():
                assert isinstance(goal.breach, Written), goal.breach
                store = goal.breach.store
                place = self.place(store)
                return KeepsBytes(place, bytes(initial[place + n] for n in range(store.size)))
            case Returns(mode):
                status = self.chosen.value(self.caller.at_entry(self.lowering.behaviour.status))
                if mode is None:
                    return Ends(self.caller.back, self.callers_mode(), status)
                return Ends(self.caller.back, mode)
            case Leaves(target, mode) | Calls(target, mode):
                return Ends(self.address(self._value(target)), mode)
            case HandedTo(symbol):
                return Handed(symbol, self._symbol(symbol))
            case _:
                assert_never(self.chosen.obligation.clause.statement)

    def _value(self, expression: Expression) -> Value:
        return self.lowering.value(expression)

    def _symbol(self, name: str) -> int | None:
        for each in (name, NVHE_PREFIX + name):
            for symbol in self.image.symbols.find(each):
                return symbol.address
        return None

    def _beginning(self) -> Beginning:
        surroundings = self.chosen.obligation.held.surroundings

        def capability(name: str) -> int:
            number = surroundings.capability(name)
            if number is None:
                return 0
            return self.chosen.value(terms.symbol(capability_name(number), 1))

        return Beginning(lambda value: self.chosen.value(self.lowering.value(value)), capability)


def runs(written: Mapping[int, int]) -> Iterator[tuple[int, bytes]]:
    """Yield consecutive bytes together, by address."""
    start, content = 0, b""
    for address in sorted(written):
        if content and address != start + len(content):
            yield start, content
            content = b""
        if not content:
            start = address
        content += bytes((written[address],))
    if content:
        yield start, content
