"""Run code of another architecture on p-code, where what is not known has a name or none.

Not an engine of ours: it follows both sides of a branch that it cannot decide, comes to no
instruction twice, and so shows what a path does, never what all paths do.  A value is an integer,
a :class:`Named` (an unknown and a distance from it), or nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pypcode

from tests.contract.stated.foreign.kernels import TOC, Program

MOST: Final = 20_000
"""Instructions of one run."""
DEEPEST: Final = 6
"""Calls within each other."""


@dataclass(frozen=True)
class Named:
    """An unknown, and how far from it the value is."""

    name: str
    distance: int = 0

    def __str__(self) -> str:
        return self.name + (f"{self.distance:+#x}" if self.distance else "")


Value = int | Named | None

_Cells = dict[tuple[int, int], Value]


class Node(NamedTuple):
    """An operand of p-code: copied once, since each look at pypcode's own costs a call."""

    space: str
    offset: int
    size: int


class Op(NamedTuple):
    """An operation of p-code."""

    name: str
    inputs: tuple[Node, ...]
    output: Node | None
    about: str
    """Of CALLOTHER the user's operation, of LOAD the space."""


IGNORED: Final = frozenset({"__fentry__", "_mcount", "mcount", "ftrace_caller"})
"""Functions that change nothing."""
RETURNING: Final = frozenset({"__x86_return_thunk"})
"""Code by which functions return."""
ENDLESS: Final = frozenset({"__stack_chk_fail", "panic", "BUG"})
"""Functions that do not return."""
LEAVING: Final = frozenset({"RETURN", "CALL", "CALLIND", "BRANCHIND"})
ASKING: Final = frozenset({"syscall", "vmcall", "vmmcall"})
"""Hypercall instructions, as SLEIGH names what they do."""
TDCALL: Final = b"\x66\x0f\x01\xcc"
"""The one that it does not know (Intel SDM, TDCALL)."""


@dataclass(frozen=True)
class Language:
    """How SLEIGH and an architecture's C name things."""

    sleigh: str
    stack: str
    arguments: tuple[str, ...]
    answer: str
    lost: tuple[str, ...]
    """Registers that a call may leave with any value."""
    watched: tuple[str, ...]
    """Registers that are looked at where a hypercall is made."""
    pushed: int
    """By how much a call moves the stack, and a return moves it back."""
    entry: Mapping[str, int | None]
    """What registers hold where a function is entered; nothing for the function's own address."""
    local: int = 0
    """How far behind its start a function is entered that shares its caller's table."""
    trap: bytes = b""
    """The instruction by which BUG and WARN leave; where WARN goes on says a table."""


X86: Final = Language(
    "x86:LE:64:default", "RSP", ("RDI", "RSI", "RDX", "RCX", "R8", "R9"), "RAX",
    ("RAX", "RCX", "RDX", "RSI", "RDI", "R8", "R9", "R10", "R11"),
    ("RAX", "RBX", "RCX", "RDX", "RSI", "RDI", *(f"R{n}" for n in range(8, 16))), 8, {},
)  # fmt: skip
POWERPC: Final = Language(
    "PowerPC:LE:64:A2ALT", "r1", tuple(f"r{n}" for n in range(3, 11)), "r3",
    ("r0", *(f"r{n}" for n in range(3, 13))), tuple(f"r{n}" for n in range(3, 13)),
    0, {"r2": TOC, "r12": None, "xer_so": 0}, 8, b"\x00\x00\xe0\x0f",
)  # fmt: skip

ARM64: Final = Language(
    "AARCH64:LE:64:v8A", "sp", tuple(f"x{n}" for n in range(8)), "x0",
    tuple(f"x{n}" for n in range(19)), tuple(f"x{n}" for n in range(8)), 0, {},
)  # fmt: skip


@dataclass
class Seen:
    """What a run came by."""

    called: list[tuple[str, tuple[Value, ...]]] = field(default_factory=list)
    """Functions that it does not follow, and their arguments."""
    answers: list[Value] = field(default_factory=list)
    """What the function returned."""
    loads: set[Named] = field(default_factory=set)
    asked: list[tuple[int, Mapping[str, Value]]] = field(default_factory=list)
    """Hypercalls: where, and the registers."""
    stores: list[tuple[Value, Value]] = field(default_factory=list)
    """Where and what, but for the stack."""
    complete: bool = True
    held: Mapping[Named, int] = field(default_factory=dict)
    """What memory is known to hold."""


@dataclass
class _State:
    at: int
    registers: dict[tuple[int, int], Value]
    memory: dict[tuple[str, int, int], Value]
    back: tuple[int, ...] = ()

    def copy(self) -> "_State":
        return _State(self.at, dict(self.registers), dict(self.memory), self.back)


class Runner:
    """Run functions of one program."""

    def __init__(
        self,
        program: Program,
        language: Language,
        follows: Callable[[str], bool] = lambda _: False,
        apart: tuple[str, ...] = (),
        tells: Callable[[Value], bool] = lambda value: isinstance(value, int),
    ) -> None:
        self.program = program
        self.language = language
        self.follows = follows
        self.context = pypcode.Context(language.sleigh)
        self.cells = {n: (v.offset, v.size) for n, v in self.context.registers.items()}
        self.named = {cell: name for name, cell in reversed(self.cells.items())}
        self.apart = [self.cells[each] for each in apart]
        self.tells = tells
        self._neighbours: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._lifted: dict[int, tuple[list[Op], int]] = {}

    def run(
        self,
        start: int,
        registers: Mapping[str, Value],
        held: Mapping[Named, int] | None = None,
        most: int = MOST,
    ) -> Seen:
        """Run from an address until the function returns.

        :param held: what memory holds; the rest of it is unknown
        """
        state = _State(start, {}, {})
        for name, value in {self.language.stack: Named("stack"), **registers}.items():
            state.registers[self.cells[name]] = value
        self._enter(start, state)
        seen, waiting, been = Seen(held=held or {}), [state], set[object]()
        for _ in range(most):
            if not waiting:
                return seen
            state = waiting.pop()
            place = (state.at, state.back, *self._apart(state))
            if place in been:
                continue
            been.add(place)
            waiting += self._step(state, seen)
        seen.complete = False
        return seen

    def _apart(self, state: _State) -> Iterator[Value]:
        """Yield what makes two ways to an instruction different ones: what registers hold."""
        for cell in self.apart:
            value = state.registers.get(cell)
            yield value if value is not None and self.tells(value) else None

    def _lift(self, at: int) -> tuple[list[Op], int]:
        if at not in self._lifted:
            content = self.program.read(at, 16)
            try:
                lifted = (
                    self.context.translate(content, at, max_instructions=1) if content else None
                )
                ops = [_op(each) for each in lifted.ops] if lifted else []
            except (pypcode.BadDataError, pypcode.UnimplError):
                ops = []
            size = ops[0].inputs[0].size if ops else 0
            self._lifted[at] = (ops[1:], size)
        return self._lifted[at]

    def _step(self, state: _State, seen: Seen) -> list[_State]:
        """Return the states behind an instruction."""
        ops, size = self._lift(state.at)
        word = self.program.read(state.at, 4)
        if word == TDCALL and not size:
            self._ask(state, seen)
            state.at += len(TDCALL)
            return [state]
        if word == self.language.trap:
            return []
        if not size:
            seen.complete = False
            return []
        return self._behind(state, ops, size, 0, {}, seen)

    def _behind(
        self, state: _State, ops: list[Op], size: int, place: int, scratch: _Cells, seen: Seen
    ) -> list[_State]:
        """Return the states behind the operations of an instruction, from one of them on."""
        while place < len(ops):
            op, place = ops[place], place + 1
            name, inputs = op.name, op.inputs
            if name in ("BRANCH", "CBRANCH"):
                taken = 1 if name == "BRANCH" else self._value(inputs[1], state, scratch)
                if taken == 0:
                    continue
                beside: list[_State] = []
                if not isinstance(taken, int):
                    other = state.copy()
                    beside = self._behind(other, ops, size, place, dict(scratch), seen)
                if inputs[0].space != "const":
                    return [*beside, *self._jump(state, size, inputs[0].offset, seen)]
                # Within an instruction only forwards: what repeats is done once.
                aim = place - 1 + _signed(inputs[0].offset, 8 * inputs[0].size)
                return [*beside, *self._behind(state, ops, size, max(aim, place), scratch, seen)]
            if name in LEAVING:
                return self._leave(name, state, size, inputs, scratch, seen)
            self._do(op, state, scratch, seen)
        state.at += size
        return [state]

    def _leave(
        self,
        name: str,
        state: _State,
        size: int,
        inputs: tuple[Node, ...],
        scratch: _Cells,
        seen: Seen,
    ) -> list[_State]:
        """Return the states behind a call, a return or a jump to what a register holds."""
        if name == "RETURN":
            return self._return(state, seen)
        if name == "CALL":
            return self._call(state, size, inputs[0].offset, seen)
        value = self._value(inputs[0], state, scratch)
        aim = value if isinstance(value, int) else None
        if name == "CALLIND":
            return self._call(state, size, aim, seen)
        if aim is not None:
            return self._jump(state, size, aim, seen)
        seen.complete = False
        return []

    def _do(self, op: Op, state: _State, scratch: _Cells, seen: Seen) -> None:
        """Do an operation that leads to the next one."""
        inputs = op.inputs
        match op.name:
            case "CALLOTHER":
                if op.about in ASKING:
                    self._ask(state, seen)
                result: Value = None
            case "STORE":
                what = self._value(inputs[2], state, scratch)
                where = self._value(inputs[1], state, scratch)
                _store(where, what, inputs[2].size, state, seen)
                return
            case "LOAD":
                where = self._value(inputs[1], state, scratch)
                size = op.output.size if op.output else 0
                # In the space of constants the address is the value (Ghidra's reference of p-code).
                result = where if op.about == "const" else self._load(where, size, state, seen)
            case name:
                values = [self._value(each, state, scratch) for each in inputs]
                size = op.output.size if op.output else 0
                result = _made(name, values, [each.size for each in inputs], size)
        if op.output is not None:
            self._write(op.output, result, state, scratch)

    def _return(self, state: _State, seen: Seen) -> list[_State]:
        if not state.back:
            seen.answers.append(self._register(self.language.answer, state))
            return []
        state.at, state.back = state.back[-1], state.back[:-1]
        return [state]

    def _jump(self, state: _State, size: int, aim: int, seen: Seen) -> list[_State]:
        """Follow a jump; one that leaves the function is a call that returns for it."""
        if aim == state.at:  # what repeats is done once
            state.at += size
            return [state]
        name = self._name(aim)
        if name in RETURNING:
            return self._return(state, seen)
        start, end = self.program.around(state.at)
        if name and not start <= aim < end and not name.endswith(".cold"):
            inner = self._call(state, size, aim, seen)
            return [each for state in inner for each in self._finished(state, seen)]
        state.at = aim
        return [state]

    def _finished(self, state: _State, seen: Seen) -> list[_State]:
        """Return from the function that a jump has left, or go on in the one that it went to."""
        at, back = state.at, state.back
        if back and self.program.around(at)[0] == at:
            state.back = back[:-1]
            return [state]
        return self._return(state, seen)

    def _name(self, aim: int) -> str:
        """Return the name of what a call or jump leads to; empty where it leads into a function."""
        names = self.program.names
        return names.get(aim) or names.get(aim - self.language.local, "")

    def _enter(self, at: int, state: _State) -> None:
        for name, value in self.language.entry.items():
            state.registers[self.cells[name]] = at if value is None else value

    def _call(self, state: _State, size: int, aim: int | None, seen: Seen) -> list[_State]:
        name = self._name(aim or 0) or f"{aim or 0:#x}"
        if aim is not None and self.follows(name) and len(state.back) < DEEPEST:
            self._enter(aim, state)
            state.at, state.back = aim, (*state.back, state.at + size)
            return [state]
        stack = self._register(self.language.stack, state)
        if isinstance(stack, Named):
            popped = Named(stack.name, stack.distance + self.language.pushed)
            state.registers[self.cells[self.language.stack]] = popped
        if name in IGNORED:
            state.at += size
            return [state]
        given = tuple(self._register(each, state) for each in self.language.arguments)
        seen.called.append((name, given))
        for each in self.language.lost:
            state.registers[self.cells[each]] = Named(f"lost by {name}")
        state.registers[self.cells[self.language.answer]] = Named(f"{name}()")
        if name in ENDLESS:
            return []
        state.at += size
        return [state]

    def _ask(self, state: _State, seen: Seen) -> None:
        """Note a hypercall; what it answers is unknown."""
        held = {each: self._register(each, state) for each in self.language.watched}
        seen.asked.append((state.at, held))
        for each in self.language.watched:
            state.registers[self.cells[each]] = Named(f"answer.{each}")

    def _load(self, where: Value, size: int, state: _State, seen: Seen) -> Value:
        if isinstance(where, int):
            if ("", where, size) in state.memory:
                return state.memory["", where, size]
            part = self.program.part(where)
            if part is None or part.writable:
                return Named(f"[{where:#x}]")
            return _integer(self.program.read(where, size), size)
        if where is None:
            return None
        if (where.name, where.distance, size) in state.memory:
            return state.memory[where.name, where.distance, size]
        if where.name != "stack":
            seen.loads.add(where)
        if where in seen.held:
            return seen.held[where] & (1 << 8 * size) - 1
        return Named(f"[{where}]")

    def _register(self, name: str, state: _State) -> Value:
        return self._cell(self.cells[name], state)

    def _cell(self, cell: tuple[int, int], state: _State) -> Value:
        if cell in state.registers:
            return state.registers[cell]
        offset, size = cell
        for other, width in self._around(cell):
            if (other, width) in state.registers:
                inside = other <= offset and offset + size <= other + width
                value = state.registers[other, width]
                return _low(value, offset - other, size) if inside else None
        name = self.named.get(cell)
        return Named(name) if name else None

    def _around(self, cell: tuple[int, int]) -> list[tuple[int, int]]:
        """Return the other cells that have a byte of this one."""
        if cell not in self._neighbours:
            offset, size = cell
            self._neighbours[cell] = [
                each
                for each in {*self.named, *self._neighbours}
                if each != cell and each[0] < offset + size and offset < each[0] + each[1]
            ]
        return self._neighbours[cell]

    def _value(self, node: Node, state: _State, scratch: _Cells) -> Value:
        match node.space:
            case "const":
                return node.offset
            case "register":
                return self._cell((node.offset, node.size), state)
            case "unique":
                return _scratch(scratch, node.offset, node.size)
            case _:
                return self._load(node.offset, node.size, state, Seen())

    def _write(self, node: Node, value: Value, state: _State, scratch: _Cells) -> None:
        cells = state.registers if node.space == "register" else scratch
        offset, size = node.offset, node.size
        if cells is state.registers:
            for cell in self._around((offset, size)):
                if cell in cells:
                    cells[cell] = None
        cells[offset, size] = value


def _op(op: Any) -> Op:  # noqa: ANN401 - pypcode types no enumeration
    name, inputs = op.opcode.name, tuple(map(_node, op.inputs))
    about = ""
    if name == "CALLOTHER":
        about = op.inputs[0].getUserDefinedOpName()
    elif name == "LOAD":
        about = op.inputs[0].getSpaceFromConst().name
    return Op(name, inputs, _node(op.output) if op.output else None, about)


def _node(node: pypcode.Varnode) -> Node:
    return Node(node.space.name, int(node.offset), node.size)


def _scratch(cells: _Cells, offset: int, size: int) -> Value:
    for (other, width), value in cells.items():
        if other <= offset and offset + size <= other + width:
            return _low(value, offset - other, size)
    return None


def _low(value: Value, skipped: int, size: int) -> Value:
    """Return some bytes of a value."""
    if isinstance(value, int):
        return value >> 8 * skipped & (1 << 8 * size) - 1
    return value if skipped == 0 else None


def _store(where: Value, what: Value, size: int, state: _State, seen: Seen) -> None:
    if isinstance(where, int):
        where = Named("", where)
    if isinstance(where, Named):
        state.memory[where.name, where.distance, size] = what
        if where.name != "stack":
            seen.stores.append((where, what))


def _integer(content: bytes, size: int) -> int | None:
    return int.from_bytes(content, "little") if len(content) == size else None


def _signed(value: int, bits: int) -> int:
    return value - (value >> bits - 1 << bits) if value >> bits - 1 else value


def _made(name: str, values: list[Value], sizes: list[int], size: int) -> Value:
    """Return what an operation makes (Ghidra's reference of p-code)."""
    mask = (1 << 8 * size) - 1
    if any(isinstance(each, Named) for each in values[:2]):
        return _of_named(name, values, sizes)
    numbers = [each for each in values if isinstance(each, int)]
    if len(numbers) < len(values):
        return _of_nothing(name, values, mask)
    a, b, bits = numbers[0], (*numbers, 0)[1], 8 * sizes[0]
    if name == "PIECE":
        return a << 8 * sizes[1] | b
    if name in OF_SIGNED:
        made = OF_SIGNED[name](_signed(a, bits), _signed(b, bits), 1 << bits - 1)
    elif name in OF_NUMBERS:
        made = OF_NUMBERS[name](a, b, bits)
    else:
        return None
    return int(made) & mask


OF_NUMBERS: Final[Mapping[str, Callable[[int, int, int], int]]] = {
    "COPY": lambda a, _, __: a,
    "INT_ZEXT": lambda a, _, __: a,
    "INT_ADD": lambda a, b, _: a + b,
    "INT_SUB": lambda a, b, _: a - b,
    "INT_MULT": lambda a, b, _: a * b,
    "INT_AND": lambda a, b, _: a & b,
    "BOOL_AND": lambda a, b, _: a & b,
    "INT_OR": lambda a, b, _: a | b,
    "BOOL_OR": lambda a, b, _: a | b,
    "INT_XOR": lambda a, b, _: a ^ b,
    "BOOL_XOR": lambda a, b, _: a ^ b,
    "INT_LEFT": lambda a, b, bits: a << b if b < bits else 0,
    "INT_RIGHT": lambda a, b, _: a >> b,
    "INT_NEGATE": lambda a, _, __: ~a,
    "INT_2COMP": lambda a, _, __: -a,
    "BOOL_NEGATE": lambda a, _, __: 1 - a,
    "INT_EQUAL": lambda a, b, _: a == b,
    "INT_NOTEQUAL": lambda a, b, _: a != b,
    "INT_LESS": lambda a, b, _: a < b,
    "INT_LESSEQUAL": lambda a, b, _: a <= b,
    "INT_CARRY": lambda a, b, bits: a + b >> bits,
    "SUBPIECE": lambda a, b, _: a >> 8 * b,
    "POPCOUNT": lambda a, _, __: a.bit_count(),
}
"""Of unsigned operands, and how many bits the first has."""

OF_SIGNED: Final[Mapping[str, Callable[[int, int, int], int]]] = {
    "INT_SEXT": lambda a, _, __: a,
    "INT_SRIGHT": lambda a, b, _: a >> b,
    "INT_SLESS": lambda a, b, _: a < b,
    "INT_SLESSEQUAL": lambda a, b, _: a <= b,
    "INT_SCARRY": lambda a, b, half: not -half <= a + b < half,
    "INT_SBORROW": lambda a, b, half: not -half <= a - b < half,
}
"""Of signed operands, and half of how many values they have."""


def _of_named(name: str, values: list[Value], sizes: list[int]) -> Value:
    """Keep track of an unknown as far as it is only moved, cut or counted from."""
    first, second = values[0], values[1] if len(values) > 1 else None
    match name, first, second:
        case (("COPY" | "INT_ZEXT" | "INT_SEXT"), Named(), _):
            return first
        case "SUBPIECE", Named(), 0:
            return first
        case "INT_AND", Named(), 0xFFFFFFFF:
            return first
        case "INT_ADD", Named(known, far), int():
            return Named(known, far + _signed(second, 8 * sizes[1]))
        case "INT_ADD", int(), Named(known, far):
            return Named(known, far + _signed(first, 8 * sizes[0]))
        case "INT_SUB", Named(known, far), int():
            return Named(known, far - _signed(second, 8 * sizes[1]))
        case "INT_XOR" | "INT_SUB", Named(), Named() if first == second:
            return 0
        case "INT_OR" | "INT_AND", Named(), Named() if first == second:
            return first
        case "INT_OR" | "INT_XOR", Named(), 0:
            return first
        case _:
            return _of_nothing(name, values, (1 << 64) - 1)


def _of_nothing(name: str, values: list[Value], mask: int) -> Value:
    """Return what an operation makes of one operand alone."""
    if name in ("INT_AND", "BOOL_AND", "INT_MULT") and 0 in values:
        return 0
    if name == "BOOL_OR" and 1 in values:
        return 1
    if name == "INT_OR" and mask in values:
        return mask
    return None
