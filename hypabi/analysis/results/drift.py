"""What ``hypabi document --drift`` has to say, before it is text or JSON."""

from collections.abc import Callable, Mapping

from hypabi.analysis.provenance import Provenance
from hypabi.contract.model import Contract
from hypabi.image.model import Loaded
from hypabi.judgement.drift.findings import Drifted
from hypabi.judgement.drift.subject import Subject
from hypabi.records import frozen


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
