"""What a terminal gets besides the report: its width, colour, and a sign of life.

Colour repeats what capitals and rule ids say, so nothing is lost without it: ``NO_COLOR``
(https://no-color.org), a ``dumb`` terminal, a pipe or a file have none.
"""

import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

from hypabi.regular import STANDARD
from hypabi.report.shared.text_layout import fit_terminal

QUIET_SECONDS: Final = 2.0
"""How long a command may take before it says that it is still at work."""
CLEARED: Final = "\r\x1b[K"

_GOOD, _BAD, _OPEN, _BOLD, _END = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"
_VERDICT: Final = re.compile(
    r"(?m)^(?P<of>.*: )(?P<word>[A-Z]{4,}(?: [A-Z]+)*(?: and [A-Z]+)*)(?P<rest>$|: HYP-.*$)"
)
_RULE: Final = re.compile(r"(?m)^(HYP-[A-Z0-9-]+)(?=  )")
_BAD_WORDS: Final = ("REFUTED", "INCOMPATIBLE", "CONTRADICTED", "WEAKER")
_OPEN_WORDS: Final = ("UNDECIDED", "CHANGED")


def coloured(text: str) -> str:
    """Return a report with its verdicts in colour and the ids of its rules in bold."""
    return _RULE.sub(f"{_BOLD}\\1{_END}", _VERDICT.sub(_verdict, text))


def _verdict(found: re.Match[str]) -> str:
    word = found["word"]
    colour = _GOOD
    if any(each in word for each in _BAD_WORDS):
        colour = _BAD
    elif any(each in word for each in _OPEN_WORDS):
        colour = _OPEN
    return f"{found['of']}{colour}{word}{_END}{found['rest']}"


def has_colour(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that wants colour."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Progress:
    """Says on a terminal how long a command has been at work, and takes it back.

    :param stream: the terminal
    :param what: is at work
    :param quiet: seconds before anything is said
    """

    def __init__(self, stream: TextIO, what: str, quiet: float = QUIET_SECONDS) -> None:
        self._stream = stream
        self._what = what
        self._quiet = quiet
        self._ended = threading.Event()
        self._said = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        start = time.monotonic()
        wait = self._quiet
        while not self._ended.wait(wait):
            seconds = time.monotonic() - start
            self._stream.write(f"{CLEARED}hypabi: {self._what}, {seconds:.0f} s")
            self._stream.flush()
            self._said = True
            wait = 1.0

    def end(self) -> None:
        """Say nothing more, and clear what was said."""
        if not self._ended.is_set():
            self._ended.set()
            self._thread.join()
            if self._said:
                self._stream.write(CLEARED)
                self._stream.flush()


class _Output:
    """Standard output, which ends a progress before it prints, and adds colour."""

    def __init__(self, stream: TextIO, progress: Progress | None, *, colour: bool) -> None:
        self._stream = stream
        self._progress = progress
        self._colour = colour

    def write(self, text: str) -> int:
        if text and self._progress is not None:
            self._progress.end()
        return self._stream.write(coloured(text) if self._colour else text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a stream has
        return getattr(self._stream, name)


@contextmanager
def on_terminal(what: str, destination: str | None, *, slow: bool) -> Iterator[None]:
    """Give standard output what its terminal can, while a command runs.

    :param what: the command
    :param destination: where the report goes to, ``None`` for standard output
    :param slow: whether it may take longer than :data:`QUIET_SECONDS`
    """
    output, talk = sys.stdout, sys.stderr
    printed = destination in (None, STANDARD)
    if printed and output.isatty():
        fit_terminal(os.get_terminal_size(output.fileno()).columns)
    progress = Progress(talk, what) if slow and talk is not None and talk.isatty() else None
    colour = printed and has_colour(output)
    if progress is None and not colour:
        yield
        return
    shown: Any = _Output(output, progress, colour=colour)
    sys.stdout = shown
    try:
        yield
    finally:
        sys.stdout = output
        if progress is not None:
            progress.end()
