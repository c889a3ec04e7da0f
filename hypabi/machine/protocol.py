"""What every machine promises."""

from typing import Protocol

from hypabi.machine.observation import NotRun, Observation
from hypabi.machine.state import Limits, MachineState, Request


class Machine(Protocol):
    """Something that runs a state to its end."""

    @property
    def name(self) -> str:
        """Return the machine's name: ``engine`` or ``qemu``."""
        ...

    def run(
        self, state: MachineState, limits: Limits, request: Request | None = None
    ) -> Observation | NotRun:
        """Run until an end of ``limits``, and report.

        The first instruction runs even if a stop address says otherwise.

        :raises StateError: the state is not complete
        """
        ...
