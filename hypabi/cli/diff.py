"""Say what two images do differently for those who call them, and who breaks.

OLD and NEW are kernel images, or what `hypabi derive --save` wrote of them.  Each call of each
party is equal, renumbered, stronger, weaker, incompatible or undecided, for old callers on the new
provider and for new callers on the old one (which is what kexec and hibernation do).
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.cli.parser import (
    FIRST_LINE,
    MACHINE_FORMS,
    add_first_line,
    add_output,
    add_suppressions,
)

if TYPE_CHECKING:
    from hypabi.analysis.results.difference import DiffResult

SUMMARY = "say what two images do differently for their callers, and who breaks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    for name in ("old", "new"):
        parser.add_argument(
            name, metavar=name.upper(), help="kernel image, or a file of `hypabi derive --save`"
        )
    parser.add_argument(
        "--contract",
        metavar="NAME|FILE",
        help="of both (default: of each the shipped one that speaks of it)",
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
    add_first_line(parser)
    add_output(parser, ("text", "json", *MACHINE_FORMS, "html"))


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return the exit status."""
    from hypabi.api import diff
    from hypabi.cli.output import deliver
    from hypabi.report.diff.findings import findings_of

    result = diff(
        arguments.old,
        arguments.new,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        old_contract=arguments.old_contract,
        old_kernel_version=arguments.old_kernel_version,
        new_contract=arguments.new_contract,
        new_kernel_version=arguments.new_kernel_version,
        callers=arguments.callers,
        suppressions=arguments.suppressions,
        today=arguments.today,
    )
    deliver(_written(result, arguments.format), arguments.output, lambda: findings_of(result))
    return result.exit_status


def _written(result: "DiffResult", form: str) -> str:
    if form == "text":
        from hypabi.report.diff.text import write
    elif form == "json":
        from hypabi.report.diff.json import write
    elif form == "html":
        from hypabi.report.diff.html import write
    else:
        from hypabi.report.diff.findings import findings_of
        from hypabi.report.forms.write import write_form

        told = findings_of(result)
        return f"{told.answer}\n" if form == FIRST_LINE else write_form(told, form)
    return write(result)
