"""Draw mutants, and judge them on several processes."""

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final, assert_never

from evidence.mutation.callers import (
    CallerJudge,
    CallerSubject,
    kernel_callers,
    reference_callers,
)
from evidence.mutation.fates import Judge, Judged
from evidence.mutation.program import Lifters
from evidence.mutation.subjects import (
    Subject,
    kernel_installers,
    kernel_subjects,
    reference_installers,
    reference_names,
    reference_subjects,
)
from hypabi.records import frozen


class Role(enum.Enum):
    """Which code of a file is changed."""

    PROVIDERS = "providers"
    INSTALLERS = "installers"
    CALLERS = "callers"


@frozen
class Reference:
    """A file of the reference images."""

    image: str
    form: str
    role: Role = Role.PROVIDERS


@frozen
class Kernel:
    """A kernel as it was shipped."""

    name: str
    """In kernels/pins.toml."""
    path: Path
    role: Role = Role.PROVIDERS


Source = Reference | Kernel


@frozen
class Sample:
    """Which mutants are judged: one in so many of each subject's, at least one."""

    one_in: int
    seed: int

    def drawn(self, subject: str, mutants: int) -> list[int]:
        """Return the places, among all of a subject's mutants, of those that are judged."""
        count = -(-mutants // self.one_in)
        return sorted(Random(f"{self.seed}/{subject}").sample(range(mutants), count))


@frozen
class Population:
    """How many mutants a subject has."""

    source: Source
    subject: str
    mutants: int


def references(role: Role) -> tuple[Source, ...]:
    """Return every reference image that holds a revision and nothing else."""
    return tuple(Reference(image, form, role) for image, form in reference_names())


Mutable = Subject | CallerSubject
OF_REFERENCE: Final[Mapping[Role, Callable[[str, str, Lifters], Iterator[Mutable]]]] = {
    Role.PROVIDERS: reference_subjects,
    Role.INSTALLERS: reference_installers,
    Role.CALLERS: reference_callers,
}
OF_KERNEL: Final[Mapping[Role, Callable[[str, Path, Lifters], Iterator[Mutable]]]] = {
    Role.PROVIDERS: kernel_subjects,
    Role.INSTALLERS: kernel_installers,
    Role.CALLERS: kernel_callers,
}


def subjects(source: Source, lifters: Lifters) -> Iterator[Mutable]:
    """Yield the code of a file that mutants are made of."""
    match source:
        case Reference(image, form, role):
            yield from OF_REFERENCE[role](image, form, lifters)
        case Kernel(name, path, role):
            yield from OF_KERNEL[role](name, path, lifters)
        case _:
            assert_never(source)


def judge_file(source: Source, sample: Sample) -> tuple[tuple[Population, ...], tuple[Judged, ...]]:
    """Return how many mutants the subjects of a file have, and what became of those drawn."""
    found: list[Population] = []
    judged: list[Judged] = []
    for subject in subjects(source, Lifters()):
        mutants = len(subject.mutations)
        found.append(Population(source, subject.name, mutants))
        judge = _judge_of(subject)
        judged += [judge.judge(subject.mutations[at]) for at in sample.drawn(subject.name, mutants)]
    return tuple(found), tuple(judged)


def _judge_of(subject: Mutable) -> Judge | CallerJudge:
    match subject:
        case Subject():
            return Judge(subject)
        case CallerSubject():
            return CallerJudge(subject)
        case _:
            assert_never(subject)


def run(
    files: Sequence[Source], sample: Sample, jobs: int
) -> tuple[tuple[Population, ...], tuple[Judged, ...]]:
    """Return how many mutants there are, and what became of those that were drawn."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        by_file = list(pool.map(partial(judge_file, sample=sample), files))
    populations = tuple(each for found, _ in by_file for each in found)
    return populations, tuple(each for _, judged in by_file for each in judged)
