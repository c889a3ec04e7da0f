"""The published schemas of JSON reports, from the types of the results that they print."""

import json
from importlib import import_module

from docs.generators import ROOT

REPORTS = ROOT / "hypabi" / "report"


def commands() -> tuple[str, ...]:
    """Return the commands whose report says its own schema."""
    found = REPORTS.glob("*/json.py")
    return tuple(sorted(path.parent.name for path in found if "\ndef schema(" in path.read_text()))


def schema(command: str) -> str:
    """Return the schema of what a command prints with ``--format json``."""
    published = import_module(f"hypabi.report.{command}.json").schema()
    return json.dumps(published, indent=2) + "\n"
