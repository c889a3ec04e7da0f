"""How instructions connect: direct successors, and the order in which code is reached."""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from hypabi.code.alternatives import Patches
from hypabi.lifter.instruction import Instruction, Memory, Opcode, Register, Temporary, Undecodable

Lift = Callable[[int], Instruction | Undecodable]

ENDS: Final = frozenset({Opcode.BRANCH, Opcode.BRANCHIND, Opcode.RETURN})
EXCEPTION_RETURNS: Final = frozenset({"eret", "exception_return"})
MOST_INSTRUCTIONS: Final = 20_000
"""Instructions ordered behind one entry; code beyond is still followed, but not merged."""


def successors(instruction: Instruction) -> Iterator[int]:
    """Yield where control can go directly: behind the instruction first, then its targets.

    A call has both; a conditional instruction of A32 guards its branch by a label inside, so that
    it has both as well.
    """
    guarded = any(op.opcode is Opcode.CBRANCH for op in instruction.ops)
    ends = any(
        _ends(op.opcode, op.inputs[0] if op.inputs else None, op.user) for op in instruction.ops
    )
    if guarded or not ends:
        yield instruction.address + instruction.size
    for op in instruction.ops:
        target = op.inputs[0] if op.inputs else None
        if op.opcode in (Opcode.BRANCH, Opcode.CBRANCH, Opcode.CALL) and isinstance(target, Memory):
            yield target.address


def _ends(opcode: Opcode, target: object, user: str) -> bool:
    if user in EXCEPTION_RETURNS:
        return True
    return opcode in ENDS and isinstance(target, (Memory, Register, Temporary))


class Order:
    """Reverse postorder of the code behind an entry, and the addresses where paths meet.

    Control that reaches an address before another on every path gets there first; a called
    function comes before the code behind the call.
    """

    def __init__(
        self,
        lift: Lift,
        patches: Patches,
        compiled: Callable[[int], str | None],
        ends: Collection[int] = (),
    ) -> None:
        """Order code.

        :param ends: addresses behind which nobody asks
        """
        self._ends = ends
        self._lift = lift
        self._patches = patches
        self._compiled = compiled
        self._index: dict[int, int] = {}
        self._predecessors: dict[int, int] = {}

    def index(self, address: int) -> int:
        """Return the place of an address in the order."""
        if address not in self._index:
            self._extend(address)
        return self._index[address]

    def joins(self, address: int) -> bool:
        """Return whether control reaches an address from more than one instruction."""
        return self._predecessors.get(address, 0) > 1

    def _extend(self, start: int) -> None:
        postorder: list[int] = []
        seen = {start}
        stack = [(start, self._next(start))]
        while stack:
            address, following = stack[-1]
            for target in following:
                self._predecessors[target] = self._predecessors.get(target, 0) + 1
                fresh = target not in seen and target not in self._index
                if fresh and len(seen) < MOST_INSTRUCTIONS:
                    seen.add(target)
                    stack.append((target, self._next(target)))
                    break
            else:
                postorder.append(address)
                stack.pop()
        first = len(self._index)
        for place, address in enumerate(reversed(postorder)):
            self._index[address] = first + place

    def _next(self, address: int) -> Iterator[int]:
        """Yield the successors of an address in each variant of its code."""
        if address in self._ends:
            return iter(())
        sites = [site for site in self._patches.at(address) if not site.callback]
        for site in sites:
            if address + 4 == site.address + site.size:
                # The variants have the same addresses; they meet behind the site.
                self._predecessors[address + 4] = self._predecessors.get(address + 4, 0) + 1
        places = [address, *(site.replacement + (address - site.address) for site in sites)]
        found = {target: None for place in places for target in self._from(place, address)}
        return iter(found)

    def _from(self, place: int, address: int) -> Iterator[int]:
        """Yield where control goes from the instruction at ``place``, executed at ``address``."""
        instruction = self._lift(place)
        if isinstance(instruction, Undecodable):
            return
        for target in successors(instruction):
            if target == place + instruction.size:
                yield address + instruction.size
            elif self._compiled(target) is None:
                yield target
