"""Code that mutants are made of: what is derived from it, and what it is held to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from evidence.mutation.mutations import Mutation, mutations
from evidence.mutation.program import Lifters, Program
from hypabi.analysis.examination import Examination
from hypabi.analysis.installers import Installer, hold_installers
from hypabi.analysis.options import contract_of
from hypabi.analysis.references import Library, data_order
from hypabi.analysis.session import Session
from hypabi.arch.names import InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import Given, derive_behaviour, derive_installer
from hypabi.code.alternatives import find_alternatives
from hypabi.code.vector_tables import VectorTable, find_vector_tables
from hypabi.contract.revision import Installation, LiveParty, Revision, Row
from hypabi.image.load import load_image
from hypabi.image.model import Image, Role
from hypabi.judgement.matrix.reference_index import Form, Reference, read_index
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.records import frozen, replace
from hypabi.symbolic.explore import Explorer

KINDS = ("stub", "kvm")
"""The reference images that hold a revision and nothing else."""

Derive = Callable[[Explorer], Behaviour]
Rows = Callable[[Behaviour], Sequence[HeldRow]]
"""What code with a behaviour is held to."""


@frozen(eq=False)
class Held:
    """A party, or who installs it, with the rows that it is held to."""

    party: LiveParty
    revision: Revision
    """In which the party has these rows alone."""
    surroundings: Surroundings

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows."""
        return self.revision.rows_of(self.party.name)


class Subject:
    """One piece of code: who is held to what, what it does, and what can be changed in it."""

    def __init__(
        self,
        name: str,
        program: Program,
        derive: Derive,
        held: Sequence[Held],
        rows: Rows | None = None,
        besides: frozenset[int] = frozenset(),
    ) -> None:
        """Derive what the code does as it is.

        :param rows: what is judged of it, where that is more than the rows of ``held``
        :param besides: addresses of code that is another subject's, and not changed here
        """
        self.name = name
        self.program = program
        self.held = tuple(held)
        self.rows = rows or self._own_rows
        self._derive = derive
        program.asked.clear()
        explorer = program.explorer()
        self.original = derive(explorer)
        executed = [
            each
            for (address, _), each in program.asked.items()
            if explorer.has_read(address) and address not in besides
        ]
        self.code = tuple(sorted(executed, key=lambda each: each.address))
        self.mutations = mutations(self.code)

    def _own_rows(self, behaviour: Behaviour) -> Sequence[HeldRow]:
        return [
            HeldRow(held.revision, held.party, row, behaviour, held.surroundings)
            for held in self.held
            for row in held.rows
        ]

    def mutated(self, mutation: Mutation) -> Behaviour:
        """Return what the code does with a mutation in it."""
        self.program.write(mutation.address, mutation.new)
        try:
            return self._derive(self.program.explorer())
        finally:
            self.program.write(mutation.address, mutation.old)


def reference_names() -> tuple[tuple[str, str], ...]:
    """Return image and form of the references that hold parties, in the order of the index."""
    references = read_index().references
    return tuple((r.name, form.name) for r in references if r.kind in KINDS for form in r.forms)


def reference_subjects(image: str, form: str, lifters: Lifters) -> Iterator[Subject]:
    """Yield the parties of a reference image."""
    of = _opened(image, form, lifters)
    at_hyp = _at_hyp(of)
    for party in of.reference.parties:
        revision = of.library.revision(party.revision, of.reference)
        held = None if revision is None else _held(revision, party.vectors, party.name, of)
        if held is not None:
            derive = _through(of.tables[party.vectors], held.revision)
            yield Subject(f"{image}-{form} {party.name}", at_hyp, derive, [held])


def reference_installers(image: str, form: str, lifters: Lifters) -> Iterator[Subject]:
    """Yield who installs the parties of a reference image."""
    of = _opened(image, form, lifters)
    for installation, revision, address in of.installers:
        held = _installing(installation, revision, of)
        name = f"{image}-{form} {installation.function}"
        yield Subject(name, of.plain, _installed_at(address, of.form.instruction_set), [held])


@frozen(eq=False)
class Opened:
    """A file of a reference, its tables by symbol, and who installs its parties."""

    library: Library
    reference: Reference
    form: Form
    plain: Program
    tables: Mapping[str, VectorTable]
    installers: tuple[tuple[Installation, Revision, int], ...]
    """With the address of each."""


def _opened(image: str, form: str, lifters: Lifters) -> Opened:
    library = Library(read_index())
    reference = next(each for each in library.index.references if each.name == image)
    of = next(each for each in reference.forms if each.name == form)
    plain = Program(load_image(reference.file(of)).images[-1], lifters)
    names = [party.vectors for party in reference.parties]
    found = find_vector_tables(plain.image, names, plain.first.instruction)
    tables = {table.name: table for table in found if table.name in names}
    installers = tuple(_installers(library, reference, plain.image))
    return Opened(library, reference, of, plain, tables, installers)


def _installers(
    library: Library, reference: Reference, image: Image
) -> Iterator[tuple[Installation, Revision, int]]:
    for party in reference.parties:
        revision = library.revision(party.revision, reference)
        for each in revision.installations if revision is not None else ():
            symbols = image.symbols.find(each.function)
            if each.row.party == party.name and len(symbols) == 1:
                assert revision is not None
                yield each, revision, symbols[0].address


def _at_hyp(of: Opened) -> Program:
    """Return the program with data as the installer that runs first leaves it to HYP."""
    for _, _, address in of.installers[:1]:
        order = data_order(derive_installer(of.plain.first, address, of.form.instruction_set))
        if order not in (None, of.plain.image.byte_order):
            assert order is not None
            return Program(replace(of.plain.image, byte_order=order), of.plain.lifters)
    return of.plain


def _through(table: VectorTable, revision: Revision) -> Derive:
    return partial(
        derive_behaviour,
        address=table.hvc_entry,
        immediate=revision.immediate,
        state=table.state,
        given=Given(every_cpu=revision.every_cpu),
    )


def _installed_at(address: int, state: InstructionSet) -> Derive:
    return lambda explorer: derive_installer(explorer, address, state)


def _held(revision: Revision, vectors: str, name: str, of: Opened) -> Held | None:
    """Return a reference's party as its contract has it; it is live, whatever tells it apart."""
    by_name = [party for party in revision.parties if party.name == name]
    by_vectors = [party for party in revision.parties if party.vectors == vectors]
    party = next(iter((*by_name, *by_vectors)), None)
    if party is None or vectors not in of.tables or not revision.rows_of(party.name):
        return None
    live = replace(party, when=None)
    parties = tuple(live if each is party else each for each in revision.parties)
    return Held(live, replace(revision, parties=parties), _surroundings(revision, of))


def _surroundings(revision: Revision, of: Opened) -> Surroundings:
    tables = of.tables
    found = {p.name: tables[p.vectors].address for p in revision.parties if p.vectors in tables}

    def symbol(name: str) -> int | None:
        symbols = of.plain.image.symbols.find(name)
        return symbols[0].address if len(symbols) == 1 else None

    return Surroundings(found, lambda _name: None, lambda _name: False, symbol)


def _installing(installation: Installation, revision: Revision, of: Opened) -> Held:
    """Return an installer as a party that promises its row and no other."""
    party = revision.party(installation.row.party)
    assert party is not None
    return Held(party, alone(revision, installation.row), _surroundings(revision, of))


def alone(revision: Revision, row: Row) -> Revision:
    """Return a revision of one row."""
    return replace(revision, rows=(row,), calls=())


def kernel_subjects(name: str, path: Path, lifters: Lifters) -> Iterator[Subject]:
    """Yield the parties of a kernel as it was shipped, those of one vector table together."""
    examination = Session(load_image(path)).examine(contract_of("linux-hyp-abi"))
    programs = {
        image.role: Program(image, lifters, examination.handed_to)
        for image in examination.loaded.images
    }
    revision = examination.revision
    together: dict[tuple[Role, int], list[str]] = {}
    for party, (role, table) in examination.found.items():
        together.setdefault((role, table.address), []).append(party)
    for (role, _), parties in together.items():
        table = examination.found[parties[0]][1]
        held = [
            Held(party, revision, examination.surroundings)
            for party in revision.parties
            if party.name in parties
        ]
        derive = _through(table, revision)
        yield Subject(f"{name} {'+'.join(parties)}", programs[role], derive, held)


def kernel_installers(name: str, path: Path, lifters: Lifters) -> Iterator[Subject]:
    """Yield who installs the parties of a kernel as it was shipped, where each stands.

    What several of them run is changed once, in the one that promises the most: what only another
    would refute counts as a survivor.
    """
    examination = Session(load_image(path)).examine(contract_of("linux-hyp-abi"))
    seen: frozenset[int] = frozenset()
    by_promises = sorted(enumerate(examination.installers), key=_promises, reverse=True)
    for index, installer in by_promises:
        of = examination.installed[index]
        held = Held(of.party, alone(of.revision, of.row), of.surroundings)
        by = installer.by(examination.programs)
        subject = Subject(
            f"{name} {installer.installation.function}",
            _standing(installer, by, examination, lifters),
            partial(installer.derived, by=by),
            [held],
            partial(_rows_with, examination, index),
            seen,
        )
        seen |= {each.address for each in subject.code}
        yield subject


def _promises(indexed: tuple[int, Installer]) -> int:
    _, installer = indexed
    return len(installer.installation.row.clauses)


def _standing(installer: Installer, by: int, examination: Examination, lifters: Lifters) -> Program:
    """Return the program of an installer where it stands while a CPU runs it."""
    linked = examination.programs[installer.role].image
    patches = find_alternatives(linked).moved(by, linked.architecture.bits)
    stands = installer.where_it_stands(examination.programs)
    return Program(stands.image, lifters, installer.ends, patches)


def _rows_with(examination: Examination, index: int, behaviour: Behaviour) -> Sequence[HeldRow]:
    """Return what all installers of a file are held to, where one of them does this."""
    behaviours = [each.behaviour for each in examination.installed]
    behaviours[index] = behaviour
    return hold_installers(
        examination.installers,
        behaviours,
        examination.revision,
        examination.programs,
        examination.surroundings,
    )
