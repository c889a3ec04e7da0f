"""What can be said of a clause: a closed sum without a truth value.

The design names three verdicts.  ``Vacuous`` is a fourth of its own and not a flavour of
``Proved``, so that no count of proved clauses can include one by mistake.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from hypabi.arch.register_order import natural_order
from hypabi.contract.clause import Clause
from hypabi.judgement.verification.breach import Breach, Lost, lost_register
from hypabi.judgement.verification.obligations import Obligation
from hypabi.judgement.verification.wording import breach_text
from hypabi.records import frozen


class _NoTruthValue:
    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has no truth value; match on it")


@frozen
class Proved(_NoTruthValue):
    """The negated obligation is unsatisfiable on every path, for everything modelled."""

    cases: int
    """How many cases the proof covers."""


@frozen
class Refuted(_NoTruthValue):
    """One state at entry, and the path on which the clause fails."""

    obligation: Obligation
    """The one that does not hold."""
    model: Mapping[str, int]
    """Registers and memory words at entry, those that matter, by name."""
    observed: tuple[tuple[str, int, int], ...]
    """Name, value at entry and value at exit of what the clause is about, under the model."""
    trail: tuple[int, ...]
    """Address of every instruction of the path, in order."""
    others: "tuple[Refuted, ...]" = ()
    """Of a frame: what refutes it for each further register that some state loses."""
    besides: str | None = None
    """Of a frame: why it is not known that no further register is lost, ``None`` where it is."""

    @property
    def breach(self) -> Breach:
        """What happens instead."""
        return self.obligation.goal.breach

    @property
    def lost(self) -> str | None:
        """Of a frame: the register that is lost, in whole or in a part that has to be kept."""
        return lost_register(self.breach)

    @property
    def every(self) -> "tuple[Refuted, ...]":
        """Return this and what else refutes the clause, register by register in a frame."""
        return (self, *self.others)

    @property
    def instead(self) -> str:
        """Return what happens instead, with every register that a frame loses."""
        return instead_of(self.every)


def instead_of(refuted: Sequence[Refuted]) -> str:
    """Return what happens instead of one clause, in a line.

    :param refuted: at least one; more than one only of a frame
    """
    lost = [each.breach.register for each in refuted if isinstance(each.breach, Lost)]
    if len(set(lost)) < 2:
        return "; ".join(breach_text(each.breach) for each in refuted)
    *names, last = sorted(set(lost), key=natural_order)
    others = [breach_text(e.breach) for e in refuted if not isinstance(e.breach, Lost)]
    return "; ".join((f"{', '.join(names)} and {last} are lost", *others))


@frozen
class Undecided(_NoTruthValue):
    """The clause was neither proved nor refuted, and why."""

    reason: str


@frozen
class Vacuous(_NoTruthValue):
    """Nothing can be tested: no path meets what the clause presupposes, and which part fails."""

    reason: str


Verdict = Proved | Refuted | Undecided | Vacuous


@frozen
class Finding:
    """The verdict on one clause of one call at one party.

    ``call`` is ``None`` for identifiers that are no call's number.
    """

    party: str
    call: str | None
    number: int | None
    clause: Clause
    verdict: Verdict
    assumptions: tuple[str, ...]
    """What the paths that decided it rest on, sorted."""


@frozen
class Unspecified:
    """A row about which the document declines to speak."""

    party: str
    call: str | None
    why: str
