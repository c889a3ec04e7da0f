"""What the QEMU machine must know of an architecture."""

from collections.abc import Mapping
from typing import Protocol

from hypabi.machine.qemu.gdb import Stub
from hypabi.machine.state import MachineState
from hypabi.records import frozen

PAGE_SIZE = 0x8000
"""Memory that the set-up program needs, outside the memory of the state."""


@frozen
class Setup:
    """A program that brings a processor from reset into the start of a state."""

    content: bytes
    """Of the page that holds it."""
    entry: int
    done: int
    """Arriving here, control is where the start of the state wants it, but for ``pc`` and the
    general registers."""
    failed: tuple[int, ...]
    """Vectors at which a register that the processor lacks ends the program."""


class Refused(Exception):
    """QEMU cannot hold the state, and why."""


class Target(Protocol):
    """One architecture on QEMU's ``virt``."""

    executable: str
    machine: str
    """Argument of ``-M``."""

    def setup(self, state: MachineState, page: int) -> Setup:
        """Return the program that sets what is no general register.

        :raises Refused: the state starts where no program of ours can bring it
        """
        ...

    def jump(self, stub: Stub, address: int) -> None:
        """Set ``pc``."""
        ...

    def reason(self, stub: Stub) -> str:
        """Return what the set-up program could not do, when it ended in a vector."""
        ...

    def verify(self, state: MachineState, content: bytes) -> None:
        """Compare what the program read back with the state.

        :param content: of the page, after the program has run
        :raises Refused: a register holds something else
        """
        ...

    def start(self, stub: Stub, state: MachineState) -> None:
        """Set the general registers and ``pc``."""
        ...

    def mode_of(self, state: MachineState) -> str:
        """Return the name of the mode in which a state starts."""
        ...

    def mode(self, stub: Stub) -> str:
        """Return the name of the present mode."""
        ...

    def pc(self, stub: Stub) -> int:
        """Return the present ``pc``."""
        ...

    def registers(
        self, stub: Stub, state: MachineState, names: tuple[str, ...], page: int
    ) -> Mapping[str, int]:
        """Return all general registers, and those of ``names`` that QEMU shows.

        This ends the run: registers and the memory of ``page`` are no longer the state's.
        """
        ...
