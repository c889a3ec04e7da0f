"""What ``hypabi replay`` found: a witness, and what a machine made of it."""

from hypabi.analysis.provenance import Provenance
from hypabi.records import frozen
from hypabi.witness.model import Witness
from hypabi.witness.replay import Replay


@frozen
class Replayed:
    """A witness that was replayed, or tried."""

    witness: Witness
    replay: Replay
    sha256: str
    """Of the witness file."""
    provenance: Provenance
