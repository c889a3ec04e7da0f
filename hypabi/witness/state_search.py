"""Choose, among all states that refute, one that a machine can be in, and shrink it."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from hypabi.behaviour.outcome import CalledBack, Left
from hypabi.judgement.verification.obligations import Obligation
from hypabi.judgement.verification.possible import contradiction, possible_state
from hypabi.machine.qemu.processors import PROCESSORS, Processor
from hypabi.records import frozen
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate, evaluate_all
from hypabi.smt.solver import Feasible, Satisfiable, Solver, Unsatisfiable
from hypabi.smt.terms import Term, Value
from hypabi.witness.addresses import Word, base_of, word_of
from hypabi.witness.call_setup import Caller
from hypabi.witness.layout import scratch, target
from hypabi.witness.shrink import shrunk


@frozen
class Chosen:
    """A state at entry that refutes and that a machine can be in."""

    obligation: Obligation
    model: Mapping[str, int]
    """A value for every symbol that the case speaks of."""
    usual: Mapping[str, int]
    """What symbols are where nothing asks for anything else."""
    words: tuple[Word, ...]
    bases: tuple[Term, ...]
    """What registers and memory point to, besides fixed addresses."""
    processor: Processor | None
    """One that the state can be of."""

    def value(self, value: Value) -> int:
        """Return the value of a term."""
        return evaluate(value, self.total)

    @property
    def total(self) -> Mapping[str, int]:
        """Return the model extended to every other symbol."""
        return _Total(self.model, self.usual)


class _Total(dict[str, int]):
    """A model extended to symbols that do not matter: they are what they usually are."""

    def __init__(self, model: Mapping[str, int], usual: Mapping[str, int]) -> None:
        super().__init__(model)
        self._usual = usual

    def __missing__(self, name: str) -> int:
        return self._usual.get(name, 0)


@frozen
class Impossible:
    """No machine can be in a state that refutes, and why."""

    reason: str


@frozen
class Unbroken:
    """No state breaks this demand on this case."""


def choose(
    obligation: Obligation, caller: Caller, solver: Callable[[], Solver]
) -> Chosen | Impossible | Unbroken:
    """Choose a state.

    :raises Unplaced: memory is read at an address that cannot be told
    """
    spoken = tuple(_spoken(obligation))
    symbols = sorted(terms.symbols_of(*spoken), key=lambda symbol: symbol.name)
    read = obligation.held.behaviour.words
    words = tuple(_words(symbols, {} if read is None else read.addresses))
    bases = tuple(_bases(obligation, words))
    asking = solver()
    for condition in obligation.denial:
        asking.add(condition)
    if isinstance(asking.feasibility(), Unsatisfiable):
        return Unbroken()
    musts = (*_musts(caller, symbols), *caller.stays(obligation.case))
    for condition in musts:
        asking.add(condition)
    if not isinstance(asking.feasibility(), Feasible):
        return Impossible("addresses would have to be translated, or the caller be no machine's")
    wishes = _Wishes(asking)
    wishes.each([terms.eq(base, scratch(n), base.width) for n, base in enumerate(bases)])
    wishes.each(_aims(obligation))
    processor = wishes.processor(caller, symbols)
    behaviour = obligation.held.behaviour
    answer = possible_state(asking, behaviour, ())
    if not isinstance(answer, Satisfiable):
        return Impossible("the solver found no state that a machine can be in")
    usual = {**caller.usual(), **(processor.identification if processor else {})}
    model = {symbol.name: usual.get(symbol.name, 0) for symbol in symbols} | dict(answer.model)
    kept = (*obligation.denial, *musts, *wishes.kept)

    def shows(smaller: Mapping[str, int]) -> bool:
        total = _Total(smaller, usual)
        return all(evaluate_all(kept, total)) and contradiction(behaviour, total) is None

    small = shrunk(model, usual, shows)
    return Chosen(obligation, small, usual, words, bases, processor)


def _spoken(obligation: Obligation) -> Iterator[Value]:
    """Yield every term of a case and of what is asked about it."""
    yield from obligation.denial
    case = obligation.case
    yield from case.registers.values()
    for store in case.stores:
        yield store.value
        if store.base is not None:
            yield store.base
    outcome = case.outcome
    if isinstance(outcome, Left | CalledBack):
        yield outcome.target
    if isinstance(outcome, Left) and outcome.status is not None:
        yield outcome.status
    for each in obligation.goal.about:
        yield from (each.before, each.after)


def _words(symbols: Sequence[Term], addresses: Mapping[str, tuple[Term, Value]]) -> Iterator[Word]:
    """Yield the words of memory among symbols, and those that their addresses are read from."""
    waiting = list(symbols)
    seen = set(symbols)
    while waiting:
        word = word_of(waiting.pop(0), addresses)
        if word is None:
            continue
        yield word
        new = terms.symbols_of(word.address) - seen
        seen |= new
        waiting += sorted(new, key=lambda symbol: symbol.name)


def _bases(obligation: Obligation, words: Sequence[Word]) -> Iterator[Term]:
    """Yield each term that memory is reached by, once; a sum's parts are left to the solver."""
    found: dict[Term, None] = {}
    for store in obligation.case.stores:
        if store.base is not None:
            found[store.base] = None
    for word in words:
        base = base_of(word.address)
        if base is not None:
            found[base] = None
    yield from found


def _musts(caller: Caller, symbols: Sequence[Term]) -> Iterator[Value]:
    """Yield what a machine needs of the state, as far as the refutation speaks of it."""
    spoken = set(symbols)
    for must in caller.musts():
        if terms.symbols_of(must) & spoken or must == 0:
            yield must


def _aims(obligation: Obligation) -> Iterator[Value]:
    """Yield the wish that control leaves to a place of ours, where nothing is."""
    outcome = obligation.case.outcome
    if isinstance(outcome, Left | CalledBack) and isinstance(outcome.target, Term):
        yield terms.eq(outcome.target, target(0), outcome.target.width)


class _Wishes:
    """Asks for more, as long as there is a state left."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self.kept: list[Value] = []

    def each(self, wishes: Sequence[Value] | Iterator[Value]) -> None:
        """Keep each wish that can hold together with those before it."""
        for wish in wishes:
            self.together([wish])

    def together(self, wishes: Sequence[Value]) -> bool:
        """Keep wishes if all of them can hold."""
        if not isinstance(self._solver.feasibility(*wishes), Feasible):
            return False
        for wish in wishes:
            self._solver.add(wish)
            self.kept.append(wish)
        return True

    def processor(self, caller: Caller, symbols: Sequence[Term]) -> Processor | None:
        """Ask for the identification registers of a processor that machines know."""
        for processor in PROCESSORS:
            if processor.architecture is not caller.architecture:
                continue
            known = processor.identification
            named = [symbol for symbol in symbols if symbol.name in known]
            if self.together([terms.eq(s, known[s.name], s.width) for s in named]):
                return processor
        return None
