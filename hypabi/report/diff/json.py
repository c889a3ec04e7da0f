"""A diff as JSON; ``diff.schema.json`` beside this package is its published schema."""

from typing import Final

from hypabi.analysis.results.difference import DiffResult
from hypabi.analysis.results.plain import Plain
from hypabi.report.shared.result_json import write_result

NAME: Final = "hypabi-diff"
VERSION: Final = 2
"""It rises when a field changes its meaning; fields are only added."""


def write(diff: DiffResult) -> str:
    """Return a diff as JSON, keys sorted, ending in a newline."""
    return write_result(diff, NAME, VERSION)


def schema() -> dict[str, Plain]:
    """Return the schema of what is written."""
    from hypabi.analysis.results.schema import schema_of  # noqa: PLC0415 - reports do without

    return schema_of(DiffResult, "hypabi diff --format json", NAME, VERSION)
