"""Show a contract, look for what a reviewer would object to, or print the format's JSON Schema."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hypabi.analysis.exit_status import Exit
from hypabi.cli.parser import add_file, add_images, add_output
from hypabi.contract.defaults import DEFAULT_CONTRACT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hypabi.contract.file.load import AnyContract
    from hypabi.contract.model import Contract
    from hypabi.contract.stated.model import StatedContract
    from hypabi.contract.version import Version

SUMMARY = "list, show, lint or begin contracts, or print their JSON Schema"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of the command and their arguments to its parser."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="print a contract, or what it says of one kernel")
    show.add_argument(
        "contract",
        metavar="NAME|FILE",
        nargs="?",
        default=DEFAULT_CONTRACT,
        help="shipped contract, or a contract file (default: %(default)s)",
    )
    _add_version(show, "print every clause that is in force at VERSION")
    show.add_argument(
        "--architecture",
        choices=("arm", "arm64", "x86", "s390", "powerpc"),
        help="with --kernel-version: only this one (default: all that the contract speaks of)",
    )
    add_output(show, ("text", "json"))
    add_file(actions.add_parser("list", help="print the names of the shipped contracts"))
    lint = actions.add_parser("lint", help="say what a reviewer would object to")
    lint.add_argument("files", metavar="FILE", nargs="+", type=Path, help="contract files")
    lint.add_argument(
        "--document",
        metavar="RST",
        type=Path,
        help="the document that the contract cites: is every sentence in it?",
    )
    _add_version(lint, "the document's: only what is in force then must be in it")
    new = actions.add_parser("new", help="write a first contract from what an image does")
    add_images(new)
    new.add_argument("--name", metavar="NAME", help="of the contract (default: the image's)")
    _add_version(new, "with which the contract begins (default: the image's, else 1.0)")
    new.add_argument(
        "--vectors",
        metavar="SYMBOL",
        action="append",
        default=[],
        help="a table of vectors that counts (may be repeated; default: all that are found)",
    )
    add_file(new)
    add_output(actions.add_parser("schema", help="print the JSON Schema of contracts"), ("json",))


def _add_version(parser: argparse.ArgumentParser, says: str) -> None:
    parser.add_argument("--kernel-version", metavar="VERSION", help=says)


def run(arguments: argparse.Namespace) -> int:
    """Do the action, print, and return the exit status."""
    match arguments.action:
        case "show":
            return _show(arguments)
        case "list":
            return _list(arguments)
        case "lint":
            return _lint(arguments)
        case "new":
            return _new(arguments)
        case _:
            return _schema(arguments)


def _list(arguments: argparse.Namespace) -> int:
    from hypabi.atomic_file import write_output
    from hypabi.contract.file.load import shipped_contracts, shipped_or_stated

    lines = [f"{name}\n    {shipped_or_stated(name).title}\n" for name in shipped_contracts()]
    write_output("".join(lines), arguments.output)
    return Exit.GOOD


def _show(arguments: argparse.Namespace) -> int:
    from hypabi.analysis.options import any_contract_of, version_of
    from hypabi.atomic_file import write_output

    contract = any_contract_of(arguments.contract)
    version = version_of(arguments.kernel_version)
    if arguments.format == "json":
        from hypabi.contract.file.writer import write_contract

        write_output(_json(write_contract(contract)), arguments.output)
        return Exit.GOOD
    write_output(_text(contract, version, arguments.architecture), arguments.output)
    return Exit.GOOD


def _text(contract: "AnyContract", version: "Version | None", architecture: str | None) -> str:
    from hypabi.contract.model import Contract

    if isinstance(contract, Contract):
        return _held_text(contract, version, architecture)
    return _stated_text(contract, version, architecture)


def _held_text(contract: "Contract", version: "Version | None", architecture: str | None) -> str:
    from hypabi.contract.resolve import revision_of
    from hypabi.report.contract.text import write_contract_text, write_revision_text

    if version is None:
        return write_contract_text(contract)
    spoken_of = {each.value: each for each in contract.architectures}
    chosen = [_chosen(contract.name, architecture, spoken_of)] if architecture else spoken_of
    return "\n".join(
        write_revision_text(revision_of(contract, version, spoken_of[each])) for each in chosen
    )


def _stated_text(
    contract: "StatedContract", version: "Version | None", architecture: str | None
) -> str:
    from hypabi.report.contract.stated_text import write_stated_at, write_stated_text

    if version is None:
        return write_stated_text(contract)
    spoken_of = {each.value: each for each in contract.architectures}
    chosen = [_chosen(contract.name, architecture, spoken_of)] if architecture else spoken_of
    return "\n".join(write_stated_at(contract, version, spoken_of[each]) for each in chosen)


def _chosen(contract: str, architecture: str, spoken_of: "Iterable[str]") -> str:
    """Refuse an architecture that the contract does not speak of."""
    from hypabi.errors import HypabiError

    if architecture not in spoken_of:
        what = f"{contract} does not speak of {architecture}"
        raise HypabiError("--architecture", what, f"it speaks of {', '.join(spoken_of)}")
    return architecture


def _lint(arguments: argparse.Namespace) -> int:
    from hypabi.analysis.options import version_of
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError
    from hypabi.report.shared.text_layout import printable

    version = version_of(arguments.kernel_version)
    document = _document(arguments.document)
    status = Exit.GOOD
    for path in arguments.files:
        try:
            remarks = _remarks(path, document, version)
        except HypabiError as refused:
            print(f"hypabi: {printable(str(refused))}", file=sys.stderr)
            status |= Exit.ERROR
            continue
        write_output("".join(f"{remark}\n" for remark in remarks), None)
        if remarks:
            status |= Exit.CHANGE
    return status


def _remarks(path: Path, document: str | None, version: "Version | None") -> list[str]:
    from hypabi.contract.file.load import load_with_source
    from hypabi.contract.lint.lint import lint_contract, lint_document
    from hypabi.report.shared.text_layout import printable

    contract, node = load_with_source(path)
    remarks = list(lint_contract(contract, node))
    if document is not None:
        remarks += lint_document(contract, document, version)
    return [printable(str(remark)) for remark in remarks]


def _document(path: Path | None) -> str | None:
    if path is None:
        return None
    from hypabi.contract.file.load import BOUNDS
    from hypabi.regular import read_regular

    return read_regular(path, BOUNDS.bytes).decode("utf-8", "replace")


def _schema(arguments: argparse.Namespace) -> int:
    from hypabi.atomic_file import write_output
    from hypabi.contract.file.schema import contract_schema

    write_output(_json(contract_schema()), arguments.output)
    return Exit.GOOD


def _new(arguments: argparse.Namespace) -> int:
    from hypabi.api import new_contract
    from hypabi.atomic_file import write_output

    text = new_contract(
        arguments.images,
        name=arguments.name,
        kernel_version=arguments.kernel_version,
        role=arguments.role,
        vectors=arguments.vectors,
    )
    write_output(text, arguments.output)
    return Exit.GOOD


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
