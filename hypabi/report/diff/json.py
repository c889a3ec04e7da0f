"""A diff as JSON; ``diff.schema.json`` beside this module is its published schema."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.difference import SPELLED, Compared, Diff, change_word, count_changes
from hypabi.judgement.difference.model import (
    Cell,
    Difference,
    Direction,
    Renumbered,
    Vacuous,
    differences_of,
    reasons_of,
)
from hypabi.report.shared.counterexample_json import values
from hypabi.report.shared.footer import reproduce
from hypabi.report.shared.json_values import Plain, in_json
from hypabi.report.shared.suppressed import suppressed_in_full, suppressions_in_full
from hypabi.report.shared.trusted_base import trusted

SCHEMA: Final[Mapping[str, Plain]] = {"name": "hypabi-diff", "version": 1}
"""The version rises when a field changes its meaning; fields are only added."""


def write(diff: Diff) -> str:
    """Return a diff as JSON, keys sorted, ending in a newline."""
    return in_json(document(diff))


def document(diff: Diff) -> dict[str, Plain]:
    """Return a diff as plain values."""
    return {
        "schema": SCHEMA,
        "architecture": diff.architecture.value,
        "identifier": diff.identifier,
        "old": _side(diff.old),
        "new": _side(diff.new),
        "counts": dict(count_changes(diff.cells)),
        "changes": [_cell(diff, cell) for cell in diff.cells],
        "suppressions": suppressions_in_full(diff.suppressions, diff.suppressed.values()),
        "trusted": list(trusted(diff.provenance)),
        "exit_status": diff.exit_status,
        "reproduce": reproduce(
            diff.provenance,
            old_sha256=diff.old.sha256,
            new_sha256=diff.new.sha256,
        ),
    }


def _side(side: Compared) -> Plain:
    return {
        "sha256": side.sha256,
        "version": side.version or None,
        "contract": {
            "name": side.contract,
            "sha256": side.contract_sha256,
            "version": side.contract_version,
        },
        "parties": [
            {
                "name": party.name,
                "symbol": party.symbol or None,
                "address": f"{party.address:#x}",
                "program": party.program,
                "how": party.how,
            }
            for party in side.parties
        ],
        "missing": list(side.missing),
    }


def _cell(diff: Diff, cell: Cell) -> Plain:
    change = cell.change
    reasons = (change.reason,) if isinstance(change, Vacuous) else reasons_of(change)
    renumbered: Plain = None
    if isinstance(change, Renumbered):
        renumbered = {"number": _number(change.number), "call": change.call}
    return {
        "direction": SPELLED[cell.direction],
        "party": cell.party,
        "call": cell.call,
        "number": None if cell.number is None else _number(cell.number),
        "only_here": cell.only_here,
        "left_open": cell.left_open,
        "change": change_word(change),
        "renumbered": renumbered,
        "reasons": list(reasons),
        "differences": [_difference(cell, each) for each in differences_of(change)],
        "must_agree": list(cell.must_agree),
        "assumptions": list(cell.assumptions),
        "suppressed": suppressed_in_full(diff.by(cell)),
    }


def _number(number: int) -> str:
    return f"{number:#x}"


def _difference(cell: Cell, each: Difference) -> Plain:
    old, new = each.home, each.other
    if cell.direction is Direction.NEW_CALLERS:
        old, new = new, old
    return {
        "aspect": each.aspect.value,
        "bearing": each.bearing.value,
        "subject": each.subject,
        "old": old,
        "new": new,
        "entry": values(each.witness),
    }
