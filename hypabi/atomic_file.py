"""Where a report goes: standard output, or a file that is never half-written."""

import contextlib
import os
import sys
from pathlib import Path

from hypabi.errors import HypabiError


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

    :raises HypabiError: the file cannot be written; it is then as it was
    """
    if destination is None:
        _print(text)
        return
    path = Path(destination)
    if path.exists() and not path.is_file():
        raise HypabiError(destination, "this is no regular file", "redirect standard output to it")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        draft.replace(path)
    except OSError as failed:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise HypabiError(destination, failed.strerror or str(failed)) from failed
