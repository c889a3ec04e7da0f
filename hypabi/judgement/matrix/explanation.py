"""What happens instead of what was promised, in a line that a maintainer reads."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.arch.names import Architecture
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Requested,
    Returned,
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
from hypabi.contract.expression import (
    Bits,
    Comparison,
    Conjunction,
    Moment,
    Predicate,
    Read,
    Relation,
    width_of,
    write_predicate,
    write_value,
)
from hypabi.contract.expression import Value as Expression
from hypabi.contract.registers import FIELDS
from hypabi.contract.revision import Revision, Row
from hypabi.judgement.verification.lowering import Lowering
from hypabi.judgement.verification.verdict import Refuted
from hypabi.judgement.verification.wording import breach_text, describe_outcome, level
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value

VECTOR_BASES: Final = ("HVBAR", "VBAR_EL2")
_OLD: Final = re.compile(r"old\((\w+)\)")
_TABLE: Final = re.compile(r'table_of\("([^"]+)"\)')


class Instead:
    """Puts the case that refutes a clause into words."""

    def __init__(self, refuted: Refuted) -> None:
        self.refuted = refuted
        self.obligation = refuted.obligation
        self.held = self.obligation.held
        self.case = self.obligation.case
        self.bits = self.held.revision.architecture.bits
        self.model = _Total(refuted.model)
        self.arguments = _arguments(self.held.row, self.held.revision)

    def text(self) -> str:
        """Return what the refuting state leads to, in terms of the call's arguments."""
        match self.obligation.clause.statement:
            case Returns() | Leaves() | Calls() | HandedTo():
                return "; ".join((self.ending(), *self.vector_base()))
            case Ensures(holds):
                lowering = Lowering(self.held.behaviour, self.case, self.held.surroundings)
                return self.broken(holds, lowering)
            case KeepsRegisters() | KeepsSystemRegisters() | KeepsMemory():
                return self.refuted.instead
            case _:
                assert_never(self.obligation.clause.statement)

    def value(self, value: Value, bits: int) -> str:
        """Return a value with the call's arguments by their names."""
        names = {
            symbol: terms.symbol(self.arguments[symbol.name], symbol.width)
            for symbol in terms.symbols_of(value)
            if symbol.name in self.arguments
        }
        return terms.text(terms.substitute(value, names), bits)

    def ending(self) -> str:
        """Say how the call ends."""
        match self.case.outcome:
            case Left(target, mode):
                return f"control goes to {self.place(target)} at {level(mode)}{self.state()}"
            case CalledBack(target, mode):
                where = f"{self.place(target)} at {level(mode)}, as to a function"
                return f"control goes to {where}{self.state()}"
            case Returned() | Stuck() | Faulted() | Called() | Requested() | Undecided():
                return describe_outcome(self.case.outcome)
            case _:
                assert_never(self.case.outcome)

    def place(self, target: Value) -> str:
        """Say where control goes."""
        text = self.value(target, self.bits)
        return f"address {text}" if isinstance(target, int) else text

    def state(self) -> str:
        """Say in which instruction set control goes on, where there is a choice."""
        if self.held.revision.architecture is Architecture.ARM64:
            return ""
        outcome = self.case.outcome
        if isinstance(outcome, Left) and outcome.status is not None:
            thumb = terms.extract(outcome.status, 5, 1, self.bits)
        else:
            thumb = self.at_exit("CPSR.T", 1)
        return ", in T32 state" if evaluate(thumb, self.model) else ", in A32 state"

    def at_exit(self, register: str, width: int) -> Value:
        """Return what a register holds when control leaves."""
        found = self.case.registers.get(register)
        return self.at_entry(register, width) if found is None else found

    def at_entry(self, register: str, width: int) -> Value:
        """Return what a register holds at entry."""
        return self.held.behaviour.entered(register, width)

    def vector_base(self) -> Iterator[str]:
        """Say what becomes of the vector base, where anything does."""
        for name in VECTOR_BASES:
            if name in self.case.registers:
                yield f"{name} becomes {self.value(self.case.registers[name], self.bits)}"

    def broken(self, holds: Predicate, lowering: Lowering) -> str:
        """Say what is, where a clause says what is to be."""
        for part in holds.parts if isinstance(holds, Conjunction) else (holds,):
            if not evaluate(lowering.predicate(part), self.model):
                return self.part(part, lowering)
        return breach_text(self.refuted.breach)

    def part(self, part: Predicate, lowering: Lowering) -> str:
        """Say what is, where one condition does not hold."""
        match part:
            case Comparison(Relation.EQUAL, Read(register, width, Moment.EXIT), right):
                found = lowering.register(register, width, Moment.EXIT)
                before = lowering.register(register, width, Moment.ENTRY)
                kept = isinstance(found, Term) and found is before
                text = "what it was" if kept else self.value(found, width)
                return f"{register} is {text} and not {self.wanted(right, lowering)}"
            case Comparison(
                Relation.EQUAL, Bits(Read(register, _, Moment.EXIT), high, low) as bits, right
            ):
                is_now = self.value(lowering.value(bits), high - low + 1)
                wanted = self.wanted(right, lowering)
                return f"{_field(register, high, low)} is {is_now} and not {wanted}"
            case _:
                return f"{self.spelled(write_predicate(part))} does not hold"

    def wanted(self, value: Expression, lowering: Lowering) -> str:
        """Spell what a clause wants: its value where that is known, else what it is made of."""
        lowered = lowering.value(value)
        if isinstance(lowered, int) and isinstance(value, Read | Bits):
            return self.value(lowered, width_of(value))
        return self.spelled(write_value(value))

    def spelled(self, text: str) -> str:
        """Spell an expression with the call's arguments by their names."""
        text = _TABLE.sub(r"the vectors of \1", text)
        return _OLD.sub(lambda match: self.arguments.get(match[1], match[0]), text)


def _arguments(row: Row, revision: Revision) -> Mapping[str, str]:
    """Return the name of the argument in each register."""
    call = next((each for each in revision.calls if each.name == row.call), None)
    return {register: name for name, register in call.arguments} if call is not None else {}


def _field(register: str, high: int, low: int) -> str:
    """Spell bits of a register by the field's name, where they are one."""
    fields = FIELDS.get(register, {})
    name = next((name for name, bits in fields.items() if bits == (high, low)), None)
    return f"{register}[{high}:{low}]" if name is None else f"{register}.{name}"


class _Total(dict[str, int]):
    """A model extended to symbols that the solver was free to ignore: they are zero."""

    def __missing__(self, name: str) -> int:
        return 0
