"""A review as JSON; ``review.schema.json`` beside this package is its published schema."""

from typing import Final

from hypabi.analysis.results.plain import Plain
from hypabi.analysis.results.review import ReviewResult
from hypabi.report.shared.result_json import write_result

NAME: Final = "hypabi-review"
VERSION: Final = 1
"""It rises when a field changes its meaning; fields are only added."""


def write(review: ReviewResult) -> str:
    """Return a review as JSON, keys sorted, ending in a newline."""
    return write_result(review, NAME, VERSION)


def schema() -> dict[str, Plain]:
    """Return the schema of what is written."""
    from hypabi.analysis.results.schema import schema_of  # noqa: PLC0415 - reports do without

    return schema_of(ReviewResult, "hypabi review --format json", NAME, VERSION)
