"""Hold a kernel document against contract and images: ``hypabi document --drift FILE [IMAGE]``.

No command of its own: :mod:`hypabi.cli.document` parses the command line and delegates here.
"""

import argparse
import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from hypabi.analysis.exit_status import Exit
from hypabi.cli.parser import command_line
from hypabi.contract.resolve import revision_of

if TYPE_CHECKING:
    from hypabi.analysis.examination import Examination
    from hypabi.analysis.results.drift import DriftReport
    from hypabi.contract.model import Contract
    from hypabi.judgement.drift.findings import Drifted
    from hypabi.judgement.drift.subject import Evidence, Subject

FORMATS = ("text", "json")
MOST_IMAGES = 16
"""Images that one run holds a document against; each takes about a second."""


def run(arguments: argparse.Namespace) -> int:
    """Hold ``.drift`` against ``.contract`` and ``.images``, print; return the exit status."""
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError

    if arguments.format not in FORMATS:
        hint = f"drift is printed as {' or '.join(FORMATS)}"
        raise HypabiError(f"--format {arguments.format}", "this is for a page", hint)
    report = held(arguments, command_line())
    if arguments.format == "json":
        from hypabi.report.drift.json import write
    else:
        from hypabi.report.drift.text import write
    write_output(write(report), arguments.output)
    return report.exit_status


def held(arguments: argparse.Namespace, command: tuple[str, ...]) -> "DriftReport":
    """Return what there is to say of a document.

    :raises HypabiError: document, contract or an image is refused, or the kernel has no version
    """
    from hypabi.analysis.options import contract_of, version_of
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.results.drift import DriftReport
    from hypabi.analysis.session import open_image
    from hypabi.analysis.tools import TOOLS
    from hypabi.errors import HypabiError
    from hypabi.judgement.drift.drift import find_drift
    from hypabi.judgement.drift.rst_reader import read_document
    from hypabi.smt.bitwuzla import BitwuzlaSolver

    if len(arguments.images) > MOST_IMAGES:
        raise HypabiError(
            os.fspath(arguments.drift), f"more than {MOST_IMAGES} images", "hold it against fewer"
        )
    document = read_document(os.fspath(arguments.drift))
    contract = contract_of(arguments.contract)
    only = getattr(arguments, "architecture", None)
    version = version_of(arguments.kernel_version)
    examinations = tuple(open_image(path).examine(contract, version) for path in arguments.images)
    for each in examinations:
        if only not in (None, each.revision.architecture.value):
            raise HypabiError(each.loaded.path, f"this is no kernel of {only}")
    if examinations:
        subjects = tuple(map(subject, examinations))
    else:
        subjects = _without_image(arguments, contract)
    found = find_drift(document, contract, subjects, BitwuzlaSolver)
    return DriftReport(
        found,
        contract,
        subjects,
        tuple(each.loaded for each in examinations),
        tuple(each.text for each in examinations),
        tuple(each.capabilities for each in examinations),
        int(status(found)),
        provenance(command, ("docutils", *TOOLS)),
    )


def subject(examination: "Examination") -> "Subject":
    """Return an examined image as what a document is held against."""
    from hypabi.judgement.drift.subject import Subject

    kernel = examination.loaded.images[-1]
    name = kernel.version or PurePath(examination.loaded.path).name
    return Subject(name, examination.revision, _evidence(examination))


def _evidence(examination: "Examination") -> "Evidence":
    from hypabi.judgement.drift.subject import Evidence

    return Evidence(
        examination.behaviours,
        examination.surroundings,
        examination.judgement,
        examination.first_missing,
    )


def _without_image(arguments: argparse.Namespace, contract: "Contract") -> "tuple[Subject, ...]":
    """Return the contract's own word on each architecture, where no image was given."""
    from hypabi.analysis.options import version_of
    from hypabi.errors import HypabiError
    from hypabi.judgement.drift.subject import Subject

    version = version_of(arguments.kernel_version)
    if version is None:
        raise HypabiError(
            os.fspath(arguments.drift),
            "nothing says which kernel version the document is of",
            "name an image of it, or the version with --kernel-version",
        )
    only = getattr(arguments, "architecture", None)
    return tuple(
        Subject(f"{version} on {each.value}", revision_of(contract, version, each), None)
        for each in contract.architectures
        if only in (None, each.value)
    )


def status(found: "Drifted") -> Exit:
    """Return the exit status: 8 for what the code contradicts, 4 for drift, 16 for what is open.

    What is merely counted, a sentence that no clause cites, sets no bit.
    """
    result = Exit.GOOD
    if found.drifts:
        result |= Exit.CHANGE
    if any(each.refuted for each in found.drifts):
        result |= Exit.REFUTED
    if found.opens:
        result |= Exit.UNDECIDED
    return result
