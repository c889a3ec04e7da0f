"""What ``hypabi check`` has to say: one image held against one contract."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from hypabi.analysis.results.caller_checks import CallerChecks
from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.entries import EntryFinding, EntryWord
from hypabi.analysis.results.shared import (
    Assumption,
    ContractIdentity,
    Evidence,
    Hex,
    ImageIdentity,
    Observation,
    ReplayAttempt,
    ReplayVerdict,
    Reproduction,
    Sha256,
    SuppressedBy,
    SuppressionFile,
    VectorTable,
)
from hypabi.arch.vector_entries import Origin
from hypabi.contract.model import Program, Taken
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.records import frozen

GOOD: Final = "proved"
"""The verdict of a check in which everything was decided and good."""

CLAUSES: Final = "clauses"
PARTIES: Final = "parties"
INSTALLERS: Final = "installers"
PLACEMENTS: Final = "placements"
SLOTS: Final = "vector slots"
ENTRIES: Final = "vector entries"
REPLAYS: Final = "replays"
OBLIGATIONS: Final = "obligations asked twice"


class ClauseWord(enum.Enum):
    """The one word for the verdict on a clause, in the order in which they are counted."""

    PROVED = "proved"
    """Holds on every path, for everything modelled."""
    REFUTED = "refuted"
    """Fails in some state at entry, and a path shows it."""
    SUPPRESSED = "suppressed"
    """Refuted, and somebody has decided to live with it."""
    UNDECIDED = "undecided"
    """Neither proved nor refuted, and why."""
    VACUOUS = "vacuous"
    """No state can test it, and why; not counted as proved."""


class ClauseKind(enum.Enum):
    """What a clause promises."""

    ANSWER = "answer"
    """What the result register holds when the call ends."""
    EFFECT = "effect"
    """What else holds then."""
    RETURNS = "returns"
    LEAVES = "leaves"
    CALLS = "calls"
    HANDED = "is handed over"
    REGISTERS = "keeps registers"
    SYSTEM_REGISTERS = "keeps system registers"
    MEMORY = "keeps memory"


class PartyWord(enum.Enum):
    """The one word for a party, in the order in which they are counted."""

    FOUND = "found"
    ABSENT = "absent"
    """Not in the image, as a kernel without KVM has not got KVM's."""
    MISSING = "missing"
    """Not in the image, though something says that it should be."""
    UNTESTED = "untested"
    """Found, but no clause of one of its calls could be tested."""


@frozen
class Authority:
    """What a clause rests on."""

    cite: str | None
    """The sentence of the document that the clause makes checkable."""
    because: str | None
    """Where the document has none: our reason."""
    against: str | None
    """A sentence that the interface has left behind."""
    incomplete: str | None
    """A sentence that is true and leaves out what the clause says."""


@frozen
class LostRegister:
    """A register that a call shall keep and loses, with the state and the path that show it."""

    register: str
    counterexample: Mapping[str, Hex]
    """State at entry in which it is lost; empty where any state will do."""
    observed: tuple[Observation, ...]
    path: tuple[Hex, ...]
    """Address of every instruction executed, in order."""
    suppressed: SuppressedBy | None
    """What decided to live with it, if anything did."""


@frozen
class CheckedClause(Evidence):
    """The verdict on one clause of one call at one party, with its evidence."""

    party: str
    """A party of the contract."""
    call: str | None
    """Name of the call, or the function of an installer; null is any identifier that is no call's
    number."""
    number: Hex | None
    clause: str
    """Name of the clause, stable between versions, unique within party and call."""
    kind: ClauseKind
    text: str
    """The clause as the contract spells it."""
    authority: Authority
    verdict: ClauseWord
    reason: str | None
    """What happens instead, why it is undecided, or what no state meets; null if proved."""
    cases: int | None
    """How many cases the proof covers; null unless proved."""
    assumptions: tuple[str, ...]
    """What the paths that decided it rest on."""
    replay: ReplayAttempt | None
    """What a machine made of the refutation; null where nobody asked."""
    suppressed: SuppressedBy | None
    """What decided to live with the refutation, if anything did."""
    lost: tuple[LostRegister, ...]
    """Of a refuted frame: every register that some state loses; the evidence of the clause is that
    of the first that is not suppressed."""
    besides: str | None
    """Of a refuted frame: why it is not known that no further register is lost; else null."""


@frozen
class CheckedParty:
    """A party of the contract, and where the image has it."""

    name: str
    title: str
    owner: str
    """Title of a section of MAINTAINERS."""
    vectors: str
    """Symbol of its vector table."""
    program: Program
    found: bool
    expected: str | None
    """Why the image should have it, where it is not found; null where nothing says so."""
    table: VectorTable | None


class InstallerWord(enum.Enum):
    """The one word for code that makes a party live without a call, in the order of the counts."""

    FOUND = "found"
    ABSENT = "absent"
    """Not in the image under any name that the contract has for it."""
    MISSING = "missing"
    """Not in the image, though another installer of the same party is."""


@frozen
class CheckedInstaller:
    """Code that makes a party live without a call, and where the image has it."""

    party: str
    function: str
    """As the contract calls it, and the clauses that are its own."""
    names: tuple[str, ...]
    """The symbols that it may have."""
    program: Program
    address: Hex | None
    found: InstallerWord


class PlacementWord(enum.Enum):
    """The one word for where code or a table has to lie, in the order of the counts."""

    KEPT = "kept"
    BROKEN = "broken"
    """Something does not lie where it has to."""
    UNTOLD = "untold"
    """The image has no symbol that tells."""


@frozen
class CheckedPlacement:
    """Where a contract has code or a table lie, and what comes of it."""

    name: str
    program: Program
    authority: Authority
    verdict: PlacementWord
    judged: tuple[str, ...]
    """The symbols that it was judged of."""
    broken: tuple[str, ...]
    """In a line each, what does not lie so."""
    reason: str | None
    """Why it is untold; else null."""


@frozen
class CheckedSlot:
    """A slot of a party's vectors, and what enters it that is answered as a call is."""

    party: str
    slot: Hex
    """Offset in the vector table."""
    name: str
    origin: Origin
    """Where the exceptions are taken from."""
    promised: Taken
    """Which of them are answered as a call is."""
    authority: Authority | None
    """What says so; null where the contract names none from there, and so promises none."""
    answered: Taken | None
    """Which of them are; null where that is something else, or was not told."""
    verdict: SlotWord
    why: tuple[str, ...]
    """In a line each, what is otherwise, or could not be told."""


@frozen
class UnspecifiedRow:
    """A call of which the document leaves open what a party does."""

    party: str
    call: str | None
    """Null is any identifier that is no call's number."""
    why: str


class OpinionWord(enum.Enum):
    """What a second solver says to the answer of the first, in the order of the counts."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    """One of the two is wrong, or we ask them different things: our defect."""
    UNANSWERED = "unanswered"
    """One of the two gave up."""


@frozen
class Dissent:
    """A question that the two solvers do not answer alike."""

    party: str
    call: str | None
    """Null is any identifier that is no call's number."""
    clause: str
    """Name of the clause; _paths where the question is whether a path can be taken."""
    number: int
    """Counts the questions of a clause from 1."""
    word: OpinionWord
    first: str
    """What the solver answers that the verdicts are of: sat, unsat or unknown."""
    second: str


@frozen
class SecondOpinion:
    """What another solver says to every question that the verdicts on clauses rest on."""

    solver: str
    """Its name and version."""
    asked: int
    """How many obligations were asked twice."""
    dissents: tuple[Dissent, ...]
    """Those to which the two do not give the same answer."""

    def words(self) -> Iterator[OpinionWord]:
        """Yield the word for each obligation."""
        for _ in range(self.asked - len(self.dissents)):
            yield OpinionWord.AGREED
        for each in self.dissents:
            yield each.word


@frozen(kw_only=True)
class CheckReproduction(Reproduction):
    """What is needed to make the same report again."""

    image_sha256: Sha256
    contract_sha256: Sha256


@frozen
class CheckResult:
    """One image held against one contract."""

    image: ImageIdentity
    contract: ContractIdentity
    parties: tuple[CheckedParty, ...]
    installers: tuple[CheckedInstaller, ...]
    """Of parties that were found."""
    placements: tuple[CheckedPlacement, ...]
    slots: tuple[CheckedSlot, ...]
    """Of parties of which the contract says what may enter."""
    verdicts: tuple[CheckedClause, ...]
    """Clause by clause."""
    unclaimed_tables: tuple[VectorTable, ...]
    """Vector tables of EL2 or HYP that the contract does not speak of."""
    unspecified: tuple[UnspecifiedRow, ...]
    """What the document leaves open, so that nothing was judged."""
    callers: CallerChecks | None
    """What comes of the image's own callers; null where they were not judged."""
    vector_entries: tuple[EntryFinding, ...] | None
    """What else than a hypercall reaches the code that answers hypercalls; null where nobody
    asked."""
    replayed_on: str | None
    """The machine on which refutations were asked to be replayed; null where nobody asked."""
    assumptions: tuple[Assumption, ...]
    """What the verdicts rest on, each once: premises of the contract, then of the paths."""
    capabilities: Mapping[str, int]
    """Number of each CPU capability that a clause asked for and the image describes."""
    suppressions: SuppressionFile | None
    """The file of suppressions, where one was given."""
    second_opinion: SecondOpinion | None
    """What another solver says; null where nobody asked it."""
    symbols: Mapping[str, str]
    """The addresses that stand in texts of this report and have a symbol, each with its spelling.
    """
    trusted: tuple[str, ...]
    """What no verdict can be better than."""
    reproduce: CheckReproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what the check amounts to."""
        return conclude(self._judged(), GOOD, self._units())

    @property
    def verdict(self) -> str:
        """Return the verdict in a word."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """Return the exit status of the command."""
        return self.conclusion.exit_status

    @property
    def subject(self) -> str:
        """Return what the verdict is on: the kernel's version, else that of the contract."""
        return self.image.version or self.contract.version

    @property
    def tells_installers(self) -> bool:
        """Return whether the image has code of its own that makes parties live."""
        return any(each.found is not InstallerWord.ABSENT for each in self.installers)

    @property
    def tells_placements(self) -> bool:
        """Return whether the image has symbols that tell where something lies."""
        return any(each.verdict is not PlacementWord.UNTOLD for each in self.placements)

    def slots_amiss(self) -> Iterator[CheckedSlot]:
        """Yield the slots that are entered otherwise than promised, or of which that is open."""
        return (each for each in self.slots if each.why)

    def _units(self) -> Mapping[str, tuple[str, ...]]:
        units = {CLAUSES: tuple(word.value for word in ClauseWord)}
        if self.callers is not None:
            units.update(self.callers.units())
        units[PARTIES] = tuple(word.value for word in PartyWord)
        if self.tells_installers:
            units[INSTALLERS] = tuple(word.value for word in InstallerWord)
        if self.tells_placements:
            units[PLACEMENTS] = tuple(word.value for word in PlacementWord)
        if any(self.slots_amiss()):
            units[SLOTS] = tuple(word.value for word in SlotWord)
        if self.vector_entries is not None:
            units[ENTRIES] = tuple(word.value for word in EntryWord)
        if self.replayed_on is not None:
            units[REPLAYS] = tuple(word.value for word in ReplayVerdict)
        if self.second_opinion is not None:
            units[OBLIGATIONS] = tuple(word.value for word in OpinionWord)
        return units

    def _judged(self) -> Iterator[Judged]:
        """Yield what was judged; nothing where the contract has no party."""
        if not self.parties:
            return
        for clause in self.verdicts:
            yield Judged(CLAUSES, clause.verdict.value, _clause_weight(clause.verdict))
        for party in self.parties:
            word = self.party_word(party)
            yield Judged(PARTIES, word.value, _party_weight(word))
        for installer in self.installers if self.tells_installers else ():
            found = installer.found
            yield Judged(INSTALLERS, found.value, _installer_weight(found))
        for placement in self.placements if self.tells_placements else ():
            lies = placement.verdict
            yield Judged(PLACEMENTS, lies.value, _placement_weight(lies))
        for slot in self.slots_amiss():
            yield Judged(SLOTS, slot.verdict.value, _slot_weight(slot.verdict))
        if self.callers is not None:
            yield from self.callers.judged()
        for entry in self.vector_entries or ():
            yield Judged(ENTRIES, entry.found.value, _entry_weight(entry.found))
        yield from self._judged_again()

    def _judged_again(self) -> Iterator[Judged]:
        """Yield what machines and another solver make of it, where they were asked."""
        if self.replayed_on is not None:
            for clause in self.verdicts:
                if clause.replay is not None:
                    word_of = clause.replay.verdict
                    yield Judged(REPLAYS, word_of.value, _replay_weight(word_of))
        if self.second_opinion is not None:
            for opinion in self.second_opinion.words():
                yield Judged(OBLIGATIONS, opinion.value, _opinion_weight(opinion))

    def party_word(self, party: CheckedParty) -> PartyWord:
        """Return the one word for a party.

        An image in which a party is missing is not decided, whatever is proved of others; that a
        kernel was built without KVM is no reason to say so.  Where no clause was judged, nothing
        was: no party is as it should be.
        """
        if not party.found:
            nothing = not self.verdicts
            return PartyWord.MISSING if party.expected or nothing else PartyWord.ABSENT
        if not self.verdicts or any(self._untested(party.name)):
            return PartyWord.UNTESTED
        return PartyWord.FOUND

    def _untested(self, party: str) -> Iterator[bool]:
        """Yield for each row of a party whether every clause of it is vacuous."""
        for (of, _), clauses in by_row(self.verdicts).items():
            if of == party:
                yield all(each.verdict is ClauseWord.VACUOUS for each in clauses)


def by_row(
    clauses: tuple[CheckedClause, ...],
) -> Mapping[tuple[str, str | None], tuple[CheckedClause, ...]]:
    """Group clauses by party and call, in their order."""
    rows: dict[tuple[str, str | None], list[CheckedClause]] = {}
    for clause in clauses:
        rows.setdefault((clause.party, clause.call), []).append(clause)
    return {row: tuple(each) for row, each in rows.items()}


def _clause_weight(word: ClauseWord) -> Weight:
    """Return what a verdict means for the whole; no state can break what is vacuous."""
    match word:
        case ClauseWord.PROVED | ClauseWord.SUPPRESSED | ClauseWord.VACUOUS:
            return Weight.GOOD
        case ClauseWord.REFUTED:
            return Weight.REFUTED
        case ClauseWord.UNDECIDED:
            return Weight.UNDECIDED
        case _:
            assert_never(word)


def _party_weight(word: PartyWord) -> Weight:
    match word:
        case PartyWord.FOUND | PartyWord.ABSENT:
            return Weight.GOOD
        case PartyWord.MISSING | PartyWord.UNTESTED:
            return Weight.UNDECIDED
        case _:
            assert_never(word)


def _installer_weight(word: InstallerWord) -> Weight:
    match word:
        case InstallerWord.FOUND | InstallerWord.ABSENT:
            return Weight.GOOD
        case InstallerWord.MISSING:
            return Weight.UNDECIDED
        case _:
            assert_never(word)


def _placement_weight(word: PlacementWord) -> Weight:
    match word:
        case PlacementWord.KEPT | PlacementWord.UNTOLD:
            return Weight.GOOD
        case PlacementWord.BROKEN:
            return Weight.REFUTED
        case _:
            assert_never(word)


def _slot_weight(word: SlotWord) -> Weight:
    match word:
        case SlotWord.KEPT | SlotWord.OPEN:
            return Weight.GOOD
        case SlotWord.BROKEN:
            return Weight.REFUTED
        case SlotWord.UNDECIDED:
            return Weight.UNDECIDED
        case _:
            assert_never(word)


def _entry_weight(word: EntryWord) -> Weight:
    """Return what an entry means for the whole: nothing, unless it is undecided.

    An unintended entry alone breaks no promise: which ones are meant is what the contract says of
    slots.  The stub of Linux has not looked at the syndrome since 4.12 and need not, as long as
    whoever installs it leaves the traps off: the kernel does.
    """
    return Weight.UNDECIDED if word is EntryWord.UNDECIDED else Weight.GOOD


def _replay_weight(word: ReplayVerdict) -> Weight:
    """Return what a replay means for the whole.

    What is confirmed weighs by its clause.  What a machine contradicts is our defect until it is
    explained.
    """
    match word:
        case ReplayVerdict.CONFIRMED:
            return Weight.GOOD
        case ReplayVerdict.NOT_REPRODUCED:
            return Weight.DEFECT
        case ReplayVerdict.NOT_RUN:
            return Weight.UNDECIDED
        case _:
            assert_never(word)


def _opinion_weight(word: OpinionWord) -> Weight:
    """Return what a second answer means for the whole: whoever asks for one wants it given."""
    match word:
        case OpinionWord.AGREED:
            return Weight.GOOD
        case OpinionWord.DISAGREED:
            return Weight.DEFECT
        case OpinionWord.UNANSWERED:
            return Weight.UNDECIDED
        case _:
            assert_never(word)
