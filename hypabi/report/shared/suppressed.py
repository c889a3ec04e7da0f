"""Suppressions as reports print them: what they cover, which are unused, which have expired."""

from collections.abc import Iterable, Iterator

from hypabi.analysis.results.shared import SuppressedBy, SuppressionFile
from hypabi.analysis.summaries.suppressions import spelled
from hypabi.judgement.suppression import Suppression, Suppressions
from hypabi.report.shared.json_values import Plain
from hypabi.report.shared.text_layout import filled, titled


def suppressed_text(
    suppressions: Suppressions | None, covered: Iterable[tuple[str, Suppression]]
) -> Iterator[str]:
    """Yield what was suppressed, and which suppressions are unused or have expired.

    :param covered: what each covers, in words, in the order of the report
    """
    if suppressions is None:
        return
    found = list(covered)
    yield from titled(f"Suppressed, as of {suppressions.today.isoformat()}")
    for what, by in found:
        yield from filled(what, "* ", "  ")
        yield from filled(f"{by.reason} (until {by.expires.isoformat()})", "    ")
    if not found:
        yield "nothing"
    unused = suppressions.unused(by for _, by in found)
    for each in unused:
        yield from filled(f"unused, line {each.place.line}: {spelled(each)}", "* ", "  ")
    for each in suppressions.run_out():
        when = f"expired on {each.expires.isoformat()}"
        yield from filled(f"{when}, line {each.place.line}: {spelled(each)}", "* ", "  ")


def suppressed_section(
    file: SuppressionFile, covered: Iterable[tuple[str, SuppressedBy]]
) -> Iterator[str]:
    """Yield what was suppressed, and which suppressions are unused or have expired.

    :param covered: what each covers, in words, in the order of the report
    """
    found = list(covered)
    yield from titled(f"Suppressed, as of {file.today}")
    for what, by in found:
        yield from filled(what, "* ", "  ")
        yield from filled(f"{by.reason} (until {by.expires})", "    ")
    if not found:
        yield "nothing"
    for each in file.unused:
        yield from filled(f"unused, line {each.line}: {each.what}", "* ", "  ")
    for each in file.expired:
        when = f"expired on {each.expires}"
        yield from filled(f"{when}, line {each.line}: {each.what}", "* ", "  ")


def suppressions_in_full(
    suppressions: Suppressions | None, used: Iterable[Suppression | None]
) -> Plain:
    """Return a file of suppressions as plain values, ``None`` where none was given."""
    if suppressions is None:
        return None
    unused = suppressions.unused(used)
    return {
        "sha256": suppressions.sha256,
        "today": suppressions.today.isoformat(),
        "unused": [_line(each) for each in unused],
        "expired": [_line(each) for each in suppressions.run_out()],
    }


def suppressed_in_full(by: Suppression | None) -> Plain:
    """Return what suppresses a finding, ``None`` where nothing does."""
    if by is None:
        return None
    return {"reason": by.reason, "expires": by.expires.isoformat(), "line": by.place.line}


def _line(each: Suppression) -> Plain:
    return {"line": each.place.line, "what": spelled(each), "expires": each.expires.isoformat()}
