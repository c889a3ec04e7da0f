"""Write the documents of an interface from its contract, and from what images make of it.

One contract gives a page (reStructuredText as the kernel's documentation has it, HTML, a man page)
or a header of its numbers; --hypercalls gives one page of all shipped contracts.  With IMAGE a page
also says what that image's machine code does.  The same input gives the same bytes.
"""

import argparse

from hypabi.cli.parser import MACHINE_FORMS, add_file
from hypabi.contract.defaults import DEFAULT_CONTRACT

SUMMARY = "write the documents of an interface: reStructuredText, HTML, man page, C header"

FORMATS = ("rst", "html", "man", "header")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "images", metavar="IMAGE", nargs="*", help="kernel images whose machine code is described"
    )
    parser.add_argument(
        "--contract",
        metavar="NAME|FILE",
        action="append",
        help=f"shipped contract, or a contract file (default: {DEFAULT_CONTRACT})",
    )
    parser.add_argument(
        "--kernel-version", metavar="VERSION", help="only what this kernel has (default: all)"
    )
    parser.add_argument(
        "--architecture", choices=("arm", "arm64"), help="only this one (default: both)"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--hypercalls",
        action="store_true",
        help="one page of all shipped contracts, or of those that --contract names",
    )
    which.add_argument(
        "--drift",
        metavar="FILE",
        help="hold an existing document against contract and image instead; against a stated "
        "contract alone",
    )
    parser.add_argument(
        "--format",
        choices=(*FORMATS, "text", "json", *MACHINE_FORMS),
        help="how the document is written (default: rst), or what --drift finds (default: text)",
    )
    add_file(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for and return the exit status."""
    if arguments.drift is not None:
        return _drift(arguments)
    from hypabi.api import document
    from hypabi.atomic_file import write_output
    from hypabi.errors import MisuseError

    if arguments.format is None:
        arguments.format = FORMATS[0]
    if arguments.format not in FORMATS:
        hint = f"a document is one of {', '.join(FORMATS)}"
        raise MisuseError(f"--format {arguments.format}", "this is for --drift", hint)
    written = document(
        *arguments.images,
        contract=arguments.contract or (),
        form=arguments.format,
        kernel_version=arguments.kernel_version,
        architecture=arguments.architecture,
        hypercalls=arguments.hypercalls,
    )
    write_output(written.text, arguments.output)
    return written.exit_status


def _drift(arguments: argparse.Namespace) -> int:
    from hypabi.cli.drift import run as run_drift
    from hypabi.errors import MisuseError

    named = arguments.contract or [DEFAULT_CONTRACT]
    if len(named) > 1:
        what = "a document is held against one contract"
        raise MisuseError(f"--contract {named[1]}", what, "hold it against each in turn")
    arguments.contract = named[0]
    arguments.format = arguments.format or "text"
    return run_drift(arguments)
