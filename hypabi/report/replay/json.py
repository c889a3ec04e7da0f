"""A replay as JSON; ``replay.schema.json`` beside this package is its published schema."""

from typing import Final

from hypabi.analysis.results.plain import Plain
from hypabi.analysis.results.replay import ReplayResult
from hypabi.report.shared.result_json import write_result

NAME: Final = "hypabi-replay"
VERSION: Final = 2
"""It rises when a field changes its meaning; fields are only added."""


def write(replayed: ReplayResult) -> str:
    """Return a replay as JSON, keys sorted, ending in a newline."""
    return write_result(replayed, NAME, VERSION)


def schema() -> dict[str, Plain]:
    """Return the schema of what is written."""
    from hypabi.analysis.results.schema import schema_of  # noqa: PLC0415 - reports do without

    return schema_of(ReplayResult, "hypabi replay --format json", NAME, VERSION)
