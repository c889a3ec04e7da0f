"""Say what two images do differently for those who call them, and who breaks.

OLD and NEW are kernel images, or what `hypabi derive --save` wrote of them.  Each call of each
party is equal, renumbered, stronger, weaker, incompatible or undecided, for old callers on the new
provider and for new callers on the old one (which is what kexec and hibernation do).
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.analysis.tools import TOOLS
from hypabi.cli.parser import add_output, command_line
from hypabi.cli.suppression_options import add_suppressions, suppressions_of
from hypabi.contract.defaults import DEFAULT_CONTRACT

if TYPE_CHECKING:
    from hypabi.analysis.difference import Opened
    from hypabi.analysis.results.difference import DiffResult
    from hypabi.judgement.difference.model import Direction

SUMMARY = "say what two images do differently for their callers, and who breaks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    for name in ("old", "new"):
        parser.add_argument(
            name, metavar=name.upper(), help="kernel image, or a file of `hypabi derive --save`"
        )
    parser.add_argument(
        "--contract", metavar="NAME|FILE", help=f"of both (default: {DEFAULT_CONTRACT})"
    )
    parser.add_argument(
        "--kernel-version",
        metavar="VERSION",
        help="kernel version to take the contract of both at, where they do not say it or lie",
    )
    for name in ("old", "new"):
        parser.add_argument(
            f"--{name}-contract", metavar="NAME|FILE", help=f"of {name.upper()} alone"
        )
        parser.add_argument(
            f"--{name}-kernel-version",
            metavar="VERSION",
            help=f"kernel version to take the contract of {name.upper()} at",
        )
    parser.add_argument(
        "--callers",
        choices=("both", "old", "new"),
        default="both",
        help="whose callers are asked for (default: both)",
    )
    add_suppressions(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return the exit status."""
    from hypabi.atomic_file import write_output

    result = compared(arguments, command_line())
    if arguments.format == "json":
        from hypabi.report.diff.json import write
    else:
        from hypabi.report.diff.text import write
    write_output(write(result), arguments.output)
    return result.exit_status


def compared(arguments: argparse.Namespace, command: tuple[str, ...]) -> "DiffResult":
    """Open both, hold them against each other, and return what there is to say.

    :raises HypabiError: one of them is refused
    """
    from hypabi.analysis.comparison import compare
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.summaries.difference import summarize_diff

    suppressions = suppressions_of(arguments)
    old, new = _opened(arguments)
    asked = _directions(arguments.callers)
    return summarize_diff(compare(old, new, asked, suppressions, provenance(command, TOOLS)))


def _opened(arguments: argparse.Namespace) -> "tuple[Opened, Opened]":
    from hypabi.analysis.difference import opened
    from hypabi.analysis.options import version_of

    asked = arguments.contract
    old = opened(
        arguments.old,
        arguments.old_contract or asked,
        DEFAULT_CONTRACT,
        version_of(arguments.old_kernel_version or arguments.kernel_version),
    )
    new = opened(
        arguments.new,
        arguments.new_contract or asked,
        DEFAULT_CONTRACT,
        version_of(arguments.new_kernel_version or arguments.kernel_version),
    )
    return old, new


def _directions(callers: str) -> "tuple[Direction, ...]":
    from hypabi.judgement.difference.model import Direction

    asked = {"old": (Direction.OLD_CALLERS,), "new": (Direction.NEW_CALLERS,)}
    return asked.get(callers, tuple(Direction))
