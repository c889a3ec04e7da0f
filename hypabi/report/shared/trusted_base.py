"""What no verdict can be better than, as text."""

from collections.abc import Iterable, Iterator

from hypabi.report.shared.text_layout import filled, titled


def trust_section(sentences: Iterable[str]) -> Iterator[str]:
    """Yield what is trusted as a section of a report."""
    yield from titled("Trusted")
    for text in sentences:
        yield from filled(text, "* ", "  ")
