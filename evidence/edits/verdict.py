"""What became of an edit: what is said of the kernel with it, that is not said without."""

import enum
from collections.abc import Iterable
from fnmatch import fnmatchcase

from evidence.edits.edit import Direction, Edit
from hypabi.records import frozen
from hypabi.review.findings import Finding, Word


class Fate(enum.Enum):
    """What became of an edit."""

    FOUND = "found"
    """Refuted by a rule that is expected; or silent, where nothing is wrong."""
    OTHERWISE = "found by another rule"
    UNDECIDED = "undecided"
    """Nothing new is refuted, and something new is undecided."""
    SILENT = "silent"
    """Nothing new is said, though something is wrong."""
    ALARM = "false alarm"
    """Something new is refuted, though nothing is wrong."""
    DOUBT = "false doubt"
    """Something new is undecided, though nothing is wrong."""
    FAILED = "not built"


@frozen
class Verdict:
    """An edit, and what became of it."""

    edit: Edit
    fate: Fate
    said: tuple[str, ...]
    """The rules of new findings, those that are refuted first; or why it was not built."""

    @property
    def is_as_expected(self) -> bool:
        """Tell whether nobody has to look at it: it is found, or known to be missed."""
        return (self.fate is Fate.FOUND) is not bool(self.edit.missed)


def verdict_on(edit: Edit, before: frozenset[Finding], after: frozenset[Finding]) -> Verdict:
    """Compare what is said without an edit and with it."""
    new = after - before
    refuted = sorted(each.rule for each in new if each.word is Word.REFUTED)
    known = {each.rule for each in after if each.word is Word.REFUTED}
    doubts = sorted({each.rule for each in new} - known)
    fate = _fate(edit, refuted, doubts)
    return Verdict(edit, fate, (*refuted, *(f"undecided: {each}" for each in doubts)))


def _fate(edit: Edit, refuted: list[str], doubts: list[str]) -> Fate:
    if edit.direction is Direction.BROKEN:
        if _any_of(edit.rules, refuted):
            return Fate.FOUND
        return Fate.OTHERWISE if refuted else Fate.UNDECIDED if doubts else Fate.SILENT
    return Fate.ALARM if refuted else Fate.DOUBT if doubts else Fate.FOUND


def _any_of(patterns: Iterable[str], rules: Iterable[str]) -> bool:
    rules = tuple(rules)
    return any(fnmatchcase(rule, pattern) for pattern in patterns for rule in rules)
