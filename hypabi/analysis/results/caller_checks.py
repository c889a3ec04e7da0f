"""What comes of an image's own callers, while each party that can be live is."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Judged, Weight
from hypabi.analysis.results.shared import Hex, ImageIdentity, SuppressedBy
from hypabi.judgement.callers.findings import CallerQuestion
from hypabi.judgement.callers.schedule import Reachability
from hypabi.records import frozen


class CallerWord(enum.Enum):
    """The one word for what is said of a caller, in the order in which they are counted."""

    SATISFIED = "satisfied"
    BEYOND = "satisfied beyond the contract"
    DEPENDS = "depends on its caller"
    UNSPECIFIED = "unspecified"
    VIOLATED = "violated"
    SUPPRESSED = "suppressed"
    UNSCHEDULED = "unscheduled"
    """The contract does not say when it runs, and it does not break with everybody."""
    UNDECIDED = "undecided"


CALL_SITES: Final = "call sites"
"""The unit in which callers are counted."""
OTHER_FILES: Final = "other files"
NO_CALLERS: Final = "without a caller that is judged"
"""Another file that was named, and asks for no call of the contract."""
MOVES: Final = "moves"
"""The unit in which calls are counted that somebody has to make."""

CALLER_WORDS: Final = tuple(each.value for each in CallerWord)

WEIGHTS: Final[Mapping[CallerWord, Weight]] = {
    CallerWord.SATISFIED: Weight.GOOD,
    CallerWord.BEYOND: Weight.GOOD,
    CallerWord.DEPENDS: Weight.GOOD,
    CallerWord.UNSPECIFIED: Weight.GOOD,
    CallerWord.VIOLATED: Weight.REFUTED,
    CallerWord.SUPPRESSED: Weight.GOOD,
    CallerWord.UNSCHEDULED: Weight.UNDECIDED,
    CallerWord.UNDECIDED: Weight.UNDECIDED,
}

_WORST_FIRST: Final = (
    CallerWord.VIOLATED,
    CallerWord.UNDECIDED,
    CallerWord.UNSCHEDULED,
    CallerWord.SUPPRESSED,
    CallerWord.BEYOND,
    CallerWord.DEPENDS,
    CallerWord.UNSPECIFIED,
    CallerWord.SATISFIED,
)


@frozen
class CallerSite:
    """A call site."""

    function: str
    """The function around it; empty where no symbol tells."""
    address: Hex
    name: str
    """What a report calls it: the function around it, else its place."""


@frozen
class UnresolvedCallSite(CallerSite):
    """A call site that may ask for a call of the contract, for all that was found out."""

    why: str
    passed: bool
    """Whether all ways to it are known, and it asks for what its callers or memory hand to it."""


@frozen
class CallerAnswer:
    """One question of a caller and a live party, and the answer."""

    question: CallerQuestion
    """Is the call served; do the arguments meet its preconditions; does what the caller relies on
    survive; does it understand every answer; does it read the answer from a register that holds
    one."""
    verdict: CallerWord
    text: str
    entered_at: Mapping[str, Hex]
    """Registers at the party's entry that show a violation; empty where it does not depend on
    them."""


@frozen
class CallerCheck:
    """One call path to a call site, held against one party that is live."""

    caller: CallerSite
    call: str | None
    """Null for an identifier that is no call's number."""
    request: str
    """What is asked for, in words."""
    asks: str | None
    """The register that selects the call and what it holds, as ``r0 = 0``; null where that is not
    known."""
    called_by: tuple[str, ...]
    """Functions that call the one around the site, as far as they were looked for."""
    party: str
    """Whose vectors are live."""
    when: Reachability
    """Whether the contract says that the caller can run while the party is live; what is
    unreachable is not counted, and where it says nothing the call site is unscheduled."""
    verdict: CallerWord
    """The worst of the answers."""
    answers: tuple[CallerAnswer, ...]
    suppressed: SuppressedBy | None
    """What decided to live with a violation, if anything did."""

    @property
    def counts(self) -> bool:
        """Whether it can come about: the contract says so, or whoever is live."""
        return self.when in (Reachability.REACHABLE, Reachability.WHOEVER_IS_LIVE)


@frozen
class LifeCycleMove:
    """A call that makes another party live."""

    source: str
    """The party that is live before."""
    call: str
    to: str
    """The party that is live after."""
    by: tuple[CallerSite, ...]
    """The call sites of the image that make the move."""


@frozen
class MoveCheck:
    """A function that has to make a call, or makes it in some order, held against the contract."""

    function: str
    address: Hex
    call: str
    party: str
    """Whose vectors are live."""
    verdict: CallerWord
    text: str
    suppressed: SuppressedBy | None
    """What decided to live with a violation, if anything did."""


@frozen
class CallerChecks:
    """What comes of the call sites of an image, while each of its parties is live."""

    checks: tuple[CallerCheck, ...]
    never_run: tuple[CallerSite, ...]
    """Call sites of which the contract says that nobody runs them."""
    moves: tuple[LifeCycleMove, ...]
    """The life cycle."""
    asking_for_something_else: int
    """Call paths that ask for no call of the contract, or by an identifier that is not known."""
    not_found_out: tuple[UnresolvedCallSite, ...]
    """Call sites that may ask for a call of the contract, for all that was found out."""
    makers: tuple[MoveCheck, ...]
    """The functions of the image that the contract names as those that make a move."""
    out_of_order: tuple[MoveCheck, ...]
    """Calls that are made while nobody is live to whom they are made; the function is that from
    which on it is known who is."""
    outside: ImageIdentity | None
    """Another file whose call sites these are; null where they are the image's own."""

    def reachable(self) -> tuple[CallerCheck, ...]:
        """Return the checks that can come about."""
        return tuple(each for each in self.checks if each.counts)

    def unspoken(self) -> tuple[CallerSite, ...]:
        """Return the call sites of which the contract does not say when they run."""
        sites = (each.caller for each in self.checks if each.when is Reachability.UNSPOKEN)
        return tuple(dict.fromkeys(sites))

    def without_party(self) -> tuple[CallerSite, ...]:
        """Return the call sites that run while a party is live that was not found."""
        found = (e.caller for e in self.checks if e.when is Reachability.PARTY_NOT_FOUND)
        return tuple(dict.fromkeys(found))

    def lost(self) -> tuple[UnresolvedCallSite, ...]:
        """Return the call sites of which not every way was found, and that were not judged anyhow.

        What is said of an identifier that is not known holds of the other ways, too.
        """
        whatever = {each.caller.address for each in self.checks if each.asks is None}
        left = (each for each in self.not_found_out if not each.passed)
        return tuple(each for each in left if each.address not in whatever)

    def call_sites(self) -> Mapping[str, CallerWord]:
        """Return the address of each call site that can run, and the worst that is said of it.

        One into which two functions run is one: its paths are those of both.
        """
        return {address: worst_caller_word(words) for address, words in self._words().items()}

    def judged(self) -> Iterator[Judged]:
        """Yield each call site that can run, once, as an item of a conclusion."""
        for words in self._words().values():
            worst = worst_caller_word(words)
            others = tuple(dict.fromkeys(WEIGHTS[word] for word in words if word is not worst))
            yield Judged(CALL_SITES, worst.value, WEIGHTS[worst], others)
        for word in self.moves_in_want().values():
            yield Judged(MOVES, word.value, WEIGHTS[word])
        for each in self.out_of_order:
            yield Judged(MOVES, each.verdict.value, WEIGHTS[each.verdict])
        if self.outside is not None and not self._words():
            yield Judged(OTHER_FILES, NO_CALLERS, Weight.UNDECIDED)

    def moves_in_want(self) -> Mapping[tuple[str, str], CallerWord]:
        """Return by party and call the worst of what is said of those who have to make the call.

        That nobody makes it is one finding, whoever should; what all of them make is not among it.
        """
        found: dict[tuple[str, str], list[CallerWord]] = {}
        for each in self.makers:
            if each.verdict is not CallerWord.SATISFIED:
                found.setdefault((each.party, each.call), []).append(each.verdict)
        return {move: worst_caller_word(words) for move, words in found.items()}

    def units(self) -> Mapping[str, tuple[str, ...]]:
        """Return the words that each kind of thing can have that is judged here."""
        units = {CALL_SITES: CALLER_WORDS}
        if self.moves_in_want() or self.out_of_order:
            units[MOVES] = CALLER_WORDS
        if self.outside is not None and not self._words():
            units[OTHER_FILES] = (NO_CALLERS,)
        return units

    def _words(self) -> Mapping[str, list[CallerWord]]:
        found: dict[str, list[CallerWord]] = {}
        for each in self.checks:
            if each.counts:
                found.setdefault(each.caller.address, []).append(each.verdict)
            elif each.when in (Reachability.UNSPOKEN, Reachability.PARTY_NOT_FOUND):
                found.setdefault(each.caller.address, []).append(CallerWord.UNSCHEDULED)
        for site in self.lost():
            found.setdefault(site.address, []).append(CallerWord.UNDECIDED)
        return found


def worst_caller_word(words: list[CallerWord]) -> CallerWord:
    """Return the word that decides what to say of a whole; there is at least one."""
    return min(words, key=_WORST_FIRST.index)
