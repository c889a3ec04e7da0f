"""A case of one side, and the rules by which a caller sees it."""

from hypabi.behaviour.case import Behaviour, Case
from hypabi.contract.revision import Revision
from hypabi.judgement.verification.lowering import Lowering
from hypabi.judgement.verification.observables import Frame, Seen
from hypabi.records import frozen


@frozen
class Provided:
    """A case of one side, and how its clauses are lowered."""

    behaviour: Behaviour
    case: Case
    lowering: Lowering


@frozen
class Rules:
    """What the home side's row says that a caller may see."""

    revision: Revision
    seen: tuple[Seen, ...]
    frame: Frame
    handed_over: bool
    """No more is promised than which compiled code the call ends in."""
    sets_up: bool = False
    """It installs a party: what it leaves is compared where it ends in compiled code, too."""
