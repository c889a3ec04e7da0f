"""What a result amounts to: one verdict, its counts and the exit status, from one function.

Whatever a command judged is a :class:`Judged` item: what kind of thing it is (a clause, a call
site, a cell), the word that was found for it, and what that word weighs.  :func:`conclude` is the
only place where items become a verdict and an exit status; text, JSON and the process's status all
print what it returns.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, assert_never

from hypabi.analysis.exit_status import Exit
from hypabi.records import frozen


class Weight(enum.Enum):
    """What one judged thing means for the whole."""

    GOOD = "good"
    """As it should be, or lived with by decision."""
    CHANGE = "change"
    """Something differs, and nobody breaks."""
    REFUTED = "refuted"
    """A promise is broken, and a counterexample shows it."""
    UNDECIDED = "undecided"
    """Neither shown nor refuted, or not there to be judged."""
    DEFECT = "defect"
    """Our own answer was contradicted, so nothing here can be trusted until it is explained."""


@frozen
class Judged:
    """One thing that was judged."""

    unit: str
    """What kind of thing, in the plural: ``clauses``, ``call sites``."""
    word: str
    """What was found, in one word."""
    weight: Weight
    besides: tuple[Weight, ...] = ()
    """What else is in it: a broken call of which something was not decided either."""


@frozen
class Conclusion:
    """The verdict on a whole, and how it comes about."""

    verdict: str
    """In one word: the good one of the question, or what is worst in it."""
    counts: Mapping[str, Mapping[str, int]]
    """By unit and word; each unit adds up to the things of that kind that were judged."""
    exit_status: int
    """Bits; see :mod:`hypabi.analysis.exit_status`."""

    @property
    def answer(self) -> str:
        """Return all that the exit status says, in capitals: ``REFUTED and UNDECIDED``."""
        besides = [VERDICTS[each] for each in _weights(Exit(self.exit_status))][1:]
        return " and ".join(word.upper() for word in (self.verdict, *besides))


VERDICTS: Final[Mapping[Weight, str]] = {
    Weight.CHANGE: "changed",
    Weight.REFUTED: "refuted",
    Weight.UNDECIDED: "undecided",
    Weight.DEFECT: "contradicted",
}
"""The verdict that each weight leads to, where a question has no word of its own for it."""


def conclude(
    items: Iterable[Judged],
    good: str,
    units: Mapping[str, tuple[str, ...]],
    verdicts: Mapping[Weight, str] = VERDICTS,
) -> Conclusion:
    """Return what judged things amount to.

    Nothing judged at all is undecided: the good word is for what was shown.

    :param good: the verdict if everything was decided and good
    :param units: the words that each kind of thing can have, in the order in which they are printed
    :param verdicts: the question's own words for what is not good
    """
    counts = {unit: dict.fromkeys(words, 0) for unit, words in units.items()}
    status = Exit.GOOD
    judged = False
    for item in items:
        judged = True
        counts[item.unit][item.word] += 1
        for weight in (item.weight, *item.besides):
            status |= _bits(weight)
    if not judged:
        status |= Exit.UNDECIDED
    told = {**VERDICTS, **verdicts}
    verdict = next((told[each] for each in _weights(status)), good)
    return Conclusion(verdict, counts, int(status))


def _bits(weight: Weight) -> Exit:
    match weight:
        case Weight.GOOD:
            return Exit.GOOD
        case Weight.CHANGE:
            return Exit.CHANGE
        case Weight.REFUTED:
            return Exit.REFUTED
        case Weight.UNDECIDED:
            return Exit.UNDECIDED
        case Weight.DEFECT:
            return Exit.ERROR
        case _:
            assert_never(weight)


def _weights(status: Exit) -> Iterator[Weight]:
    """Yield the weights that a status stands for, worst first, so that the two cannot disagree."""
    if status & Exit.ERROR:
        yield Weight.DEFECT
    if status & Exit.REFUTED == Exit.REFUTED:
        yield Weight.REFUTED
    if status & Exit.UNDECIDED:
        yield Weight.UNDECIDED
    if status & Exit.REFUTED == Exit.CHANGE:
        yield Weight.CHANGE


def spell_counts(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Spell counts in a line: ``3 clauses: 2 proved, 1 refuted; 1 call site: 1 satisfied``."""
    return "; ".join(
        f"{_counted(sum(words.values()), unit)}: "
        + (", ".join(f"{n} {word}" for word, n in words.items() if n) or "none judged")
        for unit, words in counts.items()
    )


_PLURALS: Final = (("ies", "y"), ("ches", "ch"), ("s", ""), ("", ""))
"""How the names of units end: of many, and of one."""


def _counted(number: int, unit: str) -> str:
    """Return how many of a unit, whose name is a plural, in the number that it has."""
    if number == 1:
        plural, ending = next(each for each in _PLURALS if unit.endswith(each[0]))
        return f"{number} {unit.removesuffix(plural)}{ending}"
    return f"{number} {unit}"
