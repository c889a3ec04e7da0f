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
    from collections.abc import Iterable, Iterator

    from hypabi.analysis.references import Library
    from hypabi.analysis.results.matrix import Judged, Matrix
    from hypabi.behaviour.case import Behaviour
    from hypabi.contract.revision import Installation
    from hypabi.judgement.matrix.applicable_row import Caller, Live
    from hypabi.judgement.matrix.reference_index import Form, Index, Reference

SUMMARY = "hold callers against live parties: kept, refuted or undecided"
KINDS = ("stub", "kvm")
"""The images that hold a revision and nothing else; the others hold the same code again."""


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
    from hypabi.analysis.results.matrix import Evidence
    from hypabi.atomic_file import write_output

    command = command_line()
    matrix = _of_image(arguments, command) if arguments.image else matrix_of(arguments, command)
    if arguments.format == "json":
        from hypabi.report.matrix.json import write

        write_output(write(matrix), arguments.output)
    else:
        from hypabi.report.matrix.text import write as write_text

        write_output(write_text(matrix, Evidence(arguments.evidence)), arguments.output)
    return matrix.exit_status


def _of_image(arguments: argparse.Namespace, command: tuple[str, ...]) -> "Matrix":
    from hypabi.analysis.matrix import image_matrix
    from hypabi.analysis.options import contract_of, version_of
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.session import open_image

    _only_of_references(arguments)
    contract = contract_of(arguments.contract)
    version = version_of(arguments.kernel_version)
    examination = open_image(arguments.image).examine(contract, version)
    return image_matrix(examination, provenance(command, TOOLS))


def _only_of_references(arguments: argparse.Namespace) -> None:
    """Refuse what chooses among references where an image was given."""
    from hypabi.errors import HypabiError

    chosen = ("architecture", "instruction_set", "byte_order", "references", "caller", "party")
    for name in chosen:
        if getattr(arguments, name):
            option = "--image" if name == "references" else f"--{name.replace('_', '-')}"
            raise HypabiError(option, "it chooses among the references", "leave out the image")


def matrix_of(arguments: argparse.Namespace, command: tuple[str, ...]) -> "Matrix":
    """Judge the cells that the command line asks for.

    :raises HypabiError: it asks for none
    """
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.references import Library
    from hypabi.analysis.results.matrix import Matrix, matrix_status
    from hypabi.errors import HypabiError
    from hypabi.judgement.matrix.reference_index import read_index

    index = read_index()
    library = Library(index)
    references = _references(index, arguments.references)
    judged = tuple(_judged(library, references, arguments))
    if not judged:
        raise HypabiError("matrix", "no cell is left of what was asked for", "ask for less")
    return Matrix(
        judged,
        library.files(),
        library.text,
        library.contracts(),
        int(matrix_status(judged)),
        provenance(command, TOOLS),
    )


def _references(index: "Index", names: list[str]) -> "tuple[Reference, ...]":
    from hypabi.contract.place import closest_name
    from hypabi.errors import HypabiError

    if not names:
        return tuple(each for each in index.references if each.kind in KINDS)
    known = {each.name: each for each in index.references}
    for name in names:
        if name not in known:
            raise HypabiError(f"--image {name}", "no reference image", closest_name(name, known))
    return tuple(known[name] for name in names)


def _judged(
    library: "Library", references: "tuple[Reference, ...]", arguments: argparse.Namespace
) -> "Iterator[Judged]":
    """Yield the cells, form by form: callers by revision, then live parties by revision."""
    from hypabi.analysis.results.matrix import Column, Judged, Role, Row
    from hypabi.judgement.matrix.cells import judge_cell, judge_installer
    from hypabi.smt.bitwuzla import BitwuzlaSolver
    from hypabi.smt.cached import Remembered

    solver = Remembered(BitwuzlaSolver())
    for form, of_form in _forms(references, arguments):
        architecture = of_form[0].architecture
        callers = _callers(library, of_form, form, arguments.caller)
        parties = _parties(library, of_form, form, arguments.party)
        if not arguments.references:
            parties = _by_revision(library, parties)
        for caller in callers:
            row = Row(caller.name, caller.label, caller.image, architecture)
            asked = tuple(
                (name, value)
                for request in caller.requests.found[:1]
                for name, value in request.pinned().items()
            )
            for live in parties:
                column = Column(live.name, live.label, live.image, architecture)
                cell = judge_cell(caller, live, solver)
                yield Judged(row, column, form.name, cell, asked)
        for live, installation, behaviour in _installers(library, of_form, form, arguments):
            where = (live.label, live.image, architecture, Role.INSTALLER)
            row = Row(installation.function, *where)
            column = Column(live.name, live.label, live.image, architecture)
            cell = judge_installer(live, installation, behaviour, solver)
            yield Judged(row, column, form.name, cell, ())


def _forms(
    references: "Iterable[Reference]", arguments: argparse.Namespace
) -> "Iterator[tuple[Form, tuple[Reference, ...]]]":
    """Yield each form that is asked for, with the references that have it."""
    asked = tuple(
        each for each in references if arguments.architecture in (None, each.architecture.value)
    )
    for form in dict.fromkeys(form for each in asked for form in each.forms):
        if arguments.instruction_set not in (None, form.instruction_set.value):
            continue
        if arguments.byte_order not in (None, form.byte_order.value):
            continue
        yield form, tuple(each for each in asked if form in each.forms)


def _callers(
    library: "Library", references: "tuple[Reference, ...]", form: "Form", wanted: str | None
) -> "tuple[Caller, ...]":
    """Return each function of each revision once, by revision."""
    revision, _, function = (wanted or "").partition("/")
    found: dict[tuple[str, str], Caller] = {}
    for reference in references:
        if revision not in ("", reference.revision):
            continue
        for each in reference.callers:
            key = (each.name, reference.revision)
            if function in ("", each.name) and key not in found:
                caller = library.caller(reference, form, each)
                if caller is not None:
                    found[key] = caller
    order = list(library.index.revisions)
    return tuple(sorted(found.values(), key=lambda each: order.index(each.label)))


def _parties(
    library: "Library", references: "tuple[Reference, ...]", form: "Form", wanted: str | None
) -> "tuple[Live, ...]":
    """Return each party of each revision once, as the images have them."""
    party, _, revision = (wanted or "").partition("/")
    found: dict[tuple[str, str], Live] = {}
    for reference in references:
        for live in library.parties(reference, form):
            if party in ("", live.name) and revision in ("", live.label):
                found.setdefault((live.name, live.label), live)
    return tuple(found.values())


def _installers(
    library: "Library",
    references: "tuple[Reference, ...]",
    form: "Form",
    arguments: argparse.Namespace,
) -> "Iterator[tuple[Live, Installation, Behaviour]]":
    """Yield the code that makes a party live without a call, of each revision once."""
    revision, _, function = (arguments.caller or "").partition("/")
    party, _, label = (arguments.party or "").partition("/")
    seen: set[tuple[str, str]] = set()
    for reference in references:
        for live, installation in library.installations(reference, form):
            asked = revision in ("", live.label) and function in ("", installation.function)
            asked = asked and party in ("", live.name) and label in ("", live.label)
            key = (installation.function, live.label)
            if asked and key not in seen:
                seen.add(key)
                yield live, installation, library.installs(reference, form, installation)


def _by_revision(library: "Library", parties: "tuple[Live, ...]") -> "tuple[Live, ...]":
    order = list(library.index.revisions)
    return tuple(sorted(parties, key=lambda each: order.index(each.label)))
