"""Suppressions as text: what they cover, which are unused, which have expired."""

from collections.abc import Iterable, Iterator

from hypabi.analysis.results.shared import SuppressedBy, SuppressionFile
from hypabi.report.shared.text_layout import filled, titled


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
