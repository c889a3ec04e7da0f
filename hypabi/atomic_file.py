"""Where a report goes: standard output, or a file that is never half-written."""

import contextlib
import errno
import os
import re
import stat
import sys
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.regular import STANDARD


def flush_output() -> None:
    """Bring out what is still held back.

    :raises BrokenPipeError: the reader has gone
    :raises HypabiError: standard output cannot be written
    """
    _print("")


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as failed:
        # The interpreter flushes once more when it ends, and would complain a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(failed, BrokenPipeError):
            raise
        raise HypabiError("standard output", failed.strerror or str(failed)) from failed


def write_output(text: str, destination: str | None) -> None:
    """Print a report, or replace the file ``destination`` by it.

    Nothing in it makes a terminal do anything.  A link is followed and stays one; a file that is
    replaced leaves its mode to the new one.

    :raises HypabiError: the file cannot be written; it is then as it was
    """
    text = harmless(text)
    if destination in (None, STANDARD):
        _print(text)
        return
    try:
        path = Path(os.path.realpath(destination))
        _replace(path, destination, text)
    except (OSError, ValueError) as failed:
        what = failed.strerror if isinstance(failed, OSError) else None
        raise HypabiError(destination, what or str(failed)) from failed


def _replace(path: Path, destination: str, text: str) -> None:
    if path.exists() and not path.is_file():
        raise HypabiError(destination, "this is no regular file", "redirect standard output to it")
    if path.is_symlink():
        raise HypabiError(destination, os.strerror(errno.ELOOP))
    draft = path.with_name(f".hypabi-{os.getpid()}")
    made = False
    try:
        with draft.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            made = True
            file.write(text)
            if path.exists():
                _take_after(file.fileno(), path)
        draft.replace(path)
    except BaseException:
        if made:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
        raise


def _take_after(descriptor: int, path: Path) -> None:
    """Give a draft the mode of the file that it replaces, and its owner where we may."""
    before = path.stat()
    with contextlib.suppress(OSError):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
"""C0 and C1 (ECMA-48), line and paragraph separator, and Unicode's bidirectional controls."""


def harmless(text: str) -> str:
    """Return ``text`` with everything escaped that a terminal obeys, but for newline and tab.

    What directs the order of writing counts: it can make a report read as something else.  An
    escape is one of JSON too, so that a document stays one.
    """
    return _OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
