"""A case of one side, and the rules by which a caller sees it."""

from hypabi.behaviour.case import Behaviour, Case
from hypabi.frozen import frozen
from hypabi.judgement.lower import Lowering
from hypabi.judgement.revision import Revision
from hypabi.judgement.visible import Frame, Seen


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
