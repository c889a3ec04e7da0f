"""What ``hypabi document --drift`` found, before it is told as plain values."""

from hypabi.analysis.examination import Examination
from hypabi.analysis.provenance import Provenance
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.model import Contract
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.version import Version
from hypabi.judgement.drift.findings import Drifted
from hypabi.judgement.drift.subject import Subject
from hypabi.records import frozen


@frozen
class DriftFound:
    """One document held against one contract and the images that were given."""

    found: Drifted
    contract: Contract
    subjects: tuple[Subject, ...]
    examinations: tuple[Examination, ...]
    """Of each subject, in its order; empty where no image was given."""
    provenance: Provenance


@frozen
class StatedDriftFound:
    """One document held against one stated contract, as of a kernel."""

    found: Drifted
    contract: StatedContract
    architectures: tuple[ArchitectureName, ...]
    version: Version
    provenance: Provenance
