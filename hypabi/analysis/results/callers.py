"""What ``hypabi callers`` answers: every ``hvc`` of an image, and what each asks for."""

import enum
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from hypabi.analysis.results.caller_checks import CallerChecks, CallerWord
from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import (
    ContractIdentity,
    Hex,
    ImageIdentity,
    Reproduction,
    Sha256,
)
from hypabi.arch.names import Conduit, InstructionSet
from hypabi.callsites.model import Origin, Reached, ResultUse, Start, Why
from hypabi.image.model import Role
from hypabi.records import frozen


class Kind(enum.Enum):
    """What is said of an identifier, from good to bad."""

    NAMED = "named"
    NO_CONTRACT = "not in any contract"
    NO_CALL = "no call"
    UNRESOLVED = "unresolved"
    UNINITIALISED = "uninitialised"


class SiteVerdict(enum.Enum):
    """The one word for a call site, in the order in which they are counted."""

    NAMED = "named"
    IN_DOUBT = "in doubt"
    """Named as far as it was followed; it may be data, or there may be more to it."""
    DEPENDS = "depends on its caller"
    """The identifier is what the function around it was passed: it is a wrapper."""
    NO_CONTRACT = "not in any contract"
    NO_CALL = "no call"
    UNRESOLVED = "unresolved"
    TAKEN = "uninitialised but taken"
    """A party takes any identifier; whether it is the live one is not known."""
    UNINITIALISED = "uninitialised"


CALL_SITES: Final = "call sites"
"""The unit in which they are counted."""

WEIGHTS: Final[Mapping[SiteVerdict, Weight]] = {
    SiteVerdict.NAMED: Weight.GOOD,
    SiteVerdict.IN_DOUBT: Weight.UNDECIDED,
    SiteVerdict.DEPENDS: Weight.GOOD,
    SiteVerdict.NO_CONTRACT: Weight.UNDECIDED,
    SiteVerdict.NO_CALL: Weight.UNDECIDED,
    SiteVerdict.UNRESOLVED: Weight.UNDECIDED,
    SiteVerdict.TAKEN: Weight.UNDECIDED,
    SiteVerdict.UNINITIALISED: Weight.REFUTED,
}


@frozen
class ContractCall:
    """A call of a contract."""

    contract: str
    call: str


@frozen
class NamedCall:
    """A call of one contract."""

    identifier: Hex
    contract: str
    call: str
    kind: Literal[Kind.NAMED] = Kind.NAMED


@frozen
class SharedNumber:
    """A number that several contracts give to a call, and nothing says which is meant."""

    identifier: Hex
    among: tuple[ContractCall, ...]
    """The calls that share the number."""
    kind: Literal[Kind.NAMED] = Kind.NAMED


@frozen
class UnlistedCall:
    """An identifier that SMCCC gives to somebody, but that no contract lists."""

    identifier: Hex
    owner: str
    """To whom SMCCC gives it."""
    kind: Literal[Kind.NO_CONTRACT] = Kind.NO_CONTRACT


@frozen
class NoCall:
    """An identifier that is no call's number in any contract with this conduit."""

    identifier: Hex
    kind: Literal[Kind.NO_CALL] = Kind.NO_CALL


@frozen
class UnresolvedIdentifier:
    """An identifier that is not known."""

    reason: str
    kind: Literal[Kind.UNRESOLVED] = Kind.UNRESOLVED


@frozen
class UninitialisedIdentifier:
    """Nobody puts an identifier into the register that selects the call."""

    register: str
    reason: str
    taken_by: tuple[str, ...]
    """Parties to which any identifier is as good as another."""
    kind: Literal[Kind.UNINITIALISED] = Kind.UNINITIALISED


AskedFor: TypeAlias = (
    NamedCall
    | SharedNumber
    | UnlistedCall
    | NoCall
    | UnresolvedIdentifier
    | UninitialisedIdentifier
)


@frozen
class ValueSource:
    """What a symbol in the registers stands for."""

    origin: Origin
    register: str | None
    """The register that held it; null for memory."""
    address: Hex
    """Of the entry, of the call, of the path's start, or of the instruction."""


@frozen
class ListedPath:
    """A call path: one way in which control reaches a call site, and what it brings there."""

    asks_for: tuple[AskedFor, ...]
    """Several where it chooses among constants."""
    registers: Mapping[str, str]
    """Terms over the entry of the function, and over the symbols in 'sources'."""
    arguments: tuple[str, ...]
    """The argument registers that it sets, besides the one that selects the call."""
    where: tuple[str, ...]
    """Conditions of the branches on it."""
    start: Start
    """Whether it starts at the function's entry, and if not, why."""
    start_place: str
    """Symbol and offset of the first instruction."""
    path: tuple[Hex, ...]
    """Addresses of the instructions, the site last."""
    calls: tuple[Hex, ...]
    """Calls on it, after which scratch registers are unknown."""
    sources: Mapping[str, ValueSource]
    """What each symbol in the registers stands for."""
    reason: str | None
    """Why it starts where it does, if that is a limit."""
    at_el2: Hex | None
    """An instruction on it that only EL2 or HYP can execute: the call is issued there, and enters
    the slots of that level; null where none is."""


@frozen
class ListedCaller:
    """A direct caller of the function around a call site."""

    address: Hex
    """Of the branch."""
    place: str
    """Symbol and offset."""
    function: str | None
    paths: tuple[ListedPath, ...]
    """To the branch; terms are over the entry of this function."""


@frozen
class FunctionExtent:
    """The function around a call site."""

    name: str | None
    address: Hex
    end: Hex


@frozen
class PossibleRead:
    """A register that somebody else than the function may read behind the call."""

    register: str
    why: Why
    address: Hex
    """Of the instruction at which control gets there."""


@frozen
class LiveBehind:
    """What is live behind a call site."""

    reads: Mapping[str, Hex]
    """Registers that an instruction of the function reads, and its address."""
    may_read: tuple[PossibleRead, ...]
    undecided: tuple[str, ...]
    """Where flow was lost, so that more may be read."""


@frozen
class AnswerTest:
    """A branch or conditional instruction that depends on an answer."""

    address: Hex
    condition: str
    """Over the registers right after the call."""
    function: str | None
    """Null for the function around the site."""


@frozen
class AnswerUse:
    """What is done with a register that can hold an answer."""

    register: str
    uses: tuple[ResultUse, ...]
    tests: tuple[AnswerTest, ...]


@frozen
class ListedCallSite:
    """An ``hvc`` of a program, or an ``smc``."""

    program: Role
    address: Hex
    place: str
    """Symbol and offset."""
    state: InstructionSet
    conduit: Conduit
    """The instruction.  An ``smc`` is listed where a contract is named that has calls by it."""
    immediate: Hex
    identifier: str
    """Register that selects the call."""
    function: FunctionExtent
    reached: Reached
    """How the word was told to be a call site."""
    asks_for: tuple[AskedFor, ...]
    """Each once: its callers' where it leaves that to them."""
    kind: Kind
    """The worst of what it asks for."""
    finding: bool
    """Whether the identifier is uninitialised, and no party takes any."""
    verdict: SiteVerdict
    """The word that it is counted under.  In doubt: named as far as it was followed, but it may be
    data, or there may be more to it.  Uninitialised but taken: a party takes any identifier, and
    whether it is the live one is not known."""
    paths: tuple[ListedPath, ...]
    undecided: tuple[str, ...]
    """Why there may be further call paths."""
    callers: tuple[ListedCaller, ...]
    """Direct callers of the function, where it leaves something to them."""
    behind: LiveBehind
    """What is live behind the site."""
    answers: tuple[AnswerUse, ...]
    """Registers that can hold an answer."""


@frozen
class HeldAgainst:
    """What comes of the call sites where the parties of another file are live."""

    image: ImageIdentity
    """The file whose parties these are."""
    contract: ContractIdentity
    callers: CallerChecks


@frozen
class HeldToStated:
    """What comes of the call sites by a contract that only states an interface."""

    contract: str
    sha256: Sha256
    """Of the contract's file."""
    callers: CallerChecks


@frozen(kw_only=True)
class CallersReproduction(Reproduction):
    """What is needed to list the same call sites again."""

    image_sha256: Sha256


@frozen
class CallersResult:
    """The call sites of a file."""

    image: ImageIdentity
    contracts: tuple[str, ...]
    """Contracts in which identifiers were looked up."""
    contract: str
    """The one that was asked for; text tells its calls in full."""
    function: str | None
    """The function that was asked for; null for all."""
    sites: tuple[ListedCallSite, ...]
    symbols: Mapping[str, str]
    """Addresses in the terms and reasons of this report, each as its symbol spells it."""
    reproduce: CallersReproduction
    against: HeldAgainst | None
    """What comes of them at the parties of another file, which the verdict is then about; null
    where none was named."""
    stated: HeldToStated | None
    """What comes of them by a contract that only states an interface, which the verdict is then
    about; null where none was named."""

    @property
    def conclusion(self) -> Conclusion:
        """Return what the call sites amount to."""
        over = self.against or self.stated
        if over is not None:
            held = over.callers
            return conclude(list(held.judged()), CallerWord.SATISFIED.value, held.units())
        units = {CALL_SITES: tuple(word.value for word in SiteVerdict)}
        words = [site.verdict for site in self.sites]
        judged = [Judged(CALL_SITES, word.value, WEIGHTS[word]) for word in words]
        return conclude(judged, SiteVerdict.NAMED.value, units)

    @property
    def verdict(self) -> str:
        """Return the verdict in a word."""
        return self.conclusion.verdict

    @property
    def exit_status(self) -> int:
        """Return the bits of the exit status."""
        return self.conclusion.exit_status
