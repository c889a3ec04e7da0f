"""A page with the architectures that it is held against: how a fact of it is put.

What the calls say is read in ``stated_calls``, how every call is passed in ``stated_conduits``.
"""

import bisect
from collections.abc import Iterable, Iterator
from typing import Final

from hypabi.contract.architectures import ArchitectureName, OnEach
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.stated.registers import expand
from hypabi.decode.place import NOWHERE
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.drift.stated_page import Page, PageEntry
from hypabi.records import frozen

SHORTEST: Final = 60
"""Characters of a line that is full."""


@frozen
class Holding:
    """A page, and the architectures that it is held against."""

    page: Page
    architectures: tuple[ArchitectureName, ...]

    @property
    def contract(self) -> StatedContract:
        """Return the contract."""
        return self.page.contract

    def fact(self, what: str, line: int, said: str, ours: str, at: str = "") -> Fact:
        """Return a fact, on the line that has a text, in the sentence that starts there."""
        line = self.page.line_of(at, line) if at else line
        return Fact(what, None, line, self.sentence(line), said, ours, None)

    def sentence(self, line: int) -> int | None:
        """Return the sentence on a line: one that starts there, or the last that is long enough."""
        sentences = self.page.document.sentences
        at = bisect.bisect_left(sentences, line, key=lambda each: each.line)
        if at < len(sentences) and sentences[at].line == line:
            return at
        last = sentences[at - 1] if at else None
        long_enough = last is not None and line - last.line <= len(last.text) // SHORTEST
        return at - 1 if long_enough else None

    def same(
        self, what: str, line: int, said: Iterable[str], ours: Iterable[str]
    ) -> Iterator[Fact]:
        """Yield a fact of several names, in whichever order."""
        there, here = sorted(set(said), key=_natural), sorted(set(ours), key=_natural)
        yield self.fact(what, line, ", ".join(there) or "none", ", ".join(here) or "none")

    def register(self, named: OnEach[str] | None, on: ArchitectureName) -> str | None:
        """Return the register of a parameter; the contract may have a name of its own for it."""
        name = None if named is None else named.on(on)
        ours = self.contract.registers.get(name or "")
        return name if ours is None else ours.on(on)

    def code_of(self, entry: PageEntry | None) -> int | None:
        """Return the code that an instruction has for what an entry is about."""
        if entry is None:
            return None
        if entry.conduit is not None:
            return self.contract.conduits[entry.conduit].immediate
        call = self.contract.calls.get(entry.call or "")
        return None if call is None else call.immediate


def expanded(named: OnEach[tuple[str, ...]] | None, on: ArchitectureName) -> tuple[str, ...] | None:
    """Return registers there, ranges spelled out; ``None`` where the file gives none."""
    registers = None if named is None else named.on(on)
    return None if registers is None else expand(registers, on, NOWHERE)


def _natural(name: str) -> tuple[str, int]:
    """Order r10 behind r9."""
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)
