"""What can be said of a clause: a closed sum without a truth value.

The design names three verdicts.  ``Vacuous`` is a fourth of its own and not a flavour of
``Proved``, so that no count of proved clauses can include one by mistake.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from hypabi.arch.register_order import natural_order
from hypabi.contract.clause import Clause
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

    model: Mapping[str, int]
    """Registers and memory words at entry, those that matter, by name."""
    what: str
    """What happens instead, in a line."""
    observed: tuple[tuple[str, int, int], ...]
    """Name, value at entry and value at exit of what the clause is about, under the model."""
    trail: tuple[int, ...]
    """Address of every instruction of the path, in order."""
    lost: str | None = None
    """Of a frame: the register that is lost."""
    others: "tuple[Refuted, ...]" = ()
    """Of a frame: what refutes it for each further register that some state loses."""
    besides: str | None = None
    """Of a frame: why it is not known that no further register is lost, ``None`` where it is."""

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
    lost = {each.lost for each in refuted if each.what == f"{each.lost} is lost"}
    if len(lost) < 2:
        return "; ".join(each.what for each in refuted)
    *names, last = sorted((name for name in lost if name is not None), key=natural_order)
    others = [each.what for each in refuted if each.lost not in lost]
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
