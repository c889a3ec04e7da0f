"""What was found before, kept as files: the same question is answered once.

A file is named by all that its answer rests on: our own code, its tools, the contract, the program.
One that cannot be read back is no answer, and is found again.
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from hypabi.analysis.provenance import installed
from hypabi.analysis.results.from_plain import NotPlainError, from_plain
from hypabi.analysis.results.plain import plain
from hypabi.analysis.tools import TOOLS
from hypabi.records import frozen

T = TypeVar("T")

LARGEST: Final = 16 << 20
"""Bytes of a file that is read back."""
_PACKAGE: Final = Path(__file__).parents[1]
_OURS: Final = (".py", ".yaml")


@frozen
class Kept:
    """A folder of answers."""

    folder: Path

    def answer(self, kind: type[T], find: Callable[[], T], *question: object) -> T:
        """Return an answer that was kept, else find it and keep it.

        :param kind: a record of plain values
        :param question: what it rests on besides our own code, each with a ``repr`` that says all
        """
        about = repr((kind.__name__, *question)).encode("utf-8", "backslashreplace")
        name = hashlib.sha256(code_identity().encode() + about).hexdigest()
        path = self.folder / f"{name}.json"
        try:
            found = _read(kind, path)
            path.touch()  # what was used longest ago goes first
            return found
        except (OSError, ValueError, RecursionError, NotPlainError):
            found = find()
            self._keep(path, found)
            return found

    def _keep(self, path: Path, found: object) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(plain(found), sort_keys=True), encoding="utf-8")
        partial.replace(path)


def _read(kind: type[T], path: Path) -> T:
    with path.open("rb") as file:
        said: Any = json.loads(file.read(LARGEST))
    return from_plain(kind, said)


@cache
def code_identity() -> str:
    """Return what tells this hypabi, with the tools that its answers rest on, from any other."""
    found = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.suffix in _OURS:
            found.update(str(path.relative_to(_PACKAGE)).encode() + path.read_bytes())
    for tool in TOOLS:
        found.update(f"{tool} {installed(tool)}\n".encode())
    return found.hexdigest()
