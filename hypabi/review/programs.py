"""The programs of a tree at the base and after each patch, built where a patch can show in them."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.kbuild import tree
from hypabi.kbuild.configurations import Configuration, with_touched
from hypabi.kbuild.layers import Layers
from hypabi.kbuild.toolchain import Toolchain, compiler_version
from hypabi.kbuild.tree import build, prepare
from hypabi.records import field, frozen, replace
from hypabi.review.cache import TEMPORARY, Cache
from hypabi.review.changed_files import architectures_of_patch, objects_of, run_by_builds
from hypabi.review.judge import Built
from hypabi.review.numbers import numbers_in
from hypabi.review.progress import Progress
from hypabi.review.series.model import Patch
from hypabi.review.tree import Base, DoesNotApply, apply_patch, copy_change, layer_name

SOURCES: Final = ".sources.json"
"""Behind the name of a program: by function, the file that it is in."""


@frozen
class State:
    """The programs as they are at one point of a series."""

    programs: Mapping[str, Built]
    """By configuration and program, as ``arm64 kernel``."""
    sources: Layers
    """The tree, with the patches that apply."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """By configuration, why there are none."""
    rejected: str | None = None
    """Why a patch does not apply; null where all do."""


@frozen
class Plan:
    """What is built, and where."""

    tree: Path
    base: Base
    cache: Cache
    toolchains: Mapping[str, tuple[Configuration, Toolchain]]
    """By name of the configuration."""
    missing: Mapping[str, tuple[Configuration, str]]
    """Configurations that cannot be built, and why."""
    patches: tuple[Patch, ...]
    runs_builds: bool
    """Whether a patch is built of which the build itself would run something."""
    jobs: int
    say: Progress

    @property
    def files(self) -> tuple[str, ...]:
        """Return all that the series touches."""
        return tuple(dict.fromkeys(name for each in self.patches for name in each.files))


def states_of(plan: Plan) -> tuple[State, ...]:
    """Return the base, and then what is there after each patch.

    Behind a patch that does not apply nothing is built.
    """
    wanted = {name: _Stack(plan, *of) for name, of in plan.toolchains.items()}
    sources = Layers(plan.tree, plan.base.layers)
    name, why = plan.base.identity, None
    states = [_state(wanted.values(), sources)]
    for patch in plan.patches:
        if why is None:
            name = layer_name(name, patch)
            applied = apply_patch(sources.over(plan.cache.path(name, "sources")), patch)
            if isinstance(applied, DoesNotApply):
                why = applied.why
            else:
                sources = applied
                for stack in wanted.values():
                    stack.push(patch, sources)
        if why is None:
            made = _state(wanted.values(), sources)
            states.append(replace(made, failed={**made.failed, **_missing(plan, patch)}))
        else:
            states.append(State({}, sources, rejected=why))
    return tuple(states)


def _missing(plan: Plan, patch: Patch) -> Mapping[str, str]:
    """Return why a patch is not built in configurations in which it would show."""
    concerned = architectures_of_patch(patch)
    return {
        name: f"{name} is not judged: {why}"
        for name, (configuration, why) in plan.missing.items()
        if configuration.architecture in concerned
    }


def _state(stacks: Iterable["_Stack"], sources: Layers) -> State:
    programs: dict[str, Built] = {}
    failed: dict[str, str] = {}
    for each in stacks:
        try:
            programs |= each.programs()
        except HypabiError as refused:
            failed[each.configuration.name] = str(refused)
    return State(programs, sources, failed)


def built(
    name: str, path: Path, numbers: Mapping[str, int], sources: Mapping[str, str] | None = None
) -> Built:
    """Return a program that is there.

    :param sources: by function, the file that it is in
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Built(name, path, digest, numbers, sources or {})


def _sources(layers: Layers, functions: Mapping[str, Path]) -> Mapping[str, str]:
    """Return by function the source of the object that it is in."""
    found: dict[str, str] = {}
    roots = (*layers.layers, layers.tree)
    for function, path in functions.items():
        root = next((each for each in roots if path.is_relative_to(each)), None)
        stem = "" if root is None else str(path.relative_to(root).with_suffix(""))
        for source in (f"{stem}.S", f"{stem}.c", f"{stem}.s") if stem else ():
            if layers.has(source):
                found[function] = source
    return found


def prepared_layer(
    cache: Cache, base: Base, configuration: Configuration, toolchain: Toolchain
) -> Path:
    """Return the folder of a tree that is configured and built once."""
    about = f"{configuration!r}\0{toolchain!r}\0{compiler_version(toolchain)}\0{base.identity}"
    return cache.path(hashlib.sha256(about.encode()).hexdigest(), "prepared")


def _texts(layers: Layers, objects: Iterable[str]) -> str:
    """Return a digest of the sources of objects, which may lie where a base is not looked at."""
    found = hashlib.sha256()
    for name in (f"{each[:-2]}.{ending}" for each in objects for ending in "cS"):
        text = layers.file(name).read_bytes() if layers.has(name) else b""
        found.update(f"{name} {len(text)}\n".encode("utf-8", "backslashreplace") + text)
    return found.hexdigest()


def _read_sources(program: Path) -> Mapping[str, str]:
    text = program.with_suffix(SOURCES).read_text()
    found: dict[str, str] = json.loads(text)
    return found


@cache
def _builder() -> str:
    """Return what tells the code that builds and links from any other."""
    found = hashlib.sha256()
    for path in sorted(Path(tree.__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


class _Stack:
    """One configuration of a tree, patch upon patch."""

    def __init__(self, plan: Plan, configuration: Configuration, toolchain: Toolchain) -> None:
        self.plan = plan
        touched = objects_of(plan.patches, configuration.architecture)
        self.configuration = with_touched(configuration, touched)
        layer = prepared_layer(plan.cache, plan.base, configuration, toolchain)
        below = Layers(plan.tree, plan.base.layers)
        about = f"{layer.name}\0{self.configuration!r}\0{_builder()}\0{_texts(below, touched)}"
        self.name = hashlib.sha256(about.encode()).hexdigest()
        self.unbuilt = 1
        """Layers on top that no build has seen."""
        self.built: Mapping[str, Built] | None = None
        """The programs, where no patch that shows in them came since."""
        self.refused: HypabiError | None = None
        plan.say(f"{configuration.name}: preparing the tree")
        try:
            prepared = prepare(below, layer, configuration, toolchain, plan.jobs)
            prepared = replace(prepared, configuration=self.configuration)
            self.prepared = prepared.over(plan.cache.path(self.name, "base"))
        except HypabiError as refused:
            self.refused = refused

    def push(self, patch: Patch, sources: Layers) -> None:
        """Put a patch on top, if any object is built from what it touches.

        :param sources: the tree with the patch, of which the uppermost layer is what it changed
        """
        if self.refused or self.configuration.architecture not in architectures_of_patch(patch):
            return
        run = () if self.plan.runs_builds else run_by_builds(patch.files)
        if run:
            what = f"a build would run what patch {patch.number} changes, as {run[0]}"
            hint = "--run-builds builds it all the same"
            self.refused = HypabiError(self.configuration.name, what, hint)
            return
        self.built = None
        self.name = layer_name(self.name, patch)
        self.prepared = self.prepared.over(self.plan.cache.path(self.name, "layer"))
        self.unbuilt += 1
        if not self._done().is_dir():
            copy_change(sources, patch, self.prepared.layers)

    def programs(self) -> Mapping[str, Built]:
        """Return the programs as they are now.

        :raises HypabiError: they are not built, and why
        """
        if self.refused is not None:
            raise self.refused
        if self.built is None:
            done = self._done()
            if not done.is_dir():
                self._build(done)
            self.unbuilt = 0
            numbers = self.numbers()
            made = [
                built(f"{self.configuration.name} {e.stem}", e, numbers, _read_sources(e))
                for e in sorted(done.glob("*.elf"))
            ]
            self.built = {each.name: each for each in made}
        return self.built

    def numbers(self) -> Mapping[str, int]:
        """Return the numbers of calls as the headers define them now."""
        return numbers_in(self.prepared.layers, self.configuration.architecture, self.plan.files)

    def _done(self) -> Path:
        return self.plan.cache.path(self.name, "programs")

    def _build(self, done: Path) -> None:
        self.plan.say(f"{self.configuration.name}: building")
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=self.plan.cache.folder) as folder:
            made, kept = Path(folder) / "made", Path(folder) / "kept"
            made.mkdir()
            kept.mkdir()
            linked = build(self.prepared, made, self.unbuilt)
            for program, each in linked:
                shutil.move(each.path, kept / f"{program.name}.elf")
                sources = _sources(self.prepared.layers, each.functions)
                (kept / f"{program.name}{SOURCES}").write_text(json.dumps(sources))
            kept.rename(done)
