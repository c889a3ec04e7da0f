"""Kernel versions, and the span of them in which a promise is in force."""

import re
from functools import total_ordering
from typing import Final

from hypabi.records import field, frozen

_LEADING: Final = r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?"


@total_ordering
@frozen
class Version:
    """A kernel version, ordered by its numbers: ``5.10`` comes before ``6.1``."""

    numbers: tuple[int, int, int]
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text

    def __lt__(self, other: "Version") -> bool:
        return self.numbers < other.numbers

    @staticmethod
    def parse(text: str) -> "Version | None":
        """Read ``6.1`` or the version an image carries (``6.1.0-50-arm64``), else ``None``."""
        match = re.match(_LEADING, text)
        if match is None:
            return None
        major, minor, patch = match.groups()
        return Version((int(major), int(minor), int(patch or 0)), text)

    @staticmethod
    def exact(text: str) -> "Version | None":
        """Read ``6.1`` or ``6.1.12`` and nothing else."""
        return Version.parse(text) if re.fullmatch(_LEADING, text) and text[0] != "v" else None


def in_force(version: Version, since: Version | None, until: Version | None) -> bool:
    """Tell whether ``since <= version < until``; an absent bound does not bound."""
    return (since is None or since <= version) and (until is None or version < until)
