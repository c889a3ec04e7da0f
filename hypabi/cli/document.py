"""Write the documents of an interface from its contract, and from what images make of it.

One contract gives a page (reStructuredText as the kernel's documentation has it, HTML, a man page)
or a header of its numbers; --hypercalls gives one page of all shipped contracts.  With IMAGE a page
also says what that image's machine code does.  The same input gives the same bytes.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from hypabi.analysis.exit_status import Exit
from hypabi.cli.parser import add_file, command_line
from hypabi.contract.defaults import DEFAULT_CONTRACT

if TYPE_CHECKING:
    from hypabi.analysis.findings.check import Check
    from hypabi.contract.model import Contract
    from hypabi.contract.stated.model import StatedContract
    from hypabi.documents.interface.page import Evidence
    from hypabi.documents.interface.reading import Reading
    from hypabi.documents.markup.tree import Page

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
    parser.add_argument(
        "--format",
        choices=(*FORMATS, "text", "json"),
        help="how the document is written (default: rst), or what --drift finds (default: text)",
    )
    add_file(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for and return the exit status."""
    if arguments.drift is not None:
        from hypabi.cli.drift import run as run_drift

        named = arguments.contract or [DEFAULT_CONTRACT]
        _refuse_second_contract(named)
        arguments.contract = named[0]
        arguments.format = arguments.format or "text"
        return run_drift(arguments)
    from hypabi.atomic_file import write_output

    arguments.format = arguments.format or "rst"
    _refuse_formats(arguments)
    text, status = _written(arguments)
    write_output(text, arguments.output)
    return int(status)


def _refuse_second_contract(named: list[str]) -> None:
    from hypabi.errors import HypabiError

    if len(named) > 1:
        what = "a document is held against one contract"
        raise HypabiError(f"--contract {named[1]}", what, "hold it against each in turn")


def _refuse_formats(arguments: argparse.Namespace) -> None:
    from hypabi.errors import HypabiError

    if arguments.format not in FORMATS:
        hint = f"a document is one of {', '.join(FORMATS)}"
        raise HypabiError(f"--format {arguments.format}", "this is for --drift", hint)
    if arguments.format == "header" and arguments.images:
        raise HypabiError(arguments.images[0], "a header has nothing to say of an image")


def _written(arguments: argparse.Namespace) -> tuple[str, Exit]:
    from hypabi.analysis.options import any_contract_of
    from hypabi.contract.model import Contract
    from hypabi.errors import HypabiError

    if arguments.hypercalls:
        return _hypercalls(arguments)
    named = arguments.contract or [DEFAULT_CONTRACT]
    if len(named) > 1:
        raise HypabiError(f"--contract {named[1]}", "a page has one contract", "add --hypercalls")
    contract = any_contract_of(named[0])
    if not isinstance(contract, Contract):
        return _stated(arguments, contract), Exit.GOOD
    of = _reading(arguments, contract)
    if arguments.format == "header":
        from hypabi.documents.header import write

        return write(of, _command(arguments)), Exit.GOOD
    from hypabi.documents.interface.page import page

    found = [_evidence(arguments, image, contract) for image in _images(arguments)]
    status = Exit.GOOD
    for check, _ in found:
        status |= _status(check)
    evidence = tuple(each for _, each in found)
    return _formatted(page(of, _command(arguments), evidence), arguments.format), status


def _stated(arguments: argparse.Namespace, contract: "StatedContract") -> str:
    """Return the document of a contract that no image is held against."""
    from hypabi.errors import HypabiError

    for option, given in (
        ("IMAGE", arguments.images),
        ("--kernel-version", arguments.kernel_version),
        ("--architecture", arguments.architecture),
    ):
        if given:
            what = f"{contract.name} only states an interface"
            raise HypabiError(option, what, "its document has no such choice")
    if arguments.format == "header":
        from hypabi.documents.stated.header import write

        return write(contract, _command(arguments))
    from hypabi.documents.stated.page import stated_page

    return _formatted(stated_page(contract, _command(arguments)), arguments.format)


def _reading(arguments: argparse.Namespace, contract: "Contract") -> "Reading":
    from hypabi.analysis.options import version_of
    from hypabi.arch.names import Architecture
    from hypabi.documents.interface.reading import reading

    chosen = (Architecture(arguments.architecture),) if arguments.architecture else ()
    return reading(contract, version_of(arguments.kernel_version), chosen)


def _images(arguments: argparse.Namespace) -> list[str]:
    from hypabi.errors import HypabiError

    images: list[str] = arguments.images
    if len(images) > MOST_IMAGES:
        raise HypabiError(images[MOST_IMAGES], f"a page has {MOST_IMAGES} images at most")
    return images


def _evidence(
    arguments: argparse.Namespace, image: str, contract: "Contract"
) -> "tuple[Check, Evidence]":
    """Return what an image shows of a contract."""
    from hypabi.analysis.check import judged
    from hypabi.analysis.derivation import Wanted, derivation
    from hypabi.analysis.options import version_of
    from hypabi.analysis.session import open_image
    from hypabi.analysis.summaries.derivation import summarize_derivation
    from hypabi.documents.interface.image_evidence import evidence

    command = command_line()
    version = version_of(arguments.kernel_version)
    session = open_image(image)
    check = judged(session.examine(contract, version), command)
    derived = derivation(session, Wanted(contract, version), command)
    return check, evidence(check, summarize_derivation(derived))


def _status(check: "Check") -> Exit:
    from hypabi.analysis.summaries.check import summarize_check

    return Exit(summarize_check(check).exit_status)


def _hypercalls(arguments: argparse.Namespace) -> tuple[str, Exit]:
    """Return the page of several interfaces; images are held against the default contract."""
    from hypabi.analysis.options import any_contract_of, contract_of
    from hypabi.contract.file.load import shipped_contracts
    from hypabi.contract.model import Contract
    from hypabi.documents.hypercalls import page
    from hypabi.documents.interface.reading import reading
    from hypabi.errors import HypabiError

    if arguments.format == "header":
        raise HypabiError("--format header", "a header has one contract", "leave --hypercalls away")
    if arguments.kernel_version or arguments.architecture:
        raise HypabiError("--hypercalls", "this page has every version and every architecture")
    named = arguments.contract or shipped_contracts()
    contracts = [any_contract_of(name) for name in named]
    interfaces = [reading(each, None) if isinstance(each, Contract) else each for each in contracts]
    arguments.contract = [DEFAULT_CONTRACT]
    held = contract_of(DEFAULT_CONTRACT)
    if arguments.images and held.name not in [each.name for each in contracts]:
        what = f"images are held against {held.name}, which this page has not"
        raise HypabiError(arguments.images[0], what, f"add --contract {held.name}")
    found = [_evidence(arguments, image, held) for image in _images(arguments)]
    status = Exit.GOOD
    for check, _ in found:
        status |= _status(check)
    made = page(interfaces, _command(arguments), held.name, tuple(found))
    return _formatted(made, arguments.format), status


def _formatted(page: "Page", form: str) -> str:
    match form:
        case "rst":
            from hypabi.documents.markup.rst import write
        case "html":
            from hypabi.documents.markup.html import write
        case _:
            from hypabi.documents.markup.man import write
    return write(page)


def _command(arguments: argparse.Namespace) -> str:
    """Return what the reader types to write the document again: without where files lie."""
    from pathlib import PurePath

    from hypabi.analysis.provenance import quoted

    words = ["hypabi"]
    rest = iter(sys.argv[1:])
    for word in rest:
        if word == "--output":
            next(rest, None)
        elif not word.startswith("--output="):
            words.append(quoted(PurePath(word).name if word in arguments.images else word))
    return " ".join(words)
