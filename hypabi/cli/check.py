"""Hold what every hypercall of an image really does against a contract.

Each clause is proved for every path and every state at entry, refuted with a counterexample, or
undecided with the reason.  The answer comes first, then a line for each finding; -v prints the
evidence.  Of several images each is a line.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from hypabi.analysis.exit_status import Exit
from hypabi.cli.parser import (
    FIRST_LINE,
    MACHINE_FORMS,
    add_against,
    add_kernel,
    add_length,
    add_output,
    add_suppressions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hypabi.analysis.results.check import CheckResult
    from hypabi.analysis.session import Files

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
    add_length(parser)
    add_output(parser, ("text", "json", *MACHINE_FORMS, "html"))


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return the exit status."""
    from hypabi.analysis.session import separate
    from hypabi.cli.output import deliver
    from hypabi.report.check.findings import findings_of

    images = separate(arguments.images)
    if len(images) > 1:
        return _check_each(images, arguments)
    result = _checked(images[0], arguments)
    text = _written(result, arguments)
    deliver(text, arguments.output, lambda: findings_of(result))
    return result.exit_status


def _check_each(images: "Iterable[Files]", arguments: argparse.Namespace) -> int:
    """Print what comes of each image, and return the bits of all.

    One that is refused is said on standard error, and the others are checked all the same.

    :raises HypabiError: something is asked for that is of one image
    """
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError
    from hypabi.report.check.findings import findings_of
    from hypabi.report.check.short import write_line
    from hypabi.report.shared.text_layout import printable

    _refuse_what_is_of_one(arguments)
    status = Exit.GOOD
    texts: list[str] = []
    for image in images:
        try:
            result = _checked(image, arguments)
        except HypabiError as refused:
            print(f"hypabi: {printable(str(refused))}", file=sys.stderr)
            status |= Exit.ERROR
            continue
        status |= Exit(result.exit_status)
        text = write_line(findings_of(result))
        if arguments.verbose:
            text = "\n" * bool(texts) + _written(result, arguments)
        texts.append(text)
        if arguments.output is None:
            write_output(text, None)
    if arguments.output is not None:
        write_output("".join(texts), arguments.output)
    return int(status)


def _refuse_what_is_of_one(arguments: argparse.Namespace) -> None:
    from hypabi.errors import MisuseError

    hint = "name one image"
    if arguments.format not in ("text", FIRST_LINE):
        raise MisuseError(f"--format {arguments.format}", "this is for one image", hint)
    for name in ("witness", "smt2"):
        if getattr(arguments, name) is not None:
            raise MisuseError(f"--{name}", "this is for the findings of one image", hint)


def _checked(images: "Files", arguments: argparse.Namespace) -> "CheckResult":
    """Return what comes of the files of one program."""
    from hypabi.api import check

    return check(
        images,
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


def _written(result: "CheckResult", arguments: argparse.Namespace) -> str:
    """Return a result in the form that is asked for."""
    form = arguments.format
    if form == "text" and arguments.verbose:
        from hypabi.report.check.text import write
    elif form == "text":
        from hypabi.report.check.short import write
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
