"""What the engine must know of an architecture besides its instructions."""

from collections.abc import Mapping
from typing import Protocol

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.lifter.instruction import Instruction
from hypabi.machine.engine.core import Core
from hypabi.semantics.interpret import Profile
from hypabi.semantics.transfer import Call


class Rules(Protocol):
    """Exceptions, their return, and what may run."""

    @property
    def architecture(self) -> Architecture:
        """Return whose rules these are."""
        ...

    @property
    def profile(self) -> Profile[int]:
        """Return what the architecture adds to p-code."""
        ...

    @property
    def defaults(self) -> dict[str, int]:
        """Return what holds of fields that a state may leave out."""
        ...

    @property
    def masks(self) -> Mapping[str, int]:
        """Return the bits of a register that a write sets, where those are not all."""
        ...

    def mode(self, core: Core) -> str:
        """Return the name of the mode or level that the processor is in."""
        ...

    def instruction_set(self, core: Core) -> InstructionSet:
        """Return the instruction set state."""
        ...

    def before_fetch(self, core: Core, pc: int) -> int | None:
        """Return where an exception sends control instead of fetching at ``pc``, if one does.

        :raises Unmodelled: instructions are translated, or the mode is not modelled
        """
        ...

    def before(self, core: Core, instruction: Instruction) -> int | None:
        """Return where an exception sends control instead of running an instruction."""
        ...

    def after(self, core: Core, instruction: Instruction) -> None:
        """Refuse what an instruction did, if it is not modelled."""
        ...

    def target(self, core: Core, address: int) -> int:
        """Return where a branch to ``address`` goes."""
        ...

    def call(self, core: Core, call: Call, immediate: int, following: int) -> int:
        """Take the exception that an instruction asks for and return the vector.

        :param following: the address after the instruction
        """
        ...

    def exception_return(self, core: Core, target: int, status: int) -> int:
        """Return from an exception and say where control goes on."""
        ...
