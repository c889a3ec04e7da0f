"""Write the documents of an interface from its contract, and from what images make of it.

One contract gives a page (reStructuredText as the kernel's documentation has it, HTML, a man page)
or a header of its numbers; --hypercalls gives one page of all shipped contracts.  With IMAGE a page
also says what that image's machine code does.  The same input gives the same bytes.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from hypabi.cli.exit_status import Exit
from hypabi.cli.parser import DEFAULT_CONTRACT

if TYPE_CHECKING:
    from hypabi.report.check import Check
    from hypabi.report.derive import Derivation
    from hypabi.report.document import Page
    from hypabi.report.document_page import Evidence
    from hypabi.report.document_reading import Reading

SUMMARY = "write the documents of an interface: reStructuredText, HTML, man page, C header"
MOST_IMAGES = 16
"""Images of one page; each takes about two seconds."""

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
        help="hold an existing document against contract and image instead",
    )
    parser.add_argument("--format", choices=(*FORMATS, "text", "json"), help="default: rst")
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="write to FILE, which is replaced as a whole or not touched",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for and return the exit status."""
    if arguments.drift is not None:
        # ---- the document to hold against the contract is another command in all but its name
        from hypabi.cli.drift import run as run_drift

        named = arguments.contract or [DEFAULT_CONTRACT]
        arguments.contract = named[0]
        arguments.format = arguments.format or "text"
        return run_drift(arguments)
        # ----
    from hypabi.cli.output import emit

    arguments.format = arguments.format or "rst"
    _refuse_formats(arguments)
    text, status = _written(arguments)
    emit(text, arguments.output)
    return int(status)


def _refuse_formats(arguments: argparse.Namespace) -> None:
    from hypabi.errors import HypabiError

    if arguments.format not in FORMATS:
        hint = f"a document is one of {', '.join(FORMATS)}"
        raise HypabiError(f"--format {arguments.format}", "this is for --drift", hint)
    if arguments.format == "header" and arguments.images:
        raise HypabiError(arguments.images[0], "a header has nothing to say of an image")


def _written(arguments: argparse.Namespace) -> tuple[str, Exit]:
    if arguments.hypercalls:
        return _hypercalls(arguments)
    from hypabi.errors import HypabiError

    named = arguments.contract or [DEFAULT_CONTRACT]
    if len(named) > 1:
        raise HypabiError(f"--contract {named[1]}", "a page has one contract", "add --hypercalls")
    of = _reading(arguments, named[0])
    if arguments.format == "header":
        from hypabi.report.document_header import write

        return write(of, _command()), Exit.GOOD
    from hypabi.report.document_page import page

    evidence, status = _evidence(arguments)
    return _formatted(page(of, _command(), evidence), arguments.format), status


def _reading(arguments: argparse.Namespace, name: str) -> "Reading":
    from hypabi.arch.names import Architecture
    from hypabi.cli.contract_option import contract_of, version_of
    from hypabi.report.document_reading import reading

    chosen = (Architecture(arguments.architecture),) if arguments.architecture else ()
    return reading(contract_of(name), version_of(arguments.kernel_version), chosen)


def _evidence(arguments: argparse.Namespace) -> "tuple[tuple[Evidence, ...], Exit]":
    """Return what the images show of a contract, and the exit status that it amounts to."""
    from hypabi.errors import HypabiError

    found = []
    status = Exit.GOOD
    if len(arguments.images) > MOST_IMAGES:
        raise HypabiError(
            arguments.images[MOST_IMAGES], f"this is image {MOST_IMAGES + 1} of a page"
        )
    for image in arguments.images:
        from hypabi.report.document_image import evidence

        check, derivation = _examined(arguments, image)
        found.append(evidence(check, derivation))
        status |= Exit(check.exit_status)
    return tuple(found), status


def _examined(arguments: argparse.Namespace, image: str) -> "tuple[Check, Derivation]":
    from hypabi.cli.check import checked
    from hypabi.cli.contract_option import contract_of, version_of
    from hypabi.cli.derivation import Wanted, derivation
    from hypabi.cli.examination import examine

    command = ("hypabi", *sys.argv[1:])
    named = (arguments.contract or [DEFAULT_CONTRACT])[0]
    version = version_of(arguments.kernel_version)
    check = checked(examine(image, contract_of(named), version), command)
    return check, derivation(Wanted(image, named, arguments.kernel_version, None, None), command)


def _hypercalls(arguments: argparse.Namespace) -> tuple[str, Exit]:
    from hypabi.cli.contract_option import any_contract_of
    from hypabi.errors import HypabiError
    from hypabi.judgement.contract import Contract
    from hypabi.judgement.load import shipped_contracts
    from hypabi.report.document_hypercalls import page
    from hypabi.report.document_reading import reading

    if arguments.format == "header":
        raise HypabiError("--format header", "a header has one contract", "leave --hypercalls away")
    contracts = [any_contract_of(name) for name in arguments.contract or shipped_contracts()]
    interfaces = [reading(each, None) if isinstance(each, Contract) else each for each in contracts]
    return _formatted(page(interfaces, _command(), {}), arguments.format), Exit.GOOD


def _formatted(page: "Page", form: str) -> str:
    match form:
        case "rst":
            from hypabi.report.document_rst import write
        case "html":
            from hypabi.report.document_html import write
        case _:
            from hypabi.report.document_man import write
    return write(page)


def _command() -> str:
    """Return what the reader types to write the document again: without where it goes."""
    from hypabi.report.provenance import quoted

    words = ["hypabi"]
    rest = iter(sys.argv[1:])
    for word in rest:
        if word == "--output":
            next(rest, None)
        elif not word.startswith("--output="):
            words.append(quoted(word))
    return " ".join(words)
