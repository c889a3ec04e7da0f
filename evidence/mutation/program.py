"""A program whose code can be overwritten in memory, and explored anew each time."""

from functools import cache

from evidence.mutation.mutations import Mutation
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.code.alternatives import Patches
from hypabi.code.compiled_functions import HANDED_TO, is_compiled
from hypabi.image.model import Access, Image, Segment
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.lifter.sleigh import Lifter
from hypabi.records import replace
from hypabi.smt.allowance import Allowance, counted
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.symbolic.explore import Code, Explorer, Theory
from hypabi.symbolic.lifting import image_lifter, thumb_lifter
from hypabi.symbolic.setup import explorer_for


class Lifters:
    """Lifters whose words are lifted once, whatever the mutant: they depend on nothing else."""

    def __init__(self) -> None:
        self.of = cache(Lifter)
        self._lifted = cache(lambda key, *where: self.of(*key).lift(*where))

    def lift(
        self, key: tuple[InstructionSet, object], address: int, content: bytes, it: int = 0
    ) -> Instruction | Undecodable:
        """Lift a word."""
        found: Instruction | Undecodable = self._lifted(key, address, bytes(content), it)
        return found


class Program:
    """A program whose code can be overwritten in memory, and explored anew each time."""

    def __init__(
        self,
        image: Image,
        lifters: Lifters,
        handed_to: frozenset[str] = frozenset(),
        patches: Patches | None = None,
    ) -> None:
        """Keep code where it can be written, and what does not depend on it.

        :param image: its content is copied; no file is written
        :param handed_to: compiled functions at which a contract ends
        :param patches: those of the image, where they are known
        """
        self._content: dict[int, bytearray] = {}
        segments = tuple(map(self._writable, image.segments))
        self.image = replace(image, segments=segments)
        self.lifters = lifters
        self._handed_to = handed_to | HANDED_TO
        self.first = explorer_for(
            self.image,
            lifters=lifters.of,
            compiled=is_compiled(self.image, self._handed_to),
            patches=patches,
        )
        self.asked: dict[tuple[int, InstructionSet], Instruction] = {}

    def _writable(self, segment: Segment) -> Segment:
        if segment.access is not Access.CODE:
            return segment
        content = self._content[segment.address] = bytearray(segment.content)
        return replace(segment, content=memoryview(content))

    def write(self, address: int, content: bytes) -> None:
        """Overwrite code."""
        segment = self.image.segment(address)
        assert segment is not None
        at = address - segment.address
        self._content[segment.address][at : at + len(content)] = content

    def explorer(self) -> Explorer:
        """Return an explorer of the code as it is now, with an allowance of its own."""
        first, allowance = self.first, Allowance()
        arm64 = self.image.architecture is Architecture.ARM64
        usual = InstructionSet.A64 if arm64 else InstructionSet.A32
        code = Code(
            self.image,
            image_lifter(self.image, lambda *where: self._lift(usual, *where)),
            first.text,
            first.patches,
            is_compiled(self.image, self._handed_to),
            first.assumptions,
            None
            if arm64
            else thumb_lifter(self.image, lambda *where: self._lift(InstructionSet.T32, *where)),
        )
        solver = counted(BitwuzlaSolver, allowance)
        explorer = Explorer(code, Theory(first.profile, first.domain, solver, allowance))
        explorer.displaces, explorer.identity_mapped = first.displaces, first.identity_mapped
        return explorer

    def _lift(
        self, state: InstructionSet, address: int, content: bytes, it: int = 0
    ) -> Instruction | Undecodable:
        found = self.lifters.lift((state, self.image.byte_order), address, content, it)
        if isinstance(found, Instruction):
            self.asked[address, state] = found
        return found

    def text(self, address: int, state: InstructionSet, content: bytes) -> str:
        """Return bytes of code as instructions."""
        lifter = self.lifters.of(state, self.image.byte_order)
        texts = []
        while content:
            found = lifter.lift(address, content)
            size = min(len(found.bytes) or 4, len(content))
            texts.append(lifter.text(address, content.ljust(4, b"\0")))
            address, content = address + size, content[size:]
        return "; ".join(" ".join(each.split()) for each in texts)

    def decodes(self, mutation: Mutation) -> bool:
        """Tell whether the first changed word has a meaning."""
        content = mutation.new.ljust(4, b"\0")
        key = (mutation.state, self.image.byte_order)
        return isinstance(self.lifters.lift(key, mutation.address, content), Instruction)
