"""From a file to what its hypercalls do: all providers, one party's, or one entry."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hypabi.analysis.case_views import answers_by_number
from hypabi.analysis.findings.derivation import Answer, Derivation, Derived
from hypabi.analysis.program import Program
from hypabi.analysis.provenance import provenance
from hypabi.analysis.results.vector_table import Table
from hypabi.analysis.session import Session
from hypabi.analysis.tools import TOOLS
from hypabi.arch.identifiers import IDENTIFIERS, IMMEDIATE
from hypabi.behaviour.derive import Given, derive_behaviour
from hypabi.behaviour.identified_by import identifier_used
from hypabi.code.compiled_functions import NVHE_PREFIX
from hypabi.code.cpu_capabilities import DESCRIPTIONS, Capabilities
from hypabi.code.vector_tables import VectorTable
from hypabi.decode.place import closest_name
from hypabi.errors import HypabiError
from hypabi.image.model import Access, Image, Role
from hypabi.records import frozen, replace
from hypabi.smt.allowance import MOST, Allowance

if TYPE_CHECKING:
    from hypabi.analysis.examination import Examination
    from hypabi.analysis.party_detection import Found
    from hypabi.contract.model import Contract
    from hypabi.contract.version import Version

OTHER = "any-other"
"""Names every number that no call has."""
MOST_NAMES = 400
"""Symbols compared with a misspelt one."""

MOST_LOOKED: Final = MOST // 4
"""Cost of finding out what selects the calls of a program."""


@frozen
class Wanted:
    """What shall be derived of an image, and what names it."""

    contract: "Contract | None" = None
    """Lends its names; where ``None``, the default one does if it speaks of this kernel."""
    version: "Version | None" = None
    """Of the kernel; where ``None``, the one that the image says it is."""
    party: str | None = None
    """Only this party of the contract."""
    entry: str | None = None
    """Only this entry: an address, a symbol, or ``symbol+offset``."""
    call: str | None = None
    """Only this call: its name in the contract, or its number."""
    unclaimed: bool = False
    """Whether also tables are meant that no party claims; where none is claimed, they always are.
    """
    follow: tuple[str, ...] = ()
    """Compiled functions to follow, by symbol or address."""


class _Bound:
    """A file with what a contract says of it, if one speaks of this kernel."""

    def __init__(self, session: Session, examination: "Examination | None") -> None:
        self.loaded = session.loaded
        self.contract = None if examination is None else examination.contract
        self.revision = None if examination is None else examination.revision
        self.parties: Found = {} if examination is None else examination.found
        self.tables = (
            {role: program.tables() for role, program in session.programs.items()}
            if examination is None
            else examination.tables
        )
        self.programs = session.programs
        self.named: tuple[str, ...] = ()
        """Symbols that whoever asks says to be entered; one that is no table in shape is none."""

    @cached_property
    def identifier(self) -> str:
        """What selects a call."""
        if self.revision is not None:
            return self.revision.identifier
        return identifier_of(list(self.programs.values())[-1], self.named)

    @property
    def immediate(self) -> int | None:
        """The immediate of the hvc, ``None`` where it selects the call."""
        if self.revision is not None:
            return self.revision.immediate
        return None if self.identifier == IMMEDIATE else 0

    @property
    def every_cpu(self) -> bool:
        """Whether the program runs on every CPU, as far as a contract says so."""
        return self.revision is not None and self.revision.every_cpu

    @property
    def answer(self) -> str:
        """The register that answers."""
        if self.revision is not None:
            return self.revision.result
        return IDENTIFIERS[self.loaded.images[-1].architecture]


def derivation(session: Session, wanted: Wanted, command: tuple[str, ...]) -> Derivation:
    """Derive what is wanted.

    :raises HypabiError: the image has no such party or entry, or the contract that was named does
        not speak of it
    """
    bound = _bound(session, wanted)
    left_out: tuple[Table, ...] = ()
    if wanted.entry is not None:
        derived = [_at_entry(bound, wanted.entry)]
    elif wanted.party is not None:
        derived = [_of_party(bound, wanted.party)]
    else:
        derived, left_out = _of_tables(bound, unclaimed=wanted.unclaimed)
    if wanted.call is not None:
        number = _number_of(bound, wanted.call)
        derived = [replace(each, answers=_answers(each, number)) for each in derived]
    if wanted.follow:
        derived = [_followed(bound, each, wanted.follow) for each in derived]
    kernel = bound.loaded.images[-1]
    return Derivation(
        bound.loaded,
        kernel.architecture,
        bound.identifier,
        bound.answer,
        bound.contract,
        _capabilities(kernel),
        tuple(derived),
        left_out,
        provenance(command, TOOLS),
    )


def _followed(bound: _Bound, derived: Derived, functions: tuple[str, ...]) -> Derived:
    """Return what an entry does with which numbers it serves behind compiled functions.

    :raises HypabiError: the program has no such function
    """
    from hypabi.analysis.dispatch import Dispatcher
    from hypabi.image.symbolizer import Places

    role = list(bound.programs)[-1] if derived.table is None else derived.table.role
    program = bound.programs[role]
    for name in functions:
        known = program.image.symbols.find
        if _number(name) is None and not known(name) and not known(NVHE_PREFIX + name):
            hint = _similar(name, [program.image])
            raise HypabiError(bound.loaded.path, f"the image has no symbol {name!r}", hint)
    dispatcher = Dispatcher(
        program,
        derived.entry,
        (bound.identifier, bound.answer),
        frozenset(functions),
        Capabilities(bound.loaded.images[-1]),
        Places(bound.loaded),
    )
    return replace(derived, served=tuple(dispatcher.served()))


def _bound(session: Session, wanted: Wanted) -> _Bound:
    contract = wanted.contract
    named = contract is not None or wanted.party is not None or wanted.version is not None
    if not named and not session.kernel.version:
        return _Bound(session, None)
    try:
        examination = session.examine(contract, wanted.version)
    except HypabiError:
        # What the code does needs no contract; a contract only lends the names.
        if named:
            raise
        return _Bound(session, None)
    return _Bound(session, examination)


def _capabilities(kernel: Image) -> Mapping[str, int]:
    capabilities = Capabilities(kernel)
    for name in DESCRIPTIONS:
        capabilities.number(name)
    return capabilities.known()


def identifier_of(program: Program, names: tuple[str, ...] = ()) -> str:
    """Return what selects a program's calls, as its own vectors tell them apart.

    That has an allowance of its own, so that what is asked for is not left without.

    :param names: symbols known to be tables of vectors
    """
    architecture = program.image.architecture
    looked = program.with_allowance(Allowance(MOST_LOOKED))
    for table in program.tables(names).values():
        used = identifier_used(looked.behaviour(table, None), architecture)
        if used is not None:
            return used
    return IDENTIFIERS[architecture]


def _of_party(bound: _Bound, party: str) -> Derived:
    if party not in bound.parties:
        raise _no_party(bound, party)
    role, table = bound.parties[party]
    return _derived(bound, bound.programs[role], table, table.hvc_entry)


def _of_tables(bound: _Bound, *, unclaimed: bool) -> tuple[list[Derived], tuple[Table, ...]]:
    """Return what tables do, the contract's parties first, and which tables were left out."""
    claimed = dict.fromkeys((role, table.address) for role, table in bound.parties.values())
    order = {table: index for index, table in enumerate(claimed)}
    found = [
        (order.get((role, table.address), len(order)), at, table.address, role, table)
        for at, role in enumerate(bound.programs)
        for table in bound.tables[role].values()
    ]
    found.sort(key=lambda each: each[:3])
    meant = found if unclaimed or not order else found[: len(order)]
    derived = [
        _derived(bound, bound.programs[role], table, table.hvc_entry) for *_, role, table in meant
    ]
    return derived, tuple(_shown(role, table, ()) for *_, role, table in found[len(meant) :])


def _number_of(bound: _Bound, call: str) -> int | None:
    """Return the number of a call, ``None`` of any other than those that have one.

    :raises HypabiError: nothing is called so, and it is no number
    """
    number = _number(call)
    if number is not None:
        return number
    calls = () if bound.revision is None else bound.revision.calls
    named = next((each for each in calls if each.name == call), None)
    if named is None and call != OTHER:
        hint = closest_name(call, [*(each.name for each in calls), OTHER])
        raise HypabiError("--call", f"no call {call!r}, and no number", hint)
    return None if named is None else named.number


def _answers(derived: Derived, number: int | None) -> tuple[Answer, ...]:
    """Return what is done for a number; where it is not told apart, what is done for any other."""
    mine = tuple(each for each in derived.answers if each.number == number)
    return mine or tuple(each for each in derived.answers if each.number is None)


def _no_party(bound: _Bound, party: str) -> HypabiError:
    revision = bound.revision
    assert revision is not None
    if revision.party(party) is not None:
        return HypabiError(bound.loaded.path, f"the image does not hold the vectors of {party}")
    known = [each.name for each in revision.parties]
    what = f"{revision.contract} has no party {party!r} at {revision.version}"
    return HypabiError(bound.loaded.path, what, closest_name(party, known))


def _derived(bound: _Bound, program: Program, table: VectorTable | None, entry: int) -> Derived:
    if table is not None and entry == table.hvc_entry:
        behaviour = program.behaviour(
            table, bound.immediate, identifier=bound.identifier, every_cpu=bound.every_cpu
        )
    else:
        behaviour = derive_behaviour(
            program.explorer,
            entry,
            bound.immediate,
            identifier=bound.identifier,
            given=Given(every_cpu=bound.every_cpu),
        )
    architecture = program.image.architecture
    parties = tuple(
        name
        for name, (role, of) in bound.parties.items()
        if table is not None and (role, of.address) == (program.image.role, table.address)
    )
    if table is not None and parties:
        table = bound.parties[parties[0]][1]  # which says how the party was told
    shown = None if table is None else _shown(program.image.role, table, parties)
    names = _names(bound, parties)
    found = answers_by_number(
        behaviour, architecture, bound.identifier, names, program.explorer.new_solver
    )
    return Derived(shown, entry, behaviour, found)


def _shown(role: Role, table: VectorTable, parties: tuple[str, ...]) -> Table:
    return Table(role, table.address, table.kind.value, table.name, table.how.value, parties)


def _names(bound: _Bound, parties: tuple[str, ...]) -> Mapping[int, str]:
    """Return the calls by number, for a table that answers calls of the contract."""
    if bound.revision is None or not parties:
        return {}
    content = bound.revision.content
    calls = bound.revision.calls
    return {content(call.number): call.name for call in calls if call.number is not None}


def _at_entry(bound: _Bound, entry: str) -> Derived:
    program, address = _located(bound, entry)
    symbol = program.image.symbols.around(address)
    bound.named = () if symbol is None else (symbol.name,)
    tables = (bound.tables[program.image.role], program.tables(bound.named))
    for table in (table for found in tables for table in found.values()):
        if address in (table.address, table.hvc_entry):
            return _derived(bound, program, table, table.hvc_entry)
    if program.image.access(address) is not Access.CODE:
        raise HypabiError(bound.loaded.path, f"{entry} is no code", "name a vector slot or code")
    if address % 4:
        raise HypabiError(bound.loaded.path, f"{entry} is not aligned to 4 bytes")
    return _derived(bound, program, None, address)


def _located(bound: _Bound, entry: str) -> tuple[Program, int]:
    """Return where an address, a symbol, or ``symbol+offset`` is."""
    name, _, offset = entry.partition("+")
    base, distance = _number(name), _number(offset) if offset else 0
    if distance is None:
        raise HypabiError(bound.loaded.path, f"{offset!r} in {entry!r} is no number", "write 0x400")
    for program in reversed(list(bound.programs.values())):
        found = (
            [base] if base is not None else [s.address for s in program.image.symbols.find(name)]
        )
        if len(found) > 1:
            places = ", ".join(f"{address:#x}" for address in found[:4])
            what = f"{len(found)} symbols are called {name}"
            raise HypabiError(bound.loaded.path, what, f"name one by its address: {places}")
        if found and program.image.segment(found[0] + distance) is not None:
            return program, found[0] + distance
    if base is not None:
        raise HypabiError(bound.loaded.path, f"the image has nothing at {entry}")
    hint = _similar(name, [program.image for program in bound.programs.values()])
    raise HypabiError(bound.loaded.path, f"the image has no symbol {name!r}", hint)


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def _similar(name: str, images: list[Image]) -> str:
    """Return the closest symbols, of those that share a part with the name."""
    from difflib import get_close_matches  # only a refusal pays for it

    part = name.strip("_")[:5]
    alike = sorted({s.name for image in images for s in image.symbols if part and part in s.name})
    matches = get_close_matches(name, alike[:MOST_NAMES], 3, 0.5)
    return f"did you mean {' or '.join(map(repr, matches))}?" if matches else ""
