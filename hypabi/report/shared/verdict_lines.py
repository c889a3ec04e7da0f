"""The first lines of a report: what it is about, the verdict, and how it comes about."""

from collections.abc import Iterator

from hypabi.analysis.results.conclusion import Conclusion, spell_counts
from hypabi.report.shared.text_layout import columns, cut, filled


def verdict_lines(subject: str, conclusion: Conclusion, besides: str = "") -> Iterator[str]:
    """Yield the verdict on a subject in capitals, and then the counts.

    :param besides: what the counts do not say
    """
    word = conclusion.answer
    yield f"{cut(subject, columns() - len(word) - 2)}: {word}"
    counts = spell_counts(conclusion.counts)
    yield from filled(f"{counts}; {besides}" if besides else counts)
