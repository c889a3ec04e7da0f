"""Run a witness on a machine, and what comes of it."""

from typing import TYPE_CHECKING

from hypabi.analysis.exit_status import Exit

if TYPE_CHECKING:
    from hypabi.machine.protocol import Machine
    from hypabi.witness.replay import Replay


def machine(name: str) -> "Machine":
    """Return the machine of a name."""
    if name == "qemu":
        from hypabi.machine.qemu.machine import Qemu

        return Qemu()
    from hypabi.machine.engine.machine import Engine

    return Engine()


def status(replay: "Replay") -> Exit:
    """Return the exit status that a replay amounts to.

    What a machine contradicts is our defect until it is explained, so it is an error; what was not
    run is undecided.
    """
    from hypabi.witness.replay import Confirmed, NotReproduced, NotRun

    match replay:
        case Confirmed():
            return Exit.REFUTED
        case NotReproduced():
            return Exit.ERROR
        case NotRun():
            return Exit.UNDECIDED
