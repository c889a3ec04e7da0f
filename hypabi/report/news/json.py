"""What is new as JSON; ``news.schema.json`` beside this package is its published schema."""

from typing import Final

from hypabi.analysis.results.plain import Plain
from hypabi.report.shared.result_json import write_result
from hypabi.store.records import GOOD_FATES, SweepNews, SweepResult

NAME: Final = "hypabi-news"
VERSION: Final = 1
"""It rises when a field changes its meaning; fields are only added."""


def write(result: SweepResult) -> str:
    """Return what is new as JSON, keys sorted, ending in a newline; nothing where nothing is."""
    lost = tuple(each for each in result.files if each.fate not in GOOD_FATES)
    if not (result.news or lost):
        return ""
    news = SweepNews(result.conclusion, result.store, result.news, lost, result.reproduce)
    return write_result(news, NAME, VERSION)


def schema() -> dict[str, Plain]:
    """Return the schema of what is written."""
    from hypabi.analysis.results.schema import schema_of  # noqa: PLC0415 - reports do without

    return schema_of(SweepNews, "hypabi sweep --follow --format json", NAME, VERSION)
