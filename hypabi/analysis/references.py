"""The reference images at work: what their callers ask for, what their parties do."""

from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Final

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import Given, derive_behaviour, derive_installer
from hypabi.behaviour.request import Request, Requests, derive_requests
from hypabi.code.vector_tables import VectorTable, find_vector_tables
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.model import Contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import Installation, Revision
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.image.load import load_image
from hypabi.image.model import Image, Loaded
from hypabi.judgement.matrix.applicable_row import Caller, Live
from hypabi.judgement.matrix.reference_index import (
    Form,
    Index,
    Promised,
    Reference,
    ReferenceCaller,
)
from hypabi.lifter.sleigh import Lifter
from hypabi.records import frozen, replace
from hypabi.symbolic.explore import Explorer
from hypabi.symbolic.setup import explorer_for

EE: Final = 25
"""Of HSCTLR: the byte order of data at HYP (DDI 0406C, B4.1.56)."""


@frozen
class Opened:
    """One file: its program, the explorer of it, its tables by symbol."""

    reference: Reference
    form: Form
    loaded: Loaded
    explorer: Explorer
    at_hyp: Explorer
    """Of the same program with data in the byte order that its installer leaves to HYP."""
    installers: tuple[tuple[Installation, int], ...]
    """Who installs its parties, and at which address; the one that is run first stands first."""
    tables: Mapping[str, VectorTable]

    @property
    def image(self) -> Image:
        """The one program in the file."""
        return self.loaded.images[-1]


class Library:
    """Opens reference images; lifters, requests and behaviours are made once."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._lifters = cache(Lifter)
        self._contracts: dict[str, Contract] = {}
        self._revisions: dict[tuple[Promised, Architecture], Revision] = {}
        self._opened: dict[tuple[str, str], Opened] = {}
        self._requests: dict[tuple[str, str, str], Requests] = {}
        self._behaviours: dict[tuple[object, ...], Behaviour] = {}

    def open(self, reference: Reference, form: Form) -> Opened:
        """Open one file of a reference."""
        key = (reference.name, form.name)
        found = self._opened.get(key)
        if found is None:
            found = self._opened[key] = self._open(reference, form)
        return found

    def _open(self, reference: Reference, form: Form) -> Opened:
        loaded = load_image(reference.file(form))
        explorer = explorer_for(loaded.images[-1], lifters=self._lifters)
        names = [party.vectors for party in reference.parties]
        found = find_vector_tables(loaded.images[-1], names, explorer.instruction)
        tables = {table.name: table for table in found if table.name in names}
        installers = tuple(self._installers(reference, explorer.image))
        at_hyp = explorer
        for _, address in installers[:1]:
            order = data_order(derive_installer(explorer, address, form.instruction_set))
            if order not in (None, explorer.image.byte_order):
                assert order is not None
                moved = replace(explorer.image, byte_order=order)
                at_hyp = explorer_for(moved, lifters=self._lifters)
        return Opened(reference, form, loaded, explorer, at_hyp, installers, tables)

    def _installers(self, reference: Reference, image: Image) -> Iterator[tuple[Installation, int]]:
        """Yield the code in an image that makes a party live without a call."""
        for party in reference.parties:
            revision = self.revision(party.revision, reference)
            for each in revision.installations if revision is not None else ():
                address = _address(image, each.function)
                if each.row.party == party.name and address is not None:
                    yield each, address

    def revision(self, label: str, reference: Reference) -> Revision | None:
        """Return what a revision promises, ``None`` where no contract speaks of it."""
        promised = self.index.revisions.get(label)
        if promised is None:
            return None
        key = (promised, reference.architecture)
        if key not in self._revisions:
            version = Version.exact(promised.version)
            assert version is not None, promised
            contract = self._contracts.get(promised.contract)
            if contract is None:
                contract = shipped_contract(promised.contract)
                self._contracts[promised.contract] = contract
            self._revisions[key] = revision_of(contract, version, reference.architecture)
        return self._revisions[key]

    def files(self) -> Mapping[tuple[str, str], Loaded]:
        """Return the files that were opened, by image and form."""
        return {key: opened.loaded for key, opened in self._opened.items()}

    def contracts(self) -> tuple[tuple[str, str], ...]:
        """Return name and SHA-256 of the contracts that were read."""
        return tuple(sorted((name, each.sha256) for name, each in self._contracts.items()))

    def text(self, image: str, form: str, address: int) -> str:
        """Return the disassembly of the instruction at an address of a file that was opened."""
        opened = self._opened[image, form]
        at_hyp = opened.at_hyp.has_read(address)
        return (opened.at_hyp if at_hyp else opened.explorer).disassembled(address)

    def callers(self, reference: Reference, form: Form) -> Iterator[Caller]:
        """Yield the callers of an image, where a contract speaks of their revision."""
        for caller in reference.callers:
            found = self.caller(reference, form, caller)
            if found is not None:
                yield found

    def caller(self, reference: Reference, form: Form, caller: ReferenceCaller) -> Caller | None:
        """Return a caller of an image, ``None`` where no contract speaks of its revision."""
        label, image = reference.revision, reference.name
        revision = self.revision(label, reference)
        if revision is None:
            return None
        asked = self._asked(reference, form, caller.name)
        return Caller(caller.name, label, image, caller.call, revision, asked)

    def _asked(self, reference: Reference, form: Form, name: str) -> Requests:
        key = (reference.name, form.name, name)
        found = self._requests.get(key)
        if found is None:
            opened = self.open(reference, form)
            (symbol,) = opened.image.symbols.find(name)
            found = derive_requests(opened.explorer, symbol.address, form.instruction_set)
            self._requests[key] = found
        return found

    def parties(self, reference: Reference, form: Form) -> Iterator[Live]:
        """Yield the parties of an image that some caller can mean, where there is a contract."""
        for party in reference.parties:
            revision = self.revision(party.revision, reference)
            if revision is None:
                continue
            opened = self.open(reference, form)
            table = opened.tables[party.vectors]
            live = Live(
                party.name,
                party.revision,
                reference.name,
                party.vectors,
                revision,
                {name: each.address for name, each in opened.tables.items()},
                partial(_address, opened.image),
                _granted(opened),
                partial(self._behaviour, opened, table),
            )
            own = live.in_contract(revision)
            if own is None:
                what = f"{revision.contract} knows no {party.name} at {revision.version}"
                raise HypabiError(f"reference {reference.name}", what)
            if any(own.name in call.served_by for call in revision.calls):
                yield live

    def installations(
        self, reference: Reference, form: Form
    ) -> Iterator[tuple[Live, Installation]]:
        """Yield the code of an image that makes a party live without a call."""
        lives = {live.name: live for live in self.parties(reference, form)}
        for installation, _ in self.open(reference, form).installers:
            if installation.row.party in lives:
                yield lives[installation.row.party], installation

    def installs(self, reference: Reference, form: Form, installation: Installation) -> Behaviour:
        """Return what an installer of an image does."""
        opened = self.open(reference, form)
        address = dict(opened.installers)[installation]
        return derive_installer(opened.explorer, address, form.instruction_set)

    def _behaviour(self, opened: Opened, table: VectorTable, request: Request) -> Behaviour:
        pinned = request.pinned()
        key = (
            opened.reference.name,
            opened.form.name,
            table.address,
            request.immediate,
            *sorted(pinned.items()),
        )
        found = self._behaviours.get(key)
        if found is None:
            explorer, entry = opened.at_hyp, table.hvc_entry
            found = derive_behaviour(
                explorer, entry, request.immediate, table.state, given=Given(pinned)
            )
            self._behaviours[key] = found
        return found


def data_order(installer: Behaviour) -> ByteOrder | None:
    """Return the byte order of data that an installer leaves to HYP, where it leaves one."""
    values = [case.registers.get("HSCTLR") for case in installer.cases]
    bits = {value >> EE & 1 for value in values if isinstance(value, int)}
    if len(bits) != 1:
        return None
    return ByteOrder.BIG if bits == {1} else ByteOrder.LITTLE


def _address(image: Image, name: str) -> int | None:
    """Return the address of a symbol that is there once."""
    found = image.symbols.find(name)
    return found[0].address if len(found) == 1 else None


def _granted(opened: Opened) -> tuple[str, ...]:
    """Return what a party's behaviour owes to its installer, where that is not the kernel's own."""
    if opened.at_hyp is opened.explorer:
        return ()
    order = opened.at_hyp.image.byte_order.value
    return (f"data at HYP is {order}-endian: its installer leaves HSCTLR.EE so",)
