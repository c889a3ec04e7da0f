"""What ``hypabi document --drift`` has to say, before it is text or JSON."""

from collections.abc import Callable, Mapping

from hypabi.frozen import frozen
from hypabi.image.model import Loaded
from hypabi.judgement.contract import Contract
from hypabi.judgement.drift_finding import Drifted
from hypabi.judgement.drift_subject import Subject
from hypabi.report.provenance import Provenance
from hypabi.report.trusted import trusted


@frozen
class DriftReport:
    """One document held against one contract and the images that were given."""

    found: Drifted
    contract: Contract
    subjects: tuple[Subject, ...]
    loaded: tuple[Loaded, ...]
    """Of each subject, in its order; empty where no image was given."""
    texts: tuple[Callable[[int], str], ...]
    """Disassembly of the instruction at an address, of each subject."""
    capabilities: tuple[Mapping[str, int], ...]
    """Numbers of the capabilities that each image names."""
    exit_status: int
    provenance: Provenance


def trusts(report: DriftReport) -> tuple[str, ...]:
    """Return what no finding can be better than, in whole sentences."""
    version = report.provenance.version("docutils")
    reading = (
        f"docutils' reading of the document (docutils {version}), and our cutting it into "
        "sentences; what a sentence says is what the clauses of the contract that cite it say"
    )
    return (reading, *(trusted(report.provenance) if report.loaded else ()))
