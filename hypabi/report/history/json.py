"""A history as JSON; ``history.schema.json`` beside this package is its published schema."""

from typing import Final

from hypabi.analysis.results.plain import Plain
from hypabi.report.shared.result_json import write_result
from hypabi.store.records import HistoryResult

NAME: Final = "hypabi-history"
VERSION: Final = 1
"""It rises when a field changes its meaning; fields are only added."""


def write(result: HistoryResult) -> str:
    """Return a history as JSON, keys sorted, ending in a newline."""
    return write_result(result, NAME, VERSION)


def schema() -> dict[str, Plain]:
    """Return the schema of what is written."""
    from hypabi.analysis.results.schema import schema_of  # noqa: PLC0415 - reports do without

    return schema_of(HistoryResult, "hypabi history --format json", NAME, VERSION)
