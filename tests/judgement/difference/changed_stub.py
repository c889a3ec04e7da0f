"""Stubs of one page that differ from the plain one in what a test says."""

from pathlib import Path

from tests.cli.kernel import BASE, SLOTS, SOURCE
from tests.inputs import Assemble


def kernel(assemble: Assemble, *changes: tuple[str, str], more: str = "") -> Path:
    source = SOURCE.format(
        slots=SLOTS, version="5.10.0-made", success="nop", unknown="nop", callers=""
    )
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return assemble(source + more, "arm64", text=BASE)


def served(code: str) -> tuple[str, str]:
    """Return the change that puts code on the way of what returns with success."""
    return "9:  nop", "9:  " + code.replace(";", "\n    ")
