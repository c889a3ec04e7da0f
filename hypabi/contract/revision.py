"""One version of an interface on one architecture: the promises a kernel can be held to.

A :class:`Row` is what one party promises for one call number, or for every identifier that is none.
Its clauses are its own promises, how the call ends, and the frame; a row with ``unspecified`` has
none, because the document declines to say.
"""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.arch.identifiers import identifier_bits
from hypabi.arch.names import Architecture
from hypabi.arch.vector_entries import Origin
from hypabi.contract.clause import Authority, Clause, HandedTo, Premise
from hypabi.contract.expression import Predicate
from hypabi.contract.model import Program, RunsAt, Span, Standing, StartedIn, Taken, ToldBy
from hypabi.contract.version import Version
from hypabi.records import field, frozen

BY_POINTER: Final = "by-pointer"
"""Entered is, for good, what a pointer leads to, whatever that is."""
NVHE_PREFIX: Final = "__kvm_nvhe_"
"""Put before every symbol of the objects that run at EL2 without VHE (kvm/hyp/nvhe/Makefile).  A
contract names them without it."""


@frozen(eq=False)
class EntryPromise:
    """Which exceptions that are taken from one place are answered as a hypercall is."""

    origin: Origin
    taken: Taken
    authority: Authority


@frozen(eq=False)
class LiveParty:
    """A party that this kernel has."""

    name: str
    title: str
    vectors: str
    also_at: tuple[str, ...]
    """Symbols of the same address as ``vectors``."""
    program: Program
    owner: str
    """Title of a section of MAINTAINERS."""
    when: Predicate | None
    """Over capabilities: tells it from another party with the same vectors."""
    assumes: tuple[Premise, ...]
    left_out: str | None = None
    """Which kernels leave it out though they have others of its owner."""
    entries: tuple[EntryPromise, ...] = ()
    """What else than the kernel's hypercalls is answered as one; empty where nothing is said."""


@frozen(eq=False)
class LiveCall:
    """A call that this kernel has.  ``arguments`` are pairs of name and register."""

    name: str
    number: int | None
    """``None`` for the call that its parties take any other identifier for."""
    arguments: tuple[tuple[str, str], ...]
    served_by: tuple[str, ...]
    authority: Authority
    callers: tuple[str, ...] = ()
    """The kernel's functions that make the call."""


class Service(enum.Enum):
    """What a call is to a party."""

    SERVED = "served"
    REFUSED = "refused"
    OTHER = "other"
    """An identifier that is no call's number."""
    INSTALLS = "installs"
    """No call at all: code that makes the party live."""


@frozen(eq=False)
class Row:
    """What ``party`` promises for ``call``, or where that is ``None`` for any other identifier.

    A call without a number has a row at the parties that serve it only; at the others its
    identifiers are any other.
    """

    party: str
    call: str | None
    service: Service
    selects: Predicate
    """Over the state at entry: the identifiers that the row is about."""
    assumes: tuple[Premise, ...]
    requires: tuple[Premise, ...]
    clauses: tuple[Clause, ...]
    unspecified: Authority | None

    @property
    def handed_to(self) -> tuple[str, ...]:
        """Return the functions of compiled code in which a clause has the row end."""
        said = (clause.statement for clause in self.clauses)
        return tuple(each.symbol for each in said if isinstance(each, HandedTo))


@frozen(eq=False)
class Installation:
    """Code that makes a party live without a call: where it starts, and what it promises.

    Its row has its function for a call, and selects any identifier.
    """

    name: str
    functions: tuple[str, ...]
    """Symbols at which it may be entered: the first that an image has."""
    runs: Standing
    row: Row
    ends_at: tuple[str, ...] = ()
    """Functions that run behind it."""
    left_out: str | None = None
    """Which kernels leave it out though they have others of its party."""
    span: Span = Span.WHOLE
    told_by: ToldBy = ToldBy.SETS_THE_TABLE
    started_in: StartedIn = StartedIn.HYPERVISOR
    every_cpu: bool = False
    """Whether it has to run on every CPU of its architecture."""

    @property
    def function(self) -> str:
        """Return what it is called: its first symbol, and the mode where that is below HYP."""
        assert self.row.call is not None, self.name
        return self.row.call


@frozen(eq=False)
class Place:
    """Where code or a table has to lie."""

    name: str
    program: Program
    symbols: tuple[str, ...]
    within: tuple[tuple[str, str], ...]
    closed: tuple[str, str] | None
    at_most: int | None
    """Bytes from the first symbol of ``closed`` to the second."""
    landing: str | None
    """Symbol of code that starts with a landing word where the kernel has them."""
    aligned: int | None
    """Of what the address is a multiple."""
    below_el2: bool
    """Whether its code names no register of EL2 or HYP."""
    words: tuple[int, ...]
    """What stands there, in words of 32 bits."""
    authority: Authority


@frozen(eq=False)
class Move:
    """A call that makes another party live."""

    source: str
    call: str
    to: str
    made_by: tuple[str, ...] = ()
    """Functions from each of which direct calls lead to such a call."""
    after: str | None = None
    """A call that goes before it on every way of who calls those functions."""
    given: Mapping[str, tuple[Mapping[str, int], ...]] = field(default_factory=dict)
    """Of such functions, what registers hold at entry, each time that they have to make it."""
    copied: bool = False
    """Whether the table is put elsewhere first, so that no table of the program is named."""
    stays: tuple[str, ...] = ()
    """Those of such functions behind which ``to`` is live where they make it."""


@frozen(eq=False)
class KnownWorld:
    """How the CPUs of a kernel were entered, as its code can tell it."""

    name: str
    level: RunsAt | None
    words: Mapping[str, tuple[int, ...]]
    """Of 32 bits, by the symbol at which they stand."""


@frozen
class Passed:
    """What a function passes in a register: what it was entered with, or what that points to.

    Or what another function has answered, which is then named in ``of``, or a number.
    """

    call: str | None
    """Of which this is an argument; ``None`` for whichever it is."""
    register: str
    of: str
    """The register at the function's entry."""
    read: bool
    """Whether it is read from memory to which that points, before anything is written."""
    answered: bool = False
    """Whether it is what the function ``of`` answers."""
    number: int | None = None
    """That it is, whatever the function was entered with; ``of`` is empty then."""

    @property
    def text(self) -> str:
        """What is passed, as the contract has it."""
        if self.number is not None:
            return f"{self.number:#x}"
        if self.answered:
            return f"{self.of}()"
        return f"[{self.of}]" if self.read else self.of


@frozen(eq=False)
class CallerContext:
    """Code of the kernel that calls, and whose vectors can be live when it runs."""

    name: str
    program: Program | None
    """``None`` for any."""
    functions: tuple[str, ...]
    """Symbols of the functions around its call sites; empty for whoever makes the calls."""
    calls: tuple[str, ...]
    """Empty for whatever it asks."""
    identifiers: tuple[int, ...]
    """That it asks by, where they are no call's numbers; empty for any."""
    states: tuple[str, ...]
    """Parties, or states in which no party of the image is live."""
    authority: Authority
    refusals: tuple[int, ...] = ()
    """What it may be answered instead of success, and has to tell from that."""
    passes: tuple[Passed, ...] = ()
    """What its arguments are; of one that enters another function, the registers of that one."""
    only_if: Premise | None = None
    """Without which it makes no call."""
    enters: str | None = None
    """The function by which it makes its calls, or :data:`BY_POINTER`."""
    physically: bool = False
    """Whether that is entered where it lies, and not where it is linked."""
    always: Premise | None = None
    """Of the registers with which that is entered, on every way."""
    sometimes: Premise | None = None
    """The same on some way."""
    behind: tuple[str, ...] = ()
    """Functions that it has called before, on every way."""
    before: tuple[str, ...] = ()
    """Functions that it has not called before, on any way."""
    hands_out: tuple[str, ...] = ()
    """Symbols whose physical addresses it hands to others."""
    having: Premise | None = None
    """Of the system registers that it has written before, on every way."""
    asks_level: bool = False
    """Whether who calls it asks on every way whether the kernel runs at EL1."""
    addresses: tuple[str, ...] = ()
    """Registers that hold the physical address of something."""
    within: tuple[KnownWorld, ...] = ()
    """In each of which it can enter that function; ``always`` is then about these alone."""
    never_in: tuple[KnownWorld, ...] = ()
    """In none of which it enters it."""

    @property
    def tells(self) -> bool:
        """Whether it tells its call sites by more than the call that they make."""
        return self.program is not None or bool(self.functions or self.identifiers)


@frozen(eq=False)
class OutsideUser:
    """A program outside the image that makes calls of the contract."""

    name: str
    told_by: tuple[str, ...]
    """Symbols by which it is told; empty where none tell."""
    context: CallerContext
    """Its states are empty where any party may be live."""


@frozen(eq=False)
class Revision:
    """The contract of one kernel version on one architecture."""

    contract: str
    document: str | None
    version: Version
    architecture: Architecture
    instruction: str
    immediate: int | None
    """``None`` where it selects the call."""
    identifier: str
    """``x8``, ``w8`` or ``immediate``."""
    result: str
    """The register that answers."""
    result_bits: int
    """How many of its low bits do."""
    success: int | None
    error: int | None
    parties: tuple[LiveParty, ...]
    calls: tuple[LiveCall, ...]
    rows: tuple[Row, ...]
    boot: str | None
    moves: tuple[Move, ...]
    installations: tuple[Installation, ...] = ()
    places: tuple[Place, ...] = ()
    contexts: tuple[CallerContext, ...] = ()
    at_boot: tuple[str, ...] = ()
    """Functions that run once, while the party is live that is live first."""
    relays: tuple[CallerContext, ...] = ()
    """Those that enter another function, which makes their calls."""
    handing: tuple[CallerContext, ...] = ()
    """Those that hand out addresses."""
    passes_on: tuple[str, ...] = ()
    """Functions that make whichever call they were called for."""
    users: tuple[OutsideUser, ...] = ()
    every_cpu: bool = False
    """Whether a program has to run on every CPU of its architecture."""

    def party(self, name: str) -> LiveParty | None:
        """Return the party of this name, ``None`` where this kernel has it not."""
        return next((party for party in self.parties if party.name == name), None)

    def numbered(self, identifier: int) -> Iterator[LiveCall]:
        """Yield the call that a register with this content selects; -1 has every bit set there."""
        for call in self.calls:
            if call.number is not None and self.content(call.number) == identifier:
                yield call

    def content(self, number: int) -> int:
        """Return what stands where a call's number is looked for; -1 has every bit set there."""
        return number % (1 << identifier_bits(self.identifier, self.architecture.bits))

    def made_by(self, immediate: int) -> bool:
        """Tell whether a call of the contract can be made with this immediate."""
        return self.immediate in (None, immediate)

    def row(self, party: str, call: str | None) -> Row:
        """Return what ``party`` promises for ``call``; ``None`` is any other identifier."""
        return next(row for row in self.rows if (row.party, row.call) == (party, call))

    def find(self, party: str, call: str | None) -> Row | None:
        """Return what ``party`` promises for ``call``, where it has a row of its own there."""
        return next((row for row in self.rows if (row.party, row.call) == (party, call)), None)

    def rows_of(self, party: str) -> tuple[Row, ...]:
        """Return a party's rows, by number, any other last."""
        return tuple(row for row in self.rows if row.party == party)
