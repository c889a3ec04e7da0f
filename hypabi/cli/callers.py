"""List every hvc of an image: what it asks for, on which ways, and what counts on it.

Each call site of the kernel and of its decompressor, with the function around it, the identifier
and arguments that arrive, what is live behind it and what is asked of the answer.  Calls are named
by the shipped contracts.  An identifier that is uninitialised is a finding.
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.cli.parser import add_kernel, add_output, command_line

if TYPE_CHECKING:
    from hypabi.analysis.results.callers import CallersResult

SUMMARY = "list every hvc of an image, and what each asks for"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser)
    parser.add_argument(
        "--function", metavar="NAME", help="only the call sites in this function, all in full"
    )
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Find, print, and return the exit status."""
    from hypabi.analysis.call_site_listing import callers
    from hypabi.analysis.options import contract_of, version_of
    from hypabi.analysis.session import open_image
    from hypabi.analysis.summaries.callers import summarize_callers
    from hypabi.atomic_file import write_output

    found = callers(
        open_image(arguments.image),
        None if arguments.contract is None else contract_of(arguments.contract),
        version_of(arguments.kernel_version),
        arguments.function,
        command_line(),
    )
    result = summarize_callers(found)
    write_output(_written(result, arguments.format), arguments.output)
    return result.exit_status


def _written(result: "CallersResult", form: str) -> str:
    if form == "json":
        from hypabi.report.callers.json import write as write_json

        return write_json(result)
    from hypabi.report.callers.text import write

    return write(result)
