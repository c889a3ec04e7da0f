"""The published schemas of JSON reports and files, from the types and shapes that make and read them."""

import json
from importlib import import_module

from docs.generators import ROOT

REPORTS = ROOT / "hypabi" / "report"


def names() -> tuple[str, ...]:
    """Return the commands whose report says its own schema, and the files that are read back."""
    found = REPORTS.glob("*/json.py")
    commands = (path.parent.name for path in found if "\ndef schema(" in path.read_text())
    return tuple(sorted((*commands, "saved", "witness")))


def schema(name: str) -> str:
    """Return the schema of what a command prints with ``--format json``, or of a file."""
    from hypabi.behaviour.saved.reader import saved_schema
    from hypabi.witness.file.reader import witness_schema

    files = {"saved": saved_schema, "witness": witness_schema}
    published = files.get(name) or import_module(f"hypabi.report.{name}.json").schema
    return json.dumps(published(), indent=2) + "\n"
