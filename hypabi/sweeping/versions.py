"""Who answered: the versions by which answers of another hypabi are told from today's."""

from functools import cache

from hypabi.analysis.provenance import provenance
from hypabi.analysis.tools import TOOLS


@cache
def made_by() -> str:
    """Return the versions of hypabi and of the tools whose answers a verdict rests on."""
    return ", ".join(f"{name} {version}" for name, version in provenance((), TOOLS).versions)
