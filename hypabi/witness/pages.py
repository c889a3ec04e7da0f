"""The pages of a program that a witness runs, each held against its SHA-256."""

import hashlib
from collections.abc import Callable, Iterable

from hypabi.witness.model import Page, WitnessError


class Pages:
    """Bytes of a program where it runs; what was never checked is not here."""

    def __init__(self) -> None:
        self._held: dict[int, bytes] = {}

    def __call__(self, address: int, size: int) -> bytes:
        """Return bytes.

        :raises WitnessError: the witness names no page that holds them
        """
        content = b""
        while len(content) < size:
            piece = self._piece(address + len(content))
            if not piece:
                raise WitnessError(f"{address:#x}", "the witness names no page that holds this")
            content += piece
        return content[:size]

    def take(self, wanted: Iterable[Page], read: Callable[[Page], bytes]) -> Page | None:
        """Take pages, and return the first of which the bytes are not those of the witness."""
        for page in wanted:
            content = read(page)
            if hashlib.sha256(content).hexdigest() != page.sha256 or len(content) != page.size:
                return page
            self._held[page.address] = content
        return None

    def _piece(self, address: int) -> bytes:
        for start, content in self._held.items():
            if start <= address < start + len(content):
                return content[address - start :]
        return b""
