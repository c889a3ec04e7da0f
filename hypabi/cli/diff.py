"""Say what two images do differently for those who call them, and who breaks.

OLD and NEW are kernel images, or what `hypabi derive --save` wrote of them.  Each call of each
party is equal, renumbered, stronger, weaker, incompatible or undecided, for old callers on the new
provider and for new callers on the old one (which is what kexec and hibernation do).
"""

import argparse

from hypabi.cli.parser import add_output, add_suppressions

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
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return the exit status."""
    from hypabi.api import diff
    from hypabi.atomic_file import write_output

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
    if arguments.format == "json":
        from hypabi.report.diff.json import write
    else:
        from hypabi.report.diff.text import write
    write_output(write(result), arguments.output)
    return result.exit_status
