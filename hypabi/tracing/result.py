"""What ``hypabi trace`` answers: every crossing that was seen, and what is said of it."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Conclusion, Judged, Weight, conclude
from hypabi.analysis.results.shared import Hex, ImageIdentity, Reproduction, Sha256
from hypabi.machine.crossing import EndKind, Instruction
from hypabi.records import frozen


class CrossingWord(enum.Enum):
    """The one word for a crossing, in the order in which they are counted: those of callers."""

    SATISFIED = "satisfied"
    """The caller was entitled, and of the clauses that could be seen none is broken."""
    UNSPECIFIED = "unspecified"
    ELSEWHERE = "not in the contract"
    """It asks for a call of another interface, or one that ends in compiled code."""
    VIOLATED = "violated"
    UNSCHEDULED = "unscheduled"
    """The contract does not say when the caller runs."""
    UNDECIDED = "undecided"
    """What would decide was not seen."""


class DerivedWord(enum.Enum):
    """How a crossing compares with the case that was derived from the image."""

    AGREES = "agrees"
    DIFFERS = "differs"
    """What was seen is no case that was derived: our defect, until it is explained."""
    NOT_COMPARED = "not compared"


class DrivenWord(enum.Enum):
    """What came of a step that the kernel was made to do."""

    DONE = "done"
    FAILS = "fails"
    LACKS = "lacks"
    """The kernel has not what it takes."""
    UNFINISHED = "unfinished"
    """It began, and the run ended."""
    NOT_BEGUN = "not begun"


WEIGHTS: Final[Mapping[CrossingWord, Weight]] = {
    CrossingWord.SATISFIED: Weight.GOOD,
    CrossingWord.UNSPECIFIED: Weight.GOOD,
    CrossingWord.ELSEWHERE: Weight.GOOD,
    CrossingWord.VIOLATED: Weight.REFUTED,
    CrossingWord.UNSCHEDULED: Weight.UNDECIDED,
    CrossingWord.UNDECIDED: Weight.UNDECIDED,
}
DERIVED_WEIGHTS: Final[Mapping[DerivedWord, Weight]] = {
    DerivedWord.AGREES: Weight.GOOD,
    DerivedWord.DIFFERS: Weight.DEFECT,
    DerivedWord.NOT_COMPARED: Weight.GOOD,
}
DRIVEN_WEIGHTS: Final[Mapping[DrivenWord, Weight]] = {
    DrivenWord.DONE: Weight.GOOD,
    DrivenWord.FAILS: Weight.UNDECIDED,
    DrivenWord.LACKS: Weight.UNDECIDED,
    DrivenWord.UNFINISHED: Weight.UNDECIDED,
    DrivenWord.NOT_BEGUN: Weight.UNDECIDED,
}
"""A step that fails breaks no promise of the contract by itself."""
CROSSINGS: Final = "crossings"
COMPARED: Final = "crossings beside the derived cases"
STEPS: Final = "steps that were driven"
INTERRUPTED: Final = 130
"""128 + SIGINT."""
GUEST: Final = "guest"
"""Stands where a party does for a call of a guest, which KVM's vectors for its guests take."""
FIRMWARE: Final = "firmware"
"""Stands where a party does for an ``smc`` that goes past EL2."""
UNITS: Final = {
    CROSSINGS: tuple(word.value for word in CrossingWord),
    COMPARED: tuple(word.value for word in DerivedWord),
}


@frozen
class TracedArgument:
    """An argument of a call."""

    name: str
    register: str
    value: Hex | None
    """Null where it was not seen."""


@frozen
class CrossingFinding:
    """One thing that was held against the contract, and what came of it."""

    question: str
    """Who may call, what a caller must ensure, or the name of a clause."""
    verdict: CrossingWord
    text: str


@frozen
class TracedCrossing:
    """One crossing into EL2 or HYP, and back if it came back."""

    number: int
    """In the order of the entries, from 1."""
    time: int | None
    """Of the entry, in microseconds since the start; null where it was not seen, as all below."""
    cpu: int
    depth: int
    """How many crossings of the same CPU are not back."""
    instruction: Instruction
    immediate: int | None
    mode: str | None
    """Of the caller."""
    party: str | None
    """Whose vectors are live; several that share them are parted by '|'; 'guest' for the call of a
    guest, 'firmware' for an smc that EL2 does not take."""
    vectors: Hex | None
    """The vector base."""
    caller: Hex | None
    """Address of the instruction, as the program counter had it."""
    site: Hex | None
    """The same in the image, where one place fits."""
    place: str | None
    """Symbol and offset of it."""
    identifier: Hex | None
    contract: str | None
    call: str | None
    arguments: tuple[TracedArgument, ...]
    returned: bool
    """Whether it was seen to come back."""
    result: Hex | None
    duration: int | None
    """Microseconds."""
    goes_to: str | None
    """Where control went, where that is not behind the call."""
    live: str | None
    """Whose vectors are live after, where that changed."""
    verdict: CrossingWord
    findings: tuple[CrossingFinding, ...]
    """What is not satisfied."""
    judged: int
    """How many clauses of the contract were held against what was seen."""
    unseen: tuple[str, ...]
    """Clauses of the contract that speak of what was not seen."""
    derived: DerivedWord
    derived_text: str
    """What differs, or why nothing was compared."""
    vectors_set: tuple[Hex, ...]
    """Vector bases that EL2 wrote until it was back, where that is seen."""
    callers: tuple[str, ...] | None
    """Where the functions go on that are on the caller's stack, the innermost first; null where
    they were not looked at."""


@frozen
class DrivenStep:
    """Something that the kernel was made to do."""

    name: str
    word: DrivenWord
    text: str
    """What the process that drives says of it."""


@frozen
class TraceEnd:
    """Why nothing more was seen."""

    kind: EndKind
    text: str


@frozen
class ControlRun:
    """A boot beside the one that was watched, with the step that failed there and no other."""

    step: DrivenStep
    end: TraceEnd


@frozen(kw_only=True)
class TraceReproduction(Reproduction):
    """What is needed to trace the same again; a boot is never the same twice."""

    image_sha256: Sha256
    contract_sha256: Sha256


@frozen
class TraceResult:
    """What was seen of a kernel at its interface to EL2 or HYP."""

    image: ImageIdentity
    source: str
    """Where the events come from."""
    unknown: tuple[str, ...]
    """What such a source cannot know."""
    assumed: tuple[str, ...]
    """What was taken for so, to name addresses."""
    crossings: tuple[TracedCrossing, ...]
    end: TraceEnd
    steps: tuple[DrivenStep, ...]
    """What the kernel was made to do, in this order; empty where it was left to itself."""
    control: ControlRun | None
    """Null where every step was done, or nothing was driven before the one that failed."""
    reproduce: TraceReproduction

    @property
    def conclusion(self) -> Conclusion:
        """Return what the crossings amount to."""
        return conclude(self._judged(), CrossingWord.SATISFIED.value, self._units)

    @property
    def _units(self) -> Mapping[str, tuple[str, ...]]:
        driven = tuple(word.value for word in DrivenWord)
        return {**UNITS, STEPS: driven} if self.steps else UNITS

    def _judged(self) -> Iterator[Judged]:
        for each in self.crossings:
            yield Judged(CROSSINGS, each.verdict.value, WEIGHTS[each.verdict])
            yield Judged(COMPARED, each.derived.value, DERIVED_WEIGHTS[each.derived])
        for step in self.steps:
            yield Judged(STEPS, step.word.value, DRIVEN_WEIGHTS[step.word])

    @property
    def exit_status(self) -> int:
        """Return the bits of the exit status; of what was interrupted, a shell's."""
        if self.end.kind is EndKind.INTERRUPTED:
            return INTERRUPTED
        return self.conclusion.exit_status
