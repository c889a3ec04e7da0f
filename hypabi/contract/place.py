"""Where a thing stands in a contract file, and how the file is refused."""

from collections.abc import Iterable

from hypabi.errors import HypabiError
from hypabi.records import frozen


class ContractError(HypabiError):
    """A contract says something that it cannot mean."""


def below(key: str, name: str) -> str:
    """Spell the key ``name`` under ``key``."""
    return f"{key}.{name}" if key else name


@frozen
class Place:
    """A key of a contract file: ``calls.HVC_SET_VECTORS.number`` on line 12."""

    file: str
    line: int
    key: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}" if self.key else where

    def below(self, key: str) -> "Place":
        """Name a key under this one, on the same line."""
        return Place(self.file, self.line, below(self.key, key))

    def refuse(self, what: str, hint: str = "") -> ContractError:
        """Build the refusal of what stands here."""
        return ContractError(str(self), what, hint)


NOWHERE = Place("", 0, "")
"""For a contract that was built in memory."""


def known(name: str, table: Iterable[str], place: Place) -> None:
    """Refuse a name that a table of the contract does not have."""
    if name not in table:
        raise place.refuse(f"there is no {name!r}", closest_name(name, table))


def closest_name(word: str, known: Iterable[str]) -> str:
    """Suggest the known word that was probably meant, or say which there are."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a refusal pays for it

    choices = sorted(known)
    matches = get_close_matches(word, choices, 1, 0.5)
    if matches:
        return f"did you mean {matches[0]!r}?"
    if not choices:
        return ""
    listed = ", ".join(choices[:12])
    return f"known here: {listed}" + (", ..." if len(choices) > 12 else "")
