"""The published schemas of JSON reports, from the types of the results that they print."""

import json
from collections.abc import Mapping

from hypabi.analysis.results.plain import Plain


def callers() -> str:
    """Return the schema of ``hypabi callers --format json``."""
    from hypabi.report.callers.json import schema

    return _text(schema())


def check() -> str:
    """Return the schema of ``hypabi check --format json``."""
    from hypabi.report.check.json import schema

    return _text(schema())


def derive() -> str:
    """Return the schema of ``hypabi derive --format json``."""
    from hypabi.report.derive.json import schema

    return _text(schema())


def _text(schema: Mapping[str, Plain]) -> str:
    return json.dumps(schema, indent=2) + "\n"
