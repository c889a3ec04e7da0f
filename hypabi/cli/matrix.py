"""Hold callers against the parties whose vectors can be live: who gets what he asks for.

With an image, its own callers against its own parties.  Without, every reference revision that is
shipped: the callers of each against the parties of all.  A cell is kept, refuted with what happens
instead, or undecided.
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.analysis.tools import TOOLS
from hypabi.cli.parser import add_kernel, add_output, command_line

if TYPE_CHECKING:
    from hypabi.analysis.reference_matrix import CellChoice
    from hypabi.analysis.results.matrix import MatrixResult

SUMMARY = "hold callers against live parties: kept, refuted or undecided"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser, nargs="?")
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
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Judge, print, and return the exit status."""
    from hypabi.atomic_file import write_output

    result = _of_image(arguments) if arguments.image else _of_references(arguments)
    write_output(_written(result, arguments), arguments.output)
    return result.exit_status


def _written(result: "MatrixResult", arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        from hypabi.report.matrix.json import write as write_json

        return write_json(result)
    from hypabi.report.matrix.text import Detail, write

    return write(result, Detail(arguments.evidence))


def _of_image(arguments: argparse.Namespace) -> "MatrixResult":
    from hypabi.analysis.matrix import image_matrix
    from hypabi.analysis.options import contract_of, version_of
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.session import open_image
    from hypabi.analysis.summaries.matrix import summarize_matrix

    _only_of_references(arguments)
    contract = contract_of(arguments.contract)
    version = version_of(arguments.kernel_version)
    examination = open_image(arguments.image).examine(contract, version)
    return summarize_matrix(image_matrix(examination, provenance(command_line(), TOOLS)))


def _only_of_references(arguments: argparse.Namespace) -> None:
    """Refuse what chooses among references where an image was given."""
    from hypabi.errors import HypabiError

    chosen = ("architecture", "instruction_set", "byte_order", "references", "caller", "party")
    for name in chosen:
        if getattr(arguments, name):
            option = "--image" if name == "references" else f"--{name.replace('_', '-')}"
            raise HypabiError(option, "it chooses among the references", "leave out the image")


def _of_references(arguments: argparse.Namespace) -> "MatrixResult":
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.reference_matrix import reference_matrix
    from hypabi.analysis.summaries.matrix import summarize_matrix

    matrix = reference_matrix(_choice(arguments), provenance(command_line(), TOOLS))
    return summarize_matrix(matrix)


def _choice(arguments: argparse.Namespace) -> "CellChoice":
    """Return which cells of the references the command line asks for."""
    from hypabi.analysis.reference_matrix import CellChoice
    from hypabi.arch.names import Architecture, ByteOrder, InstructionSet

    architecture, instruction_set = arguments.architecture, arguments.instruction_set
    revision, _, function = (arguments.caller or "").partition("/")
    party, _, party_revision = (arguments.party or "").partition("/")
    return CellChoice(
        architecture=architecture and Architecture(architecture),
        instruction_set=instruction_set and InstructionSet(instruction_set),
        byte_order=arguments.byte_order and ByteOrder(arguments.byte_order),
        images=tuple(arguments.references),
        caller_revision=revision,
        caller_function=function,
        party=party,
        party_revision=party_revision,
    )
