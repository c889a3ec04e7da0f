"""What ``hypabi diff`` has to say, as plain values."""

import enum
from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import Hex, Reproduction, Sha256, SuppressedBy, SuppressionFile
from hypabi.arch.names import Architecture
from hypabi.behaviour.saved.own_promises import AnswerUse, PromiseKind
from hypabi.judgement.difference.model import Aspect, Bearing
from hypabi.judgement.difference.own_promises import PromiseChange
from hypabi.records import frozen


class CallersOf(enum.Enum):
    """Whose callers meet the other side's provider."""

    OLD = "old-callers"
    NEW = "new-callers"


class ChangeKind(enum.Enum):
    """What a call is to callers of the one side on the other, in the order of a report."""

    INCOMPATIBLE = "incompatible"
    """It ends otherwise, or with another result."""
    WEAKER = "weaker"
    """Something is lost."""
    RENUMBERED = "renumbered"
    """It is the same under another number."""
    UNDECIDED = "undecided"
    STRONGER = "stronger"
    """It does all that it did, and more."""
    CHANGED = "changed"
    """All that was promised is the same; a system register has another value."""
    EQUAL = "equal"
    """Nothing that a caller may rely on is different."""
    VACUOUS = "vacuous"
    """No state at entry meets what it presupposes, so there is nothing to compare."""


@frozen
class ContractTaken:
    """The contract that one side is held to."""

    name: str
    sha256: Sha256
    version: str
    """Kernel version that it was taken at."""


@frozen
class PartyHeld:
    """A party that one side holds."""

    name: str
    symbol: str | None
    """Of its vector table."""
    address: Hex
    """Of its vector table."""
    program: str
    """Which program of the boot holds it: kernel or decompressor."""
    how: str
    """How its table was found: by symbol, shape, installer or conduct."""


@frozen
class ComparedImage:
    """One of the two images."""

    sha256: Sha256
    """Of the image, whether it was given itself or in its saved form."""
    version: str | None
    """The kernel's, where the image says it."""
    contract: ContractTaken
    parties: tuple[PartyHeld, ...]
    missing: tuple[str, ...]
    """Parties of the contract that the image does not hold."""

    @property
    def named(self) -> str:
        """Return what a report calls it: its version, else the first digits of its hash."""
        return self.version or f"image {self.sha256[:12]}"


@frozen
class Renumbering:
    """The call that does the same on the other side."""

    number: Hex
    call: str


@frozen
class ShownDifference:
    """One thing that is different, and a state at entry that shows it."""

    aspect: Aspect
    bearing: Bearing
    """What it is to the callers that the comparison is about."""
    subject: str
    """The register, memory or end that differs."""
    old: str
    """What the old provider does."""
    new: str
    """What the new provider does."""
    entry: Mapping[str, Hex]
    """A state at entry that shows it; everything that is not named is zero."""


class Side(enum.Enum):
    """Which of the two images."""

    OLD = "old"
    NEW = "new"


@frozen
class AskedBy:
    """A function of one of the two images that makes a call."""

    image: Side
    function: str
    """Empty where no symbol tells."""
    answer: AnswerUse


class Made(enum.Enum):
    """Whether anybody makes a call, for all that is known."""

    BY_SOMEBODY = "by somebody"
    BY_NOBODY = "by nobody"
    """No function of either image that makes calls, and no user outside that the contract knows."""
    UNTOLD = "untold"
    """No function of either image makes any call, or it is every other identifier."""


@frozen
class ComparedPromise:
    """What each image is held to by its own contract, and became the same of one cause."""

    about: PromiseKind
    who: str
    """The function or party that keeps it, or the program."""
    what: tuple[str, ...]
    """What of it: calls with their clauses, what is asked of whom, slots, placements."""
    change: PromiseChange
    old: str
    new: str

    @property
    def judged(self) -> Judged:
        """Return what is counted of it, and what that weighs."""
        return Judged(PROMISES, self.change.value, self._weight)

    @property
    def _weight(self) -> Weight:
        match self.change:
            case PromiseChange.NEWLY_BROKEN:
                return Weight.REFUTED
            case PromiseChange.NEWLY_UNDECIDED:
                return Weight.UNDECIDED
            case PromiseChange.BROKEN_IN_BOTH:
                return Weight.GOOD
            case (
                PromiseChange.MENDED
                | PromiseChange.OTHERWISE_KEPT
                | PromiseChange.GONE
                | PromiseChange.ADDED
            ):
                return Weight.CHANGE
            case _:
                assert_never(self.change)


@frozen
class ComparedCall:
    """One call at one party, for the callers of one side."""

    direction: CallersOf
    """Whose callers meet the other side's provider."""
    party: str
    call: str | None
    """Null for every identifier that is no call's number, and for a party that one side lacks."""
    number: Hex | None
    only_here: bool
    """Only the callers' own side has the call, or the party."""
    left_open: bool
    """The document declines to say what the call does."""
    change: ChangeKind
    renumbered: Renumbering | None
    reasons: tuple[str, ...]
    """What could not be decided, and why; of a vacuous one, what cannot be met."""
    differences: tuple[ShownDifference, ...]
    asked_by: tuple[AskedBy, ...]
    """Who in the two images makes the call."""
    made: Made
    """What breaks and nobody makes is a change, and breaks nobody."""
    must_agree: tuple[str, ...]
    """Sections of MAINTAINERS, and users outside the image; empty where nothing breaks."""
    assumptions: tuple[str, ...]
    suppressed: SuppressedBy | None
    """What decided to live with it, if anything did."""

    @property
    def judged(self) -> Judged:
        """Return what is counted of it, and what that weighs."""
        if self.suppressed is not None:
            return Judged(COMPARISONS, SUPPRESSED, Weight.GOOD, self._besides)
        return Judged(COMPARISONS, self.change.value, self._weight, self._besides)

    @property
    def _weight(self) -> Weight:
        match self.change:
            case ChangeKind.INCOMPATIBLE | ChangeKind.WEAKER | ChangeKind.RENUMBERED:
                return Weight.CHANGE if self.made is Made.BY_NOBODY else Weight.REFUTED
            case ChangeKind.UNDECIDED:
                return Weight.UNDECIDED
            case ChangeKind.STRONGER | ChangeKind.CHANGED:
                return Weight.CHANGE
            case ChangeKind.EQUAL:
                return Weight.CHANGE if self.differences else Weight.GOOD
            case ChangeKind.VACUOUS:
                return Weight.GOOD
            case _:
                assert_never(self.change)

    @property
    def _besides(self) -> tuple[Weight, ...]:
        """What was not decided besides is undecided whatever was shown, and whoever lives with it.

        A vacuous call gives its reason for being so, which leaves nothing open.
        """
        open_ = self.reasons and self.change is not ChangeKind.VACUOUS
        return (Weight.UNDECIDED,) if open_ else ()


COMPARISONS: Final = "comparisons"
"""The unit: one call at one party, for the callers of one side."""
PROMISES: Final = "own promises"
"""The unit: one thing that an image is held to by its own contract, where that changed."""
SUPPRESSED: Final = "suppressed"
WORDS: Final = (*(kind.value for kind in ChangeKind), SUPPRESSED)
NOTHING_COMPARED: Final = Judged(COMPARISONS, ChangeKind.VACUOUS.value, Weight.UNDECIDED)


@frozen(kw_only=True)
class DiffReproduction(Reproduction):
    """What is needed to compare the same again."""

    old_sha256: Sha256
    new_sha256: Sha256


@frozen
class DiffResult:
    """What two images do differently for those who call them, and who breaks."""

    architecture: Architecture
    identifier: str
    """Register that selects the call."""
    old: ComparedImage
    new: ComparedImage
    changes: tuple[ComparedCall, ...]
    """Every comparison, whatever it came to."""
    promises: tuple[ComparedPromise, ...]
    """What each image keeps of its own contract: who calls and how, who installs, where code lies,
    what enters, what each party promises; only where that changed, or is broken."""
    suppressions: SuppressionFile | None
    """The file of suppressions, where one was given."""
    trusted: tuple[str, ...]
    """What no verdict can be better than."""
    reproduce: DiffReproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what the comparisons amount to; of nothing but vacuous ones none was made."""
        judged = [each.judged for each in self.changes]
        if all(each.change is ChangeKind.VACUOUS for each in self.changes):
            judged = [NOTHING_COMPARED] * len(judged)
        judged += [each.judged for each in self.promises]
        units = {COMPARISONS: WORDS}
        if self.promises:
            units[PROMISES] = tuple(each.value for each in PromiseChange)
        words = {Weight.REFUTED: ChangeKind.INCOMPATIBLE.value}
        return conclude(judged, ChangeKind.EQUAL.value, units, words)

    @property
    def verdict(self) -> str:
        """Return the verdict in a word."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """Return the bits of the exit status."""
        return self.conclusion.exit_status
