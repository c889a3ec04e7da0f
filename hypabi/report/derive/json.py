"""A derivation as JSON, every term in full; ``derive.schema.json`` above is its schema."""

from typing import Final

from hypabi.analysis.results.derivation import DeriveResult
from hypabi.analysis.results.plain import Plain
from hypabi.report.shared.result_json import write_result

NAME: Final = "hypabi-derive"
VERSION: Final = 1
"""It rises when a field changes its meaning; fields are only added."""


def write(result: DeriveResult) -> str:
    """Return a derivation as JSON, keys sorted, ending in a newline."""
    return write_result(result, NAME, VERSION)


def schema() -> dict[str, Plain]:
    """Return the schema of what is written."""
    from hypabi.analysis.results.schema import schema_of  # noqa: PLC0415 - reports do without

    return schema_of(DeriveResult, "hypabi derive --format json", NAME, VERSION)
