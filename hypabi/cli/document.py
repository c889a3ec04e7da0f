"""Write the documents of an interface from its contract, and from what images make of it.

One contract gives a page (reStructuredText as the kernel's documentation has it, HTML, a man page)
or a header of its numbers; --hypercalls gives one page of all shipped contracts.  With IMAGE a page
also says what that image's machine code does.  The same input gives the same bytes.
"""

import argparse
from pathlib import PurePath
from typing import TYPE_CHECKING

from hypabi.cli.parser import add_file, command_line
from hypabi.contract.defaults import DEFAULT_CONTRACT

if TYPE_CHECKING:
    from hypabi.documents.request import DocumentRequest

SUMMARY = "write the documents of an interface: reStructuredText, HTML, man page, C header"

HEADER = "header"
FORMATS = ("rst", "html", "man", HEADER)


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
        help="hold an existing document against contract and image instead",
    )
    parser.add_argument(
        "--format",
        choices=(*FORMATS, "text", "json"),
        help="how the document is written (default: rst), or what --drift finds (default: text)",
    )
    add_file(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for and return the exit status."""
    if arguments.drift is not None:
        return _drift(arguments)
    from hypabi.atomic_file import write_output
    from hypabi.documents.write import write_document

    document = write_document(_request(arguments), _command(arguments))
    write_output(document.text, arguments.output)
    return document.exit_status


def _drift(arguments: argparse.Namespace) -> int:
    from hypabi.cli.drift import run as run_drift
    from hypabi.errors import HypabiError

    named = arguments.contract or [DEFAULT_CONTRACT]
    if len(named) > 1:
        what = "a document is held against one contract"
        raise HypabiError(f"--contract {named[1]}", what, "hold it against each in turn")
    arguments.contract = named[0]
    arguments.format = arguments.format or "text"
    return run_drift(arguments)


def _request(arguments: argparse.Namespace) -> "DocumentRequest":
    from hypabi.analysis.options import version_of
    from hypabi.arch.names import Architecture
    from hypabi.documents.request import DocumentRequest, Form, Kind
    from hypabi.errors import HypabiError

    form = arguments.format or FORMATS[0]
    if form not in FORMATS:
        hint = f"a document is one of {', '.join(FORMATS)}"
        raise HypabiError(f"--format {form}", "this is for --drift", hint)
    kind = Kind.HYPERCALLS if arguments.hypercalls else Kind.PAGE
    if form == HEADER:
        if arguments.hypercalls:
            what = "a header has one contract"
            raise HypabiError("--format header", what, "leave --hypercalls away")
        kind = Kind.HEADER
    only = arguments.architecture
    return DocumentRequest(
        kind,
        Form.RST if kind is Kind.HEADER else Form(form),
        tuple(arguments.contract or ()),
        tuple(arguments.images),
        version_of(arguments.kernel_version),
        None if only is None else Architecture(only),
    )


def _command(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return what the reader types to write the document again: without where files lie."""
    words = []
    rest = iter(command_line())
    for word in rest:
        if word == "--output":
            next(rest, None)
        elif not word.startswith("--output="):
            words.append(PurePath(word).name if word in arguments.images else word)
    return tuple(words)
