"""Compare what two images keep, each of its own contract.

What the old one keeps and the new one breaks is newly broken, though no byte of it may have
changed: a party that never learned a new number does not keep the contract that has it.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hypabi.behaviour.saved.own_promises import ANY_OTHER, OwnPromise, PromiseKind, PromiseWord
from hypabi.records import frozen, replace


class PromiseChange(enum.Enum):
    """What became of a promise, in the order of a report."""

    NEWLY_BROKEN = "newly broken"
    NEWLY_UNDECIDED = "newly undecided"
    BROKEN_IN_BOTH = "broken in both"
    MENDED = "mended"
    OTHERWISE_KEPT = "otherwise kept"
    """Kept, and something else is seen of it."""
    GONE = "gone"
    """Nothing of the new image is held to it: a caller that no longer calls."""
    ADDED = "added"


@frozen
class ChangedPromise:
    """One promise, and what it is in both images."""

    kind: PromiseKind
    who: str
    what: str
    change: PromiseChange
    old: str
    new: str

    @property
    def call(self) -> str | None:
        """Return the call that a clause is of; ``None`` is any other identifier."""
        named = self.what.partition(": ")[0]
        return None if named == ANY_OTHER else named


@frozen
class ChangedTogether:
    """All of one party's or function's promises that became the same of one cause."""

    kind: PromiseKind
    who: str
    what: tuple[str, ...]
    change: PromiseChange
    old: str
    new: str


def together(changes: Iterable[ChangedPromise]) -> tuple[ChangedTogether, ...]:
    """Return changes, those together that are said in the same words: one cause is one finding."""
    found: dict[tuple[PromiseKind, str, PromiseChange, str, str], list[str]] = {}
    for each in changes:
        key = (each.kind, each.who, each.change, each.old, each.new)
        found.setdefault(key, []).append(each.what)
    return tuple(
        ChangedTogether(kind, who, tuple(what), change, old, new)
        for (kind, who, change, old, new), what in found.items()
    )


LISTED: Final = ", "
"""Between the registers of which an installer's promise says what it leaves in them."""

TELLING: Final = frozenset({PromiseKind.CALLER, PromiseKind.INSTALLER})
"""Of which it is told that one image has them and the other has not.  Of the others that is the
contract's affair: it has other clauses, slots and places for other kernels."""


def compare_promises(
    old: Sequence[OwnPromise], new: Sequence[OwnPromise]
) -> tuple[ChangedPromise, ...]:
    """Return what changed, the worst first."""
    found = (_changed(mine, yours) for mine, yours in _paired(old, new))
    order = list(PromiseChange)
    changed = [each for each in found if each is not None]
    return tuple(sorted(changed, key=lambda each: order.index(each.change)))


def _paired(
    old: Sequence[OwnPromise], new: Sequence[OwnPromise]
) -> Iterator[tuple[OwnPromise | None, OwnPromise | None]]:
    """Yield each promise of either image beside that of the other.

    A caller that has another name and asks the same of the same is the same caller; so is one of
    the same name that asks for what nobody serves instead.
    """
    theirs = {(each.kind, each.who, each.what): each for each in new}
    alone: list[OwnPromise] = []
    for each in old:
        other = theirs.pop((each.kind, each.who, each.what), None)
        if other is None:
            alone.append(each)
        else:
            yield each, other
    for each in alone:
        match = next((key for key, of in theirs.items() if _is_renamed(each, of)), None)
        match = match or next(
            (key for key, of in theirs.items() if _asks_otherwise(each, of)), None
        )
        yield each, None if match is None else theirs.pop(match)
    for each in theirs.values():
        yield None, each


def _is_renamed(old: OwnPromise, new: OwnPromise) -> bool:
    callers = old.kind is PromiseKind.CALLER and new.kind is PromiseKind.CALLER
    return callers and old.what == new.what


def _asks_otherwise(old: OwnPromise, new: OwnPromise) -> bool:
    """Tell whether the same function asks for something else, and is wrong in that."""
    same = (old.kind, old.who) == (new.kind, new.who) and old.kind is PromiseKind.CALLER
    return same and new.word is PromiseWord.BROKEN


def _changed(old: OwnPromise | None, new: OwnPromise | None) -> ChangedPromise | None:
    one = new or old
    assert one is not None
    change = _change(one.kind, old, new)
    if change is None:
        return None
    if change is PromiseChange.OTHERWISE_KEPT and one.kind is PromiseKind.INSTALLER:
        old, new = _without(old, new), _without(new, old)
    return ChangedPromise(one.kind, one.who, one.what, change, _spelled(old), _spelled(new))


def _without(one: OwnPromise | None, other: OwnPromise | None) -> OwnPromise | None:
    """Return a promise that lists what it sees, without what the other sees as well."""
    if one is None or other is None:
        return one
    seen = set(other.says.split(LISTED))
    return replace(one, says=LISTED.join(e for e in one.says.split(LISTED) if e not in seen))


def _change(
    kind: PromiseKind, old: OwnPromise | None, new: OwnPromise | None
) -> PromiseChange | None:
    before = PromiseWord.ABSENT if old is None else old.word
    after = PromiseWord.ABSENT if new is None else new.word
    if after is PromiseWord.BROKEN:
        both = before is PromiseWord.BROKEN
        return PromiseChange.BROKEN_IN_BOTH if both else PromiseChange.NEWLY_BROKEN
    if after is PromiseWord.UNDECIDED:
        decided = before in (PromiseWord.KEPT, PromiseWord.BROKEN)
        return PromiseChange.NEWLY_UNDECIDED if decided or old is None else None
    if after is PromiseWord.ABSENT:
        told = kind in TELLING and before is not PromiseWord.ABSENT
        return PromiseChange.GONE if told else None
    if before is PromiseWord.BROKEN:
        return PromiseChange.MENDED
    if before is PromiseWord.ABSENT:
        return PromiseChange.ADDED if kind in TELLING else None
    same = old is not None and new is not None and old.says == new.says
    return None if same or before is PromiseWord.UNDECIDED else PromiseChange.OTHERWISE_KEPT


def _spelled(promise: OwnPromise | None) -> str:
    if promise is None or promise.word is PromiseWord.ABSENT:
        return "not there"
    return f"{promise.word.value}: {promise.says}" if promise.says else promise.word.value
