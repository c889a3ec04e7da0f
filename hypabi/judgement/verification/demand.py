"""One condition that a clause demands of a case."""

from hypabi.judgement.verification.breach import Breach
from hypabi.records import frozen
from hypabi.smt.terms import Value


@frozen
class Subject:
    """What a demand is about: a register, or where control goes."""

    name: str
    width: int
    before: Value
    """At entry, or what is wanted."""
    after: Value
    """At exit."""


@frozen
class Demand:
    """One condition that must hold at the end of a case."""

    holds: Value
    breach: Breach
    """What it is, if it does not hold."""
    about: tuple[Subject, ...] = ()
