"""MAINTAINERS of a tree: which people keep which files.

Read as ``scripts/get_maintainer.pl`` of 6.1 reads it: ``F:`` that ends in ``/`` is everything
below, another one a prefix with wildcards that matches a path of as many slashes; ``N:`` is a
regular expression that a path has somewhere; ``X:`` takes out again.  ``K:`` (regular expressions
of contents) is not followed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from hypabi.records import frozen

LARGEST: Final = 4 << 20
"""Bytes of the file that are read."""
_TITLE: Final = re.compile(r"^[^\s].*$")
_LINE: Final = re.compile(r"^([A-Z]):\s+(\S.*)$")
_EVERYTHING: Final = "THE REST"
"""The section that everything belongs to."""


@frozen
class Section:
    """A section: who keeps something, and what."""

    title: str
    lines: Mapping[str, tuple[str, ...]]
    """By letter, what stands behind it."""

    def all(self, letter: str) -> tuple[str, ...]:
        """Return what stands behind a letter."""
        return self.lines.get(letter, ())

    def keeps(self, name: str) -> bool:
        """Tell whether a file is among what it keeps."""
        if any(_matches(each, name) for each in self.all("X")):
            return False
        if any(_matches(each, name) for each in self.all("F")):
            return True
        return any(_has(each, name) for each in self.all("N"))


def read_maintainers(text: str) -> Mapping[str, Section]:
    """Return the sections of MAINTAINERS by their titles."""
    found: dict[str, dict[str, list[str]]] = {}
    lines: dict[str, list[str]] = {}
    title = ""
    for line in text.splitlines():
        said = _LINE.match(line)
        if said is not None:
            if title:
                lines.setdefault(said[1], []).append(said[2].strip())
        elif _TITLE.match(line):
            title = line.strip()
            lines = found.setdefault(title, {})
        elif not line.strip():
            title = ""
    return {
        title: Section(title, {letter: tuple(all_) for letter, all_ in lines.items()})
        for title, lines in found.items()
        if lines
    }


def keepers(sections: Mapping[str, Section], names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return by title the files that a section keeps; who keeps everything is left out."""
    names = tuple(names)
    kept = {
        title: tuple(name for name in names if section.keeps(name))
        for title, section in sections.items()
        if title != _EVERYTHING
    }
    return {title: files for title, files in kept.items() if files}


def _matches(pattern: str, name: str) -> bool:
    if pattern.endswith("/") and not set(pattern) & set("*?"):
        return name.startswith(pattern)
    plain = _PLAIN.match(pattern)
    if plain is None or not name.startswith(plain[0]):
        return False  # most patterns, without making a regular expression of each
    spelled = "".join(_WILD.get(each) or re.escape(each) for each in pattern)
    if re.match(spelled, name) is None:
        return False
    return pattern.endswith("/") or pattern.count("/") == name.count("/")


def _has(expression: str, name: str) -> bool:
    try:
        return re.search(expression, name) is not None
    except re.error:  # Perl's, and not ours
        return False


_PLAIN: Final = re.compile(r"[^*?]*")
"""What stands before the first wildcard."""
_WILD: Final = {"*": "[^/]*", "?": "[^/]"}
