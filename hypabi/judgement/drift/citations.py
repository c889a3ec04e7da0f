"""The sentences that a contract cites, and where a document has each of them.

A cite is found where its words stand in a sentence, or in sentences that follow each other in one
paragraph; quotes, punctuation, wrapping and the case of letters do not count.  A sentence that only
clauses of one call cite belongs into that call's entry, any other outside of the entries: found
elsewhere, it has moved.  The contract knows no order beyond that.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.contract.model import Bounded, Call, Contract, Located, Promise
from hypabi.contract.version import Version, in_force
from hypabi.decode.place import Place
from hypabi.judgement.drift.document import Document, raw_words, words
from hypabi.records import frozen

CLOSE: Final = 0.6
"""Part of the words that a changed sentence still has in common with the cited one."""

CLOSE_SHORT: Final = 0.66
SHORT: Final = 4
"""Words below which more of them have to agree."""

LONGEST_RUN: Final = 4
"""Sentences of one paragraph that one cite may span."""

MOST_WORDS: Final = 400
"""Of a sentence that is compared word by word; longer ones are cut."""


class Role(enum.Enum):
    """What a clause does with the sentence that it names."""

    CITES = "cites"
    AGAINST = "against"
    INCOMPLETE = "incomplete"


ROLES: Final[Mapping[Role, str]] = {
    Role.CITES: "cite",
    Role.AGAINST: "against",
    Role.INCOMPLETE: "incomplete",
}
"""The field of a thing in a contract that names the sentence."""


@frozen
class Use:
    """A clause that names a sentence, and the kernels for which it does."""

    place: Place
    role: Role
    architectures: tuple[Architecture, ...]


@frozen
class Cite:
    """A cited sentence or part of one, and everyone who names it, in the contract's order."""

    text: str
    uses: tuple[Use, ...]

    @property
    def call(self) -> str | None:
        """Return the only call whose clauses rest on it, ``None`` where others do too."""
        calls = {_call(use.place.key) for use in self.uses if use.role is Role.CITES}
        return calls.pop() if len(calls) == 1 else None

    @property
    def needed(self) -> bool:
        """Tell whether something rests on it: what only goes against it does not miss it."""
        return any(use.role is Role.CITES for use in self.uses)


@frozen
class Edit:
    """A run of words: kept where ``old`` and ``new`` are equal."""

    old: tuple[str, ...]
    new: tuple[str, ...]


@frozen
class Found:
    """A cite that the document has, in these sentences."""

    cite: Cite
    sentences: tuple[int, ...]


@frozen
class Changed:
    """A cite that the document has in other words."""

    cite: Cite
    sentence: int
    edits: tuple[Edit, ...]


@frozen
class Vanished:
    """A cite that no sentence of the document is close to."""

    cite: Cite


Lookup = Found | Changed | Vanished


def cites(
    contract: Contract, version: Version, architectures: Sequence[Architecture]
) -> tuple[Cite, ...]:
    """Return what is cited for one kernel version, each sentence once, in the contract's order."""
    found: dict[tuple[str, ...], tuple[str, dict[tuple[Place, Role], list[Architecture]]]] = {}
    for architecture in architectures:
        for place, role, text in _stated(contract, version, architecture):
            _, uses = found.setdefault(tuple(words(text)), (" ".join(text.split()), {}))
            uses.setdefault((place, role), []).append(architecture)
    return tuple(
        Cite(text, tuple(Use(place, role, tuple(on)) for (place, role), on in uses.items()))
        for text, uses in found.values()
    )


def _stated(
    thing: object, version: Version, architecture: Architecture
) -> Iterator[tuple[Place, Role, str]]:
    """Yield every sentence that a contract names for one kernel, by walking all of its fields."""
    if isinstance(thing, Mapping):
        for each in thing.values():
            yield from _stated(each, version, architecture)
        return
    if not isinstance(thing, Located) or not _holds(thing, version, architecture):
        return
    for role, name in ROLES.items():
        text = getattr(thing, name, None)
        if text is not None and words(text):
            yield thing.place, role, text
    for value in _values(thing):
        yield from _stated(value, version, architecture)


def _values(thing: Located) -> Iterator[object]:
    """Yield the values of a thing's fields."""
    for name in getattr(type(thing), "__frozen_fields__", ()):
        yield getattr(thing, name)


def _holds(thing: Located, version: Version, architecture: Architecture) -> bool:
    match thing:
        case Bounded() | Call() | Contract():
            here = thing.architecture in (None, architecture)
            return here and in_force(version, thing.since, thing.until)
        case _:
            return True


def _call(key: str) -> str | None:
    """Return the call that a key of a contract is about."""
    parts = key.split(".")
    return parts[1] if parts[0] == "calls" and len(parts) > 1 else None


def lookups(document: Document, cited: Iterable[Cite]) -> tuple[Lookup, ...]:
    """Look each cite up in a document."""
    said = [words(sentence.text) for sentence in document.sentences]
    joined = [f" {' '.join(each)} " for each in said]
    return tuple(_lookup(document, cite, said, joined) for cite in cited)


def _lookup(document: Document, cite: Cite, said: list[list[str]], joined: list[str]) -> Lookup:
    wanted = words(cite.text)
    needle = f" {' '.join(wanted)} "
    exact = tuple(at for at, text in enumerate(joined) if needle in text)
    if not exact:
        exact = _spanning(document, needle, joined)
    if exact:
        return Found(cite, exact)
    best = _closest(wanted, said)
    if best is None:
        return Vanished(cite)
    return Changed(cite, best, _edits(cite.text, document.sentences[best].text))


def _spanning(document: Document, needle: str, joined: list[str]) -> tuple[int, ...]:
    for start, first in enumerate(document.sentences):
        text = joined[start].rstrip()
        for end in range(start + 1, min(start + LONGEST_RUN, len(joined))):
            if document.sentences[end].paragraph != first.paragraph:
                break
            text += joined[end].rstrip()
            if needle in f"{text} ":
                return tuple(range(start, end + 1))
    return ()


def _closest(wanted: list[str], said: list[list[str]]) -> int | None:
    """Return the sentence that has most of the words in their order, if it has enough."""
    least = CLOSE if len(wanted) > SHORT else CLOSE_SHORT
    best, at_best = least, None
    for at, sentence in enumerate(said):
        if 2 * len(set(wanted) & set(sentence)) < len(set(wanted)):
            continue
        score = _likeness(wanted[:MOST_WORDS], sentence[:MOST_WORDS])
        if score > best or (at_best is None and score >= best):
            best, at_best = score, at
    return at_best


def _likeness(wanted: list[str], sentence: list[str]) -> float:
    """Return how much of the cite the best stretch of a sentence has, between 0 and 1."""
    blocks = SequenceMatcher(None, wanted, sentence, autojunk=False).get_matching_blocks()
    matched = sum(block.size for block in blocks)
    if not matched:
        return 0.0
    start, end = blocks[0].b, blocks[-2].b + blocks[-2].size
    return 2 * matched / (len(wanted) + end - start)


def _edits(old: str, new: str) -> tuple[Edit, ...]:
    """Return how the cite becomes the stretch of the sentence that stands for it, by words."""
    before, after = raw_words(old)[:MOST_WORDS], raw_words(new)[:MOST_WORDS]
    old_words, new_words = ([word.casefold() for word in each] for each in (before, after))
    codes = SequenceMatcher(None, old_words, new_words, autojunk=False).get_opcodes()
    whole = len(before) * 3 >= len(after) * 2
    if not whole:  # the cite is part of a sentence: what stands around it was never cited
        codes = [code for at, code in enumerate(codes) if not _around(code, at, len(codes))]
    return tuple(Edit(tuple(before[i1:i2]), tuple(after[j1:j2])) for _, i1, i2, j1, j2 in codes)


def _around(code: tuple[str, int, int, int, int], at: int, count: int) -> bool:
    return code[0] == "insert" and at in (0, count - 1)


def moved(document: Document, found: Found) -> tuple[int, ...]:
    """Return the sentences that have a cite where it does not belong, if none has it where it does.

    A cite of one call's clauses belongs into an entry of that call, where there is one.
    """
    call = found.cite.call
    if call is not None and not any(entry.name == call for entry in document.entries):
        return ()
    if any(_entry(document, at) == call for at in found.sentences):
        return ()
    return found.sentences


def _entry(document: Document, at: int) -> str | None:
    entry = document.sentences[at].entry
    return None if entry is None else document.entries[entry].name


def held_words(document: Document, looked_up: Iterable[Lookup]) -> tuple[int, int]:
    """Return how many words a document's sentences have, and how many of them are cited."""
    said = [words(sentence.text) for sentence in document.sentences]
    covered = [[False] * len(each) for each in said]
    for found in looked_up:
        if isinstance(found, Found):
            _cover(words(found.cite.text), found.sentences, said, covered)
    return sum(map(len, said)), sum(map(sum, covered))


def _cover(
    wanted: list[str], at: tuple[int, ...], said: list[list[str]], covered: list[list[bool]]
) -> None:
    whole = [(one, place) for one in at for place in range(len(said[one]))]
    for start in range(len(whole)):
        stretch = whole[start : start + len(wanted)]
        if [said[one][place] for one, place in stretch] == wanted:
            for one, place in stretch:
                covered[one][place] = True


def promises(
    contract: Contract, version: Version, architectures: Sequence[Architecture]
) -> tuple[tuple[str, bool], ...]:
    """Return the key of each promise of one kernel version, and whether it cites a sentence."""
    found: dict[str, bool] = {}
    for architecture in architectures:
        for each in _promised(contract, version, architecture):
            found.setdefault(each.place.key, each.cite is not None)
    return tuple(found.items())


def _promised(thing: object, version: Version, on: Architecture) -> Iterator[Promise]:
    if isinstance(thing, Mapping):
        for each in thing.values():
            yield from _promised(each, version, on)
        return
    if not isinstance(thing, Located) or not _holds(thing, version, on):
        return
    if isinstance(thing, Promise):
        yield thing
    for value in _values(thing):
        yield from _promised(value, version, on)
