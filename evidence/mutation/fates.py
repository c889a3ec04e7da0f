"""What becomes of a mutant: whether hypabi refutes it, and if not, whether it does the same."""

import enum
from collections.abc import Iterator

from evidence.mutation.mutations import Mutation
from evidence.mutation.reviewed import entry_for
from evidence.mutation.subjects import Held, Subject
from hypabi.behaviour.case import Behaviour, Case
from hypabi.judgement.difference.compare import compare_sides
from hypabi.judgement.difference.model import (
    Aspect,
    Bearing,
    Difference,
    Direction,
    differences_of,
    reasons_of,
)
from hypabi.judgement.difference.side import Side
from hypabi.judgement.verification.prover import judge_row
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided
from hypabi.records import frozen
from hypabi.smt.allowance import Allowance, CountedSolver
from hypabi.smt.bitwuzla import BitwuzlaSolver

EXCEPTION_STATE = frozenset(
    {"ELR_EL2", "SPSR_EL2", "ESR_EL2", "ELR_hyp", "SPSR_hyp", "HSR", "LR_usr"}
)
"""What taking an exception overwrites: a contract lets nobody rely on it."""


class Fate(enum.Enum):
    """What becomes of a mutant, best first."""

    REFUTED = "refuted"
    UNDECIDED = "undecided"
    REFUSED = "refused: no instruction"
    EQUAL = "does the same"
    SCRATCH = "differs in scratch registers only"
    OPEN = "differs only where the contract leaves it open"
    REVIEWED = "reviewed: equivalent"
    LIMIT = "reviewed: a limit that is documented"
    KNOWN = "survivor of a kind that is known"
    SURVIVOR = "survivor"


BY_ENTRY = {"equivalent": Fate.REVIEWED, "limit": Fate.LIMIT, "known": Fate.KNOWN}
"""What an entry of the list makes of what it covers."""


@frozen
class Judged:
    """A mutant and its fate."""

    subject: str
    mutation: Mutation
    fate: Fate
    old: str
    """The original instructions, as text."""
    new: str
    why: str
    """The first clause that is refuted, the first reason, or what differs."""


def reviewed_fate(subject: str, difference: str) -> Fate:
    """Return what a difference is by the list of those that were looked at."""
    entry = entry_for(subject, difference)
    return Fate.SURVIVOR if entry is None else BY_ENTRY[entry.kind]


class Judge:
    """Judges the mutants of one subject."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._expected: set[tuple[str, str | None, str]] = set()
        self._open: dict[tuple[str, str | None, str], str] = {}
        for key, verdict in _verdicts(subject, subject.original):
            if isinstance(verdict, Proved):
                self._expected.add(key)
            elif isinstance(verdict, Undecided):
                self._open[key] = verdict.reason

    @property
    def proved(self) -> int:
        """How many clauses are proved of the original."""
        return len(self._expected)

    def judge(self, mutation: Mutation) -> Judged:
        """Judge one mutant."""
        behaviour = self.subject.mutated(mutation)
        fate, why = self._fate(mutation, behaviour)
        program = self.subject.program
        old, new = (
            program.text(mutation.address, mutation.state, content)
            for content in (mutation.old, mutation.new)
        )
        return Judged(self.subject.name, mutation, fate, old, new, why)

    def _fate(self, mutation: Mutation, behaviour: Behaviour) -> tuple[Fate, str]:
        if _acts(behaviour) == _acts(self.subject.original):
            return Fate.EQUAL, ""
        undecided = ""
        for key, verdict in _verdicts(self.subject, behaviour):
            name = " ".join(each for each in key if each)
            if key not in self._expected:
                if isinstance(verdict, Undecided) and verdict.reason != self._open.get(key):
                    undecided = undecided or f"{name}: {verdict.reason}"
                continue
            match verdict:
                case Refuted():
                    return Fate.REFUTED, name
                case Undecided(reason):
                    undecided = undecided or f"{name}: {reason}"
                case Proved():
                    continue
                case _:
                    undecided = undecided or f"{name}: vacuous"
        if undecided:
            known = self.subject.program.decodes(mutation)
            return (Fate.UNDECIDED if known else Fate.REFUSED), undecided
        return self._compared(behaviour)

    def _compared(self, behaviour: Behaviour) -> tuple[Fate, str]:
        """Hold a mutant of which everything is proved against the original; the worst counts."""
        worst, why = Fate.EQUAL, ""
        order = list(Fate)
        for held in self.subject.held:
            for found, what in _differences(held, self.subject.original, behaviour):
                fate = reviewed_fate(self.subject.name, what) if found is Fate.SURVIVOR else found
                if order.index(fate) > order.index(worst):
                    worst, why = fate, what
        return worst, why


def _solver() -> CountedSolver:
    return CountedSolver(BitwuzlaSolver(), Allowance())


def _verdicts(
    subject: Subject, behaviour: Behaviour
) -> Iterator[tuple[tuple[str, str | None, str], object]]:
    for of in subject.rows(behaviour):
        for finding in judge_row(of, _solver()):
            yield (finding.party, finding.call, finding.clause.name), finding.verdict


def _acts(behaviour: Behaviour) -> tuple[object, ...]:
    """Return what a behaviour is, without the addresses at which it was decided."""
    return tuple(map(_act, behaviour.cases))


def _act(case: Case) -> tuple[object, ...]:
    return (
        tuple(each.term for each in case.guard),
        dict(case.registers),
        case.stores,
        tuple((each.name, each.operands, each.guard) for each in case.effects),
        case.outcome,
    )


def _differences(held: Held, original: Behaviour, mutant: Behaviour) -> Iterator[tuple[Fate, str]]:
    """Yield what a mutant does otherwise, and how bad that is where everything is proved."""
    name = held.party.name
    sides = [
        Side(held.revision, {name: each}, held.surroundings, "one program", {})
        for each in (original, mutant)
    ]
    for cell in compare_sides(sides[0], sides[1], Direction.OLD_CALLERS, _solver):
        row = cell.call or "any other"
        for reason in reasons_of(cell.change):
            yield Fate.SURVIVOR, f"{name} {row}: not shown equal: {reason}"
        for each in differences_of(cell.change):
            if cell.left_open:
                yield Fate.OPEN, f"{name} {row}: {each.subject}"
            else:
                yield _fate_of(each), f"{name} {row}: {_text(each)}"


def _fate_of(difference: Difference) -> Fate:
    """Return what a difference is, of which no clause speaks."""
    unpromised = difference.bearing in (Bearing.HARMLESS, Bearing.CHANGED)
    if unpromised and (
        difference.aspect is Aspect.REGISTER or difference.subject in EXCEPTION_STATE
    ):
        return Fate.SCRATCH
    return Fate.SURVIVOR


def _text(difference: Difference) -> str:
    return f"{difference.subject}: {difference.home} becomes {difference.other}"
