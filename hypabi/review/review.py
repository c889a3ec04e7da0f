"""Review a series: read it, build it patch by patch, judge each, and say who must agree."""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hypabi.analysis.provenance import installed
from hypabi.analysis.results.review import (
    FindingWord,
    PatchWord,
    Renumbered,
    ReviewChange,
    ReviewedPatch,
    ReviewedProgram,
    ReviewFinding,
    ReviewReproduction,
    ReviewResult,
)
from hypabi.analysis.tools import TOOLS
from hypabi.contract.model import Contract
from hypabi.errors import HypabiError
from hypabi.home import VERSION
from hypabi.kbuild.configurations import CONFIGURATIONS, Configuration
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.toolchain import Toolchain, compiler_version, find_toolchain
from hypabi.kbuild.tree import kernel_version
from hypabi.records import field, frozen, replace
from hypabi.review.agreement import agreement
from hypabi.review.changed_files import architectures_of
from hypabi.review.judge import Judged, changes_of, compared, harmless_in, judge
from hypabi.review.maintainers import LARGEST, read_maintainers
from hypabi.review.programs import Plan, Progress, State, states_of
from hypabi.review.series.model import Patch, Series
from hypabi.review.series.source import read_series
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
    """Of the compiler's programs, by name of the configuration."""
    images: tuple[Path, Path] | None = None
    """Without the series and with it, where the user built them."""
    runs_builds: bool = False
    """Whether a patch is built of which the build itself would run something."""
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
    series = read_series(wanted.series, tree)
    cache = wanted.cache or _cache()
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache):
        return _Review(wanted, series, tree, cache).result(command)


def _cache() -> Path:
    chosen = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) / "hypabi" / "review"


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Review:
    """One review at work."""

    def __init__(self, wanted: ReviewWanted, series: Series, tree: Path, cache: Path) -> None:
        self.wanted, self.series, self.tree, self.cache = wanted, series, tree, cache
        self.notes: list[str] = []
        named = wanted.base or series.base
        self.base = find_base(tree, named, cache)
        if named is not None and self.base.commit is None:
            self.notes.append(f"the tree has no history: it is taken for the base {named[:12]}")
        self.below = Layers(tree, self.base.layers)
        self.version = kernel_version(self.below)
        self.kept: dict[tuple[str, str, tuple[tuple[str, int], ...]], Judged] = {}
        self.compilers: dict[str, str] = {}

    def result(self, command: tuple[str, ...]) -> ReviewResult:
        """Return what comes of it."""
        states = self.states()
        judged = [self.judged(each) for each in states]
        base = _findings(judged[0])
        steps = self.series.patches if self.wanted.images is None else (_whole(self.series),)
        seen = dict(judged[0])
        reviewed = []
        for at, patch in enumerate(steps):
            new = {name: of for name, of in judged[at + 1].items() if name in judged[0]}
            step = _Step(patch, states[at], states[at + 1], dict(seen), new, base)
            reviewed.append(step.reviewed())
            seen |= new
        last = _findings(seen)
        some = next((each.check for each in judged[0].values()), None)
        document = None if some is None else some.contract.document
        owners = read_maintainers(_maintainers(self.below))
        return ReviewResult(
            title=self.series.title,
            message_id=self.series.message_id,
            base=self.base.commit or self.version,
            notes=tuple(self.notes),
            programs=self.programs(judged),
            patches=tuple(reviewed),
            preexisting=tuple(each for key, each in base.items() if key in last),
            remaining=tuple(each for key, each in last.items() if key not in base),
            agreement=agreement(self.series, reviewed, owners, _outside(judged)),
            document=document,
            document_touched=any(document in each.files for each in self.series.patches),
            trusted=() if some is None else some.trusted,
            reproduce=ReviewReproduction(
                command=command,
                versions={"hypabi": VERSION, **{each: installed(each) for each in TOOLS}},
                series_sha256=_sha256(self.series),
            ),
        )

    def states(self) -> tuple[State, ...]:
        """Return the programs at the base and after each patch."""
        if self.wanted.images is not None:
            return tuple(State({"image": each}) for each in self.wanted.images)
        self.notes.append(STAND_INS)
        plan = Plan(
            tree=self.tree,
            base=self.base,
            cache=self.cache,
            toolchains=self.toolchains(),
            runs_builds=self.wanted.runs_builds,
            jobs=self.wanted.jobs,
            say=self.wanted.say,
        )
        return states_of(plan, self.series.patches)

    def toolchains(self) -> Mapping[str, tuple[Configuration, Toolchain]]:
        """Return what builds each configuration in which a patch can show.

        :raises HypabiError: every compiler that is needed is missing
        """
        names = (name for patch in self.series.patches for name in patch.files)
        concerned = architectures_of(names)
        found: dict[str, tuple[Configuration, Toolchain]] = {}
        refused: HypabiError | None = None
        for each in self.wanted.configurations:
            if each.architecture not in concerned:
                continue
            try:
                prefix = self.wanted.prefixes.get(each.name)
                toolchain = find_toolchain(each.architecture, prefix)
            except HypabiError as missing:
                refused = missing
                self.notes.append(f"{each.name} is not judged: {missing}")
                continue
            found[each.name] = (each, toolchain)
            self.compilers[each.name] = compiler_version(toolchain)
        if refused is not None and not found:
            raise refused
        return found

    def judged(self, state: State) -> Mapping[str, Judged]:
        """Return what is said of the programs of a state, each program judged once."""
        found = {}
        for name, path in state.programs.items():
            numbers = state.numbers.get(name, {})
            key = (name, _digest(path), tuple(sorted(numbers.items())))
            if key not in self.kept:
                self.wanted.say(f"{name}: judging")
                self.kept[key] = judge(name, path, self.wanted.contract, self.version, numbers)
            found[name] = self.kept[key]
        return found

    def programs(self, judged: Sequence[Mapping[str, Judged]]) -> tuple[ReviewedProgram, ...]:
        """Return the programs as they are after the last patch that was judged."""
        last = {name: each for state in judged for name, each in state.items()}
        return tuple(
            ReviewedProgram(name, self.compilers.get(name.split()[0], ""), e.opened.saved.sha256)
            for name, e in last.items()
        )


@frozen
class _Step:
    """A patch, between what is there without it and with it."""

    patch: Patch
    before: State
    after: State
    old: Mapping[str, Judged]
    """Each program as it was last judged: a patch before may not build."""
    new: Mapping[str, Judged]
    """The programs with it, of those that there are at the base."""
    base: "Found"

    def reviewed(self) -> ReviewedPatch:
        """Return what the patch does."""
        before, after = _findings(self.old), _findings(self.new)
        both = [(self.old[name], self.new[name]) for name in self.new if name in self.old]
        differing = [(old, new) for old, new in both if old is not new]
        diffs = [(new.name, compared(old, new)) for old, new in differing]
        changes = tuple(each for name, diff in diffs for each in changes_of(name, diff))
        introduces = tuple(
            each for key, each in after.items() if key not in before and key not in self.base
        )
        why = self.why()
        return ReviewedPatch(
            number=self.patch.number,
            subject=self.patch.subject,
            message_id=self.patch.message_id,
            files=self.patch.files,
            word=self.word(introduces, changes, why, set(after) - set(self.base)),
            why=why,
            introduces=introduces,
            mends=tuple(each.rule for key, each in before.items() if self.mends(key, after)),
            changes=changes,
            harmless=sum(harmless_in(diff) for _, diff in diffs),
            renumbers=tuple(each for of in differing for each in _renumbered(*of)),
        )

    def mends(self, key: "Key", after: "Found") -> bool:
        """Tell whether a finding is gone, and not with its program."""
        return key not in after and key[0] in self.new

    def why(self) -> tuple[str, ...]:
        """Return why something of it could not be judged."""
        if self.after.rejected is not None:
            return (self.after.rejected,)
        unheld = sorted(self.after.programs.keys() - self.old.keys())
        lone = (f"{name} is not there at the base, and so not held against it" for name in unheld)
        return (*self.after.failed.values(), *lone)

    def word(
        self,
        introduces: Sequence[ReviewFinding],
        changes: Sequence[ReviewChange],
        why: Sequence[str],
        there: "set[Key]",
    ) -> PatchWord:
        """Return the one word for the patch."""
        words = {each.word for each in introduces}
        if self.before.rejected is not None:
            return PatchWord.NOT_REACHED
        if self.after.rejected is not None:
            return PatchWord.REJECTED
        if FindingWord.REFUTED in words:
            return PatchWord.BROKEN
        if any(word is FindingWord.REFUTED for _, _, word in there):
            return PatchWord.STILL
        if why:
            return PatchWord.NOT_BUILT
        if FindingWord.UNDECIDED in words:
            return PatchWord.UNDECIDED
        if changes:
            return PatchWord.CHANGED
        built = self.patch.number == 0 or architectures_of(self.patch.files)
        return PatchWord.EQUAL if built else PatchWord.UNTOUCHED


Key = tuple[str, str, FindingWord]
Found = Mapping[Key, ReviewFinding]


def _findings(judged: Mapping[str, Judged]) -> Found:
    return {each.key: each for of in judged.values() for each in of.findings}


def _renumbered(old: Judged, new: Judged) -> Iterator[Renumbered]:
    """Yield the calls that a patch gives another number."""
    for call, (number, now) in new.moved.items():
        before = old.moved.get(call, (number, number))[1]
        if before != now:
            architecture = new.opened.saved.architecture
            yield Renumbered(architecture, call, f"{before:#x}", f"{now:#x}")
    for call, (number, before) in old.moved.items():
        if call not in new.moved:
            yield Renumbered(old.opened.saved.architecture, call, f"{before:#x}", f"{number:#x}")


def _whole(series: Series) -> Patch:
    """Return a series as one patch, numbered 0."""
    files = dict.fromkeys(name for each in series.patches for name in each.files)
    return replace(
        series.patches[0], number=0, subject=series.title, message_id=series.message_id,
        files=tuple(files),
    )  # fmt: skip


def _outside(judged: Sequence[Mapping[str, Judged]]) -> frozenset[str]:
    return frozenset(name for of in judged for e in of.values() for name in e.opened.contract.users)


def _maintainers(layers: Layers) -> str:
    try:
        path = layers.file("MAINTAINERS")
    except HypabiError:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")[:LARGEST]


def _sha256(series: Series) -> str:
    found = hashlib.sha256()
    for each in series.patches:
        found.update(hashlib.sha256(each.diff).digest())
    return found.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
