"""What a machine reports at the end of a run."""

from collections.abc import Mapping

from hypabi.machine.state import Extent
from hypabi.records import frozen


@frozen
class Returned:
    """Control is back behind the call, in the mode of the start."""


@frozen
class Reached:
    """Control arrived at a stop address; the instruction there has not run."""

    address: int


@frozen
class Faulted:
    """An exception taken at HYP or EL2 entered this vector; syndrome and link are registers."""

    vector: int


@frozen
class Stuck:
    """Control goes round forever and changes nothing; ``address`` is the lowest of the loop."""

    address: int


@frozen
class Outside:
    """Control arrived where the state has no memory."""

    address: int


@frozen
class LimitReached:
    """The run was stopped on its way."""

    limit: str


@frozen
class Unmodelled:
    """The machine met something that it gives no meaning to, at the final ``pc``."""

    reason: str


Ending = Returned | Reached | Faulted | Stuck | Outside | LimitReached | Unmodelled


@frozen
class Observation:
    """The state at the end.

    ``registers`` are named as in :class:`~hypabi.machine.state.MachineState`, and hold what the
    machine can see: a register that it cannot show is absent.
    """

    machine: str
    """Who observed: name and version."""
    ending: Ending
    pc: int
    mode: str
    """``EL1h``, ``EL2h``, ``svc``, ``hyp``..."""
    registers: Mapping[str, int]
    memory: tuple[Extent, ...] = ()
    """The cells asked for, in the order asked; one that is not memory is absent."""


@frozen
class NotRun:
    """The machine could not run the state, and why; it says nothing about the state."""

    machine: str
    reason: str
