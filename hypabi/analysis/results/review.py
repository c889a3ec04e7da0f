"""What ``hypabi review`` answers: what a series does patch by patch, and who must agree to it."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import Hex, Reproduction, Sha256
from hypabi.arch.names import Architecture
from hypabi.records import frozen


class FindingWord(enum.Enum):
    """What is said of something that is not as it should be."""

    REFUTED = "refuted"
    UNDECIDED = "undecided"


@frozen
class ReviewFinding:
    """One thing that is not as it should be."""

    program: str
    """Configuration and program, as ``arm64 kernel``."""
    rule: str
    """What it is, in words that another build has too, as ``clause PARTY CALL CLAUSE``."""
    word: FindingWord
    text: str
    """What is so instead, in a line."""
    must_agree: tuple[str, ...]
    """Sections of MAINTAINERS, of the parties that it is about."""
    shown: tuple[str, ...]
    """A state at entry and the end of the path that show it; empty where a clause is not it."""
    parties: tuple[str, ...] = ()
    """Whom it is about."""
    call: str | None = None
    """Null for every identifier that is no call's number, and where it is about no call."""
    function: str | None = None
    """That which calls, or installs."""
    source: str = ""
    """File of the tree that the function is in; empty where that is not known."""
    id: str = ""
    """Of its rule, which ``hypabi explain`` tells more of; empty where only a series shows it."""

    @property
    def key(self) -> tuple[str, str, FindingWord]:
        """Return what another build's finding has in common with it."""
        return (self.program, self.rule, self.word)


@frozen
class ReviewChange:
    """Something that a patch makes otherwise for those who call."""

    program: str
    party: str
    what: str
    """The call, or what of its own contract the program keeps otherwise."""
    callers: str
    """Whose callers are asked for: old-callers on the new provider, or new-callers on the old one;
    empty where it is no call."""
    change: str
    """As ``hypabi diff`` says it."""
    text: str
    asked_by: tuple[str, ...]
    """Functions that make the call."""
    must_agree: tuple[str, ...]
    """Sections of MAINTAINERS, and users outside the image."""


@frozen
class ReviewCause:
    """Findings of a patch that have one cause: what one party makes of one call, who calls."""

    what: str
    """Whose it is and of what: ``trans-pgd, HVC_SOFT_RESTART``."""
    word: FindingWord
    programs: tuple[str, ...]
    rules: tuple[str, ...]
    """Of the findings, in the order in which they stand."""
    text: str
    """What is so instead, of the first that says more than that it does not hold."""


@frozen
class ForgottenCaller:
    """A function that asks for a call by a number that a party does not know it by."""

    function: str
    party: str
    asks: Hex


@frozen
class Renumbered:
    """A call, or the error, whose number the patched header says otherwise than before."""

    program: str
    architecture: Architecture
    call: str
    old: Hex
    new: Hex
    at: tuple[str, ...] = ()
    """Parties that serve the new number."""
    still: tuple[str, ...] = ()
    """Parties that serve the old number, and not the new one."""
    neither: tuple[str, ...] = ()
    """Parties that served the call, and serve neither number."""
    callers: tuple[ForgottenCaller, ...] = ()
    error: Hex | None = None
    """What a party answers that does not know a number."""

    @property
    def sentence(self) -> str:
        """Return what is so, in a line."""
        where = f" at {', '.join(self.at)}" if self.at else ""
        said = [f"{self.call} is {_short(self.new)} instead of {_short(self.old)}{where}"]
        if self.still:
            has = "has" if len(self.still) == 1 else "have"
            said.append(f"{', '.join(self.still)} still {has} {_short(self.old)}")
        if self.neither:
            knows = "knows" if len(self.neither) == 1 else "know"
            said.append(f"{', '.join(self.neither)} {knows} it by neither")
        said += self._met()
        return "; ".join(said)

    def _met(self) -> Iterator[str]:
        """Yield what callers now get, those of one party and number together."""
        gets = "another answer" if self.error is None else self.error
        for party, asks in dict.fromkeys((each.party, each.asks) for each in self.callers):
            of = (e.function for e in self.callers if (e.party, e.asks) == (party, asks))
            names = list(dict.fromkeys(of))
            verb = "gets" if len(names) == 1 else "get"
            number = "" if party in self.still else f", asking {_short(asks)}"
            is_there = self.still == (party,) and not self.neither
            place = "there" if is_there else f"from {party}"
            yield f"{', '.join(names)} now {verb} {gets} {place}{number}"


def _short(number: str) -> str:
    """Return a small number as headers have it."""
    value = int(number, 16)
    return str(value) if abs(value) < 1000 else number


@frozen
class NewCall:
    """A call that a patch puts into the headers, and of which the contract knows nothing."""

    program: str
    call: str
    number: Hex
    at: tuple[str, ...]
    """Parties that serve it."""
    refused_by: tuple[str, ...]
    """Parties that do not."""
    asked_by: tuple[str, ...]
    """Functions that ask for it."""

    @property
    def sentence(self) -> str:
        """Return what is so, in a line."""
        served = f"served by {', '.join(self.at)}" if self.at else "served by nobody"
        refused = f", and not by {', '.join(self.refused_by)}" if self.refused_by else ""
        asked = f"; {', '.join(self.asked_by)} asks for it" if self.asked_by else ""
        return f"{self.call}, number {_short(self.number)}, is new: {served}{refused}{asked}"


@frozen
class NewTable:
    """A vector table that a patch adds, and of which the contract names no party."""

    program: str
    symbol: str
    serves: tuple[str, ...]
    """Calls that it knows, if EL2 or HYP takes them through it."""
    lacks: tuple[str, ...]
    """Calls that it refuses, or takes for any other number."""
    open: tuple[str, ...]
    """Calls of which that is not known."""

    @property
    def sentence(self) -> str:
        """Return what is so, in a line."""
        said = (("it serves", self.serves), ("lacks", self.lacks), ("undecided is", self.open))
        does = [f"{what} {', '.join(calls)}" for what, calls in said if calls]
        return f"{self.symbol} is new, vectors of no party of the contract: {', '.join(does)}"


@frozen
class AsksOtherwise:
    """A function that makes other calls than before."""

    program: str
    function: str
    before: tuple[str, ...]
    """Calls that it no longer makes."""
    now: tuple[str, ...]
    """Calls that it did not make."""

    @property
    def sentence(self) -> str:
        """Return what is so, in a line."""
        now = f" asks for {', '.join(self.now)}" if self.now else ""
        before = f" no longer for {', '.join(self.before)}" if self.before else ""
        if not now:
            return f"{self.function} no longer asks for {', '.join(self.before)}"
        return f"{self.function}{now}{',' if before else ''}{before}"


@frozen
class ReviewDrift:
    """Something in which document and code part."""

    kind: str
    """As ``hypabi document --drift`` says it: contradicted, differs, call missing, changed ..."""
    what: str
    line: int | None
    """Of the document, as the patch leaves it."""
    contradicted: bool
    """Whether the code breaks what the sentence says."""


class PatchWord(enum.Enum):
    """The one word for a patch, in the order in which they are counted."""

    EQUAL = "equal"
    """Nothing is different that a caller may rely on."""
    UNTOUCHED = "not built from"
    """No object of the interface is built from what it touches."""
    CHANGED = "changed"
    """Something is different, and nothing is refuted that was not before."""
    BROKEN = "broken"
    """Something is refuted that is not at the base, and was not before the patch."""
    STILL = "still broken"
    """What an earlier patch broke is not mended."""
    UNDECIDED = "undecided"
    """Something is undecided that was decided before."""
    NOT_BUILT = "not built"
    REJECTED = "does not apply"
    NOT_REACHED = "not reached"
    """A patch before it does not apply."""


WEIGHTS: Final[Mapping[PatchWord, Weight]] = {
    PatchWord.EQUAL: Weight.GOOD,
    PatchWord.UNTOUCHED: Weight.GOOD,
    PatchWord.CHANGED: Weight.CHANGE,
    PatchWord.BROKEN: Weight.REFUTED,
    PatchWord.STILL: Weight.REFUTED,
    PatchWord.UNDECIDED: Weight.UNDECIDED,
    PatchWord.NOT_BUILT: Weight.UNDECIDED,
    PatchWord.REJECTED: Weight.UNDECIDED,
    PatchWord.NOT_REACHED: Weight.UNDECIDED,
}


@frozen
class ReviewedPatch:
    """A patch, and what it does."""

    number: int
    subject: str
    message_id: str
    files: tuple[str, ...]
    word: PatchWord
    why: tuple[str, ...]
    """Why it does not apply or is not built."""
    introduces: tuple[ReviewFinding, ...]
    """What is not so at the base, nor before the patch."""
    mends: tuple[str, ...]
    """Rules of what was so before the patch, and no longer is."""
    changes: tuple[ReviewChange, ...]
    harmless: int
    """Differences on which no caller may rely."""
    renumbers: tuple[Renumbered, ...]
    causes: tuple[ReviewCause, ...] = ()
    """What it introduces, put together by cause."""
    new_calls: tuple[NewCall, ...] = ()
    new_tables: tuple[NewTable, ...] = ()
    asks: tuple[AsksOtherwise, ...] = ()
    """Functions that make other calls than before."""
    drift: tuple[ReviewDrift, ...] = ()
    """What of the document no longer holds, or is not said, that held or was said before."""


class AgreementWord(enum.Enum):
    """The one word for whoever must agree, in the order in which they are counted."""

    GIVEN = "given"
    MISSING = "missing"
    """Something is changed or broken that is theirs or that they count on."""
    MISSING_FOR_FILES = "missing for files"
    """They keep files that are touched, and nothing is different that anybody may rely on."""
    OUTSIDE = "to be told"
    """A user outside the image, whose agreement no trailer gives."""


AGREEMENT_WEIGHTS: Final[Mapping[AgreementWord, Weight]] = {
    AgreementWord.GIVEN: Weight.GOOD,
    AgreementWord.MISSING: Weight.CHANGE,
    AgreementWord.MISSING_FOR_FILES: Weight.GOOD,
    AgreementWord.OUTSIDE: Weight.GOOD,
}


@frozen
class GivenAgreement:
    """A trailer that somebody gave who may."""

    patch: int
    """0 where it is for the series."""
    kind: str
    """``Acked-by``, ``Reviewed-by``, ``Signed-off-by``, or ``From`` for who wrote the patch."""
    name: str
    address: str


@frozen
class MustAgree:
    """Who must agree, why, and whether they did."""

    who: str
    """Section of MAINTAINERS, or a user outside the image."""
    word: AgreementWord
    people: tuple[str, ...]
    """Its maintainers; empty where the tree's MAINTAINERS has no such section."""
    copies: tuple[str, ...]
    """Its reviewers and lists."""
    because: tuple[str, ...]
    """Parties, calls and files."""
    patches: tuple[int, ...]
    """Those that concern them."""
    missing: tuple[int, ...]
    """Those of them to which nobody of them agreed."""
    given: tuple[GivenAgreement, ...]


@frozen
class ReviewedProgram:
    """A program that was judged."""

    name: str
    compiler: str
    """Empty where the user built it."""
    sha256: Sha256
    """With all patches; of the base where none shows in it."""


PATCHES: Final = "patches"
OWNERS: Final = "owners"
GOOD: Final = "equal"


@frozen(kw_only=True)
class ReviewReproduction(Reproduction):
    """What is needed to review the same again."""

    series_sha256: Sha256
    """Of the patches, in their order."""


@frozen
class ReviewResult:
    """A series held against the contract, patch by patch."""

    title: str
    message_id: str
    base: str
    """The commit, else the kernel version of the tree."""
    notes: tuple[str, ...]
    """What is to be known of how it was reviewed."""
    programs: tuple[ReviewedProgram, ...]
    patches: tuple[ReviewedPatch, ...]
    preexisting: tuple[ReviewFinding, ...]
    """What the base has too."""
    remaining: tuple[ReviewFinding, ...]
    """What is there after the last patch, and not at the base."""
    agreement: tuple[MustAgree, ...]
    document: str | None
    """Path of the interface's document in the tree; null where no contract names one."""
    document_touched: bool
    """Whether the series changes it."""
    document_patch: str
    """What the document lacks with the series, as a patch of it; empty where nothing is known."""
    trusted: tuple[str, ...]
    """What no verdict can be better than."""
    reproduce: ReviewReproduction
    asked: int | None = None
    """Number of the patch that b4 asks about, 0 for the series; null where it was not b4."""

    @property
    def conclusion(self) -> Conclusion:
        """Return what the review amounts to."""
        return conclude(self._judged(), GOOD, self._units(), {Weight.REFUTED: "broken"})

    @property
    def verdict(self) -> str:
        """Return the verdict in a word."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """Return the bits of the exit status."""
        return self.conclusion.exit_status

    @property
    def first_bad(self) -> ReviewedPatch | None:
        """Return the first patch that breaks something."""
        return next((each for each in self.patches if each.word is PatchWord.BROKEN), None)

    def _judged(self) -> Iterator[Judged]:
        for patch in self.patches:
            besides = tuple(
                dict.fromkeys(
                    Weight.UNDECIDED
                    for each in patch.introduces
                    if each.word is FindingWord.UNDECIDED
                )
            )
            if patch.why:
                besides = (Weight.UNDECIDED,)
            yield Judged(PATCHES, patch.word.value, WEIGHTS[patch.word], besides)
        for each in self.agreement:
            yield Judged(OWNERS, each.word.value, AGREEMENT_WEIGHTS[each.word])

    def _units(self) -> Mapping[str, tuple[str, ...]]:
        units = {PATCHES: tuple(each.value for each in PatchWord)}
        if self.agreement:
            units[OWNERS] = tuple(each.value for each in AgreementWord)
        return units
