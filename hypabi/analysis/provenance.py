"""What is needed to repeat a report: the command, the versions that took part, what is trusted."""

import os
import sys
from collections.abc import Iterator
from typing import Final

from hypabi.home import VERSION
from hypabi.records import frozen

_INSTALLED: Final = ".dist-info"
"""Ending of the folder in which an installer notes a package (PEP 376)."""

_PLAIN: Final = "@%+=:,./-_"
"""Characters that no shell gives a meaning, besides letters and digits."""


@frozen
class Provenance:
    """The command as it was typed, and the version of each tool that took part, by name."""

    command: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]

    def version(self, name: str) -> str:
        """Return the version of a tool."""
        return dict(self.versions)[name]


def provenance(command: tuple[str, ...], tools: tuple[str, ...]) -> Provenance:
    """Return the provenance of a command that rests on the installed packages ``tools``."""
    versions = [("hypabi", VERSION), *((name, installed(name)) for name in tools)]
    return Provenance(command, tuple(versions))


def installed(name: str) -> str:
    """Return the version of an installed package, ``?`` where the installation does not say.

    ``importlib.metadata`` would tell the same; importing it costs 70 ms, a tenth of a whole check.
    """
    for folder in sys.path:
        for found in _names_in(folder or "."):
            if found.startswith(f"{name}-") and found.endswith(_INSTALLED):
                return found.removesuffix(_INSTALLED).rpartition("-")[2]
    return "?"


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names, not paths: a tenth of the time
    except OSError:  # sys.path may name archives, and folders that are not there
        return []


def typed(command: tuple[str, ...], columns: int) -> Iterator[str]:
    """Yield a command in lines that a shell reads as one, each at most ``columns`` wide.

    A word too long for a line goes on at the start of the next, where a shell joins the two.
    """
    line = ""
    for word in command:
        if len(quoted(word)) + 2 > columns - 2:
            if line:
                yield f"{line} \\"
            *whole, line = _pieces(word, columns - 2)
            yield from (f"{piece}\\" for piece in whole)
        elif len(line) + 1 + len(quoted(word)) > columns - 2:
            yield f"{line} \\"
            line = f"  {quoted(word)}"
        else:
            line = f"{line} {quoted(word)}" if line else quoted(word)
    yield line


def quoted(word: str) -> str:
    """Return a word as a shell reads it; what cannot be printed as POSIX 2024 and bash spell it."""
    if word and all(character.isalnum() or character in _PLAIN for character in word):
        return word
    if word.isprintable():
        return "'" + word.replace("'", "'\\''") + "'"
    raw = word.encode("utf-8", "surrogateescape")
    inner = (chr(b) if 0x20 <= b < 0x7F and b not in b"\\'" else f"\\{b:03o}" for b in raw)
    return f"$'{''.join(inner)}'"


def _pieces(word: str, columns: int) -> list[str]:
    """Cut a word into quoted pieces that fit."""
    pieces: list[str] = []
    start = 0
    while start < len(word) or not pieces:
        end = start + 1
        while end < len(word) and len(quoted(word[start : end + 1])) <= columns:
            end += 1
        pieces.append(quoted(word[start:end]))
        start = end
    return pieces
