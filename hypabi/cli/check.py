"""Hold what every hypercall of an image really does against a contract.

Each clause is proved for every path and every state at entry, refuted with a counterexample, or
undecided with the reason.  The answer comes first.
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
    add_suppressions,
)

if TYPE_CHECKING:
    from hypabi.analysis.results.check import CheckResult

SUMMARY = "hold an image against a contract: proved, refuted or undecided"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser)
    add_against(parser)
    parser.add_argument(
        "--confirm",
        metavar="MACHINE",
        nargs="?",
        choices=("engine", "qemu"),
        const="engine",
        help="run a witness of each refutation on engine, our own machine (default), or on qemu",
    )
    parser.add_argument(
        "--witness", metavar="FOLDER", help="write a witness of each refutation into FOLDER"
    )
    parser.add_argument(
        "--entries",
        action="store_true",
        help="say what else than a hypercall reaches the code that answers hypercalls",
    )
    parser.add_argument(  # the older spelling, which scripts have
        "--doors", dest="entries", action="store_true", help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--second-opinion",
        action="store_true",
        help="ask z3 too for every obligation, and say where the two solvers differ",
    )
    parser.add_argument(
        "--smt2", metavar="DIR", help="write every obligation into DIR as an SMT-LIB 2 file"
    )
    add_suppressions(parser)
    add_first_line(parser)
    add_output(parser, ("text", "json", *MACHINE_FORMS, "html"))


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return the exit status."""
    from hypabi.api import check
    from hypabi.cli.output import deliver
    from hypabi.report.check.findings import findings_of

    result = check(
        arguments.images,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        role=arguments.role,
        against=arguments.against,
        suppressions=arguments.suppressions,
        today=arguments.today,
        confirm=arguments.confirm,
        witnesses=arguments.witness,
        entries=arguments.entries,
        second_opinion=arguments.second_opinion,
        smt2=arguments.smt2,
    )
    deliver(_written(result, arguments.format), arguments.output, lambda: findings_of(result))
    return result.exit_status


def _written(result: "CheckResult", form: str) -> str:
    if form == "text":
        from hypabi.report.check.text import write
    elif form == "json":
        from hypabi.report.check.json import write
    elif form == "html":
        from hypabi.report.check.html import write
    else:
        from hypabi.report.check.findings import findings_of
        from hypabi.report.forms.write import write_form

        told = findings_of(result)
        return f"{told.answer}\n" if form == FIRST_LINE else write_form(told, form)
    return write(result)
