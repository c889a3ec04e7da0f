"""All rules, by id: the one table from which pages, forms and ``hypabi explain`` come."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.errors import HypabiError
from hypabi.rules import (
    callers,
    changes,
    clauses,
    crossings,
    drift,
    entries,
    evidence,
    matrix,
    parties,
    undecided,
)
from hypabi.rules.rule import Rule

LONGEST: Final = 60
"""Characters of a misspelt id that are compared."""


def _every() -> Iterator[Rule | None]:
    yield from clauses.CLAUSE.values()
    yield clauses.VACUOUS
    yield from parties.PARTY.values()
    yield from parties.INSTALLER.values()
    yield from parties.PLACEMENT.values()
    yield parties.UNCLAIMED
    yield from callers.VIOLATED.values()
    yield from (callers.BEYOND, callers.UNSCHEDULED, callers.PARTY_NOT_FOUND, callers.UNREAD)
    yield from (callers.MOVE_MISSING, callers.MOVE_ORDER)
    yield from callers.SITE.values()
    yield from entries.ENTRY.values()
    yield from entries.SLOT.values()
    yield from matrix.CELL.values()
    yield from changes.CHANGE.values()
    yield changes.HARMLESS
    yield from changes.PROMISE.values()
    yield from drift.DRIFT.values()
    yield from crossings.CROSSING.values()
    yield from crossings.DERIVED_CROSSING.values()
    yield crossings.NOTHING
    yield from evidence.REPLAY.values()
    yield from evidence.OPINION.values()
    yield from (evidence.UNUSED, evidence.EXPIRED)
    yield from (rule for _, rule in undecided.CAUSES)
    yield from undecided.ASKED


RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule for rule in sorted({e for e in _every() if e is not None}, key=lambda e: e.id)
}
"""Every rule that a finding can have, in the order of the ids."""


def find_rule(name: str) -> Rule:
    """Return the rule of an id; the case of letters does not matter.

    :raises HypabiError: there is none
    """
    rule = RULES.get(name.upper())
    if rule is None:
        from difflib import get_close_matches  # noqa: PLC0415 - only of a refusal

        close = get_close_matches(name[:LONGEST].upper(), RULES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "`hypabi explain` lists all"
        raise HypabiError(name, "no rule has this id", hint)
    return rule
