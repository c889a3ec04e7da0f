"""Run a witness on a machine, and say whether what it claims is so.

Confirmed: the machine ends where, and with what, the derivation predicted, and that breaks the
promise.  Not reproduced: it does not, which is a defect of hypabi until it is explained.  Not run:
the machine could not try it.
"""

import argparse

from hypabi.analysis.exit_status import Exit
from hypabi.analysis.replay import TOOLS
from hypabi.cli.parser import add_output

SUMMARY = "run a witness on our engine or on QEMU: confirmed, not reproduced or not run"
MACHINES = tuple(TOOLS)


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
    from hypabi.api import replay
    from hypabi.atomic_file import write_output

    if arguments.script:
        write_output(_script(arguments), arguments.output)
        return Exit.GOOD
    replayed = replay(arguments.witness, arguments.image, machine=arguments.machine)
    if arguments.format == "json":
        from hypabi.report.replay.json import write
    else:
        from hypabi.report.replay.text import write
    write_output(write(replayed), arguments.output)
    return replayed.exit_status


def _script(arguments: argparse.Namespace) -> str:
    from hypabi.analysis.witness_files import pages_of, read_witness
    from hypabi.witness.file.script import standalone_script

    witness, _ = read_witness(arguments.witness)
    return standalone_script(witness, pages_of(witness, arguments.image))
