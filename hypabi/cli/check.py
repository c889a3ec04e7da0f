"""Hold what every hypercall of an image really does against a contract.

Each clause is proved for every path and every state at entry, refuted with a counterexample, or
undecided with the reason.  The answer comes first.
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.analysis.tools import TOOLS
from hypabi.cli.parser import add_kernel, add_output, command_line
from hypabi.cli.suppressions import add_suppressions, suppressions_of, with_suppressions

if TYPE_CHECKING:
    from hypabi.analysis.examination import Examination, Provider
    from hypabi.analysis.findings.check import Check
    from hypabi.analysis.results.vector_table import Table

SUMMARY = "hold an image against a contract: proved, refuted or undecided"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser)
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
        "--doors",
        action="store_true",
        help="say what else than a hypercall reaches the code that answers hypercalls",
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
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return the exit status."""
    from hypabi.analysis.callers import with_callers
    from hypabi.analysis.options import contract_of, version_of
    from hypabi.analysis.session import open_image
    from hypabi.analysis.summaries.check import summarize_check
    from hypabi.atomic_file import write_output

    suppressions = suppressions_of(arguments)
    version = version_of(arguments.kernel_version)
    contract = contract_of(arguments.contract)
    examination = open_image(arguments.image).examine(contract, version)
    check = checked(examination, command_line())
    if suppressions is not None:
        check = with_suppressions(check, suppressions)
    check = with_callers(check, examination)
    if arguments.confirm or arguments.witness:
        from hypabi.analysis.confirmation import confirmed

        check = confirmed(check, examination, arguments.confirm, arguments.witness)
    if arguments.doors:
        from hypabi.analysis.entries import with_doors

        check = with_doors(check, examination)
    if arguments.second_opinion or arguments.smt2:
        from hypabi.analysis.obligations import with_second_opinion, write_obligations

        if arguments.smt2:
            write_obligations(examination, arguments.smt2)
        if arguments.second_opinion:
            check = with_second_opinion(check, examination)
    result = summarize_check(check)
    if arguments.format == "json":
        from hypabi.report.check.json import write
    else:
        from hypabi.report.check.text import write
    write_output(write(result), arguments.output)
    return result.exit_status


def checked(examination: "Examination", command: tuple[str, ...]) -> "Check":
    """Return an examination as reports print it."""
    from hypabi.analysis.findings.check import Check
    from hypabi.analysis.provenance import provenance

    return Check(
        examination.loaded,
        examination.contract,
        examination.revision,
        tuple(map(table, examination.providers)),
        examination.missing,
        examination.judgement,
        examination.capabilities,
        examination.text,
        provenance(command, TOOLS),
        examination.first_missing,
    )


def table(provider: "Provider") -> "Table":
    """Return a provider's vector table as reports print it."""
    from hypabi.analysis.results.vector_table import Table

    found = provider.table
    kind, how = found.kind.value, found.how.value
    return Table(provider.role, found.address, kind, found.name, how, provider.parties)
