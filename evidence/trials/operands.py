"""What of an instruction decides where it loads, stores, and sends control."""

from hypabi.lifter.instruction import (
    Instruction,
    Label,
    Memory,
    Op,
    Opcode,
    Operand,
    Register,
    Temporary,
)
from hypabi.records import frozen

TARGETS = frozenset({Opcode.BRANCHIND, Opcode.CALLIND, Opcode.RETURN})


@frozen
class Operands:
    """Names of registers, as the instruction spells them."""

    addresses: frozenset[str]
    """Registers that an address of memory is computed of."""
    targets: frozenset[str]
    """Registers that a target of a branch is computed of."""
    loaded: bool
    """Whether control goes where memory says."""
    accesses: bool
    """Whether memory is loaded or stored."""
    transfers: bool
    """Whether control may go anywhere but behind it."""
    named: frozenset[str]
    """Every register that is read or written."""


def operands_of(instruction: Instruction) -> Operands:
    """Follow registers through the operations of an instruction, in their order."""
    values: dict[object, tuple[frozenset[str], bool]] = {}
    addresses: set[str] = set()
    targets: set[str] = set()
    loaded = accesses = False
    for op in instruction.ops:
        sources = [_sources(each, values) for each in op.inputs]
        names = frozenset().union(*(each for each, _ in sources))
        through = any(each for _, each in sources)
        if op.opcode in (Opcode.LOAD, Opcode.STORE):
            addresses |= sources[0][0]
            accesses = True
            through = op.opcode is Opcode.LOAD
        if op.opcode in TARGETS or op.user in ("exception return", "return from exception"):
            targets |= sources[0][0]
            loaded |= sources[0][1]
        fixed = any(isinstance(each, Memory) for each in op.inputs)
        accesses |= fixed and op.opcode is Opcode.COPY
        if op.output is not None:
            values[_key(op.output)] = (names, through)
    named = frozenset(_named(instruction.ops))
    transfers = any(map(_transfers, instruction.ops))
    return Operands(frozenset(addresses), frozenset(targets), loaded, accesses, transfers, named)


def _transfers(op: Op) -> bool:
    if op.opcode in (Opcode.BRANCH, Opcode.CBRANCH):
        return not isinstance(op.inputs[0], Label)
    return op.opcode in {*TARGETS, Opcode.CALL, Opcode.USER}


def _key(operand: Operand) -> object:
    return operand.name if isinstance(operand, Register) else operand


def _sources(
    operand: Operand, values: dict[object, tuple[frozenset[str], bool]]
) -> tuple[frozenset[str], bool]:
    if isinstance(operand, Temporary):
        return values.get(operand, (frozenset(), False))
    if isinstance(operand, Register):
        own = frozenset({operand.name})
        found = values.get(operand.name)
        return (own | found[0], found[1]) if found else (own, False)
    return frozenset(), isinstance(operand, Memory)


def _named(ops: tuple[Op, ...]) -> set[str]:
    operands = [each for op in ops for each in (op.output, *op.inputs)]
    names = {each.name for each in operands if isinstance(each, Register)}
    return names | {op.user.removeprefix("read ") for op in ops if op.user.startswith("read ")}
