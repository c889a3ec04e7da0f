"""The body of a function: its instructions, and how control goes between them.

A64 is read word by word and by encoding (DDI 0487, C4.1.65): nothing but a branch sends control
elsewhere, and nothing but code lies between two functions.  A32 and T32 write pc in many ways and
keep literals among code, so their instructions are lifted, and only those that flow reaches.

Flow within one function is what its own branches say: code that only a computed branch or a static
key can enter has no predecessor here.
"""

import enum
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from hypabi.arch.names import InstructionSet
from hypabi.code import register_usage
from hypabi.code.a64_words import branch_target, goes_on
from hypabi.code.alternatives import Patches
from hypabi.code.control_flow import EXCEPTION_RETURNS
from hypabi.code.function_bounds import Extent
from hypabi.code.register_usage import NOTHING, Uses
from hypabi.image.model import Image, ImageError
from hypabi.lifter.instruction import Instruction, Memory, Opcode, Register, Temporary, Undecodable
from hypabi.lifter.overlay.a64_allocated import refused
from hypabi.records import frozen, replace

MOST_BYTES: Final = 0x20000
"""Of one function; what lies beyond is not looked at."""

ASKS: Final = frozenset({"hvc", "smc"})
"""User ops of the A32 and T32 overlays."""
NO_RETURN: Final = (
    "__fortify_panic", "__stack_chk_fail", "do_exit", "fortify_panic", "nmi_panic", "panic",
)  # fmt: skip
"""Functions of the kernel that C code calls and that never return (tools/objtool/noreturns.h)."""


class Read(Protocol):
    """Returns the instruction at an address, read with an ITSTATE."""

    def __call__(self, address: int, *, it: int) -> Instruction | Undecodable:
        """Return the instruction, or why there is none."""
        ...


class Kind(enum.Enum):
    """What an instruction does to control."""

    NEXT = "next"
    BRANCH = "branch"
    CALL = "call"
    CALL_REGISTER = "call by register"
    ASK = "hvc or smc"
    COMPUTED = "computed branch"
    RETURN = "return"
    END = "end"
    """Control does not come back, or goes where this function does not say."""
    TRAP = "trap"
    """``brk`` or ``udf``: a warning comes back, a BUG() does not."""
    UNREADABLE = "unreadable"


CALLS: Final = frozenset({Kind.CALL, Kind.CALL_REGISTER, Kind.ASK})
"""Behind these, scratch registers hold what somebody else left there."""


@frozen
class Step:
    """One instruction as flow sees it."""

    address: int
    size: int
    kind: Kind
    target: int | None
    """Of a direct branch or call."""
    falls: bool
    """Whether control can go on behind it."""
    uses: Uses | None
    """``None`` where what it reads and writes is not known."""
    word: int = 0
    """The instruction itself, of A64."""


NO_STEPS: Final[Mapping[int, Step]] = MappingProxyType({})


class Body:
    """A function from ``start`` to ``end``, and what comes before and after each instruction."""

    def __init__(self, start: int, end: int, step: Callable[[int], Step]) -> None:
        self.start = start
        self.end = min(end, start + MOST_BYTES)
        self.step = step
        self.into: dict[int, list[int]] = {}
        """By target, the branches of this function that lead to it."""
        self.reached: frozenset[int] | None = None

    def holds(self, address: int) -> bool:
        """Return whether an address lies in the function."""
        return self.start <= address < self.end

    def before(self, address: int) -> Iterator[Step]:
        """Yield the instructions from which control can come to an address."""
        raise NotImplementedError

    def after(self, step: Step) -> Iterator[int]:
        """Yield where control goes within the function; calls come back."""
        if step.falls and self.holds(step.address + step.size):
            yield step.address + step.size
        if step.kind is Kind.BRANCH and step.target is not None and self.holds(step.target):
            yield step.target

    def it(self, _address: int) -> int:
        """Return ITSTATE before an instruction; 0 but within an IT block of T32."""
        return 0

    def reaches(self, address: int) -> bool:
        """Return whether control goes from the function's start to an address."""
        raise NotImplementedError

    def turns(self) -> Iterator[Step]:
        """Yield, by address, the instructions that may send control elsewhere."""
        raise NotImplementedError


class A64Body(Body):
    """A function in A64."""

    def __init__(
        self,
        start: int,
        words: Sequence[int],
        patches: Mapping[int, Step] = NO_STEPS,
        ends: frozenset[int] = frozenset(),
        elsewhere: frozenset[int] = frozenset(),
    ) -> None:
        """Read a function.

        :param patches: by address, an instruction that the kernel may write there
        :param ends: functions that do not return
        :param elsewhere: instructions that refer to what the file does not define
        """
        super().__init__(start, start + 4 * len(words), self._step)
        self.words = words
        self._patches = patches
        self._ends = ends
        self._elsewhere = elsewhere
        self._turns: list[int] = []
        """Ascending: the addresses of all words that may send control elsewhere."""
        self._known: dict[int, Step] = {}
        self._runs: tuple[tuple[int, int], ...] | None = None
        for index, word in enumerate(self.words):
            if word & 0x1C000000 == 0x14000000 or start + 4 * index in patches:
                self._turn(start + 4 * index)

    def is_patched(self, address: int) -> bool:
        """Return whether another instruction may run at an address: the kernel's, or a linker's."""
        return address in self._patches or address in self._elsewhere

    def _turn(self, address: int) -> None:
        step = self._step(address)
        if step.kind is Kind.NEXT:
            return
        self._turns.append(address)
        if step.kind is Kind.BRANCH and step.target is not None:
            self.into.setdefault(step.target, []).append(address)

    def _step(self, address: int) -> Step:
        found = self._known.get(address)
        if found is None:
            found = a64_step(address, self.words[address - self.start >> 2])
            other = self._patches.get(address)
            if other is not None:
                found = _either(found, other)
            if address in self._elsewhere and found.target is not None:
                found = replace(found, target=None)
            if found.kind is Kind.CALL and found.target in self._ends:
                found = replace(found, falls=False)
            self._known[address] = found
        return found

    def before(self, address: int) -> Iterator[Step]:
        """Yield the instructions from which control can come to an address."""
        branches = self.into.get(address, ())
        if address - 4 >= self.start:
            previous = self._step(address - 4)
            if previous.falls and not (branches and previous.kind is Kind.TRAP):
                yield previous
        for branch in branches:
            yield self._step(branch)

    def reaches(self, address: int) -> bool:
        """Return whether control goes from the function's start to an address."""
        if self._runs is None:
            self._runs = self._reached_runs()
        return any(first <= address <= last for first, last in self._runs)

    def turns(self) -> Iterator[Step]:
        """Yield, by address, the instructions that may send control elsewhere."""
        yield from map(self._step, self._turns)

    def _reached_runs(self) -> tuple[tuple[int, int], ...]:
        """Return the first and the last instruction of each run that control comes through."""
        turns = self._turns
        seen = []
        waiting = [self.start]
        starts = set(waiting)
        while waiting:
            first = waiting.pop()
            at = bisect_left(turns, first)
            last = turns[at] if at < len(turns) else self.end - 4
            seen.append((first, last))
            if at < len(turns):
                fresh = [a for a in self.after(self._step(last)) if a not in starts]
                starts.update(fresh)
                waiting += fresh
        return tuple(sorted(seen))


def _either(one: Step, other: Step) -> Step:
    """Return what an instruction is of which the kernel may write another variant."""
    known = None
    if one.uses is not None and other.uses is not None:
        reads, writes = one.uses.reads | other.uses.reads, one.uses.writes & other.uses.writes
        known = Uses(reads, writes)
    falls = one.falls or other.falls
    kind, target = _either_turn(one, other)
    return Step(one.address, one.size, kind, target, falls, known, one.word)


def _either_turn(one: Step, other: Step) -> tuple[Kind, int | None]:
    """Return where control goes: with two places to go to, or two ways to go, it is not known."""
    turns = {(step.kind, step.target) for step in (one, other) if step.kind is not Kind.NEXT}
    if len(turns) < 2:
        return next(iter(turns), (Kind.NEXT, None))
    call = next((step.kind for step in (one, other) if step.kind in CALLS), None)
    return call or Kind.COMPUTED, None


def patched_a64(image: Image, patches: Patches, start: int, end: int) -> dict[int, Step]:
    """Return by address what the kernel may write over a function: its alternatives.

    What a callback writes is not known; where it replaces a branch it may as well leave none
    (``alt_cb_patch_nops``).
    """
    found: dict[int, Step] = {}
    for site in patches.within(start, end):
        for offset in range(0, site.size, 4):
            address = site.address + offset
            if site.callback:
                found[address] = Step(address, 4, Kind.NEXT, None, falls=True, uses=NOTHING)
                continue
            where = site.replacement + offset
            word = int.from_bytes(image.read(where, 4), "little")
            step = replace(a64_step(where, word), address=address)
            # All words of a site are of one variant: within it, the other one leads nowhere new.
            inside = offset + 4 < site.size and step.kind is Kind.NEXT
            found[address] = replace(step, falls=False) if inside else step
    return found


def a64_step(address: int, word: int) -> Step:
    """Return an A64 word as flow sees it; one that is not allocated is no instruction."""
    if refused(word):
        return Step(address, 4, Kind.UNREADABLE, None, falls=False, uses=None, word=word)
    kind, target, falls = _a64_turn(address, word)
    return Step(address, 4, kind, target, falls, register_usage.a64(word), word)


def _a64_turn(address: int, word: int) -> tuple[Kind, int | None, bool]:
    target = branch_target(word, address)
    if target is not None:
        falls = goes_on(word)
        is_call = word & 0xFC000000 == 0x94000000
        return (Kind.CALL if is_call else Kind.BRANCH), target, falls
    kind = _a64_kind(word)
    return kind, None, kind not in (Kind.COMPUTED, Kind.RETURN, Kind.END)


def _a64_kind(word: int) -> Kind:
    """Return the kind of an instruction that holds no target."""
    if word & 0xFE000000 == 0xD6000000:
        kinds = {0b000: Kind.COMPUTED, 0b001: Kind.CALL_REGISTER, 0b010: Kind.RETURN}
        found = kinds.get(word >> 21 & 7, Kind.END)
        return Kind.END if found is Kind.RETURN and word >> 24 & 1 else found
    exception = word & 0xFFE0001F
    if exception in (0xD4000002, 0xD4000003):  # HVC, SMC
        return Kind.ASK
    if exception == 0xD4200000:  # BRK
        return Kind.TRAP
    if exception == 0xD4400000 or word >> 16 == 0:  # HLT; UDF
        return Kind.END
    return Kind.NEXT


class LiftedBody(Body):
    """A function in A32 or T32: what flow reaches from its start."""

    def __init__(self, start: int, end: int, read: Read) -> None:
        super().__init__(start, end, self._step)
        self._read = read
        self._known: dict[int, Step] = {}
        self._falls: dict[int, int] = {}
        self._its: dict[int, int] = {}
        waiting = [start]
        seen = set(waiting)
        while waiting:
            step = self._step(waiting.pop())
            for target in self.after(step):
                if target == step.address + step.size:
                    self._falls[target] = step.address
                if step.kind is Kind.BRANCH and target == step.target:
                    self.into.setdefault(target, []).append(step.address)
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        self.reached = frozenset(seen)

    def _step(self, address: int) -> Step:
        found = self._known.get(address)
        if found is None:
            instruction = self._read(address, it=self.it(address))
            found = self._known[address] = lifted_step(instruction)
            following = _it_behind(instruction, self.it(address))
            if following:
                self._its[address + found.size] = following
        return found

    def it(self, address: int) -> int:
        """Return ITSTATE before an instruction; 0 but within an IT block of T32."""
        return self._its.get(address, 0)

    def before(self, address: int) -> Iterator[Step]:
        """Yield the instructions from which control can come to an address."""
        if address in self._falls:
            yield self._step(self._falls[address])
        for branch in sorted(self.into.get(address, ())):
            yield self._step(branch)

    def reaches(self, address: int) -> bool:
        """Return whether control goes from the function's start to an address."""
        assert self.reached is not None
        return address in self.reached

    def turns(self) -> Iterator[Step]:
        """Yield, by address, the instructions that may send control elsewhere."""
        assert self.reached is not None
        steps = map(self._step, sorted(self.reached))
        yield from (step for step in steps if step.kind is not Kind.NEXT)


def _it_behind(instruction: Instruction | Undecodable, it: int) -> int:
    """Return ITSTATE behind an instruction that falls through (DDI 0406C, A2.5.2)."""
    if isinstance(instruction, Undecodable) or instruction.state is not InstructionSet.T32:
        return 0
    word = int.from_bytes(instruction.bytes, "little")
    if len(instruction.bytes) == 2 and word >> 8 == 0xBF and word & 0xF:  # IT
        return word & 0xFF
    return it & 0xE0 | it << 1 & 0x1F if it & 7 else 0


def lifted_step(instruction: Instruction | Undecodable) -> Step:
    """Return a lifted instruction as flow sees it."""
    if isinstance(instruction, Undecodable):
        size = len(instruction.bytes) or 4
        return Step(instruction.address, size, Kind.UNREADABLE, None, falls=False, uses=None)
    kind, target, falls = _lifted_turn(instruction)
    known = register_usage.lifted(instruction)
    return Step(instruction.address, instruction.size, kind, target, falls, known)


def _lifted_turn(instruction: Instruction) -> tuple[Kind, int | None, bool]:
    guarded = any(op.opcode is Opcode.CBRANCH for op in instruction.ops)
    for op in instruction.ops:
        target = op.inputs[0] if op.inputs else None
        direct = target.address if isinstance(target, Memory) else None
        match op.opcode:
            case Opcode.BRANCH | Opcode.CBRANCH if direct is not None:
                return Kind.BRANCH, direct, guarded
            case Opcode.CALL | Opcode.CALLIND:
                return (Kind.CALL_REGISTER if direct is None else Kind.CALL), direct, True
            case Opcode.BRANCHIND:
                computed = isinstance(target, (Register, Temporary))
                return (Kind.COMPUTED if computed else Kind.END), None, guarded
            case Opcode.RETURN:
                return Kind.RETURN, None, guarded
            case Opcode.USER if op.user in EXCEPTION_RETURNS:
                return Kind.END, None, False
            case Opcode.USER if op.user in ASKS:
                return Kind.ASK, None, True
    return Kind.NEXT, None, True


def never_returning(image: Image) -> frozenset[int]:
    """Return the addresses of the functions that do not return."""
    return frozenset(s.address for name in NO_RETURN for s in image.symbols.find(name))


def body_of(
    image: Image, patches: Patches, extent: Extent, read: Read | None, ends: frozenset[int]
) -> Body:
    """Return the body of a function.

    :param read: lifts what is at an address, ``None`` for A64
    :param ends: functions that do not return
    """
    end = min(extent.end, extent.start + MOST_BYTES)
    if read is not None:
        return LiftedBody(extent.start, end, read)
    words, elsewhere = _words(image, extent.start, end - extent.start & ~3)
    patched = patched_a64(image, patches, extent.start, end)
    return A64Body(extent.start, words, patched, ends, elsewhere)


def _words(image: Image, start: int, size: int) -> tuple["array[int]", frozenset[int]]:
    """Return the words of a function, and where those are that only a linker completes."""
    elsewhere: set[int] = set()
    if image.references:
        elsewhere = {at for at in range(start, start + size, 4) if at in image.references}
    try:
        content = image.read(start, size)
    except ImageError:
        segment = image.segment(start)
        if segment is None or start - segment.address + size > len(segment.content):
            raise
        offset = start - segment.address
        content = bytes(segment.content[offset : offset + size])
        elsewhere |= {at for at in range(start, start + size, 4) if not _is_whole(image, at)}
    words = array("I", content)
    if sys.byteorder != "little":
        words.byteswap()
    return words, frozenset(elsewhere)


def _is_whole(image: Image, address: int) -> bool:
    try:
        image.read(address, 4)
    except ImageError:
        return False
    return True
