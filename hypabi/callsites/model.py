"""Call sites of a real image: every ``hvc``, how control gets there, and what happens behind it.

Facts only, so that others can hold them against a promise.  What arrives is in the ways of a site,
what must survive in its reliance, what is done with the answer in its tests.

A symbol of a way's registers that is a plain register name (``x1``) is that register at the entry
of the function around the site; every other name says itself where the value is from, and is none
that a provider's entry has.  :attr:`Way.sources` tells them apart without reading names.
"""

import enum
from collections.abc import Mapping

from hypabi.arch.names import Conduit, InstructionSet
from hypabi.behaviour.request import Request
from hypabi.callsites.value_origin import Origin, Source
from hypabi.records import field, frozen
from hypabi.smt import terms
from hypabi.smt.terms import Value

__all__ = [
    "Answer",
    "CallPath",
    "CallSite",
    "Caller",
    "Function",
    "Liveness",
    "MayRead",
    "Onward",
    "Origin",
    "Reached",
    "Read",
    "ResultUse",
    "Source",
    "Start",
    "Stranger",
    "Test",
    "Unread",
    "Why",
    "after",
]


@frozen
class Function:
    """The code around a call site: from its symbol to the next one, ``end`` excluded."""

    name: str
    """Empty where no symbol is before the site; the function is then what flow tells."""
    address: int
    end: int

    @property
    def plain(self) -> str:
        """Its name without what a compiler adds to it (``.constprop.0``)."""
        return self.name if self.name.startswith(".") else self.name.partition(".")[0]


class Reached(enum.Enum):
    """How a word was told to be a call site and no data."""

    FLOW = "flow"
    """Control goes from the function's entry to it."""
    NOT_SHOWN = "not shown"
    """It lies among instructions, but only an indirect branch can reach it, if anything."""
    REPLACEMENT = "replacement"
    """Nothing executes the word where it stands: the kernel copies it over other code."""
    WRITTEN = "written"
    """Another instruction stands there; the kernel writes the ``hvc`` over it while it boots."""


class Start(enum.Enum):
    """Where a way starts."""

    ENTRY = "entry"
    """At the function's first instruction."""
    INSIDE = "inside"
    """In its midst, because from there on everything is known that selects the call."""
    INDIRECT = "indirect"
    """Where only an indirect branch can lead: what came before is not known."""
    LIMIT = "limit"
    """In its midst, because a limit was reached."""


@frozen
class CallPath:
    """One way through the function in which control reaches a call site, and what it brings there.

    Ways that bring the same are one.  A way is not shown to be feasible: its conditions are those
    of its branches, and nobody has asked whether they can all hold.
    """

    request: Request
    """At the site.  Its guard are the branches on the way."""
    start: Start
    path: tuple[int, ...]
    """Address of each instruction, the site last; of several ways, the shortest."""
    sources: Mapping[str, Source]
    """What each symbol in the registers stands for, by its name."""
    calls: tuple[int, ...]
    """Addresses of the calls on the way, after which scratch registers and memory are unknown."""
    reason: str = ""
    """Why the way starts where it does, if that is a limit."""
    pointers: Mapping[str, int] = field(default_factory=dict)
    """Registers that hold an address with which the way walked memory, and the instruction that
    last moved it on: what is in them was not put there for the call.  A64 only."""
    privileged: int | None = None
    """An instruction on it that only EL2 or HYP can execute, so that the call is issued there."""

    def source(self, register: str) -> Source | None:
        """Return what a register's value is, where it is one symbol as it came."""
        value = self.request.registers[register]
        match value:
            case terms.Term(op="symbol", name=name):
                return self.sources.get(name)
            case _:
                return None


class Branches(enum.Enum):
    """Which branches of a function count as ways into another."""

    DIRECT = "direct"
    ALL = "all"
    """Those to a register that holds its address as well; A64 only."""


class Entered(enum.Enum):
    """How a function goes on to another."""

    DIRECT = "directly"
    LINKED = "by a register, where it is linked"
    DISPLACED = "by a register, at a distance from where it is linked that memory holds"
    POINTED = "by a register that memory alone tells"


@frozen
class WayInto:
    """A way on which a function goes on to another; its last place is where that starts."""

    path: CallPath
    by: Entered


@frozen
class Read:
    """An instruction that reads what a register held right after the ``hvc``."""

    register: str
    address: int


@frozen
class Caller:
    """Code that calls the function around a site directly, and what it passes."""

    address: int
    """Of the branch."""
    function: Function
    paths: tuple[CallPath, ...]
    """To the branch; terms are over the entry of *this* function."""
    reads: tuple[Read, ...] = ()
    """Scratch registers that an instruction reads behind the branch before it is written."""


class Why(enum.Enum):
    """Why a register may be read although no instruction of the function around the site does."""

    RETURNED = "returned"
    """It passes a result to the function's caller."""
    KEPT = "kept"
    """It is callee-saved, so the function's caller may count on it."""
    CALLEE = "callee"
    """A function called behind the site reads it."""
    ARGUMENT = "argument"
    """It passes an argument to a call that was not followed."""
    BEYOND = "beyond"
    """Control goes where it was not followed."""


@frozen
class MayRead:
    """A register that somebody else may read, why, and at which instruction control gets there."""

    register: str
    why: Why
    address: int


@frozen
class Liveness:
    """What is live behind a call site.

    A register in ``reads`` is read by an instruction of this function before anything writes it, on
    some way from the site; one in ``may_read`` only, perhaps by others.  A register in neither is
    dead.  Registers that the call itself answers in are listed like all others.
    """

    reads: tuple[Read, ...]
    may_read: tuple[MayRead, ...]
    undecided: tuple[str, ...]
    """Where flow was lost, so that more may be read."""
    through: frozenset[str] = frozenset()
    """Registers that the function's caller finds, on some way, as the ``hvc`` left them."""

    @property
    def live(self) -> frozenset[str]:
        """Return every register that must survive, or hold an answer, if nothing else is known."""
        return frozenset(r.register for r in self.reads) | {m.register for m in self.may_read}


@frozen
class Test:
    """A branch or conditional instruction that depends on a register as the ``hvc`` left it."""

    __test__ = False  # no pytest class

    address: int
    condition: Value
    """Under which the branch is taken, over the registers right after the call, each a symbol named
    by :func:`after`; of a conditional instruction, under which it acts."""
    function: Function | None = None
    """Where it is not in the function around the site but in a caller of that: which one."""
    warns: bool | None = None
    """Which answer to the condition leads to a warning close behind, where one alone does."""


class ResultUse(enum.Enum):
    """What becomes of a register as the ``hvc`` left it."""

    RETURNED = "returned"
    """It goes unchanged, in the same register, to the function's caller."""
    STORED = "stored"
    """It is written to memory."""
    PASSED = "passed"
    """It may be passed to a function that is called."""
    USED = "used"
    """It is read otherwise."""
    UNSEEN = "unseen"
    """Control goes where it was not followed."""
    OVERWRITTEN = "overwritten"
    """It is written before it is read, on every way."""


@frozen
class Answer:
    """What the caller does with a register behind the ``hvc``."""

    register: str
    uses: tuple[ResultUse, ...]
    """In the order of :class:`Fate`."""
    tests: tuple[Test, ...]


@frozen
class Onward:
    """A branch to a register that is reached behind a call site without another."""

    address: int
    register: str
    target: Value
    """Over symbols for what the registers hold right behind the ``hvc``."""
    sources: Mapping[str, Source]
    """What each of these symbols stands for: the register that its source names."""


@frozen
class CallSite:
    """An ``hvc`` of a program, or an ``smc`` where those are asked for."""

    address: int
    state: InstructionSet
    immediate: int
    function: Function
    reached: Reached
    paths: tuple[CallPath, ...]
    undecided: tuple[str, ...]
    """Why there may be further call paths."""
    callers: tuple[Caller, ...]
    """Who calls the function around it, where a way leaves the identifier to them."""
    reliance: Liveness
    answers: tuple[Answer, ...]
    """The registers that can hold an answer (SMCCC: x0 to x3; arm: r0 to r3)."""
    identifier: str
    """The register that selects the call: x0 or r0; for Xen's immediate x16 or r12."""
    conduit: Conduit = Conduit.HVC
    onward: Onward | None = None
    """Where control goes on by a computed branch, where it surely does; A64 only."""
    link_lost: int | None = None
    """A call on some way to it, behind which nothing sets the link register again; A64 only."""
    never_set: tuple[Read, ...] = ()
    """What is read behind it, or gone to, although nothing has set it on any way there."""

    @property
    def name(self) -> str:
        """The name of the function around it, or its address where that has none."""
        return self.function.name or f"{self.address:#x}"


@frozen
class Stranger:
    """A way to an ``hvc`` that asks for what nobody lists, or for what is not known."""

    site: CallSite
    way: CallPath
    why: str


@frozen
class Unread:
    """An ``hvc`` that may ask for more than was found out."""

    address: int
    function: Function
    why: str
    passed: bool
    """Whether all ways to it are known, and on each it is what callers or memory hand to it."""


def after(register: str) -> str:
    """Name what a register holds right after the ``hvc``, in the terms of a :class:`Test`."""
    return f"{register} after the call"
