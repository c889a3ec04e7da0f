"""A rule: the stable name of a kind of finding, and its page."""

from hypabi.analysis.results.conclusion import Weight
from hypabi.records import frozen


@frozen
class Rule:
    """What findings of one kind have in common."""

    id: str
    """``HYP-...``; it never changes, and is never given to another kind."""
    weight: Weight
    """What such a finding does to the exit status, where nothing suppresses it."""
    title: str
    """What is wrong, in a line."""
    what: str
    """What was found, and how."""
    why: str
    """Whom it hurts."""
    mend: str
    """What can be done about it."""
    cases: tuple[str, ...] = ()
    """Names of pages in ``docs/cases`` that are about it."""
