"""One promise about a hypercall, resolved for one kernel version and one architecture.

A clause is read as: where the party's premises, the call's preconditions and ``when`` hold at
entry, and, where ``answered`` is given, the call answers so, the statement holds whenever control
leaves the hypervisor.  ``cite`` is the sentence of the document that the clause makes checkable;
where the document has none, ``because`` says why we hold the interface to it, ``against`` names a
sentence that the interface itself has left behind, and ``incomplete`` one that is true and leaves
out what the clause says.
"""

from hypabi.contract.expression import Predicate, Value
from hypabi.decode.place import NOWHERE, Place
from hypabi.records import frozen


@frozen
class Answer:
    """What the result register says when a call returns: a value that has a name."""

    name: str
    """``success``, ``error``, or one of the contract's own."""
    value: int
    """All bits of the register's part that answers."""


@frozen
class Authority:
    """Why a clause may be demanded."""

    cite: str | None = None
    because: str | None = None
    against: str | None = None
    incomplete: str | None = None


@frozen
class Ensures:
    """A postcondition over the state at entry and at exit."""

    holds: Predicate


@frozen
class Returns:
    """The call ends by an exception return to the preferred return address.

    :param mode: ``None`` keeps the caller's PSTATE; else the mode that is entered (``EL2h``), and
        nothing is said of the rest of PSTATE
    """

    mode: str | None


@frozen
class Leaves:
    """The call does not come back: control goes to ``target``, a value at entry, in ``mode``."""

    target: Value
    mode: str


@frozen
class Calls:
    """The function at ``target``, a value at entry that the caller chose, is called in ``mode``.

    What it does, and what follows it, is the caller's; the other clauses of the row are held
    against the moment of the call.
    """

    target: Value
    mode: str


@frozen
class HandedTo:
    """The call ends, for us, where C code is called: its name."""

    symbol: str


@frozen
class KeepsRegisters:
    """Every general register and every copy of it keeps its value, but those that may change."""

    may_change: tuple[str, ...]


@frozen
class Partly:
    """Bits ``high`` to ``low`` of a register, which may change where ``to`` holds at exit."""

    register: str
    width: int
    """Of the whole register."""
    high: int
    low: int
    to: Predicate | None


@frozen
class KeepsSystemRegisters:
    """Every system register keeps its value, but those that may change, and what of others may."""

    may_change: tuple[str, ...]
    partly: tuple[Partly, ...] = ()
    """For registers that are not in ``may_change``; a bit may change if any of these lets it."""


@frozen
class Region:
    """``size`` bytes of memory from ``start``, a value at entry."""

    start: Value
    size: int


@frozen
class KeepsMemory:
    """No memory is written outside these regions."""

    may_write: tuple[Region, ...]


SaysEnd = HandedTo | Returns | Leaves | Calls
"""Where control goes."""

RegisterFrame = KeepsRegisters | KeepsSystemRegisters
"""What is about registers one by one."""

Statement = Ensures | SaysEnd | RegisterFrame | KeepsMemory


@frozen
class Premise:
    """What holds at entry: something the caller must ensure, or the installer has ensured."""

    name: str
    text: str
    holds: Predicate
    authority: Authority
    place: Place = NOWHERE


@frozen
class Clause:
    """A named promise.  ``name`` is stable between versions and unique within its row."""

    name: str
    text: str
    """As the contract file spells it, or the generated wording of a frame clause."""
    statement: Statement
    authority: Authority
    when: Predicate | None = None
    """Over the state at entry."""
    answered: Answer | None = None
    place: Place = NOWHERE
    condition: str | None = None
    """``when`` as the contract file spells it."""
