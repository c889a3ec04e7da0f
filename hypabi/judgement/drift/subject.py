"""What a document is held against: a kernel version on one architecture, and an image of it."""

from collections.abc import Mapping

from hypabi.behaviour.case import Behaviour
from hypabi.contract.revision import Revision
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.prover import Judgement
from hypabi.records import frozen


@frozen(eq=False)
class Evidence:
    """An image, derived and judged."""

    behaviours: Mapping[str, Behaviour]
    """By name of the party."""
    surroundings: Surroundings
    judgement: Judgement
    missing: tuple[str, ...]
    """Programs' first parties, their stubs, that were not found: much was not judged then."""


@frozen(eq=False)
class Subject:
    """One revision of the contract, and what an image says of it, where one was given."""

    name: str
    revision: Revision
    evidence: Evidence | None
