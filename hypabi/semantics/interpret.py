"""Run one lifted instruction over a context.

Branches inside the instruction that only guard computations are merged: each operation is under a
guard, and a guarded write becomes ``ite(guard, new, old)``.  An instruction that also transfers
control or acts outside registers and memory is decided instead, because such an act cannot be
merged.
"""

import enum
from collections.abc import Callable
from typing import Generic, TypeVar

from hypabi.lifter.instruction import (
    AddressOf,
    Constant,
    Instruction,
    Label,
    Memory,
    Op,
    Opcode,
    Operand,
    Register,
    Temporary,
)
from hypabi.semantics.domain import Context, Domain, Unmodelled
from hypabi.semantics.transfer import Goto, Jump, Next, Transfer
from hypabi.unknowns import symbol_address

S = TypeVar("S")


class Profile(Generic[S]):
    """What an architecture adds to p-code: banked names, widths and user ops."""

    def width(self, name: str) -> int:
        """Return the architectural width of a physical register, in bits."""
        raise NotImplementedError

    def resolve_read(self, name: str, context: Context[S]) -> str:
        """Return the physical register that reading ``name`` reads now."""
        raise NotImplementedError

    def resolve_write(self, name: str, context: Context[S]) -> str:
        """Return the physical register that writing ``name`` writes now."""
        raise NotImplementedError

    def zeroes_above(self, name: str, bits: int) -> bool:
        """Return whether writing the low ``bits`` of a register sets the others to zero."""
        return False

    def user(self, frame: "Frame[S]", op: Op) -> Transfer[S] | None:
        """Run a user op.

        :raises Unmodelled: it has no meaning
        """
        raise NotImplementedError


TRANSFERS = frozenset(
    {Opcode.BRANCHIND, Opcode.CALL, Opcode.CALLIND, Opcode.RETURN, Opcode.USER, Opcode.UNDEFINED}
)

JUMPS = {
    Opcode.BRANCH: Jump.BRANCH,
    Opcode.BRANCHIND: Jump.BRANCH,
    Opcode.CALL: Jump.CALL,
    Opcode.CALLIND: Jump.CALL,
    Opcode.RETURN: Jump.RETURN,
}


BINARY = {
    Opcode.INT_ADD: "add", Opcode.INT_SUB: "sub", Opcode.INT_MULT: "mul", Opcode.INT_DIV: "udiv",
    Opcode.INT_REM: "urem", Opcode.INT_SDIV: "sdiv", Opcode.INT_SREM: "srem",
    Opcode.INT_AND: "and_", Opcode.INT_OR: "or_", Opcode.INT_XOR: "xor",
}  # fmt: skip
DIVISIONS = (Opcode.INT_DIV, Opcode.INT_SDIV)
"""By 0 they give 0 (DDI 0406C, A4.4.8), which SLEIGH says for A64 only."""
SHIFTS = {Opcode.INT_LEFT: "shl", Opcode.INT_RIGHT: "lshr", Opcode.INT_SRIGHT: "ashr"}
COMPARISONS = {
    Opcode.INT_EQUAL: "eq", Opcode.INT_LESS: "ult", Opcode.INT_LESSEQUAL: "ule",
    Opcode.INT_SLESS: "slt", Opcode.INT_SLESSEQUAL: "sle",
}  # fmt: skip


class Guards(enum.Enum):
    """What becomes of a branch inside an instruction."""

    MERGED = "merged"
    DECIDED = "decided"


class Frame(Generic[S]):
    """The temporaries and the guard of one instruction while it runs."""

    __slots__ = ("context", "domain", "guard", "instruction", "profile", "temporaries")

    def __init__(self, instruction: Instruction, context: Context[S], profile: Profile[S]) -> None:
        self.instruction = instruction
        self.context = context
        self.domain: Domain[S] = context.domain
        self.profile = profile
        self.temporaries: dict[int, int | S] = {}
        self.guard: int | S = 1

    def get(self, operand: Operand) -> int | S:
        """Return the value of an operand, ``8 * size`` bits wide."""
        match operand:
            case Temporary(index, size):
                return self._temporary(index, size)
            case Register(name, low, size):
                return self._register(name, low, size * 8)
            case Constant(value, _):
                return value
            case Memory(address, size):
                return self.context.load(address, size)
            case AddressOf():
                return self._address(operand)
            case Label():
                raise Unmodelled("a label used as a value")

    def _temporary(self, index: int, size: int) -> int | S:
        try:
            return self.temporaries[index]
        except KeyError:
            raise Unmodelled("a temporary is read before it is written") from None

    def _register(self, name: str, low: int, bits: int) -> int | S:
        physical = self.profile.resolve_read(name, self.context)
        width = self.profile.width(physical)
        value = self.context.read(physical)
        if low == 0 and bits == width:
            return value
        if width < bits:
            return self.domain.zext(value, width, bits)
        return self.domain.extract(value, low, bits, width)

    def _address(self, of: AddressOf) -> int | S:
        """Return what is made of the address of a symbol, which is as wide as that says."""
        name = symbol_address(of.symbol)
        width, domain = self.profile.width(name), self.domain
        moved = domain.add(self.context.read(name), of.addend & (1 << width) - 1, width)
        found = domain.and_(moved, of.mask & (1 << width) - 1, width)
        found = domain.lshr(found, of.shift, width)
        bits = 8 * of.size
        if bits < width:
            return domain.extract(found, 0, bits, width)
        return domain.zext(found, width, bits) if bits > width else found

    def put(self, operand: Operand, value: int | S) -> None:
        """Set an operand, under the guard."""
        match operand:
            case Temporary(index, size):
                if self.guard != 1 and index in self.temporaries:
                    old = self.temporaries[index]
                    value = self.domain.ite(self.guard, value, old, size * 8)
                self.temporaries[index] = value
            case Register(name, low, size):
                self._put_register(name, low, size * 8, value)
            case Memory(address, size):
                self.store(address, size, value)
            case Constant() | AddressOf() | Label():
                raise Unmodelled("a constant as the target of an operation")

    def _put_register(self, name: str, low: int, bits: int, value: int | S) -> None:
        domain, context = self.domain, self.context
        physical = self.profile.resolve_write(name, context)
        width = self.profile.width(physical)
        if width < bits:
            value = domain.extract(value, 0, width, bits)
        elif width > bits and low == 0 and self.profile.zeroes_above(physical, bits):
            value = domain.zext(value, bits, width)
        elif width > bits:
            value = insert(domain, context.read(physical), value, low, bits, width)
        if self.guard != 1:
            value = domain.ite(self.guard, value, context.read(physical), width)
        context.write(physical, value)

    def store(self, address: int | S, size: int, value: int | S) -> None:
        """Set memory, under the guard."""
        if self.guard != 1:
            value = self.domain.ite(self.guard, value, self.context.load(address, size), size * 8)
        self.context.store(address, size, value)

    def condition(self, operand: Operand) -> int | S:
        """Return the truth of a p-code boolean (one byte, 0 or 1) as one bit."""
        return self.domain.extract(self.get(operand), 0, 1, 8)

    def compute(self, op: Op, width: int) -> int | S:
        """Return the value of an operation whose output is ``width`` bits wide."""
        opcode, domain = op.opcode, self.domain
        first = op.inputs[0]
        a = self.get(first)
        if opcode is Opcode.COPY:
            return a
        if opcode in BINARY:
            method: Callable[..., int | S] = getattr(domain, BINARY[opcode])
            b = self.get(op.inputs[1])
            if opcode in DIVISIONS:
                return domain.ite(domain.eq(b, 0, width), 0, method(a, b, width), width)
            return method(a, b, width)
        if opcode in SHIFTS:
            amount = self._shift_amount(op.inputs[1], width)
            shift: Callable[..., int | S] = getattr(domain, SHIFTS[opcode])
            return shift(a, amount, width)
        assert isinstance(first, (Constant, Register, Temporary, Memory))
        bits = first.size * 8
        if opcode in COMPARISONS:
            compare: Callable[..., int | S] = getattr(domain, COMPARISONS[opcode])
            return domain.zext(compare(a, self.get(op.inputs[1]), bits), 1, 8)
        return self._compute_other(op, a, bits, width)

    def _shift_amount(self, operand: Operand, width: int) -> int | S:
        """Return a p-code shift amount, which may have any width, as one of ``width`` bits.

        An amount that does not fit is at least ``width``, and is kept so.
        """
        assert isinstance(operand, (Constant, Register, Temporary, Memory))
        domain, bits = self.domain, operand.size * 8
        amount = self.get(operand)
        if bits <= width:
            return domain.zext(amount, bits, width)
        high = domain.extract(amount, width, bits - width, bits)
        fits = domain.eq(high, 0, bits - width)
        return domain.ite(fits, domain.extract(amount, 0, width, bits), width, width)

    def _compute_other(self, op: Op, a: int | S, bits: int, width: int) -> int | S:
        domain = self.domain
        match op.opcode:
            case Opcode.LOAD:
                return self.context.load(a, width // 8)
            case Opcode.INT_ZEXT:
                return domain.zext(a, bits, width)
            case Opcode.INT_SEXT:
                return domain.sext(a, bits, width)
            case Opcode.INT_NEGATE:
                return domain.not_(a, width)
            case Opcode.INT_2COMP:
                return domain.neg(a, width)
            case Opcode.POPCOUNT:
                return domain.popcount(a, bits, width)
            case Opcode.LZCOUNT:
                return domain.clz(a, bits, width)
            case Opcode.BOOL_NEGATE:
                return domain.zext(domain.lnot(self.condition(op.inputs[0])), 1, 8)
            case _:
                return self._compute_two(op, a, bits, width)

    def _compute_two(self, op: Op, a: int | S, bits: int, width: int) -> int | S:
        domain = self.domain
        second = op.inputs[1]
        b = self.get(second)
        assert isinstance(second, (Constant, Register, Temporary, Memory))
        match op.opcode:
            case Opcode.PIECE:
                return domain.concat(a, b, bits, second.size * 8)
            case Opcode.SUBPIECE:
                assert isinstance(second, Constant)
                return self._subpiece(a, second.value * 8, bits, width)
            case Opcode.INT_NOTEQUAL:
                return domain.zext(domain.lnot(domain.eq(a, b, bits)), 1, 8)
            case Opcode.INT_CARRY:
                return domain.zext(domain.ult(domain.add(a, b, bits), a, bits), 1, 8)
            case Opcode.INT_SCARRY:
                total = domain.add(a, b, bits)
                return domain.zext(self._overflow(a, b, total, bits), 1, 8)
            case Opcode.INT_SBORROW:
                # a - b overflows where its sign is not the truth of a < b.
                negative = domain.slt(domain.sub(a, b, bits), 0, bits)
                return domain.zext(domain.xor(domain.slt(a, b, bits), negative, 1), 1, 8)
            case Opcode.BOOL_AND | Opcode.BOOL_OR | Opcode.BOOL_XOR:
                return self._boolean(op.opcode, a, b)
            case _:
                raise Unmodelled(f"p-code operation {op.opcode.value}")

    def _subpiece(self, a: int | S, low: int, bits: int, width: int) -> int | S:
        domain = self.domain
        if low + width <= bits:
            return domain.extract(a, low, width, bits)
        return domain.zext(domain.extract(a, low, bits - low, bits), bits - low, width)

    def _overflow(self, a: int | S, b: int | S, total: int | S, bits: int) -> int | S:
        """Return whether ``a + b = total`` overflows: operands of one sign, a sum of the other."""
        domain = self.domain
        differs = domain.and_(domain.xor(a, total, bits), domain.xor(b, total, bits), bits)
        return domain.extract(differs, bits - 1, 1, bits)

    def _boolean(self, opcode: Opcode, a: int | S, b: int | S) -> int | S:
        domain = self.domain
        left, right = domain.extract(a, 0, 1, 8), domain.extract(b, 0, 1, 8)
        if opcode is Opcode.BOOL_AND:
            value = domain.land(left, right)
        elif opcode is Opcode.BOOL_OR:
            value = domain.lor(left, right)
        else:
            value = domain.lnot(domain.eq(left, right, 1))
        return domain.zext(value, 1, 8)


def insert(
    domain: Domain[S], old: int | S, value: int | S, low: int, bits: int, width: int
) -> int | S:
    """Return ``old`` with ``bits`` bits from ``low`` up replaced by ``value``."""
    high = low + bits
    if high < width:
        top = domain.extract(old, high, width - high, width)
        value = domain.concat(top, value, width - high, bits)
    if low > 0:
        value = domain.concat(value, domain.extract(old, 0, low, width), width - low, low)
    return value


def run_instruction(
    instruction: Instruction, context: Context[S], profile: Profile[S]
) -> Transfer[S]:
    """Run an instruction and say where control goes.

    :raises Unmodelled: an operation has no meaning here
    """
    frame = Frame(instruction, context, profile)
    guards = Guards.DECIDED if any(map(_transfers, instruction.ops)) else Guards.MERGED
    joins: dict[int, int | S] = {}
    index, count = 0, len(instruction.ops)
    while index < count:
        if index in joins:
            frame.guard = frame.domain.lor(frame.guard, joins.pop(index))
        op = instruction.ops[index]
        index += 1
        if frame.guard == 0:
            continue
        if op.opcode in (Opcode.BRANCH, Opcode.CBRANCH) and isinstance(op.inputs[0], Label):
            _branch_inside(frame, op, index, joins, guards)
            continue
        transfer = _run(frame, op)
        if transfer is not None:
            return transfer
    return Next()


def _transfers(op: Op) -> bool:
    if op.opcode in (Opcode.BRANCH, Opcode.CBRANCH):
        return not isinstance(op.inputs[0], Label)
    return op.opcode in TRANSFERS


def _branch_inside(
    frame: Frame[S], op: Op, index: int, joins: dict[int, int | S], guards: Guards
) -> None:
    """Take a forward branch to a label: what is skipped runs under the condition not taken."""
    label = op.inputs[0]
    assert isinstance(label, Label)
    if label.index < index:
        raise Unmodelled("a loop inside one instruction")
    domain = frame.domain
    taken: int | S = 1
    if op.opcode is Opcode.CBRANCH:
        taken = frame.condition(op.inputs[1])
        if not isinstance(taken, int) and guards is Guards.DECIDED:
            taken = int(frame.context.decide(taken))
    arriving = domain.land(frame.guard, taken)
    if arriving != 0:
        joins[label.index] = domain.lor(joins.get(label.index, 0), arriving)
    frame.guard = domain.land(frame.guard, domain.lnot(taken))


def _run(frame: Frame[S], op: Op) -> Transfer[S] | None:
    opcode = op.opcode
    if opcode is Opcode.CBRANCH:
        return _branch_outside(frame, op)
    if opcode in JUMPS:
        target = op.inputs[0]
        where = target.address if isinstance(target, Memory) else frame.get(target)
        return Goto(where, JUMPS[opcode])
    if opcode is Opcode.STORE:
        address, value = op.inputs
        assert isinstance(value, (Constant, Register, Temporary, Memory))
        frame.store(frame.get(address), value.size, frame.get(value))
        return None
    if opcode is Opcode.USER:
        return frame.profile.user(frame, op)
    if opcode is Opcode.UNDEFINED:
        raise Unmodelled(f"p-code operation {op.user}")
    assert op.output is not None and not isinstance(op.output, Label)
    frame.put(op.output, frame.compute(op, op.output.size * 8))
    return None


def _branch_outside(frame: Frame[S], op: Op) -> Transfer[S] | None:
    target, condition = op.inputs
    if not isinstance(target, Memory):
        raise Unmodelled("a conditional branch to a computed address")
    if frame.context.decide(frame.condition(condition)):
        return Goto(target.address, Jump.BRANCH)
    return None
