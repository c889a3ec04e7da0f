"""The end of every report, as text: what is needed to repeat it."""

from collections.abc import Iterable, Iterator
from typing import Final

from hypabi.analysis.provenance import typed
from hypabi.analysis.results.shared import Reproduction
from hypabi.records import replace
from hypabi.report.shared.text_layout import columns, cut, filled, titled

SHORTEST_NAME: Final = 9
"""Columns that the name of an input has even where the SHA-256 takes the line."""


def verbosely(reproduce: Reproduction) -> Reproduction:
    """Return what repeats a report with all its evidence."""
    program, verb, *words = reproduce.command
    return replace(reproduce, command=(program, verb, "-v", *words))


def repeat_section(reproduce: Reproduction, inputs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the command, the versions that took part, and the SHA-256 of each input.

    :param inputs: pairs of what it is and its SHA-256
    """
    yield from titled("To repeat")
    yield from typed(reproduce.command, columns())
    yield ""
    versions = ", ".join(f"{name} {version}" for name, version in reproduce.versions.items())
    listed = tuple(inputs)
    yield from filled(f"with {versions}, and these SHA-256:" if listed else f"with {versions}")
    for what, sha256 in listed:
        yield f"{sha256}  {cut(what, max(columns() - len(sha256) - 2, SHORTEST_NAME))}"
