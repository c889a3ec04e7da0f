"""What was decided to live with, told as plain values."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hypabi.analysis.results.shared import SuppressedBy, SuppressionEntry, SuppressionFile
from hypabi.judgement.suppression import ANY_OTHER

if TYPE_CHECKING:
    from hypabi.judgement.suppression import Suppression, Suppressions


def suppressed_by(by: "Suppression") -> SuppressedBy:
    """Return the decision to live with a finding."""
    return SuppressedBy(by.reason, by.expires.isoformat(), by.place.line)


def suppression_file(
    suppressions: "Suppressions", used: "Iterable[Suppression | None]"
) -> SuppressionFile:
    """Return a file of suppressions, as far as they cover nothing.

    :param used: those that cover something
    """
    return SuppressionFile(
        suppressions.sha256,
        suppressions.today.isoformat(),
        tuple(map(_entry, suppressions.unused(used))),
        tuple(map(_entry, suppressions.run_out())),
    )


def _entry(each: "Suppression") -> SuppressionEntry:
    return SuppressionEntry(each.place.line, spelled(each), each.expires.isoformat())


def spelled(suppression: "Suppression") -> str:
    """Return what a suppression is about, in words."""
    caller = f"caller {suppression.caller}" if suppression.caller else ""
    what = suppression.clause or suppression.change or caller
    if suppression.register is not None:
        what = f"{what}, {suppression.register}"
    direction = f", {suppression.direction}" if suppression.direction else ""
    return f"{suppression.party}, {suppression.call or ANY_OTHER}: {what}{direction}"
