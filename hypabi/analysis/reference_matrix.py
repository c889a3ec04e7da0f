"""Hold the callers of the reference revisions that are shipped against the parties of all."""

from collections.abc import Iterable, Iterator
from typing import Final

from hypabi.analysis.findings.matrix import Column, Judged, Matrix, Row
from hypabi.analysis.provenance import Provenance
from hypabi.analysis.references import Library
from hypabi.analysis.results.matrix import CallerRole
from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.contract.revision import Installation
from hypabi.decode.place import closest_name
from hypabi.errors import HypabiError, MisuseError
from hypabi.judgement.matrix.applicable_row import Caller, Live
from hypabi.judgement.matrix.cells import judge_cell, judge_installer
from hypabi.judgement.matrix.reference_index import Form, Index, Reference, read_index
from hypabi.records import frozen
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.cached import Remembered

KINDS: Final = ("stub", "kvm")
"""The images that hold a revision and nothing else; the others hold the same code again."""


@frozen(kw_only=True)
class CellChoice:
    """Which cells are asked for; what is ``None`` or empty chooses nothing."""

    architecture: Architecture | None = None
    instruction_set: InstructionSet | None = None
    byte_order: ByteOrder | None = None
    images: tuple[str, ...] = ()
    """Callers and parties of these reference images alone."""
    caller_revision: str = ""
    caller_function: str = ""
    party: str = ""
    party_revision: str = ""

    def has_form(self, form: Form) -> bool:
        """Tell whether cells in a form are asked for."""
        instruction_set = self.instruction_set in (None, form.instruction_set)
        return instruction_set and self.byte_order in (None, form.byte_order)

    def has_caller(self, revision: str, function: str) -> bool:
        """Tell whether the cells of a function are asked for."""
        own = self.caller_revision in ("", revision)
        return own and self.caller_function in ("", function)

    def has_party(self, live: Live) -> bool:
        """Tell whether the cells of a live party are asked for."""
        return self.party in ("", live.name) and self.party_revision in ("", live.label)


def reference_matrix(choice: CellChoice, provenance: Provenance) -> Matrix:
    """Judge the cells that are asked for.

    :raises HypabiError: it asks for none
    """
    index = read_index()
    library = Library(index)
    judged = tuple(_judged(library, _references(index, choice.images), choice))
    if not judged:
        raise HypabiError("matrix", "no cell is left of what was asked for", "ask for less")
    return Matrix(judged, library.files(), library.text, library.contracts(), provenance)


def _references(index: Index, names: tuple[str, ...]) -> tuple[Reference, ...]:
    if not names:
        return tuple(each for each in index.references if each.kind in KINDS)
    known = {each.name: each for each in index.references}
    for name in names:
        if name not in known:
            raise MisuseError(f"--image {name}", "no reference image", closest_name(name, known))
    return tuple(known[name] for name in names)


def _judged(
    library: Library, references: tuple[Reference, ...], choice: CellChoice
) -> Iterator[Judged]:
    """Yield the cells, form by form: callers by revision, then live parties by revision."""
    solver = Remembered(BitwuzlaSolver())
    for form, of_form in _forms(references, choice):
        architecture = of_form[0].architecture
        parties = _parties(library, of_form, form, choice)
        if not choice.images:
            parties = _by_revision(library, parties)
        for caller in _callers(library, of_form, form, choice):
            row = Row(caller.name, caller.label, caller.image, architecture)
            asked = _asked(caller)
            for live in parties:
                column = Column(live.name, live.label, live.image, architecture)
                cell = judge_cell(caller, live, solver)
                yield Judged(row, column, form.name, cell, asked)
        for live, installation, behaviour in _installers(library, of_form, form, choice):
            where = (live.label, live.image, architecture, CallerRole.INSTALLER)
            row = Row(installation.function, *where)
            column = Column(live.name, live.label, live.image, architecture)
            cell = judge_installer(live, installation, behaviour, solver)
            yield Judged(row, column, form.name, cell, ())


def _asked(caller: Caller) -> tuple[tuple[str, int], ...]:
    """Return what a caller puts into registers, whatever it was called with."""
    first = caller.requests.found[:1]
    return tuple(pinned for request in first for pinned in request.pinned().items())


def _forms(
    references: Iterable[Reference], choice: CellChoice
) -> Iterator[tuple[Form, tuple[Reference, ...]]]:
    """Yield each form that is asked for, with the references that have it."""
    asked = [each for each in references if choice.architecture in (None, each.architecture)]
    for form in dict.fromkeys(form for each in asked for form in each.forms):
        if choice.has_form(form):
            yield form, tuple(each for each in asked if form in each.forms)


def _callers(
    library: Library, references: tuple[Reference, ...], form: Form, choice: CellChoice
) -> tuple[Caller, ...]:
    """Return each function of each revision once, by revision."""
    found: dict[tuple[str, str], Caller] = {}
    for reference in references:
        for each in reference.callers:
            key = (each.name, reference.revision)
            if choice.has_caller(reference.revision, each.name) and key not in found:
                caller = library.caller(reference, form, each)
                if caller is not None:
                    found[key] = caller
    order = list(library.index.revisions)
    return tuple(sorted(found.values(), key=lambda each: order.index(each.label)))


def _parties(
    library: Library, references: tuple[Reference, ...], form: Form, choice: CellChoice
) -> tuple[Live, ...]:
    """Return each party of each revision once, as the images have them."""
    found: dict[tuple[str, str], Live] = {}
    for reference in references:
        for live in library.parties(reference, form):
            if choice.has_party(live):
                found.setdefault((live.name, live.label), live)
    return tuple(found.values())


def _installers(
    library: Library, references: tuple[Reference, ...], form: Form, choice: CellChoice
) -> Iterator[tuple[Live, Installation, Behaviour]]:
    """Yield the code that makes a party live without a call, of each revision once."""
    seen: set[tuple[str, str]] = set()
    for reference in references:
        for live, installation in library.installations(reference, form):
            asked = choice.has_caller(live.label, installation.function) and choice.has_party(live)
            key = (installation.function, live.label)
            if asked and key not in seen:
                seen.add(key)
                yield live, installation, library.installs(reference, form, installation)


def _by_revision(library: Library, parties: tuple[Live, ...]) -> tuple[Live, ...]:
    order = list(library.index.revisions)
    return tuple(sorted(parties, key=lambda each: order.index(each.label)))
