"""Run a witness on a machine, and what comes of it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypabi.analysis.findings.replay import Replayed
    from hypabi.machine.protocol import Machine

TOOLS = {"engine": ("pypcode",), "qemu": ()}
"""Packages that each machine rests on, besides our own."""


def machine(name: str) -> "Machine":
    """Return the machine of a name."""
    if name == "qemu":
        from hypabi.machine.qemu.machine import Qemu

        return Qemu()
    from hypabi.machine.engine.machine import Engine

    return Engine()


def replay_file(where: str, image: str | None, on: str, command: tuple[str, ...]) -> "Replayed":
    """Run the witness of a file on a machine.

    :param image: the file that the witness names; ``None`` for one of our references
    :param on: name of the machine, a key of ``TOOLS``
    :raises HypabiError: a file cannot be read, or is not what it should be
    """
    from hypabi.analysis.findings.replay import Replayed
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.witness_files import pages_of, read_witness
    from hypabi.witness.replay import replay_witness

    witness, sha256 = read_witness(where)
    found = replay_witness(witness, machine(on), pages_of(witness, image))
    return Replayed(witness, found, sha256, provenance(command, TOOLS[on]))
