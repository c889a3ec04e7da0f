"""Run a state once on our engine to learn what it touches: pages of the image, system registers.

A rehearsal is no evidence.  It tells which few pages and registers a witness has to give, so that
the witness is small, and the run of the finished witness is complete or says what it lacks.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.machine.engine.core import Core
from hypabi.machine.engine.machine import Engine
from hypabi.machine.engine.memory import Memory
from hypabi.machine.observation import Ending
from hypabi.machine.state import Limits, MachineState, register_width, require_register
from hypabi.records import frozen

MOST: Final = 8192
"""Instructions of a rehearsal; no path that was derived is longer than half of it."""

USUAL: Final[Mapping[str, int]] = {
    "CPTR_EL2": 0x33FF,
    "CNTHCTL_EL2": 0x3,
    "ICC_SRE_EL2": 0xF,
    "ICC_SRE_EL1": 0x7,
    "HCPTR": 0x33FF,
}
"""Registers of which bits that are RES1, or fixed where there is no EL3, are not 0."""


Read = Callable[[int, int], bytes | None]
"""Gives bytes of the image where it runs, ``None`` where it has none."""


@frozen
class Rehearsal:
    """What a run touched."""

    ending: Ending
    places: frozenset[tuple[int, int]]
    """Address and size of what was fetched, loaded and stored."""
    supplied: Mapping[str, int]
    """System registers that the state did not give, and the values chosen for them."""


def rehearse(
    engine: Engine, state: MachineState, limits: Limits, known: Mapping[str, int], image: Read
) -> Rehearsal:
    """Run a state that may lack system registers, and of memory the image.

    :param known: values of registers that the state does not give, where they are read or written
    """
    session = engine.session(state, limits)
    memory = _Memory(state, image)
    session.core.memory = memory
    core = _Core(session.core, state.architecture, known)
    session.core = core
    ending = session.run()
    return Rehearsal(ending, frozenset(memory.places), dict(sorted(core.supplied.items())))


class _Memory(Memory):
    """Memory over the whole image, which notes where it is used."""

    def __init__(self, state: MachineState, image: Read) -> None:
        super().__init__(state.memory)
        self._image = image
        self.places: set[tuple[int, int]] = set()

    def _initial(self, address: int, size: int) -> bytes | None:
        self.places.add((address, size))
        given = super()._initial(address, size)
        return self._image(address, size) if given is None else given


class _Core(Core):
    """A processor that supplies system registers and notes which."""

    def __init__(self, core: Core, architecture: Architecture, known: Mapping[str, int]) -> None:
        vars(self).update(vars(core))  # the same processor, watched
        self._architecture = architecture
        self._known = known
        self.supplied: dict[str, int] = {}

    def read(self, name: str) -> int:
        """Return a register; one that the state does not give is supplied."""
        if name not in self.registers:
            self._supply(name)
        return super().read(name)

    def write(self, name: str, value: int) -> None:
        """Set a register; one that the state does not give is one that the processor must have."""
        if name not in self.registers:
            self._supply(name)
        super().write(name, value)

    def _supply(self, name: str) -> None:
        if (
            name in require_register(self._architecture)
            or register_width(self._architecture, name) is None
        ):
            return
        value = self._known.get(name, USUAL.get(name, 0))
        self.supplied[name] = self.registers[name] = value
