"""Hold a document against a stated contract: numbers, registers, errors, and which calls there are.

No image is held against a stated contract, so its word stands for the kernel.  A document need not
be about all of an interface: of a source of the contract those calls are looked for that name it as
theirs, and those of the conduits whose calls it is to list.  Any other is to have every call.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import PurePath
from typing import Final

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import Source, StatedCall, StatedContract
from hypabi.contract.stated.validation import conduits_of
from hypabi.contract.version import Version
from hypabi.errors import HypabiError
from hypabi.judgement.drift.document import Document, raw_words
from hypabi.judgement.drift.facts import Fact
from hypabi.judgement.drift.findings import Coverage, Drift, Drifted, Kind, Open
from hypabi.judgement.drift.stated_calls import CallFacts
from hypabi.judgement.drift.stated_conduits import ConduitFacts
from hypabi.judgement.drift.stated_page import (
    ARCHITECTURES,
    NAMED,
    Page,
    PageEntry,
    architectures_said,
    read_page,
    takes_for_call,
)


def find_stated_drift(
    document: Document,
    contract: StatedContract,
    architectures: tuple[ArchitectureName, ...],
    version: Version,
) -> Drifted:
    """Hold a document against a stated contract.

    :param version: of the kernel that the document is of
    :raises HypabiError: it says nothing that the contract knows
    """
    page = read_page(document, contract, _numbers(contract, architectures, version))
    ours = tuple(each for each in page.entries if _is_ours(page, each))
    facts = tuple(dict.fromkeys(_facts(page, architectures, ours)))
    left = tuple(_left(page))
    agrees = any(not each.differs for each in facts)
    if not left and not agrees and not any(each.call or each.conduit for each in ours):
        what = f"it names no call of {contract.name}, and none of its registers"
        raise HypabiError(document.path, what, "name its contract with --contract")
    drifts = chain(
        left,
        _differing(facts),
        _absent(page, ours),
        _unknown(page, ours),
    )
    opens = (*_doubtful(page, ours), *_unread_version(contract, version))
    held = {fact.sentence for fact in facts if not fact.differs and fact.sentence is not None}
    words = [len(raw_words(each.text)) for each in document.sentences]
    coverage = Coverage(
        len(document.sentences), len(held), sum(words), sum(words[at] for at in held),
        len(facts), 0, 0,
    )  # fmt: skip
    touched = held | {fact.sentence for fact in facts}
    uncovered = tuple(at for at in range(len(document.sentences)) if at not in touched)
    order = list(Kind)
    found = tuple(sorted(drifts, key=lambda each: (order.index(each.kind), each.line or 0)))
    return Drifted(document, found, tuple(dict.fromkeys(opens)), uncovered, (), coverage, ())


def _facts(
    page: Page, architectures: tuple[ArchitectureName, ...], ours: tuple[PageEntry, ...]
) -> Iterator[Fact]:
    """Yield what a document states of calls and conduits."""
    calls, conduits = CallFacts(page, architectures), ConduitFacts(page, architectures)
    for entry in ours:
        if entry.call is not None:
            yield from calls.call(entry, page.contract.calls[entry.call])
    yield from conduits.conduits(ours)
    yield from conduits.codes(ours)


def _numbers(
    contract: StatedContract, architectures: Iterable[ArchitectureName], version: Version
) -> Mapping[str, tuple[int, ...]]:
    """Return the calls of a kernel, each with what selects it."""
    found: dict[str, dict[int, None]] = {}
    for on in architectures:
        for name, call in contract.calls_at(on, version).items():
            numbers = [each.value for each in contract.numbers_of(call, on, version)]
            if call.immediate is not None:
                numbers.append(call.immediate)
            found.setdefault(name, {}).update(dict.fromkeys(numbers))
    return {name: tuple(numbers) for name, numbers in found.items()}


def _is_ours(page: Page, entry: PageEntry) -> bool:
    """Tell whether an entry is about an architecture of the contract, or a call that it has."""
    said = architectures_said(page, entry)
    if entry.call is not None or said is None:
        return True
    named = [ARCHITECTURES.get(word.lower(), word) for word in said]
    return any(each in page.contract.architectures for each in named) or not any(
        word.lower() in ARCHITECTURES for word in said
    )


def _left(page: Page) -> Iterator[Drift]:
    """Yield the sentences that the contract goes against."""
    for call in page.contract.calls.values():
        if call.against is None:
            continue
        wanted = " ".join(raw_words(call.against)).casefold()
        for at, sentence in enumerate(page.document.sentences):
            if wanted == " ".join(raw_words(sentence.text)).casefold():
                what = "the kernel goes against it"
                yield Drift(Kind.LEFT_BEHIND, what, sentence.line, at, because=call.because)


def _differing(facts: Iterable[Fact]) -> Iterator[Drift]:
    for fact in facts:
        if fact.differs:
            yield Drift(Kind.DIFFERS, fact.sentence_of, fact.line, fact.sentence, facts=(fact,))


def _absent(page: Page, ours: tuple[PageEntry, ...]) -> Iterator[Drift]:
    """Yield the calls that the document should have and has not."""
    contract = page.contract
    named = _named(page)
    there = {each.call for each in ours}
    source = source_of(page.document, contract)
    for name, call in contract.calls.items():
        if name in there or name not in page.numbers or not call.served_by:
            continue
        if any((each.section or "").casefold() in named for each in call.source):
            continue
        if source is None or _is_to_have(contract, source, call):
            numbers = ", ".join(f"{each:#x}" for each in page.numbers[name])
            what = f"{name} ({numbers})" if numbers else name
            yield Drift(Kind.ABSENT, what, because=call.because, call=name)


def _named(page: Page) -> frozenset[str]:
    """Return what headings and short lines say, and what sentences quote."""
    titles = (part.text.casefold() for part in page.document.parts if len(part.text) <= LONGEST)
    quoted = (
        found.casefold()
        for each in page.document.sentences
        for found in re.findall(r'"([^"]{1,80})"', each.text)
    )
    return frozenset((*titles, *quoted))


LONGEST: Final = 80
"""Characters of a line that may be a heading."""


def source_of(document: Document, contract: StatedContract) -> str | None:
    """Return the key of the source that a document is, by its title or by its name."""
    title = document.titles[0].casefold() if document.titles else ""
    name = PurePath(document.path).name.removesuffix(".txt")
    for key, source in contract.sources.items():
        if source.title.casefold() == title:
            return key
    for key, source in contract.sources.items():
        if source.where is not None and PurePath(source.where).name == name.removesuffix(".txt"):
            return key
    return None


def _is_to_have(contract: StatedContract, source: str, call: StatedCall) -> bool:
    of: Source = contract.sources[source]
    listed = set(of.lists) & set(conduits_of(contract, call))
    return bool(listed) or any(each.source == source for each in call.source)


def _unknown(page: Page, ours: tuple[PageEntry, ...]) -> Iterator[Drift]:
    """Yield what the document has for a call and the contract has not."""
    known = {each.name for each in ours if each.call or each.conduit}
    lists_calls = any(each.bare and each.call and each.number is None for each in ours)
    for entry in ours:
        is_call = takes_for_call(page, entry) or (entry.bare and lists_calls)
        if entry.call or entry.conduit or entry.name in known or not is_call:
            continue
        said = "" if entry.number is None else f" ({entry.number:#x})"
        yield Drift(Kind.UNKNOWN, f"{entry.name}{said}", entry.line, call=entry.name)
        known |= {entry.name}


def _doubtful(page: Page, ours: tuple[PageEntry, ...]) -> Iterator[Open]:
    """Yield the names that head a part of which nothing says that it is about a call."""
    for entry in ours:
        mine = entry.call or entry.conduit or takes_for_call(page, entry)
        if not mine and not entry.bare and NAMED.fullmatch(entry.name):
            yield Open(entry.name, "nothing says whether this is a call", entry.line)


def _unread_version(contract: StatedContract, version: Version) -> Iterator[Open]:
    if all(each.numbers[:2] != version.numbers[:2] for each in contract.read_in):
        read = ", ".join(map(str, contract.read_in))
        yield Open(f"kernel {version}", f"the contract was read in {read}; of others less is known")
