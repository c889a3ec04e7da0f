"""Hold callers against the parties whose vectors can be live: who gets what he asks for.

With an image, its own callers against its own parties.  Without, every reference revision that is
shipped: the callers of each against the parties of all.  A cell is kept, refuted with what happens
instead, or undecided.
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
    from hypabi.analysis.results.matrix import MatrixResult

SUMMARY = "hold callers against live parties: kept, refuted or undecided"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser, nargs="*")
    add_against(parser)
    choose = parser.add_argument_group("which cells of the reference revisions")
    choose.add_argument("--architecture", choices=("arm", "arm64"), help="only this one")
    choose.add_argument(
        "--instruction-set", choices=("A32", "T32", "A64"), help="only images built as this"
    )
    choose.add_argument("--byte-order", choices=("little", "big"), help="only images of this order")
    choose.add_argument(
        "--image",
        dest="references",
        metavar="NAME",
        action="append",
        default=[],
        help="callers and parties of this reference image alone; may be given several times",
    )
    choose.add_argument(
        "--caller",
        metavar="REVISION[/FUNCTION]",
        help="only these callers, as in A5/__hyp_get_vectors",
    )
    choose.add_argument(
        "--party", metavar="PARTY[/REVISION]", help="only this party live, as in kvm-run/A4"
    )
    parser.add_argument(
        "--evidence",
        choices=("paths", "lines", "none"),
        default="paths",
        help="of a refuted cell print the path, only what happens, or the grid alone "
        "(default: paths; JSON has all of it)",
    )
    add_first_line(parser)
    add_output(parser, ("text", "json", *MACHINE_FORMS, "html"))


def run(arguments: argparse.Namespace) -> int:
    """Judge, print, and return the exit status."""
    from hypabi.api import matrix
    from hypabi.cli.output import deliver
    from hypabi.report.matrix.findings import findings_of

    result = matrix(
        arguments.images or None,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        role=arguments.role,
        against=arguments.against,
        architecture=arguments.architecture,
        instruction_set=arguments.instruction_set,
        byte_order=arguments.byte_order,
        references=arguments.references,
        caller=arguments.caller,
        party=arguments.party,
    )
    deliver(_written(result, arguments), arguments.output, lambda: findings_of(result))
    return result.exit_status


def _written(result: "MatrixResult", arguments: argparse.Namespace) -> str:
    if arguments.format == "text":
        from hypabi.report.matrix.text import Detail
        from hypabi.report.matrix.text import write as write_text

        return write_text(result, Detail(arguments.evidence))
    if arguments.format == "json":
        from hypabi.report.matrix.json import write
    elif arguments.format == "html":
        from hypabi.report.matrix.html import write
    else:
        from hypabi.report.forms.write import write_form
        from hypabi.report.matrix.findings import findings_of

        told = findings_of(result)
        if arguments.format == FIRST_LINE:
            return f"{told.answer}\n"
        return write_form(told, arguments.format)
    return write(result)
