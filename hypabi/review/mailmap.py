""".mailmap of a tree: the address by which somebody is known who wrote from several.

Read as gitmailmap(5) says: what stands last in a line is what was written, and of an address that
stands there with a name too only mails by that name are meant.
"""

import re
from collections.abc import Mapping
from typing import Final

from hypabi.records import field, frozen

LARGEST: Final = 1 << 20
"""Bytes of the file that are read."""
_ENTRY: Final = re.compile(r"[^<#]*<([^<>]+)>([^<>#]*)<([^<>]+)>")


@frozen
class Mailmap:
    """Who else somebody is."""

    known: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By address and name, in small letters; the name is empty where any is meant."""

    def address(self, name: str, address: str) -> str:
        """Return the address by which the writer of one is known, in small letters."""
        asked = address.lower()
        by_name = self.known.get((asked, name.lower()))
        return by_name or self.known.get((asked, ""), asked)


def read_mailmap(text: str) -> Mailmap:
    """Return what a ``.mailmap`` says of addresses."""
    known: dict[tuple[str, str], str] = {}
    for line in text[:LARGEST].splitlines():
        if said := _ENTRY.match(line):
            known[said[3].strip().lower(), said[2].strip().lower()] = said[1].strip().lower()
    return Mailmap(known)
