"""From a refuted clause to a witness: choose a state, place it, rehearse it, predict its end."""

import hashlib
from collections.abc import Callable, Iterator, Mapping

from hypabi.arch.identifiers import IMMEDIATE_BITS
from hypabi.arch.names import InstructionSet
from hypabi.contract.clause import Clause
from hypabi.image.model import Image
from hypabi.judgement.verification.obligations import HeldRow
from hypabi.judgement.verification.wording import breach_text
from hypabi.machine.engine.machine import Engine
from hypabi.machine.start import SYSTEM_32, SYSTEM_64
from hypabi.machine.state import Extent, MachineState, register_width, require_register
from hypabi.records import field, frozen, replace
from hypabi.smt import terms
from hypabi.smt.solver import Solver
from hypabi.witness.addresses import Unplaced
from hypabi.witness.call_setup import Caller
from hypabi.witness.dry_run import MOST, Rehearsal, rehearse
from hypabi.witness.expectation import Promise, about_of
from hypabi.witness.layout import CALLER, STEP
from hypabi.witness.model import (
    PAGE,
    Claim,
    Given,
    Page,
    Patched,
    Prediction,
    Source,
    Start,
    Witness,
    WitnessError,
)
from hypabi.witness.patched import replacement
from hypabi.witness.prediction import Predictor, runs
from hypabi.witness.program import content_of
from hypabi.witness.refutations import breakable_obligations
from hypabi.witness.state import extent, limits_of
from hypabi.witness.state_search import Chosen, Impossible, Unbroken, choose


@frozen
class Setting:
    """The program that a witness runs, where it runs, and what is needed to say so."""

    image: Image
    """At the addresses at which it runs."""
    source: Source
    table: int
    """Address of the live vectors, where they run."""
    state: InstructionSet
    """In which the vectors are written."""
    contract_sha256: str
    made_by: Mapping[str, str]
    replaced: Callable[[int], Patched | None] = field(default=lambda _: None)
    """The patch whose replacement holds an address of code."""
    offset: Callable[[int, bytes], int | None] = field(default=lambda *_: None)
    """Where bytes of the program, which run at an address, stand in the file."""

    def read(self, address: int, size: int) -> bytes | None:
        """Return bytes of the image, ``None`` where it has none."""
        return content_of(self.image, address, size)


@frozen
class NotMade:
    """No witness was made, and why; it says nothing about the refutation."""

    reason: str


def witness_of(
    held: HeldRow,
    clause: Clause,
    setting: Setting,
    solver: Callable[[], Solver],
    engine: Engine | None = None,
) -> Witness | NotMade:
    """Make a witness of a refuted clause, the first that a machine can run.

    :param held: with the behaviour of ``setting.image``, at the addresses at which it runs
    :param engine: to rehearse on, if there is one already
    """
    reasons: list[str] = []
    caller = Caller(
        setting.image.architecture,
        setting.state,
        setting.image.byte_order,
        _immediate(held),
        setting.table,
        held.behaviour,
    )
    for obligation in breakable_obligations(held, clause):
        try:
            chosen = choose(obligation, caller, solver)
            match chosen:
                case Chosen():
                    return _Maker(chosen, caller, setting, engine or Engine()).witness()
                case Impossible(reason):
                    reasons.append(reason)
                case Unbroken():
                    continue
        except (Unplaced, WitnessError) as failed:
            reasons.append(str(failed))
    return NotMade(reasons[0] if reasons else "nothing refutes the clause where the code runs")


def _immediate(held: HeldRow) -> int:
    """Return the immediate of the ``hvc``: the call's own, or one that is no call's."""
    revision = held.revision
    if revision.immediate is not None:
        return revision.immediate
    if held.number is not None:
        return revision.content(held.number)
    others = range(1 << IMMEDIATE_BITS)
    return next((each for each in others if not any(revision.numbered(each))), 0)


class _Maker:
    """Makes one witness of one chosen state."""

    def __init__(self, chosen: Chosen, caller: Caller, setting: Setting, engine: Engine) -> None:
        self.chosen = chosen
        self.caller = caller
        self.setting = setting
        self.engine = engine
        self.predictor = Predictor(chosen, caller, setting.image)
        self.architecture = setting.image.architecture

    def witness(self) -> Witness:
        """Make it."""
        patched = self._patched()
        memory = tuple(self._memory())
        promise = self.predictor.promise(held(memory))
        prediction = self.predictor.prediction(promise)
        registers = {**self.caller.registers(self._at_entry), **self._vector_base()}
        about = {name: self._system()[name] for name in about_of(promise) if name in self._system()}
        registers |= about
        rehearsal = self._rehearsal(registers, memory, patched, prediction, promise)
        registers |= rehearsal.supplied
        said = {n: v for n, v in sorted(registers.items()) if v or n not in self._required()}
        memory = tuple(given_of(held(memory), rehearsal.places))
        setting = self.setting
        pages = tuple(self._pages(rehearsal, memory, patched))
        return Witness(
            self._claim(),
            replace(setting.source, pages=pages, patched=patched),
            Start(
                self.architecture, setting.state, self.caller.order, said, memory, self.caller.back
            ),
            promise,
            prediction,
            dict(sorted(setting.made_by.items())),
        )

    def _rehearsal(
        self,
        registers: Mapping[str, int],
        memory: tuple[Given, ...],
        patched: tuple[Patched, ...],
        prediction: Prediction,
        promise: Promise,
    ) -> Rehearsal:
        read = self.setting.read
        new = (Extent(each.address, replacement(each, self._code)) for each in patched)
        state = MachineState(self.architecture, registers, (*new, *map(extent, memory)))
        limits = limits_of(state, self.caller.back, prediction, promise, MOST)
        processor = self.chosen.processor
        known = {**(processor.identification if processor else {}), **self._system()}
        return rehearse(self.engine, state, limits, known, read)

    def _code(self, address: int, size: int) -> bytes:
        content = self.setting.read(address, size)
        if content is None:
            raise WitnessError(f"{address:#x}", "the image has no code here")
        return content

    def _required(self) -> Mapping[str, int]:
        return require_register(self.architecture)

    def _at_entry(self, name: str, bits: int) -> int:
        found = self.caller.behaviour.at_entry.get(name)
        return self.chosen.value(terms.symbol(name, bits) if found is None else found)

    def _system(self) -> dict[str, int]:
        """Return the system registers that the case speaks of."""
        behaviour = self.caller.behaviour
        entered = {behaviour.link, behaviour.status, "ESR_EL2", "HSR", *self._required()}
        found = {}
        for name in self.chosen.model:
            bits = register_width(self.architecture, name)
            if bits is not None and name not in entered:
                found[name] = self._at_entry(name, bits)
        return found

    def _vector_base(self) -> dict[str, int]:
        """Return the registers that every start gives, with the values of the case."""
        base = "VBAR_EL2" if self.architecture.bits == 64 else "HVBAR"
        always = (*SYSTEM_64, *SYSTEM_32)
        asked = {name: value for name, value in self._system().items() if name in always}
        return {**asked, base: self.caller.table}

    def _patched(self) -> tuple[Patched, ...]:
        found = map(self.setting.replaced, self.chosen.obligation.case.path(self.chosen.total))
        unique = {each.address: each for each in found if each is not None}
        return tuple(unique[address] for address in sorted(unique))

    def _memory(self) -> Iterator[Given]:
        """Yield memory besides the image: the caller, scratch memory, words of the state."""
        yield Given(CALLER, self.caller.instruction, 8)
        for base in self.chosen.bases:
            middle = self.chosen.value(base)
            if self.setting.image.segment(middle) is None:
                yield Given(max(0, middle - STEP // 2), b"", STEP)
        yield from self._written_over()
        for word in self.chosen.words:
            place, size = self.chosen.value(word.address), word.symbol.width // 8
            content = self.chosen.value(word.symbol).to_bytes(size, self.caller.order.value)
            yield Given(place, content, size)

    def _written_over(self) -> Iterator[Given]:
        """Yield other bytes than those that are stored, so that each store can be seen."""
        for store in self.chosen.obligation.case.stores:
            value = self.predictor.known(store.value)
            if value is not None:
                other = value ^ (1 << 8 * store.size) - 1
                content = other.to_bytes(store.size, self.caller.order.value)
                place = self.predictor.place(store)
                if place < self.caller.back and place + store.size > CALLER:
                    raise WitnessError(f"{place:#x}", "it writes where the witness has its caller")
                yield Given(place, content, store.size)

    def _pages(
        self, rehearsal: Rehearsal, memory: tuple[Given, ...], patched: tuple[Patched, ...]
    ) -> Iterator[Page]:
        """Yield the pages of the image that the run touches, where no given memory lies."""
        given = held(memory)
        places = set(rehearsal.places)
        places |= {(each.replacement, each.size) for each in patched}
        starts = {
            page
            for address, size in places
            if not all(address + n in given for n in range(size))
            for page in range(address & -PAGE, address + size, PAGE)
        }
        for start in sorted(starts):
            yield from self._page(start)

    def _page(self, start: int) -> Iterator[Page]:
        """Yield what the image has of a page: segments that touch each other are one piece."""
        pieces: list[tuple[int, int]] = []
        for segment in self.setting.image.segments:
            low, high = max(start, segment.address), min(start + PAGE, segment.end)
            if low < high:
                joins = bool(pieces) and pieces[-1][1] == low
                pieces.append((pieces.pop()[0] if joins else low, high))
        for low, high in pieces:
            content = self._code(low, high - low)
            sha256 = hashlib.sha256(content).hexdigest()
            yield Page(low, len(content), sha256, self.setting.offset(low, content))

    def _claim(self) -> Claim:
        obligation = self.chosen.obligation
        held, clause = obligation.held, obligation.clause
        revision, number = held.revision, held.number
        return Claim(
            revision.contract,
            self.setting.contract_sha256,
            str(revision.version),
            held.party.name,
            held.row.call,
            None if number is None else revision.content(number),
            clause.name,
            clause.text,
            breach_text(obligation.goal.breach),
            self._counterexample(),
        )

    def _counterexample(self) -> Mapping[str, int]:
        """Return what the refutation needs of the state: what is not as it usually is."""
        symbols = terms.symbols_of(*self.chosen.obligation.denial)
        names = sorted(symbol.name for symbol in symbols)
        model, usual = self.chosen.model, self.chosen.usual
        identifier = self.chosen.obligation.held.revision.identifier
        return {
            name: model[name]
            for name in names
            if name == identifier or model[name] != usual.get(name, 0)
        }


def held(memory: tuple[Given, ...]) -> dict[int, int]:
    """Return the bytes that ``memory`` gives, by address; the later holds."""
    found: dict[int, int] = {}
    for given in memory:
        content = given.content.ljust(given.size, b"\0")
        found |= {given.address + n: byte for n, byte in enumerate(content)}
    return found


def given_of(found: Mapping[int, int], places: frozenset[tuple[int, int]]) -> Iterator[Given]:
    """Yield the bytes that a run uses, neighbours together."""
    used = {address + n for address, size in places for n in range(size)}
    for start, content in runs({a: byte for a, byte in found.items() if a in used}):
        yield Given(start, content.rstrip(b"\0"), len(content))
