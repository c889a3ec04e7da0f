"""Code that mutants are made of: what is derived from it, and what it is held to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from evidence.mutation.mutations import Mutation, mutations
from hypabi.analysis.options import contract_of
from hypabi.analysis.references import Library, data_order
from hypabi.analysis.session import Session
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_behaviour, derive_installer
from hypabi.code.compiled_functions import is_compiled
from hypabi.code.vector_tables import VectorTable, find_vector_tables
from hypabi.contract.revision import Installation, LiveParty, Revision, Row
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, Loaded, Segment
from hypabi.judgement.matrix.reference_index import Form, Reference, read_index
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.lifter.instruction import Instruction, Undecodable
from hypabi.lifter.sleigh import Lifter
from hypabi.records import frozen, replace
from hypabi.smt.allowance import Allowance, counted
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.symbolic.explore import Code, Explorer, Theory
from hypabi.symbolic.lifting import image_lifter, thumb_lifter
from hypabi.symbolic.setup import explorer_for

KINDS = ("stub", "kvm")
"""The reference images that hold a revision and nothing else."""

Derive = Callable[[Explorer], Behaviour]


class Lifters:
    """Lifters whose words are lifted once, whatever the mutant: they depend on nothing else."""

    def __init__(self) -> None:
        self.of = cache(Lifter)
        self._lifted = cache(lambda key, *where: self.of(*key).lift(*where))

    def lift(
        self, key: tuple[InstructionSet, object], address: int, content: bytes, it: int = 0
    ) -> Instruction | Undecodable:
        """Lift a word."""
        found: Instruction | Undecodable = self._lifted(key, address, bytes(content), it)
        return found


class Program:
    """A program whose code can be overwritten in memory, and explored anew each time."""

    def __init__(self, image: Image, lifters: Lifters) -> None:
        """Keep code where it can be written, and what does not depend on it.

        :param image: its content is copied; no file is written
        """
        self._content: dict[int, bytearray] = {}
        segments = tuple(map(self._writable, image.segments))
        self.image = replace(image, segments=segments)
        self.lifters = lifters
        self.first = explorer_for(self.image, lifters=lifters.of)
        self.asked: dict[tuple[int, InstructionSet], Instruction] = {}

    def _writable(self, segment: Segment) -> Segment:
        if segment.access is not Access.CODE:
            return segment
        content = self._content[segment.address] = bytearray(segment.content)
        return replace(segment, content=memoryview(content))

    def write(self, address: int, content: bytes) -> None:
        """Overwrite code."""
        segment = self.image.segment(address)
        assert segment is not None
        at = address - segment.address
        self._content[segment.address][at : at + len(content)] = content

    def explorer(self) -> Explorer:
        """Return an explorer of the code as it is now, with an allowance of its own."""
        first, allowance = self.first, Allowance()
        arm64 = self.image.architecture is Architecture.ARM64
        usual = InstructionSet.A64 if arm64 else InstructionSet.A32
        code = Code(
            self.image,
            image_lifter(self.image, lambda *where: self._lift(usual, *where)),
            first.text,
            first.patches,
            is_compiled(self.image),
            first.assumptions,
            None
            if arm64
            else thumb_lifter(self.image, lambda *where: self._lift(InstructionSet.T32, *where)),
        )
        solver = counted(BitwuzlaSolver, allowance)
        explorer = Explorer(code, Theory(first.profile, first.domain, solver, allowance))
        explorer.displaces, explorer.identity_mapped = first.displaces, first.identity_mapped
        return explorer

    def _lift(
        self, state: InstructionSet, address: int, content: bytes, it: int = 0
    ) -> Instruction | Undecodable:
        found = self.lifters.lift((state, self.image.byte_order), address, content, it)
        if isinstance(found, Instruction):
            self.asked[address, state] = found
        return found

    def text(self, address: int, state: InstructionSet, content: bytes) -> str:
        """Return bytes of code as instructions."""
        lifter = self.lifters.of(state, self.image.byte_order)
        texts = []
        while content:
            found = lifter.lift(address, content)
            size = min(len(found.bytes) or 4, len(content))
            texts.append(lifter.text(address, content.ljust(4, b"\0")))
            address, content = address + size, content[size:]
        return "; ".join(" ".join(each.split()) for each in texts)

    def decodes(self, mutation: Mutation) -> bool:
        """Tell whether the first changed word has a meaning."""
        content = mutation.new.ljust(4, b"\0")
        key = (mutation.state, self.image.byte_order)
        return isinstance(self.lifters.lift(key, mutation.address, content), Instruction)


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

    def __init__(self, name: str, program: Program, derive: Derive, held: Sequence[Held]) -> None:
        self.name = name
        self.program = program
        self.held = tuple(held)
        self._derive = derive
        program.asked.clear()
        explorer = program.explorer()
        self.original = derive(explorer)
        executed = [
            each for (address, _), each in program.asked.items() if explorer.has_read(address)
        ]
        self.code = tuple(sorted(executed, key=lambda each: each.address))
        self.mutations = mutations(self.code)

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
    """Yield the parties of a reference image, and who installs them."""
    library = Library(read_index())
    reference = next(each for each in library.index.references if each.name == image)
    of = next(each for each in reference.forms if each.name == form)
    loaded = load_image(reference.file(of))
    plain = Program(loaded.images[-1], lifters)
    at_hyp, installers = _at_hyp(library, reference, of, plain)
    names = [party.vectors for party in reference.parties]
    found = find_vector_tables(plain.image, names, plain.first.instruction)
    tables = {table.name: table for table in found if table.name in names}
    where = f"{image}-{form}"
    for party in reference.parties:
        revision = library.revision(party.revision, reference)
        held = (
            None if revision is None else _held(revision, party.vectors, party.name, plain, tables)
        )
        if held is not None:
            derive = _through(tables[party.vectors], held.revision.immediate)
            yield Subject(f"{where} {party.name}", at_hyp, derive, [held])
    for installation, revision, address in installers:
        held = _installing(installation, revision, plain, tables)
        name = f"{where} {installation.function}"
        yield Subject(name, plain, _installed_at(address, of.instruction_set), [held])


def _at_hyp(
    library: Library, reference: Reference, form: Form, plain: Program
) -> tuple[Program, list[tuple[Installation, Revision, int]]]:
    """Return the program with data as its installer leaves it to HYP, and the installers."""
    found = []
    for party in reference.parties:
        revision = library.revision(party.revision, reference)
        for each in revision.installations if revision is not None else ():
            symbols = plain.image.symbols.find(each.function)
            if each.row.party == party.name and len(symbols) == 1:
                assert revision is not None
                found.append((each, revision, symbols[0].address))
    for _, _, address in found[:1]:
        order = data_order(derive_installer(plain.first, address, form.instruction_set))
        if order not in (None, plain.image.byte_order):
            assert order is not None
            return Program(replace(plain.image, byte_order=order), plain.lifters), found
    return plain, found


def _through(table: VectorTable, immediate: int) -> Derive:
    return lambda explorer: derive_behaviour(explorer, table.hvc_entry, immediate, table.state)


def _installed_at(address: int, state: InstructionSet) -> Derive:
    return lambda explorer: derive_installer(explorer, address, state)


def _held(
    revision: Revision, vectors: str, name: str, program: Program, tables: Mapping[str, VectorTable]
) -> Held | None:
    """Return a reference's party as its contract has it; it is live, whatever tells it apart."""
    by_name = [party for party in revision.parties if party.name == name]
    by_vectors = [party for party in revision.parties if party.vectors == vectors]
    party = next(iter((*by_name, *by_vectors)), None)
    if party is None or vectors not in tables or not revision.rows_of(party.name):
        return None
    live = replace(party, when=None)
    parties = tuple(live if each is party else each for each in revision.parties)
    around = _surroundings(revision, program, tables)
    return Held(live, replace(revision, parties=parties), around)


def _surroundings(
    revision: Revision, program: Program, tables: Mapping[str, VectorTable]
) -> Surroundings:
    found = {p.name: tables[p.vectors].address for p in revision.parties if p.vectors in tables}

    def symbol(name: str) -> int | None:
        symbols = program.image.symbols.find(name)
        return symbols[0].address if len(symbols) == 1 else None

    return Surroundings(found, lambda _name: None, lambda _name: False, symbol)


def _installing(
    installation: Installation,
    revision: Revision,
    program: Program,
    tables: Mapping[str, VectorTable],
) -> Held:
    """Return an installer as a party that promises its row and no other."""
    row = installation.row
    party = revision.party(row.party)
    assert party is not None
    alone = replace(revision, rows=(row,), calls=())
    return Held(party, alone, _surroundings(revision, program, tables))


def kernel_subjects(name: str, path: Path, lifters: Lifters) -> Iterator[Subject]:
    """Yield the parties of a kernel as it was shipped, those of one vector table together."""
    found = load_image(path)
    programs = {image.role: Program(image, lifters) for image in found.images}
    images = tuple(program.image for program in programs.values())
    loaded = Loaded(found.paths, found.sha256, found.formats, images)
    examination = Session(loaded).examine(contract_of("linux-hyp-abi"))
    revision = examination.revision
    together: dict[tuple[object, int], list[str]] = {}
    for party, (role, table) in examination.found.items():
        together.setdefault((role, table.address), []).append(party)
    for parties in together.values():
        role, table = examination.found[parties[0]]
        held = [
            Held(party, revision, examination.surroundings)
            for party in revision.parties
            if party.name in parties
        ]
        derive = _through(table, revision.immediate)
        yield Subject(f"{name} {'+'.join(parties)}", programs[role], derive, held)
