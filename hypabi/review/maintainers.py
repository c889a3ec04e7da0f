"""MAINTAINERS of a tree: which people keep which files, and are to be told of which words.

Read as ``scripts/get_maintainer.pl`` of 6.1 to 7.2 reads it: ``F:`` that ends in ``/``, or is a
folder of the tree, is everything below, another one a prefix with wildcards that matches a path of
as many slashes; ``N:`` is a regular expression that a path has somewhere; ``X:`` takes out of these
again.  ``K:`` is a regular expression of what a patch says, and of what its lines change.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hypabi.records import frozen

LARGEST: Final = 4 << 20
"""Bytes of the file that are read."""
MOST_LINES: Final = 100_000
"""Lines of a patch that are searched for words."""
LONGEST_LINE: Final = 2000
"""Characters of a line that are."""
_LINE: Final = re.compile(r"^([A-Z]):\s*(.*)$")
_EVERYTHING: Final = "THE REST"
"""The section that everything belongs to."""
_FLAGS: Final = re.compile(r"^\(\?([ims]+)\)")
"""Perl takes flags anywhere; Python at the start of the whole expression only."""
_CHANGED: Final = "^[+-].*"
"""What the script puts before an expression once the patch itself has begun."""
_NAMES_FILE: Final = re.compile(r"^(?:\+\+\+|---)\s+\S")
_UNSEARCHED: Final = re.compile(
    r"^(?:diff --git a/\S+ b/\S+\s*$|rename (?:from|to) \S+\s*$| mode change \d+ => \d+ \S+\s*$"
    r"|Fixes:\s+[0-9a-fA-F]{6}|@@ -\d+,\d+)"
)
"""Lines that the script reads something else from."""


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
    title = ""
    for line in text.splitlines():
        if said := _LINE.match(line):
            if title:
                found.setdefault(title, {}).setdefault(said[1], []).append(said[2].strip())
        elif line.strip() and not line.lstrip().startswith("#"):
            title = line.strip()
    return {
        title: Section(title, {letter: tuple(all_) for letter, all_ in lines.items()})
        for title, lines in found.items()
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


def concerned_by_words(
    sections: Mapping[str, Section], intro: str, patch: str
) -> Mapping[str, tuple[str, ...]]:
    """Return by title the expressions of ``K:`` that a patch matches.

    :param intro: what stands before the patch: subject, author and message
    """
    said = list(_searched(f"{intro}\n{patch}".splitlines()[:MOST_LINES]))
    whole = [line for line, is_changed in said if not is_changed]
    changed = [line for line, is_changed in said if is_changed]
    found = {
        title: tuple(e for e in section.all("K") if _says(e, whole) or _says(e, changed, _CHANGED))
        for title, section in sections.items()
    }
    return {title: expressions for title, expressions in found.items() if expressions}


def unread(sections: Mapping[str, Section]) -> tuple[str, ...]:
    """Return the lines of ``K:`` and ``N:`` that are Perl's expressions and not ours."""
    asked = ((e, letter) for e in sections.values() for letter in "KN")
    return tuple(
        f"{section.title}, {letter}: {each}"
        for section, letter in asked
        for each in section.all(letter)
        if _expression(each) is None
    )


def _searched(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield the lines that are searched, and whether the patch itself had begun."""
    is_patch = False
    for line in lines:
        if _NAMES_FILE.match(line):
            is_patch = True
        elif not _UNSEARCHED.match(line):
            yield line[:LONGEST_LINE], is_patch


def _says(expression: str, lines: Iterable[str], before: str = "") -> bool:
    pattern = _expression(expression, before)
    return pattern is not None and any(map(pattern.search, lines))


def _expression(text: str, before: str = "") -> re.Pattern[str] | None:
    """Return an expression as the script compiles it (``/x``); ``None`` where we cannot."""
    flags = _FLAGS.match(text)
    spelled = f"(?{flags[1]})" if flags else ""
    try:
        return re.compile(f"{spelled}{before}{text[len(spelled) :]}", re.VERBOSE)
    except re.error:
        return None


def _matches(pattern: str, name: str) -> bool:
    if not _SPECIAL & set(pattern) and name.startswith(f"{pattern.rstrip('/')}/"):
        return True  # nothing is below what is no folder
    plain = _PLAIN.match(pattern)
    if plain is None or not name.startswith(plain[0]):
        return False  # most patterns, without making a regular expression of each
    # Only these three mean something else to the script than to Perl.
    spelled = pattern.replace(".", r"\.").replace("*", ".*").replace("?", ".")
    try:
        if re.match(spelled, name) is None:
            return False
    except re.error:
        return False
    return pattern.endswith("/") or pattern.count("/") == name.count("/")


def _has(expression: str, name: str) -> bool:
    return _says(expression, (name,))


_SPECIAL: Final = frozenset("*?[](){}+|^$\\")
_PLAIN: Final = re.compile(r"[^*?\[\](){}+|^$\\]*")
"""What stands before anything that is not itself."""
