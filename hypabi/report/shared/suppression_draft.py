"""Suppressions of all that a report has against an image, to be edited: reason and end are missing.

A file in which they are missing is refused, so that nobody lives with anything by accident.
"""

import json
from collections.abc import Iterator
from typing import Final

from hypabi.errors import HypabiError

ANY_OTHER: Final = "any-other"
HEAD: Final = (
    "# Fill in reason and expires (a day such as 2027-01-31) of each, or delete it.\n"
    "# All keys: docs/reference/suppressions.md.\n"
    "suppressions:\n"
)
BROKEN: Final = ("incompatible", "weaker", "renumbered", "stronger", "changed")
"""Changes that a suppression can be about."""

Entry = dict[str, str]


def draft_suppressions(text: bytes, file: str) -> str:
    """Return suppressions of what a report in JSON says is refuted, violated or changed.

    :param text: what ``check`` or ``diff`` wrote with ``--format json``
    :param file: what refusals call it
    :raises HypabiError: it is no such report
    """
    try:
        report: object = json.loads(text)
    except ValueError as refused:
        raise HypabiError(file, f"this is no JSON: {refused}") from None
    name = _field(_field(report, "schema"), "name")
    if name == "hypabi-check":
        entries = [*_clauses(report), *_callers(report)]
    elif name == "hypabi-diff":
        entries = list(_changes(report))
    else:
        hint = "write one with `hypabi check --format json`"
        raise HypabiError(file, "this is no report of check or diff in JSON", hint)
    once = dict.fromkeys(tuple(each.items()) for each in entries)
    if not once:
        return "suppressions: []\n"
    return HEAD + "".join(_written(each) for each in once)


def _written(entry: tuple[tuple[str, str], ...]) -> str:
    lines = [*entry, ("reason", ""), ("expires", "")]
    first = "  - "
    text = ""
    for key, value in lines:
        text += f"{first}{key}: {json.dumps(value)}\n"
        first = "    "
    return text


def _clauses(report: object) -> Iterator[Entry]:
    for clause in _items(report, "verdicts"):
        if _field(clause, "verdict") != "refuted":
            continue
        entry = {**_about(clause), "clause": _text(clause, "clause")}
        lost = [each for each in _items(clause, "lost") if _field(each, "suppressed") is None]
        for each in lost:
            yield {**entry, "register": _text(each, "register")}
        if not lost:
            yield entry


def _callers(report: object) -> Iterator[Entry]:
    callers = _field(report, "callers")
    for check in _items(callers, "checks"):
        reachable = _field(check, "when") in ("reachable", "whoever is live")
        if reachable and _field(check, "verdict") == "violated":
            caller = _field(check, "caller")
            named = _text(caller, "function") or _text(caller, "address")
            yield {**_about(check), "caller": named}
    for move in (*_items(callers, "makers"), *_items(callers, "out_of_order")):
        if _field(move, "verdict") == "violated":
            named = _text(move, "function") or _text(move, "address")
            yield {**_about(move), "caller": named}


def _changes(report: object) -> Iterator[Entry]:
    for change in _items(report, "changes"):
        word = _text(change, "change")
        if word in BROKEN and _field(change, "suppressed") is None:
            yield {**_about(change), "change": word, "direction": _text(change, "direction")}


def _about(of: object) -> Entry:
    return {"party": _text(of, "party"), "call": _text(of, "call") or ANY_OTHER}


def _field(of: object, name: str) -> object:
    return of.get(name) if isinstance(of, dict) else None


def _text(of: object, name: str) -> str:
    value = _field(of, name)
    return value if isinstance(value, str) else ""


def _items(of: object, name: str) -> list[object]:
    value = _field(of, name)
    return value if isinstance(value, list) else []
