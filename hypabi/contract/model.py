"""A contract as its file states it: all revisions, both architectures, nothing resolved yet.

These types *are* the file format.  A field's name is its key (``served_by`` is ``served-by``), its
type is what the key accepts, and its description goes into the published JSON Schema; the strict
reader and the writer follow the same fields.

The types have no ``__eq__`` and no ``__repr__``: making those of two dozen classes takes longer
than reading a contract.  Compare two by what :mod:`hypabi.contract.file.writer` makes of them.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Generic, Never, TypeVar

from hypabi.arch.names import Architecture
from hypabi.arch.vector_entries import Origin
from hypabi.contract.version import Version
from hypabi.decode.place import NOWHERE, Place
from hypabi.records import field, frozen

T = TypeVar("T")


def nothing() -> Mapping[str, Never]:
    """Return an empty table."""
    return MappingProxyType({})


class Hidden(enum.Enum):
    """Marks a field that is no key of the file."""

    FIELD = "field"


@frozen
class Spelled:
    """The key of a field whose name Python or this package needs otherwise."""

    key: str


@frozen
class ByArchitecture(Generic[T]):
    """One value for each architecture; written once where it is the same on both."""

    arm: T | None
    arm64: T | None

    def on(self, architecture: Architecture) -> T | None:
        """Return the value there, ``None`` where the file gives none."""
        return self.arm if architecture is Architecture.ARM else self.arm64


class Program(enum.Enum):
    """Which program of a boot holds a party's vectors."""

    KERNEL = "kernel"
    DECOMPRESSOR = "decompressor"


@frozen(kw_only=True, eq=False)
class Located:
    """Something that stands in a file."""

    place: Annotated[Place, Hidden.FIELD] = NOWHERE


@frozen(kw_only=True, eq=False)
class Stated(Located):
    """Something that a sentence backs, or the lack of one."""

    cite: Annotated[str | None, "The sentence of the document that this makes checkable."] = None
    because: Annotated[str | None, "Where the document says nothing: our reason and evidence."] = (
        None
    )
    against: Annotated[
        str | None, "A sentence of the document that the interface has left behind."
    ] = None
    incomplete: Annotated[
        str | None, "A sentence of the document that is true and leaves this out."
    ] = None


@frozen(kw_only=True, eq=False)
class Bounded(Stated):
    """Something that holds for some kernels only."""

    since: Annotated[Version | None, "First kernel version that has it."] = None
    until: Annotated[Version | None, "First kernel version that no longer has it."] = None
    architecture: Annotated[Architecture | None, "The only architecture that has it."] = None


@frozen(kw_only=True, eq=False)
class Condition(Bounded):
    """What holds at entry."""

    holds: Annotated[str, "Expression over the state at entry."]
    parties: Annotated[tuple[str, ...] | None, "Only at these parties."] = None


@frozen(kw_only=True, eq=False)
class Promise(Bounded):
    """One clause: one of ``ensures``, ``returns``, ``leaves-to``, ``calls`` and ``handed-to``."""

    EXACTLY_ONE: ClassVar = ("ensures", "returns", "leaves-to", "calls", "handed-to")

    ensures: Annotated[
        str | None, "Expression over the states at exit and, by old(), at entry."
    ] = None
    returns: Annotated[
        str | None,
        "Where the next instruction goes on: 'caller' for the caller's PSTATE, else a mode.",
    ] = None
    leaves_to: Annotated[
        str | None, "Expression over entry: the address to which control goes."
    ] = None
    calls: Annotated[
        str | None, "Expression over entry: the function that is called for the caller."
    ] = None
    at: Annotated[ByArchitecture[str] | None, "With leaves-to and calls: the mode there."] = None
    handed_to: Annotated[str | None, "The C function that serves the call."] = None
    when: Annotated[str | None, "Expression over entry under which the clause is promised."] = None
    answered: Annotated[
        str | None, "Only for calls that answer so: success, error, or a key of 'answers'."
    ] = None
    parties: Annotated[tuple[str, ...] | None, "Only at these parties."] = None


@frozen(kw_only=True, eq=False)
class Permission(Bounded):
    """Registers that may change, whatever to or to what is said here."""

    registers: Annotated[
        tuple[str, ...],
        "The registers; of a system register also a field (SCTLR_EL2.M) or bits (SCTLR_EL2[3:0]).",
    ]
    to: Annotated[
        str | None,
        "What holds then: an expression over the states at exit and, by old(), at entry.",
    ] = None
    parties: Annotated[tuple[str, ...] | None, "Only at these parties."] = None


@frozen(kw_only=True, eq=False)
class Scratch(Bounded):
    """Memory that may be written."""

    start: Annotated[str, "Expression over entry: the first address."]
    size: Annotated[int, "Bytes."]
    parties: Annotated[tuple[str, ...] | None, "Only at these parties."] = None


@frozen(kw_only=True, eq=False)
class Reply(Located):
    """What a party does with a hypercall.  It returns to its caller unless a promise says else."""

    unspecified: Annotated[
        Stated | None, "Nothing is promised here, and which sentence says so."
    ] = None
    promises: Annotated[Mapping[str, Promise], "The clauses, by name."] = field(
        default_factory=nothing
    )
    writes: Annotated[
        Mapping[str, Permission], "Registers that may change besides the frame's."
    ] = field(default_factory=nothing)
    may_write_memory: Annotated[Mapping[str, Scratch], "Memory that may be written."] = field(
        default_factory=nothing
    )


@frozen(kw_only=True, eq=False)
class Call(Reply):
    """A hypercall: one that has a number, or the one that a party takes any other identifier for.

    The keys of :class:`Bounded` stand here again, because two slotted classes cannot both be bases.
    """

    cite: Annotated[str | None, "The sentence of the document that this makes checkable."] = None
    because: Annotated[str | None, "Where the document says nothing: our reason and evidence."] = (
        None
    )
    against: Annotated[
        str | None, "A sentence of the document that the interface has left behind."
    ] = None
    incomplete: Annotated[
        str | None, "A sentence of the document that is true and leaves this out."
    ] = None
    since: Annotated[Version | None, "First kernel version that has it."] = None
    until: Annotated[Version | None, "First kernel version that no longer has it."] = None
    architecture: Annotated[Architecture | None, "The only architecture that has it."] = None

    summary: Annotated[str | None, "What the call is for, in a sentence or two."] = None
    number: Annotated[int | None, "The function identifier; null for whatever is no call's number."]
    callers: Annotated[tuple[str, ...], "The kernel's functions that make the call."] = ()
    arguments: Annotated[Mapping[str, ByArchitecture[str]], "Register of each argument."] = field(
        default_factory=nothing
    )
    requires: Annotated[Mapping[str, Condition], "What the caller must ensure."] = field(
        default_factory=nothing
    )
    assumes: Annotated[Mapping[str, Condition], "What holds at entry without the caller."] = field(
        default_factory=nothing
    )
    served_by: Annotated[ByArchitecture[tuple[str, ...]], "The parties that implement it."]
    elsewhere: Annotated[
        Mapping[str, Promise],
        "What parties that do not serve it promise besides how they turn it down.",
    ] = field(default_factory=nothing)


class Standing(enum.Enum):
    """Where code stands while a CPU runs it."""

    LOADED = "where-loaded"
    """Where the kernel was loaded: an address that it takes from its own place is physical, one
    that is linked into it is not."""
    LINKED = "where-linked"
    """Where it is linked, or displaced by a constant that its own literals know."""
    IDENTITY = "identity-mapped"
    """Where its physical address is, while its party is mapped elsewhere: an address that it takes
    from its own place is physical, and of its party and the C behind it those are right that are
    linked into it."""


class Span(enum.Enum):
    """How much of an installer is judged."""

    WHOLE = "whole"
    OPENING = "opening"
    """A32 code from its first instruction, as far as it does no more than look at the CPU, install
    and change its mode."""
    FROM_ITS_MODE = "from-its-mode"
    """The same from where it reads the mode that it was entered in."""


class StartedIn(enum.Enum):
    """In which mode a CPU runs an installer."""

    HYPERVISOR = "hypervisor"
    """EL2 or HYP."""
    KERNEL = "kernel"
    """EL1 or Supervisor mode: there is nothing to install, and somebody else may have EL2."""


class ToldBy(enum.Enum):
    """What tells an installer in a program without symbols (A32)."""

    SETS_THE_TABLE = "sets-the-table"
    """It is called and puts the party's table into the vector base."""
    PROGRAM_ENTRY = "program-entry"
    """The program is entered there."""
    LOOKS_AT_HYP = "looks-at-hyp"
    """It is called, reads CPSR and close behind HSCTLR."""
    CALL_FROM_HYP = "call-from-hyp"
    """The party's slot of an hvc from HYP, where the program has code that looks at HYP."""


@frozen(kw_only=True, eq=False)
class Installer(Reply):
    """Code that makes a party live without a call, at HYP or EL2, on a CPU that starts.

    The keys of :class:`Bounded` stand here again, as in :class:`Call`.
    """

    function: Annotated[str, "Symbol at which it is entered."]
    also_at: Annotated[tuple[str, ...], "What kernels that lack the symbol call it."] = ()
    cite: Annotated[str | None, "The sentence of the document that this makes checkable."] = None
    because: Annotated[str | None, "Where the document says nothing: our reason and evidence."] = (
        None
    )
    against: Annotated[
        str | None, "A sentence of the document that the interface has left behind."
    ] = None
    incomplete: Annotated[
        str | None, "A sentence of the document that is true and leaves this out."
    ] = None
    since: Annotated[Version | None, "First kernel version that has it."] = None
    until: Annotated[Version | None, "First kernel version that no longer has it."] = None
    architecture: Annotated[Architecture | None, "The only architecture that has it."] = None
    runs: Annotated[Standing, "Where it stands while a CPU runs it."] = Standing.LOADED
    left_out: Annotated[
        str | None, "Which kernels leave it out though they have others of its party."
    ] = None
    ends_at: Annotated[
        tuple[str, ...], "Functions that run behind it: to get there first breaks 'handed-to'."
    ] = ()
    span: Annotated[
        Span, "How much of it is judged; 'handed-to' names the installer itself where it goes on."
    ] = Span.WHOLE
    started_in: Annotated[StartedIn, "In which mode a CPU runs it."] = StartedIn.HYPERVISOR
    told_by: Annotated[ToldBy, "What tells it in a program without symbols."] = (
        ToldBy.SETS_THE_TABLE
    )
    assumes: Annotated[Mapping[str, Condition], "What holds where it is entered."] = field(
        default_factory=nothing
    )
    as_for: Annotated[
        Mapping[str, Mapping[str, tuple[str, ...]]],
        "Promises that it shares, by the party and the installer that have them.",
    ] = field(default_factory=nothing)


class EntryFrom(enum.Enum):
    """Where an exception is taken from that enters a party's vectors."""

    EL1 = "EL1"
    EL1_32 = "AArch32 EL1"
    EL2H = "EL2h"
    EL2T = "EL2t"
    PL1 = "PL1"
    HYP = "Hyp"

    @property
    def origin(self) -> Origin:
        """Return the same as the architecture's tables have it."""
        return Origin[self.name]

    @property
    def architecture(self) -> Architecture:
        """Return the architecture whose vectors are entered from there."""
        aarch32 = self in (EntryFrom.PL1, EntryFrom.HYP)
        return Architecture.ARM if aarch32 else Architecture.ARM64


class Taken(enum.Enum):
    """Which of the exceptions that enter a slot are answered as calls."""

    ANY = "any"
    """Whatever the syndrome says."""
    HVC = "hvc"
    """Each hvc, whatever its immediate, and nothing else."""
    NONE = "none"
    OPEN = "open"
    """Nothing is promised."""


@frozen(kw_only=True, eq=False)
class Entry(Bounded):
    """Which exceptions that come from one place are answered as a hypercall is."""

    source: Annotated[EntryFrom, "Where they are taken from.", Spelled("from")]
    taken: Annotated[Taken, "Which of those that enter the slot of an 'hvc' from there."]


@frozen(kw_only=True, eq=False)
class Party(Bounded):
    """Whoever's vectors can be live."""

    title: Annotated[str, "What a report calls it."]
    vectors: Annotated[str, "Symbol of its vector table."]
    also_at: Annotated[
        tuple[str, ...], "Symbols of the same address, for images that lack the first."
    ] = ()
    program: Annotated[Program, "Where that symbol lives."] = Program.KERNEL
    left_out: Annotated[
        str | None, "Which kernels leave it out though they have others of its owner."
    ] = None
    owner: Annotated[ByArchitecture[str], "Key of the owner in 'owners'."]
    when: Annotated[str | None, "Expression that tells it from a party with the same vectors."] = (
        None
    )
    assumes: Annotated[Mapping[str, Condition], "What holds whenever it is live."] = field(
        default_factory=nothing
    )
    unserved: Annotated[Reply | None, "Its answer to a call that it does not serve."] = None
    any_other: Annotated[
        Reply | None, "Its answer to an identifier that is no call's, where it serves none such."
    ] = None
    any_call: Annotated[Reply | None, "Its answer to whatever it is asked."] = None
    may_write_memory: Annotated[
        Mapping[str, Scratch], "Memory of its own, written by any call."
    ] = field(default_factory=nothing)
    installers: Annotated[Mapping[str, Installer], "Who makes it live without a call."] = field(
        default_factory=nothing
    )
    entries: Annotated[
        Mapping[str, Entry],
        "Which exceptions are answered as calls are; where any is said, all others are not.",
    ] = field(default_factory=nothing)


class AskedFor(enum.Enum):
    """A level that code asks whether it runs at."""

    EL1 = "EL1"


@frozen(kw_only=True, eq=False)
class Placement(Bounded):
    """Where code or data has to lie, and what has to stand there."""

    program: Annotated[Program, "Where its symbols live."] = Program.KERNEL
    symbols: Annotated[
        tuple[str, ...],
        "What it is about, by the symbols where it starts; those that an image lacks do not count.",
    ]
    within: Annotated[
        tuple[tuple[str, str], ...],
        "It lies in one of these: the first symbol up to the second.",
    ] = ()
    closed: Annotated[
        tuple[str, ...],
        "Two symbols: the code between them is copied, and neither goes nor refers out.",
    ] = ()
    at_most: Annotated[int | None, "With closed: bytes that the copy has room for."] = None
    landing: Annotated[
        str | None,
        "It starts with a landing word for branches, in kernels where this symbol does.",
    ] = None
    aligned: Annotated[int | None, "Its address is a multiple of this."] = None
    level: Annotated[
        AskedFor | None,
        "The level that its code runs at: it names no register that is UNDEFINED there.",
    ] = None
    words: Annotated[
        tuple[int, ...], "The words of 32 bits that stand there before anybody writes them."
    ] = ()


@frozen(kw_only=True, eq=False)
class Conduit(Stated):
    """How a call is made."""

    @property
    def spelled(self) -> str:
        """The instruction with its immediate, ``hvc #N`` where that selects the call."""
        return f"{self.instruction} #{'N' if self.immediate is None else self.immediate}"

    instruction: Annotated[str, "The instruction."]
    immediate: Annotated[int | None, "Its immediate; none where it selects the call."] = None


@frozen(kw_only=True, eq=False)
class Result(Stated):
    """How a call answers."""

    register: Annotated[
        ByArchitecture[str], "The register that holds the answer, or its low half (w0)."
    ]
    success: Annotated[int | None, "Its value on success, if there is one."] = None
    error: Annotated[int | None, "Its value on error, if there is one."] = None
    answers: Annotated[Mapping[str, int], "Further values of it, by name."] = field(
        default_factory=nothing
    )


@frozen(kw_only=True, eq=False)
class FrameRule(Stated):
    """Registers that any call may change; all others of their kind are kept."""

    may_change: Annotated[ByArchitecture[tuple[str, ...]], "Registers and ranges of them (x0-x18)."]


@frozen(kw_only=True, eq=False)
class Frame(Located):
    """What every call keeps: the frame is the default, not the exception."""

    registers: Annotated[FrameRule, "General registers."]
    system_registers: Annotated[FrameRule, "System registers."]
    memory: Annotated[Stated, "Memory is not written; why."]
    returns: Annotated[Stated, "A call returns to its caller's next instruction and PSTATE; why."]
    promises: Annotated[
        Mapping[str, Promise], "What every call promises that comes back to the next instruction."
    ] = field(default_factory=nothing)


@frozen(kw_only=True, eq=False)
class Owner(Located):
    """The people who must agree, as MAINTAINERS names them."""

    section: Annotated[str, "Title of the section of MAINTAINERS."]


@frozen(kw_only=True, eq=False)
class User(Bounded):
    """A caller or provider outside the image, which no MAINTAINERS file names."""

    calls: Annotated[tuple[str, ...], "The calls it issues or serves."]
    where: Annotated[str, "Where in it."]
    told_by: Annotated[
        tuple[str, ...], "Symbols by which a program is told to be it; empty where none tell."
    ] = ()
    states: Annotated[
        tuple[str, ...],
        "Parties that can be live when it calls; empty for any.",
        Spelled("while"),
    ] = ()


@frozen(kw_only=True, eq=False)
class Transition(Bounded):
    """A call that makes another party live."""

    source: Annotated[str, "Party that is live before.", Spelled("from")]
    call: Annotated[str, "The call, or 'any-other'."]
    to: Annotated[str, "Party that is live after, or a key of 'beyond'."]
    by: Annotated[str | None, "Who makes the call."] = None
    made_by: Annotated[
        tuple[str, ...],
        "Functions from each of which, where a kernel has it, direct calls lead to such a call; "
        "in a program without symbols some call site has to make it.",
    ] = ()
    given: Annotated[
        Mapping[str, Mapping[str, tuple[int, ...]]],
        "Of such functions, what registers hold at entry when they have to make it.",
    ] = field(default_factory=nothing)
    stays: Annotated[
        tuple[str, ...],
        "Those of such functions behind which the party is live that the call makes live.",
    ] = ()
    copied: Annotated[
        str | None, "Who has put the table elsewhere, so that none of the program's own is named."
    ] = None
    after: Annotated[
        str | None, "A call that goes before it on every way of who calls those that make it."
    ] = None


class EnteredAt(enum.Enum):
    """Which address of a function it is entered at."""

    PHYSICAL = "physical"
    """Where it lies, which is not where it is linked; so by a register."""


@frozen(kw_only=True, eq=False)
class CallerStates(Bounded):
    """Code of the kernel that makes hypercalls, and whose vectors can be live when it runs."""

    program: Annotated[Program | None, "Only in this program."] = None
    functions: Annotated[tuple[str, ...], "Symbols of the functions around its call sites."] = ()
    calls: Annotated[
        tuple[str, ...], "The calls that it makes, or 'any-other'; empty for whatever it asks."
    ] = ()
    identifiers: Annotated[
        tuple[int, ...], "The identifiers that it asks by, where they are no call's numbers."
    ] = ()
    states: Annotated[
        tuple[str, ...], "Parties, or keys of 'beyond', that can be live.", Spelled("while")
    ]
    refusals: Annotated[
        tuple[int, ...], "What it may be answered instead of success, and has to tell from that."
    ] = ()
    passes: Annotated[
        Mapping[str, str],
        "What arguments of the call are: the register that each is in when the function is "
        "entered, or, in brackets, one that points to where it is read before memory is written; "
        "or a number. "
        "Of a function that is entered also 'NAME()', what another function answers.",
    ] = field(default_factory=nothing)
    only_if: Annotated[
        str | None, "Condition on the registers at its entry without which it makes no call."
    ] = None
    enters: Annotated[
        str | None,
        "The function by which it makes its calls: 'passes' then names the registers of that one; "
        "without 'passes' and 'only-if' it has to go on to it. Or 'by-pointer': what a pointer "
        "leads to that it calls, and calls nothing behind that.",
    ] = None
    entered_at: Annotated[
        EnteredAt | None, "With enters: which address of that function it is entered at."
    ] = None
    always: Annotated[
        str | None, "With enters: condition on the registers there that holds on every way."
    ] = None
    sometimes: Annotated[
        str | None, "With enters: condition on the registers there that holds on some way."
    ] = None
    behind: Annotated[
        tuple[str, ...],
        "Functions each of which it has called before it calls, or enters the other, on every way.",
    ] = ()
    before: Annotated[
        tuple[str, ...], "Functions none of which it has called before that, on any way."
    ] = ()
    hands_out: Annotated[
        tuple[str, ...],
        "Symbols whose physical addresses it hands to who has no tables of the kernel: it names "
        "each, and never stores or passes the address at which it is linked.",
    ] = ()
    having: Annotated[
        str | None,
        "Condition on what it has written to system registers before that, on every way.",
    ] = None
    within: Annotated[
        tuple[str, ...],
        "With enters: keys of 'worlds' in each of which it can go on to that function; 'always' is "
        "then about these alone.",
        Spelled("in"),
    ] = ()
    only_in: Annotated[
        tuple[str, ...],
        "With enters: keys of 'worlds', in every other of which it does not go on to it.",
    ] = ()
    asks_for: Annotated[
        AskedFor | None,
        "A level: whoever calls the function, and is called by no other, asks on every way to it "
        "whether the kernel runs there.",
    ] = None
    addresses: Annotated[
        tuple[str, ...],
        "Registers that hold the physical address of something: not 0, nothing on the stack, and "
        "not where the image is linked.",
    ] = ()


class RunsAt(enum.Enum):
    """The exception level at which a kernel of arm64 runs."""

    EL1 = "EL1"
    EL2 = "EL2"


@frozen(kw_only=True, eq=False)
class World(Bounded):
    """How the CPUs of a kernel were entered, as its code can tell it."""

    level: Annotated[RunsAt | None, "The level at which the kernel runs."] = None
    words: Annotated[Mapping[str, tuple[int, ...]], "What words of 32 bits stand at a symbol."] = (
        field(default_factory=nothing)
    )


@frozen(kw_only=True, eq=False)
class LifeCycle(Located):
    """Which party is live, and what moves it on."""

    boot: Annotated[ByArchitecture[str], "The party that is live first."]
    at_boot: Annotated[
        tuple[str, ...], "Functions that run once, while the party is live that is live first."
    ] = ()
    passes_on: Annotated[
        tuple[str, ...], "Functions that make whichever call they were called for."
    ] = ()
    beyond: Annotated[Mapping[str, str], "States in which no party of the contract is live."] = (
        field(default_factory=nothing)
    )
    transitions: Annotated[tuple[Transition, ...], "The moves."] = ()
    worlds: Annotated[
        Mapping[str, World], "How the kernel's CPUs may have been entered, by our name for it."
    ] = field(default_factory=nothing)
    callers: Annotated[
        Mapping[str, CallerStates],
        "Which code calls, and who can be live then, by our name for it.",
    ] = field(default_factory=nothing)


class RunsOn(enum.Enum):
    """On which CPUs a program runs."""

    EVERY = "every-cpu"
    """On all of its architecture: only ID registers say which system registers there are."""
    ITS_OWN = "its-own-cpus"
    """On those that it is built for, which have what it uses."""


@frozen(kw_only=True, eq=False)
class Contract(Located):
    """A whole contract file."""

    name: Annotated[str, "Name of the interface.", Spelled("contract")]
    title: Annotated[str, "What a report calls it."]
    document: Annotated[str | None, "Path of the document in the kernel's tree."] = None
    since: Annotated[Version, "First kernel version that the contract speaks of."]
    until: Annotated[Version | None, "First kernel version that it no longer speaks of."] = None
    architecture: Annotated[Architecture | None, "The only architecture that has it."] = None
    told_by: Annotated[
        tuple[str, ...],
        "Symbols that an image has to have, which tell it from others of the same kernels.",
    ] = ()
    runs_on: Annotated[RunsOn, "On which CPUs programs run that have the interface."] = (
        RunsOn.ITS_OWN
    )
    conduit: Annotated[Conduit, "How a call is made."]
    identifier: Annotated[
        ByArchitecture[str],
        "What selects the call: a register (x8), its low half (w8), or 'immediate'.",
    ]
    result: Annotated[Result, "How a call answers."]
    frame: Annotated[Frame, "What every call keeps."]
    registers: Annotated[Mapping[str, ByArchitecture[str]], "Our names for registers."] = field(
        default_factory=nothing
    )
    constants: Annotated[Mapping[str, ByArchitecture[int]], "Our names for numbers."] = field(
        default_factory=nothing
    )
    owners: Annotated[Mapping[str, Owner], "Who must agree to a change."]
    parties: Annotated[Mapping[str, Party], "Whoever's vectors can be live."]
    calls: Annotated[Mapping[str, Call], "The hypercalls."]
    unserved: Annotated[Reply, "A party's answer to a call that it does not serve."]
    placements: Annotated[Mapping[str, Placement], "Where what has to lie."] = field(
        default_factory=nothing
    )
    users: Annotated[Mapping[str, User], "Callers and providers outside the image."] = field(
        default_factory=nothing
    )
    life_cycle: Annotated[LifeCycle | None, "Which party is live when."] = None
    sha256: Annotated[str, Hidden.FIELD] = ""
    """Of the file, for provenance."""

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """Return the architectures that the contract speaks of."""
        return tuple(Architecture) if self.architecture is None else (self.architecture,)
