"""Turn what a contract says into terms over one case: values at entry and values at exit."""

from collections.abc import Callable, Mapping
from typing import assert_never

from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import (
    Called,
    CalledBack,
    Faulted,
    Left,
    Requested,
    Returned,
    Stuck,
)
from hypabi.behaviour.outcome import Undecided as PathUndecided
from hypabi.contract.expression import (
    AddressOf,
    BigEndian,
    Bits,
    Capability,
    Comparison,
    Conjunction,
    Disjunction,
    InT32,
    Integer,
    Moment,
    Negation,
    OfImage,
    Operation,
    Operator,
    Predicate,
    Read,
    Relation,
    TableOf,
    Value,
    Word,
    width_of,
)
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.unknowns import capability_name

PROGRAM_STATUS = ("PSTATE", "CPSR")


def _nowhere(_name: str) -> int | None:
    return None


def _everywhere(_address: int) -> bool:
    return True


def _by_number(_name: str, number: int) -> str:
    return str(number)


class NotKnown(Exception):
    """The clause speaks of something that this image does not tell."""


@frozen
class Surroundings:
    """What a clause may refer to besides registers."""

    tables: Mapping[str, terms.Value]
    """Address of each party's vector table."""
    capability: Callable[[str], int | None]
    """Number of a capability, where the image tells it."""
    lacks: Callable[[str], bool]
    """Whether the kernel has no such capability at all."""
    symbol: Callable[[str], int | None] = _nowhere
    """Address of a symbol, where the image has it once."""
    called: Callable[[str, int], str] = _by_number
    """What a capability is called, of which the name and the number are known."""
    order: ByteOrder | None = None
    """Of data, where it is known."""
    state: InstructionSet | None = None
    """In which the vectors of 32-bit Arm are written, where all of them are in one."""
    by_name: Callable[[str], terms.Value] | None = None
    """What stands for the address of a symbol where builds are compared, in which it differs."""
    within: Callable[[int], bool] = _everywhere
    """Whether the image has something at an address that is no vector table, whoever's; what lies
    beyond it, it does not tell."""


@frozen
class Lowering:
    """Lowers expressions for one case of a behaviour, or for entry alone."""

    behaviour: Behaviour
    case: Case | None
    surroundings: Surroundings

    def predicate(self, predicate: Predicate) -> terms.Value:
        """Return a predicate as a condition.

        :raises NotKnown: it names a table or a capability that the image does not have
        """
        match predicate:
            case Comparison(relation, left, right):
                return self._comparison(relation, left, right)
            case Capability(name):
                return self._capability(name)
            case Negation(of):
                return terms.lnot(self.predicate(of))
            case Conjunction(parts):
                return terms.land(*map(self.predicate, parts))
            case Disjunction(parts):
                return terms.lor(*map(self.predicate, parts))
            case _:
                assert_never(predicate)

    def _comparison(self, relation: Relation, left: Value, right: Value) -> terms.Value:
        a, b, width = self.value(left), self.value(right), width_of(left)
        match relation:
            case Relation.EQUAL:
                return terms.eq(a, b, width)
            case Relation.DIFFERENT:
                return terms.ne(a, b, width)
            case Relation.BELOW:
                return terms.ult(a, b, width)
            case Relation.AT_MOST:
                return terms.ule(a, b, width)
            case _:
                assert_never(relation)

    def _capability(self, name: str) -> terms.Value:
        number = self.surroundings.capability(name)
        if number is None and self.surroundings.lacks(name):
            return 0
        if number is None:
            raise NotKnown(f"the image does not tell the number of capability {name}")
        return terms.symbol(capability_name(self.surroundings.called(name, number)), 1)

    def value(self, value: Value) -> terms.Value:
        """Return a value as a term.

        :raises NotKnown: as :meth:`predicate`
        """
        match value:
            case Integer(number, _):
                return number
            case Read(register, width, moment):
                return self.register(register, width, moment)
            case Bits(of, high, low):
                return terms.extract(self.value(of), low, high - low + 1, width_of(of))
            case TableOf() | BigEndian() | InT32() | AddressOf():
                return self._of_image(value)
            case Word(address, width, moment):
                return self._memory(self.value(address), width, moment)
            case Operation(operator, left, right):
                return _operation(operator, self.value(left), self.value(right), width_of(left))
            case _:
                assert_never(value)

    def _of_image(self, value: OfImage) -> terms.Value:
        match value:
            case TableOf(party, _):
                if party not in self.surroundings.tables:
                    raise NotKnown(f"the vector table of {party} was not found")
                return self.surroundings.tables[party]
            case BigEndian():
                if self.surroundings.order is None:
                    raise NotKnown("the byte order of data is not told")
                return int(self.surroundings.order is ByteOrder.BIG)
            case InT32():
                if self.surroundings.state is None:
                    raise NotKnown("in which instruction set the vectors are is not told")
                return int(self.surroundings.state is InstructionSet.T32)
            case AddressOf(symbol, _):
                return self._address(symbol)
            case _:
                assert_never(value)

    def _address(self, symbol: str) -> terms.Value:
        if self.surroundings.by_name is not None:
            return self.surroundings.by_name(symbol)
        address = self.surroundings.symbol(symbol)
        if address is None:
            raise NotKnown(f"the image has no symbol {symbol}")
        return address

    def _memory(self, address: terms.Value, width: int, moment: Moment) -> terms.Value:
        """Return bits of memory, at entry or as the case leaves them."""
        case = self.case if moment is Moment.EXIT else None
        if isinstance(address, int):
            found = self.behaviour.held(address, width // 8, case)
        elif case is not None:
            found = self.behaviour.stored(address, width // 8, case)
            if found is None:
                raise NotKnown("what is stored by another pointer may hit the memory that is meant")
        else:
            found = self.behaviour.found(address, width // 8)
            if found is None:
                raise NotKnown("memory at entry is meant whose address is no constant")
        if found is None:
            raise NotKnown(f"what is stored on the way may hit the memory at {address:#x}")
        return found

    def register(self, name: str, width: int, moment: Moment) -> terms.Value:
        """Return a register at entry or at exit."""
        if name in PROGRAM_STATUS:
            return self._status(width, moment)
        if moment is Moment.EXIT and self.case is not None and name in self.case.registers:
            return self.case.registers[name]
        return self.at_entry(name, width)

    def at_entry(self, name: str, width: int) -> terms.Value:
        """Return the value a register has when the vector is entered."""
        return self.behaviour.entered(name, width)

    def _status(self, width: int, moment: Moment) -> terms.Value:
        """Return the caller's status: what exception entry saved, at exit what ERET restored."""
        saved = self.at_entry(self.behaviour.status, width)
        if moment is Moment.ENTRY or self.case is None:
            return saved
        match self.case.outcome:
            case Left(_, _, None) | CalledBack():
                return self._present_status(width)
            case Left(_, _, status) if status is not None:
                return status
            case Called() if self.behaviour.status == "CPSR":  # no exception has saved any
                return self._present_status(width)
            case Returned():
                return saved
            case Left() | Stuck() | Faulted() | Called() | Requested() | PathUndecided():
                return saved
            case _:
                assert_never(self.case.outcome)

    def _present_status(self, width: int) -> terms.Value:
        """Return PSTATE after a branch out of the handler, as exception entry made it."""
        if width == 32:
            return self._present_cpsr()
        masks = terms.extract(self.register("DAIF", 64, Moment.EXIT), 6, 4, 64)
        selected = terms.extract(self.register("SPSel", 64, Moment.EXIT), 0, 1, 64)
        mode = terms.concat(0b0100, selected, 4, 1)
        low = terms.concat(terms.concat(masks, 0, 4, 1), mode, 5, 5)
        return terms.concat(terms.symbol("PSTATE at exit", 54), low, 54, 10)

    def _present_cpsr(self) -> terms.Value:
        """Return CPSR after a branch out of the handler (DDI 0406C B1.3.3)."""
        value: terms.Value = terms.symbol("CPSR at exit", 23)
        width = 23
        for name, bits in (("A", 1), ("I", 1), ("F", 1), ("T", 1), ("M", 5)):
            part = self.register(f"CPSR.{name}", bits, Moment.EXIT)
            value = terms.concat(value, part, width, bits)
            width += bits
        return value


def _operation(operator: Operator, a: terms.Value, b: terms.Value, width: int) -> terms.Value:
    match operator:
        case Operator.ADD:
            return terms.add(a, b, width)
        case Operator.SUBTRACT:
            return terms.sub(a, b, width)
        case Operator.REMAINDER:
            return terms.urem(a, b, width)
        case Operator.AND:
            return terms.and_(a, b, width)
        case Operator.OR:
            return terms.or_(a, b, width)
        case Operator.SHIFT_LEFT:
            return terms.shl(a, b, width)
        case Operator.SHIFT_RIGHT:
            return terms.lshr(a, b, width)
        case _:
            assert_never(operator)
