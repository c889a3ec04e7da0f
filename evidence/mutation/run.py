"""Draw mutants, and judge them on several processes."""

import enum
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import assert_never

from evidence.mutation.callers import (
    CallerJudge,
    CallerSubject,
    kernel_callers,
    reference_callers,
)
from evidence.mutation.fates import Judge, Judged
from evidence.mutation.subjects import (
    Lifters,
    Subject,
    kernel_subjects,
    reference_names,
    reference_subjects,
)
from hypabi.records import frozen


class Role(enum.Enum):
    """Which code of a file is changed."""

    PROVIDERS = "providers"
    """Parties, and who installs them."""
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
class Share:
    """Mutants of one file, by the place that each has among all of its subject's."""

    source: Source
    subject: str
    places: tuple[int, ...]


@frozen
class Population:
    """How many mutants a subject has."""

    source: Source
    subject: str
    mutants: int


def references(role: Role) -> tuple[Source, ...]:
    """Return every reference image that holds a revision and nothing else."""
    return tuple(Reference(image, form, role) for image, form in reference_names())


def subjects(source: Source, lifters: Lifters) -> Iterator[Subject | CallerSubject]:
    """Yield the code of a file that mutants are made of."""
    match source:
        case Reference(image, form, role):
            of_reference = reference_subjects if role is Role.PROVIDERS else reference_callers
            yield from of_reference(image, form, lifters)
        case Kernel(name, path, role):
            of_kernel = kernel_subjects if role is Role.PROVIDERS else kernel_callers
            yield from of_kernel(name, path, lifters)
        case _:
            assert_never(source)


def populations(source: Source) -> tuple[Population, ...]:
    """Return how many mutants each subject of a file has."""
    found = subjects(source, Lifters())
    return tuple(Population(source, each.name, len(each.mutations)) for each in found)


def drawn(found: Sequence[Population], sample: int | None, seed: int) -> tuple[Share, ...]:
    """Return the mutants to judge: all, or a sample without repetition."""
    total = sum(each.mutants for each in found)
    if sample is None or sample >= total:
        chosen = list(range(total))
    else:
        chosen = sorted(Random(seed).sample(range(total), sample))
    shares, first = [], 0
    for each in found:
        last = first + each.mutants
        places = tuple(place - first for place in chosen if first <= place < last)
        if places:
            shares.append(Share(each.source, each.subject, places))
        first = last
    return tuple(shares)


def judge_share(shares: tuple[Share, ...]) -> tuple[Judged, ...]:
    """Judge mutants of one file."""
    wanted = {share.subject: share.places for share in shares}
    found = []
    for subject in subjects(shares[0].source, Lifters()):
        places = wanted.get(subject.name, ())
        if places:
            judge = _judge_of(subject)
            found += [judge.judge(subject.mutations[place]) for place in places]
    return tuple(found)


def _judge_of(subject: Subject | CallerSubject) -> Judge | CallerJudge:
    match subject:
        case Subject():
            return Judge(subject)
        case CallerSubject():
            return CallerJudge(subject)
        case _:
            assert_never(subject)


def run(
    files: Sequence[Source], sample: int | None, seed: int, jobs: int
) -> tuple[tuple[Population, ...], tuple[Judged, ...]]:
    """Return how many mutants there are, and what became of those that were drawn.

    :param sample: how many are drawn; ``None`` for all
    """
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        found = tuple(each for one in pool.map(populations, files) for each in one)
        shares = drawn(found, sample, seed)
        by_file = [tuple(s for s in shares if s.source == source) for source in files]
        judged = pool.map(judge_share, [each for each in by_file if each])
        return found, tuple(each for one in judged for each in one)
