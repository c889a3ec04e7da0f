"""A source tree as it is at the base and after each patch, in layers over it.

A layer is named by everything that it stands on, so that the same series is applied and built once,
and a new version of it shares the patches that stayed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers
from hypabi.records import frozen
from hypabi.review.cache import Cache
from hypabi.review.git import complaint, git, run_git
from hypabi.review.series.model import Patch

MOST_FAR: Final = 5000
"""Files in which a checkout may differ from the base."""
MOST_FILES: Final = 2000
"""Files that a patch may touch."""
_FAILED: Final = re.compile(r"patch failed: (.*):(\d+)")
_HUNK: Final = re.compile(r"^(@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@)", re.M)
APPLIED: Final = ".done"
_REMOVED: Final = ".hypabi-removed"
"""A file that nothing is known to be made from, so that make is asked what a missing one means."""
_SEEN: Final = ("Makefile", "Kbuild", "Kconfig", "arch/arm", "arch/arm64", "include", "scripts")
"""What tells a tree from another one, and from itself after an edit."""


@frozen
class Base:
    """What a series stands on."""

    layers: tuple[Path, ...]
    """What makes a checkout the base; none where it is that already."""
    commit: str | None
    """Null for a tree without history, which is the base as it is."""
    identity: str
    """SHA-256 of what is known of it."""


@frozen
class DoesNotApply:
    """A patch that does not apply, and what git says of it."""

    why: str


def find_base(tree: Path, commit: str | None, cache: Cache) -> Base:
    """Return what a series stands on.

    :param commit: that the series or the user names
    :raises HypabiError: the tree has no such commit, or is too far from it
    """
    seen = hashlib.sha256(str(tree).encode())
    for line in _looks(tree):
        seen.update(line)
    if commit is None or not (tree / ".git").exists():
        return Base((), None, seen.hexdigest())
    ran = run_git(
        tree, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}"
    )
    if ran.returncode:
        hint = "fetch it, or name another with --base"
        raise HypabiError(str(tree), f"the base {commit} is not in it", hint)
    found = ran.stdout.decode().strip()
    seen.update(found.encode())
    identity = seen.hexdigest()
    differ = git(tree, "diff", "--name-only", "--no-renames", "-z", found, "--").split(b"\0")[:-1]
    if not differ:
        return Base((), found, identity)
    if len(differ) > MOST_FAR:
        raise HypabiError(
            str(tree),
            f"its checkout differs from the base {found[:12]} in {len(differ)} files",
            f"check the base out: git worktree add ../base {found[:12]}",
        )
    layer = cache.path(identity, "base")
    if not _is_done(layer):
        _check_out(tree, found, [os.fsdecode(each) for each in differ], layer)
    return Base((layer,), found, identity)


def _looks(tree: Path) -> Iterator[bytes]:
    """Yield a line for each file that builds read, which changes when the file does."""
    for name in _SEEN:
        top = tree / name
        for folder, folders, files in os.walk(top):
            folders.sort()
            folders[:] = [each for each in folders if each != "dts"]
            for file in sorted(files):
                yield _look(f"{folder}/{file}")
        if top.is_file():
            yield _look(str(top))


def _look(path: str) -> bytes:
    found = os.lstat(path)
    return f"{path} {found.st_size} {found.st_mtime_ns}\n".encode("utf-8", "surrogateescape")


def _check_out(tree: Path, commit: str, names: list[str], layer: Path) -> None:
    """Fill a layer with some files as a commit has them."""
    layers = Layers(tree, ()).over(layer)
    listed = git(tree, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit).split(b"\0")
    there = {os.fsdecode(each) for each in listed}
    for at in range(0, len(names), 100):
        some = [each for each in names[at : at + 100] if each in there]
        if some:
            packed = git(tree, "archive", "--format=tar", commit, "--", *some)
            subprocess.run(["tar", "-x", "-C", str(layer)], input=packed, check=True)
    gone = [each for each in names if each not in there]
    if gone:
        layers.run(("rm", "-f", "--", *gone))
    _mark_done(layer)


def apply_patch(layers: Layers, patch: Patch) -> Layers | DoesNotApply:
    """Apply a patch in the uppermost layer, which is new.

    git applies it to copies of the files that it names, in a folder of their own: it follows no
    symbolic link and touches no file outside.
    """
    top = layers.layers[0]
    if _is_done(top):
        return layers
    shutil.rmtree(top)  # what an interrupted run left there
    top.mkdir()
    if len(patch.files) > MOST_FILES:
        return DoesNotApply(f"it touches {len(patch.files)} files, and {MOST_FILES} may be")
    with tempfile.TemporaryDirectory(prefix="hypabi-") as name:
        scratch = Path(name)
        before = _copied(layers, patch, scratch)
        ran = run_git(
            scratch, "apply", "--whitespace=nowarn", "-", text=patch.diff,
            GIT_CEILING_DIRECTORIES=str(scratch.parent),
        )  # fmt: skip
        if ran.returncode:
            return DoesNotApply(_with_hunk(complaint(ran.stderr).removeprefix("error: "), patch))
        after = {str(each.relative_to(scratch)) for each in _files(scratch)}
        links = [each for each in sorted(after) if (scratch / each).is_symlink()]
        if links:
            return DoesNotApply(f"{links[0]}: it makes a symbolic link, which is not reviewed")
        gone = sorted(before - after)
        if gone:
            layers.run(("rm", "-f", "--", *gone))
        for each in sorted(after):
            target = top / each
            target.parent.mkdir(parents=True, exist_ok=True)
            if each not in before or not _same(layers, each, scratch / each):
                shutil.copy(scratch / each, target)
    _mark_done(top)
    return layers


def _with_hunk(complaint: str, patch: Patch) -> str:
    """Return what git says of a patch, with the hunk of the file that it means."""
    said = _FAILED.fullmatch(complaint)
    if said is None:
        return complaint
    _, _, behind = patch.diff.decode("utf-8", "replace").partition(f"\n--- a/{said[1]}\n")
    hunks = _HUNK.findall(behind.partition("\n--- ")[0])
    for number, (hunk, line) in enumerate(hunks, 1):
        if line == said[2]:
            return f"{complaint}, hunk {number} of {len(hunks)}: {hunk}"
    return complaint


def _is_done(layer: Path) -> bool:
    return layer.with_suffix(APPLIED).is_file()


def _mark_done(layer: Path) -> None:
    """Note beside a layer that it holds all that it shall."""
    layer.with_suffix(APPLIED).touch()


def copy_change(sources: Layers, patch: Patch, target: Layers) -> None:
    """Put into the uppermost layer of a tree what a patch makes of its files."""
    for name in sorted(sources.changed()):
        path = target.layers[0] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sources.file(name), path)
    gone = [each for each in patch.files if not sources.has(each) and target.has(each)]
    if gone:
        target.run(("rm", "-f", "--", *gone))
        target.write(_REMOVED, "\n".join(gone))


def _copied(layers: Layers, patch: Patch, scratch: Path) -> set[str]:
    copied = set()
    for name in patch.files:
        parts = Path(name).parts
        if Path(name).is_absolute() or ".." in parts:
            continue  # git refuses it
        try:
            source = layers.file(name)
        except HypabiError:
            continue
        target = scratch / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        copied.add(name)
    return copied


def _files(folder: Path) -> Iterator[Path]:
    return (each for each in folder.rglob("*") if each.is_symlink() or each.is_file())


def _same(layers: Layers, name: str, made: Path) -> bool:
    return layers.file(name).read_bytes() == made.read_bytes()


def layer_name(below: str, patch: Patch) -> str:
    """Return the name of the layer of a patch over what has a name itself."""
    return hashlib.sha256(below.encode() + b"\0" + patch.diff).hexdigest()
