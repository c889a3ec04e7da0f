"""Run a witness on a machine, and say whether what it claims is so.

Confirmed: the machine ends where, and with what, the derivation predicted, and that breaks the
promise.  Not reproduced: it does not, which is a defect of hypabi until it is explained.  Not run:
the machine could not try it.
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.cli.exit_status import Exit
from hypabi.cli.parser import add_output, command_line

if TYPE_CHECKING:
    from hypabi.machine.protocol import Machine
    from hypabi.witness.replay import Replay

SUMMARY = "run a witness on our engine or on QEMU: confirmed, not reproduced or not run"
MACHINES = ("engine", "qemu")
TOOLS = {"engine": ("pypcode",), "qemu": ()}
"""Packages that a machine rests on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("witness", metavar="WITNESS", help="file that `check --witness` wrote")
    parser.add_argument(
        "image",
        metavar="IMAGE",
        nargs="?",
        help="the image that the witness names; not needed for a reference image",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--machine", choices=MACHINES, default="engine", help="what runs it (default: engine)"
    )
    what.add_argument(
        "--script",
        action="store_true",
        help="run nothing; print a program that needs only QEMU and Python, and no hypabi",
    )
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Replay, print, and return the exit status."""
    from hypabi.cli.output import emit
    from hypabi.cli.witness_files import pages_of, read_witness
    from hypabi.report.provenance import provenance
    from hypabi.report.witness_text import Replayed
    from hypabi.witness.replay import replay

    witness, sha256 = read_witness(arguments.witness)
    pages = pages_of(witness, arguments.image)
    if arguments.script:
        from hypabi.witness.script import script

        emit(script(witness, pages), arguments.output)
        return Exit.GOOD
    found = replay(witness, machine(arguments.machine), pages)
    replayed = Replayed(
        witness,
        found,
        sha256,
        int(status(found)),
        provenance(command_line(), TOOLS[arguments.machine]),
    )
    if arguments.format == "json":
        from hypabi.report.witness_json import write
    else:
        from hypabi.report.witness_text import write
    emit(write(replayed), arguments.output)
    return replayed.exit_status


def machine(name: str) -> "Machine":
    """Return the machine of a name."""
    if name == "qemu":
        from hypabi.machine.qemu import Qemu

        return Qemu()
    from hypabi.machine.engine import Engine

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
