"""The folder in which a review keeps what it makes: used by one at a time, and of a bounded size.

What is made has a name of its own, behind whose first 16 digits stands what it is: ``.sources``,
``.layer``, ``.programs`` and so on.  What has one name stands or falls together, so that programs
are never there without the layer that they were built in.
"""

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from hypabi.errors import HypabiError
from hypabi.review.progress import Progress

_T = TypeVar("_T")

MOST: Final = 2 << 30
"""Bytes that are kept of reviews before this one; what was used longest ago goes first."""
MOST_ANSWERS: Final = 256 << 20
"""Bytes of answers that are kept."""
ANSWERS: Final = "judged"
TEMPORARY: Final = "hypabi-"
"""How folders are called that no run leaves behind unless it was ended."""
_USED: Final = "used"
_NAME: Final = re.compile(r"([0-9a-f]{16})\.")
_DIGITS: Final = 16


class Cache:
    """A folder of layers, programs and answers."""

    def __init__(self, folder: Path) -> None:
        """Take a folder, made where it is missing."""
        self.folder = folder
        self._used: set[str] = set()

    @property
    def answers(self) -> Path:
        """Return the folder of what was judged."""
        return self.folder / ANSWERS

    def path(self, name: str, kind: str) -> Path:
        """Return where something lies, which is kept from now on.

        :param name: hexadecimal digits, of which the first count
        """
        self._used.add(name[:_DIGITS])
        return self.folder / f"{name[:_DIGITS]}.{kind}"

    def prune(self, most: int = MOST, most_answers: int = MOST_ANSWERS) -> None:
        """Note what was used, and remove what was used longest ago where it is too much."""
        together = self._together()
        for name in self._used & together.keys():
            size = sum(map(_size, together[name]))
            (self.folder / f"{name}.{_USED}").write_text(f"{size}\n")
        sizes = {name: _noted(self.folder / f"{name}.{_USED}", of) for name, of in together.items()}
        before = [name for name in sizes if name not in self._used]
        for name in _too_much({each: sizes[each] for each in before}, most):
            for path in sorted(together[name], key=_last):
                _remove(path)
        answers = {each: _stamp(each) for each in _listed(self.answers)}
        for each in _too_much(answers, most_answers):
            each.unlink(missing_ok=True)

    def _together(self) -> Mapping[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for each in _listed(self.folder):
            if name := _NAME.match(each.name):
                found.setdefault(name[1], []).append(each)
        return found


@contextmanager
def opened_cache(folder: Path, say: Progress) -> Iterator[Cache]:
    """Give a folder to one review, and bound it behind that.

    :param folder: from where this process is; what builds is somewhere else
    :raises HypabiError: nothing can be written there
    """
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as failed:
        hint = "--cache names another folder"
        raise HypabiError(str(folder), failed.strerror or str(failed), hint) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another review in {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for each in folder.glob(f"{TEMPORARY}*"):
            _remove(each)
        cache = Cache(folder)
        try:
            yield cache
        except OSError as failed:
            if not str(failed.filename or "").startswith(str(folder)):
                raise
            hint = "--cache names another folder"
            raise HypabiError(str(failed.filename), failed.strerror or "", hint) from None
        finally:
            cache.prune()


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _last(path: Path) -> bool:
    """Order what says that something is done before what it says it of."""
    return not path.name.endswith((".done", ".programs"))


def _stamp(path: Path) -> tuple[int, int]:
    """Return when a file was changed last, in nanoseconds, and its bytes."""
    found = path.lstat()
    return found.st_mtime_ns, found.st_size


def _noted(marker: Path, together: Sequence[Path]) -> tuple[int, int]:
    """Return when something was used last, and its bytes, which the marker says."""
    try:
        return marker.stat().st_mtime_ns, int(marker.read_text()[:20])
    except (OSError, ValueError):  # a run that was ended did not note it
        return together[0].lstat().st_mtime_ns, sum(map(_size, together))


def _size(path: Path) -> int:
    """Return how much of a disk something takes."""
    every = [str(path)]
    every += [f"{at}/{each}" for at, folders, files in os.walk(path) for each in (*folders, *files)]
    return sum(os.lstat(each).st_blocks * 512 for each in every)


def _too_much(stamps: Mapping[_T, tuple[int, int]], most: int) -> Iterator[_T]:
    """Yield what has to go, used longest ago first, so that the rest is not more than so much."""
    left = sum(size for _, size in stamps.values())
    for each in sorted(stamps, key=lambda of: (stamps[of][0], str(of))):
        if left <= most:
            return
        left -= stamps[each][1]
        yield each


def _remove(path: Path) -> None:
    """Remove a file or a folder, one of overlayfs too, which nobody may look into."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for at, folders, _ in os.walk(path):
        for each in folders:
            inner = Path(at) / each
            if not inner.is_symlink():
                inner.chmod(inner.stat().st_mode | stat.S_IRWXU)
    shutil.rmtree(path)
