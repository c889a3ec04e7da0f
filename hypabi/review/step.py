"""One patch, between what is there without it and with it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hypabi.analysis.results.review import (
    FindingWord,
    NewCall,
    NewTable,
    PatchWord,
    Renumbered,
    ReviewChange,
    ReviewDrift,
    ReviewedPatch,
    ReviewFinding,
)
from hypabi.judgement.drift.findings import Kind as DriftKind
from hypabi.records import frozen, replace
from hypabi.review.calls import asks_otherwise, new_calls, owed, renumberings
from hypabi.review.causes import causes_of
from hypabi.review.changed_files import architectures_of_patch
from hypabi.review.judge import Judge, Judged
from hypabi.review.programs import State
from hypabi.review.series.model import Patch
from hypabi.review.tables import new_tables

Key = tuple[str, str, FindingWord]
Found = Mapping[Key, ReviewFinding]
DECOMPRESSOR: Final = " decompressor"


@frozen
class Point:
    """One point of a series: what is said of the programs there, and of the document."""

    state: State
    judged: Mapping[str, Judged]
    drift: Mapping[tuple[str, str, str], ReviewDrift]
    """By program, kind and what it is."""
    has_document: bool

    def speaks_of(self, call: NewCall) -> bool | None:
        """Tell whether the document has an entry for a call; ``None`` without a document."""
        if not self.has_document:
            return None
        lacking = (DriftKind.MISSING.value, f"{call.call} ({call.number})")
        return all((kind, what) != lacking for _, kind, what in self.drift)


@frozen
class Step:
    """A patch, and what there is before and after it."""

    judge: Judge
    patch: Patch
    before: Point
    """Each program as it was last judged: a patch before may not build."""
    after: Point
    """The programs with it, of those that there are at the base."""
    base: Found
    there: frozenset[str]
    """All programs with it."""

    def reviewed(self) -> ReviewedPatch:
        """Return what the patch does."""
        old, new = self.before.judged, self.after.judged
        differing = [name for name in new if name in old and old[name] is not new[name]]
        calls = tuple(call for name in differing for call in new_calls(old[name], new[name]))
        tables = tuple(each for name in differing for each in self.tables(name))
        introduces = (*self.introduced(), *self.owing(calls))
        changes: list[ReviewChange] = []
        harmless = 0
        for name in differing:
            found = self.judge.compared(
                self.before.state.programs[name], self.after.state.programs[name]
            )
            changes += found.changes
            harmless += found.harmless
        drift = tuple(one for key, one in self.after.drift.items() if key not in self.before.drift)
        why = self.why()
        return ReviewedPatch(
            number=self.patch.number,
            subject=self.patch.subject,
            message_id=self.patch.message_id,
            files=self.patch.files,
            word=self.word(introduces, why, is_changed=bool(changes or drift or calls or tables)),
            why=why,
            introduces=introduces,
            mends=tuple(self.mended()),
            changes=tuple(changes),
            harmless=harmless,
            renumbers=tuple(self.renumbered(differing)),
            causes=causes_of(introduces),
            new_calls=calls,
            new_tables=tables,
            asks=tuple(each for name in differing for each in asks_otherwise(old[name], new[name])),
            drift=drift,
        )

    def tables(self, name: str) -> Iterator[NewTable]:
        """Yield the vector tables of no party that it adds to a program."""
        before, after = self.before.judged[name], self.after.judged[name]
        yield from new_tables(name, before.tables, after.tables)

    def introduced(self) -> Iterator[ReviewFinding]:
        """Yield what is amiss that was not before, nor at the base."""
        before = _keys(self.before)
        for name, of in self.after.judged.items():
            sources = self.after.state.programs[name].sources
            for each in of.findings:
                if each.key not in before and each.key not in self.base:
                    yield replace(each, source=sources.get(each.function or "", ""))

    def owing(self, calls: Sequence[NewCall]) -> Iterator[ReviewFinding]:
        """Yield who does not serve a new call though the document obliges him to."""
        for call in calls:
            spoken_of = self.after.speaks_of(call)
            yield from owed(self.after.judged[call.program], call, spoken_of=spoken_of)

    def renumbered(self, names: Sequence[str]) -> Iterator[Renumbered]:
        """Yield the calls that it gives another number."""
        for name in names:
            yield from renumberings(self.before.judged[name], self.after.judged[name])

    def mended(self) -> Iterator[str]:
        """Yield the rules of what is gone, and not with its program."""
        after = _keys(self.after)
        for of in self.before.judged.values():
            for each in of.findings:
                if each.key not in after and each.program in self.after.judged:
                    yield each.rule

    def why(self) -> tuple[str, ...]:
        """Return why something of it could not be judged."""
        state = self.after.state
        if state.rejected is not None:
            return (state.rejected,)
        unheld = sorted(self.there - self.before.judged.keys())
        lone = (f"{name} is not there at the base, and so not held against it" for name in unheld)
        return (*state.failed.values(), *lone)

    def word(
        self, introduces: Sequence[ReviewFinding], why: Sequence[str], *, is_changed: bool
    ) -> PatchWord:
        """Return the one word for the patch."""
        words = {each.word for each in introduces}
        there = _keys(self.after) - set(self.base)
        if self.before.state.rejected is not None:
            return PatchWord.NOT_REACHED
        if self.after.state.rejected is not None:
            return PatchWord.REJECTED
        if FindingWord.REFUTED in words:
            return PatchWord.BROKEN
        if any(word is FindingWord.REFUTED for _, _, word in there):
            return PatchWord.STILL
        if why:
            return PatchWord.NOT_BUILT
        if FindingWord.UNDECIDED in words:
            return PatchWord.UNDECIDED
        if is_changed:
            return PatchWord.CHANGED
        built = self.patch.number == 0 or architectures_of_patch(self.patch)
        return PatchWord.EQUAL if built else PatchWord.UNTOUCHED


def _keys(point: Point) -> set[Key]:
    return {each.key for of in point.judged.values() for each in of.findings}
