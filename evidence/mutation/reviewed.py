"""Mutants that stay proved though they differ, looked at one by one, and why that is so."""

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from hypabi.records import frozen

FILE = Path(__file__).with_name("reviewed.toml")


@frozen
class Entry:
    """Differences of a kind that were reviewed."""

    kind: str
    """``equivalent``; ``limit``: it does something else that hypabi cannot tell, as
    ``docs/limits.md`` says; ``known``: it survives, and the defect of hypabi is known."""
    subjects: str
    """Pattern over the names of subjects."""
    differs: str
    """Pattern over what differs: party, call, register, values."""
    reason: str

    def covers(self, subject: str, difference: str) -> bool:
        """Tell whether a difference is one of these."""
        return fnmatchcase(subject, self.subjects) and fnmatchcase(difference, self.differs)


@cache
def reviewed() -> tuple[Entry, ...]:
    """Return the list."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Entry(kind, each["subjects"], each["differs"], " ".join(each["reason"].split()))
        for kind in ("equivalent", "limit", "known")
        for each in found.get(kind, ())
    )


def entry_for(subject: str, difference: str) -> Entry | None:
    """Return the entry that a difference falls under, ``None`` for none."""
    return next((each for each in reviewed() if each.covers(subject, difference)), None)
