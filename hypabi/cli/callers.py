"""List every hvc of an image: what it asks for, on which ways, and what counts on it.

Each call site of the kernel and of its decompressor, with the function around it, the identifier
and arguments that arrive, what is live behind it and what is asked of the answer.  Calls are named
by the shipped contracts.  An identifier that is uninitialised is a finding.
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.cli.parser import (
    FIRST_LINE,
    MACHINE_FORMS,
    add_against,
    add_first_line,
    add_kernel,
    add_output,
)

if TYPE_CHECKING:
    from hypabi.analysis.results.callers import CallersResult

SUMMARY = "list every hvc of an image, and what each asks for"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser)
    add_against(parser)
    parser.add_argument(
        "--function", metavar="NAME", help="only the call sites in this function, all in full"
    )
    add_first_line(parser)
    add_output(parser, ("text", "json", *MACHINE_FORMS, "html"))


def run(arguments: argparse.Namespace) -> int:
    """Find, print, and return the exit status."""
    from hypabi.api import callers
    from hypabi.cli.output import deliver
    from hypabi.report.callers.findings import findings_of

    result = callers(
        arguments.images,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        role=arguments.role,
        against=arguments.against,
        function=arguments.function,
    )
    deliver(_written(result, arguments.format), arguments.output, lambda: findings_of(result))
    return result.exit_status


def _written(result: "CallersResult", form: str) -> str:
    if form == "text":
        from hypabi.report.callers.text import write
    elif form == "json":
        from hypabi.report.callers.json import write
    elif form == "html":
        from hypabi.report.callers.html import write
    else:
        from hypabi.report.callers.findings import findings_of
        from hypabi.report.forms.write import write_form

        told = findings_of(result)
        return f"{told.answer}\n" if form == FIRST_LINE else write_form(told, form)
    return write(result)
