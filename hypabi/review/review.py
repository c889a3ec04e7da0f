"""Review a series: read it, build it patch by patch, judge each, and say who must agree."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hypabi.analysis.provenance import installed
from hypabi.analysis.results.review import (
    ReviewDrift,
    ReviewedPatch,
    ReviewedProgram,
    ReviewReproduction,
    ReviewResult,
)
from hypabi.analysis.session import open_image
from hypabi.analysis.tools import TOOLS
from hypabi.arch.names import Architecture
from hypabi.contract.model import Contract
from hypabi.errors import HypabiError
from hypabi.home import VERSION
from hypabi.kbuild.configurations import CONFIGURATIONS, Configuration
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.toolchain import Toolchain, compiler_version, find_toolchain
from hypabi.kbuild.tree import kernel_version
from hypabi.records import field, frozen, replace
from hypabi.review.agreement import agreement
from hypabi.review.cache import Cache, opened_cache
from hypabi.review.changed_files import architectures_of_patch, speaks_of_interface
from hypabi.review.document import document_in, document_patch
from hypabi.review.judge import Built, Judge, Judged
from hypabi.review.kept import Kept
from hypabi.review.mailmap import LARGEST as LARGEST_MAILMAP
from hypabi.review.mailmap import read_mailmap
from hypabi.review.maintainers import LARGEST, read_maintainers, unread
from hypabi.review.notes import write_notes
from hypabi.review.numbers import numbers_in
from hypabi.review.programs import Plan, State, built, states_of
from hypabi.review.progress import Progress
from hypabi.review.series.b4 import VARIABLE, read_checked
from hypabi.review.series.model import Patch, Series
from hypabi.review.series.source import read_series, read_stdin
from hypabi.review.step import DECOMPRESSOR, Found, Point, Step
from hypabi.review.tree import find_base

STAND_INS: Final = (
    "what the objects refer to and none of them defines is a piece of memory of which nothing is "
    "known: what depends on it is undecided"
)


@frozen(kw_only=True)
class ReviewWanted:
    """What a review is asked for."""

    series: str
    """A mailbox, a folder, ``-``, or ``A..B`` in the tree."""
    tree: Path
    base: str | None = None
    """Commit; where ``None`` the one that the series names, else the checkout as it is."""
    contract: Contract | None = None
    """The shipped one that speaks of the kernel where ``None``."""
    configurations: tuple[Configuration, ...] = CONFIGURATIONS
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Of the compiler's programs, by architecture."""
    compiler: str | None = None
    """gcc, or clang as it is called here; what is there where ``None``."""
    images: tuple[Path, Path] | None = None
    """Without the series and with it, where the user built them."""
    runs_builds: bool = False
    """Whether a patch is built of which the build itself would run something."""
    notes: bool = False
    """Whether each commit of ``A..B`` gets a git note that says what came of it."""
    by_b4: bool = False
    """Whether b4 gives one mail of the series on standard input."""
    cache: Path | None = None
    """The user's where ``None``."""
    jobs: int = 2
    say: Progress = lambda _: None
    """Is told what takes long."""


def review_series(wanted: ReviewWanted, command: tuple[str, ...]) -> ReviewResult:
    """Review a series.

    :raises HypabiError: series or tree cannot be read
    """
    tree = wanted.tree.resolve()
    if not (tree / "Makefile").is_file():
        raise HypabiError(str(wanted.tree), "it is no kernel's source tree")
    asked, base = None, wanted.base
    if wanted.by_b4:
        checked = read_checked(read_stdin(), tree, os.environ.get(VARIABLE))
        series, asked, base = checked.series, checked.number, base or checked.base
    else:
        series = read_series(wanted.series, tree)
    if wanted.notes and not series.commits:
        raise HypabiError(series.title, "notes are of commits, and this series has none", "A..B")
    with opened_cache(wanted.cache or _cache(), wanted.say) as cache:
        made = _Review(replace(wanted, base=base), series, tree, cache).result(command)
    found = replace(made, asked=asked)
    if wanted.notes:
        write_notes(tree, series.commits, found)
    return found


def _cache() -> Path:
    chosen = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) / "hypabi" / "review"


class _Review:
    """One review at work."""

    def __init__(self, wanted: ReviewWanted, series: Series, tree: Path, cache: Cache) -> None:
        self.wanted, self.series, self.tree, self.cache = wanted, series, tree, cache
        self.notes: list[str] = list(series.notes)
        named = wanted.base or series.base
        self.base = find_base(tree, named, cache)
        if named is not None and self.base.commit is None:
            self.notes.append(f"the tree has no history: it is taken for the base {named[:12]}")
        self.below = Layers(tree, self.base.layers)
        self.version = kernel_version(self.below)
        kept = Kept(cache.answers)
        self.judge = Judge(wanted.contract, self.version, kept, wanted.say)
        self.compilers: dict[str, str] = {}
        self.missing: dict[str, tuple[Configuration, str]] = {}

    def result(self, command: tuple[str, ...]) -> ReviewResult:
        """Return what comes of it."""
        points = [self.point(each) for each in self.states()]
        base = _findings(points[0])
        steps = self.series.patches if self.wanted.images is None else (_whole(self.series),)
        at = points[0]
        reviewed = []
        for patch, after in zip(steps, points[1:], strict=True):
            held = {name: of for name, of in after.judged.items() if name in points[0].judged}
            new = replace(after, judged=held)
            there = frozenset(after.judged)
            reviewed.append(Step(self.judge, patch, at, new, base, there).reviewed())
            kept = {**at.state.programs, **new.state.programs}
            at = replace(
                new,
                state=replace(new.state, programs=kept),
                judged={**at.judged, **new.judged},
                drift=new.drift if new.judged else at.drift,
            )
        self.notes += _stops(points)
        last = _findings(at)
        some = next(iter(points[0].judged.values()), None)
        document = None if some is None else some.document
        owners = read_maintainers(_text(self.below, "MAINTAINERS", LARGEST))
        self.notes += [f"MAINTAINERS is not followed in {each}" for each in unread(owners)]
        known_as = read_mailmap(_text(self.below, ".mailmap", LARGEST_MAILMAP))
        outside = _outside(points)
        return ReviewResult(
            title=self.series.title,
            message_id=self.series.message_id,
            base=self.base.commit or self.version,
            notes=tuple(dict.fromkeys(self.notes)),
            programs=self.programs(points),
            patches=tuple(reviewed),
            preexisting=tuple(each for key, each in base.items() if key in last),
            remaining=tuple(each for key, each in last.items() if key not in base),
            agreement=agreement(self.series, reviewed, owners, outside, document, known_as),
            document=document,
            document_touched=any(document in each.files for each in self.series.patches),
            document_patch=_document_patch(document, reviewed, at),
            trusted=() if some is None else some.trusted,
            reproduce=ReviewReproduction(
                command=command,
                versions={"hypabi": VERSION, **{each: installed(each) for each in TOOLS}},
                series_sha256=_sha256(self.series),
            ),
        )

    def states(self) -> tuple[State, ...]:
        """Return the programs at the base and after each patch."""
        images = self.wanted.images
        if images is None:
            self.notes.append(STAND_INS)
        plan = Plan(
            tree=self.tree,
            base=self.base,
            cache=self.cache,
            toolchains={} if images is not None else self.toolchains(),
            missing=self.missing,
            patches=self.series.patches,
            runs_builds=self.wanted.runs_builds,
            jobs=self.wanted.jobs,
            say=self.wanted.say,
        )
        states = states_of(plan)
        if images is None:
            return states
        refused = next((each.rejected for each in states if each.rejected), None)
        if refused is not None:
            self.notes.append(f"numbers and document are those of the base: {refused}")
        ends = (states[0], states[0] if refused else states[-1])
        return tuple(
            State({"image": self.image(path, end.sources, plan.files)}, end.sources)
            for path, end in zip(images, ends, strict=True)
        )

    def image(self, path: Path, sources: Layers, files: Sequence[str]) -> Built:
        """Return an image that the user built."""
        architecture = open_image(path).kernel.architecture
        return built("image", path, numbers_in(sources, architecture, files))

    def toolchains(self) -> Mapping[str, tuple[Configuration, Toolchain]]:
        """Return what builds each configuration in which a patch can show.

        :raises HypabiError: every compiler that is needed is missing
        """
        patches = self.series.patches
        concerned = frozenset[Architecture]().union(*map(architectures_of_patch, patches))
        if any(speaks_of_interface(each.files) for each in patches):
            concerned = frozenset(Architecture)
        found: dict[str, tuple[Configuration, Toolchain]] = {}
        refused: HypabiError | None = None
        for each in self.wanted.configurations:
            if each.architecture not in concerned:
                continue
            try:
                prefix = self.wanted.prefixes.get(each.architecture.value)
                toolchain = find_toolchain(each.architecture, prefix, self.wanted.compiler)
            except HypabiError as missing:
                refused = missing
                self.missing[each.name] = (each, str(missing))
                continue
            found[each.name] = (each, toolchain)
            self.compilers[each.name] = compiler_version(toolchain)
        if refused is not None and not found:
            raise refused
        return found

    def point(self, state: State) -> Point:
        """Return what is said of the programs of a state, and of the document."""
        judged, state = self.judged(state)
        named = next((each.document for each in judged.values()), None)
        document = document_in(state.sources, named)
        if document is None:
            return Point(state, judged, {}, has_document=False)
        drift: dict[tuple[str, str, str], ReviewDrift] = {}
        try:
            for name, each in state.programs.items():
                if not name.endswith(DECOMPRESSOR):
                    found = self.judge.drifts(each, document)
                    drift |= {(name, one.kind, one.what): one for one in found}
        except HypabiError as refused:
            self.notes.append(f"the document is not held against the code: {refused}")
            return Point(state, judged, {}, has_document=False)
        return Point(state, judged, drift, has_document=True)

    def judged(self, state: State) -> tuple[Mapping[str, Judged], State]:
        """Return what is said of the programs of a state, and the state with why of others not."""
        judged: dict[str, Judged] = {}
        failed = dict(state.failed)
        for name, each in state.programs.items():
            try:
                judged[name] = self.judge.judged(each)
            except HypabiError as refused:
                if self.wanted.images is not None:
                    raise
                failed[name] = f"{name}: {refused}"
        return judged, replace(state, failed=failed)

    def programs(self, points: Sequence[Point]) -> tuple[ReviewedProgram, ...]:
        """Return the programs as they are after the last patch that was judged."""
        last = {name: each for point in points for name, each in point.judged.items()}
        return tuple(
            ReviewedProgram(name, self.compilers.get(name.split()[0], ""), each.sha256)
            for name, each in last.items()
        )


def _findings(point: Point) -> Found:
    return {each.key: each for of in point.judged.values() for each in of.findings}


def _stops(points: Sequence[Point]) -> Iterator[str]:
    """Yield where a bisection stops in what a later patch mends."""
    for number, point in enumerate(points):
        for name in point.state.failed:
            later = (
                n for n in range(number + 1, len(points)) if name not in points[n].state.failed
            )
            mends = next((n for n in later if _builds(points[n], name)), None)
            if number and mends is not None:
                yield f"{name} does not build at patch {number}, and does at {mends}: {_TRAP}"


_TRAP: Final = "a bisection stops there"


def _builds(point: Point, configuration: str) -> bool:
    return any(each.partition(" ")[0] == configuration for each in point.state.programs)


def _document_patch(document: str | None, reviewed: Sequence[ReviewedPatch], last: Point) -> str:
    """Return a patch of the document with the calls that it lacks."""
    path = document_in(last.state.sources, document)
    if document is None or path is None:
        return ""
    missing = [
        (last.judged[call.program].architecture, call)
        for patch in reviewed
        for call in patch.new_calls
        if call.program in last.judged and last.speaks_of(call) is False
    ]
    return document_patch(document, path, missing, last.state.sources)


def _whole(series: Series) -> Patch:
    """Return a series as one patch, numbered 0."""
    files = dict.fromkeys(name for each in series.patches for name in each.files)
    return replace(
        series.patches[0], number=0, subject=series.title, message_id=series.message_id,
        files=tuple(files),
    )  # fmt: skip


def _outside(points: Sequence[Point]) -> frozenset[str]:
    return frozenset(name for of in points for e in of.judged.values() for name in e.outside)


def _text(layers: Layers, name: str, most: int) -> str:
    """Return a file of the tree, empty where it has none."""
    try:
        path = layers.file(name)
    except HypabiError:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")[:most]


def _sha256(series: Series) -> str:
    found = hashlib.sha256()
    for each in series.patches:
        found.update(hashlib.sha256(each.diff).digest())
    return found.hexdigest()
