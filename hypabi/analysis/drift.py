"""A kernel document held against a contract and the images that were given."""

import os
from pathlib import PurePath
from typing import Final

from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.drift import DriftFound, StatedDriftFound
from hypabi.analysis.provenance import Provenance
from hypabi.analysis.session import open_image
from hypabi.analysis.tools import TOOLS as OF_VERDICTS
from hypabi.arch.names import Architecture
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.judgement.drift.drift import find_drift
from hypabi.judgement.drift.rst_reader import read_document
from hypabi.judgement.drift.stated_drift import find_stated_drift
from hypabi.judgement.drift.subject import Evidence, Subject
from hypabi.records import frozen
from hypabi.smt.bitwuzla import BitwuzlaSolver

MOST_IMAGES: Final = 16
"""Images that one run holds a document against; each takes about a second."""

_NO_VERSION: Final = "nothing says which kernel version the document is of"

TOOLS: Final = ("docutils", *OF_VERDICTS)
"""Packages whose answers a finding rests on, besides our own."""


@frozen
class Against:
    """What a document is held against."""

    contract: Contract
    images: tuple[str, ...]
    """Paths; where there are none, what the contract says is taken for the code."""
    version: Version | None
    """Of the kernel; where ``None``, the one that each image says it is."""
    architecture: Architecture | None
    """The only one that is asked for, ``None`` for whatever there is."""


def hold_document(
    path: str | os.PathLike[str], against: Against, provenance: Provenance
) -> DriftFound:
    """Hold a document against a contract and images.

    :raises HypabiError: document or an image is refused, or the kernel has no version
    """
    where = os.fspath(path)
    if len(against.images) > MOST_IMAGES:
        raise HypabiError(where, f"more than {MOST_IMAGES} images", "hold it against fewer")
    document = read_document(where)
    examinations = tuple(_examined(image, against) for image in against.images)
    subjects = tuple(map(_subject, examinations)) or _without_image(where, against)
    found = find_drift(document, against.contract, subjects, BitwuzlaSolver)
    return DriftFound(found, against.contract, subjects, examinations, provenance)


def hold_stated(
    path: str | os.PathLike[str],
    contract: StatedContract,
    version: Version | None,
    architecture: Architecture | None,
    provenance: Provenance,
) -> StatedDriftFound:
    """Hold a document against a stated contract, whose word stands for the kernel.

    :raises HypabiError: the document is refused, or nothing says which kernel it is of
    """
    where = os.fspath(path)
    if version is None:
        raise HypabiError(where, _NO_VERSION, "name it with --kernel-version")
    architectures = contract.architectures
    if architecture is not None:
        only = ArchitectureName(architecture.value)
        if only not in architectures:
            raise HypabiError(where, f"the contract {contract.name} does not speak of {only.value}")
        architectures = (only,)
    found = find_stated_drift(read_document(where), contract, architectures, version)
    return StatedDriftFound(found, contract, architectures, version, provenance)


def _examined(image: str, against: Against) -> Examination:
    found = open_image(image).examine(against.contract, against.version)
    if against.architecture not in (None, found.revision.architecture):
        assert against.architecture is not None
        raise HypabiError(image, f"this is no kernel of {against.architecture.value}")
    return found


def _subject(examination: Examination) -> Subject:
    """Return an examined image as what a document is held against."""
    kernel = examination.kernel
    name = kernel.version or PurePath(examination.loaded.path).name
    evidence = Evidence(
        examination.behaviours,
        examination.surroundings,
        examination.judgement,
        tuple(examination.expected),
    )
    return Subject(name, examination.revision, evidence)


def _without_image(document: str, against: Against) -> tuple[Subject, ...]:
    """Return the contract's own word on each architecture, where no image was given."""
    version, only, contract = against.version, against.architecture, against.contract
    if version is None:
        raise HypabiError(
            document,
            _NO_VERSION,
            "name an image of it, or the version with --kernel-version",
        )
    if only not in (None, *contract.architectures):
        assert only is not None
        raise HypabiError(document, f"the contract {contract.name} does not speak of {only.value}")
    return tuple(
        Subject(f"{version} on {each.value}", revision_of(contract, version, each), None)
        for each in contract.architectures
        if only in (None, each)
    )
