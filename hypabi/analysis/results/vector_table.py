"""A vector table as reports print it."""

from collections.abc import Mapping
from typing import Final

from hypabi.image.model import Role
from hypabi.records import frozen

HOW: Final[Mapping[str, str]] = {
    "symbol": "by symbol",
    "shape": "by shape",
    "installer": "by who installs it",
    "conduct": "by what it does",
}
"""How a table was found, in words."""


@frozen
class Table:
    """A vector table as a report names it."""

    role: Role
    address: int
    kind: str
    """``EL2`` or ``HYP``."""
    name: str
    """Its symbol, or empty."""
    how: str
    """How it was found: a key of ``HOW``."""
    parties: tuple[str, ...]
    """The contract's parties that take calls through it."""
