"""The part of a page that says which exceptions are answered as hypercalls are."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.contract.model import Entry, Taken
from hypabi.contract.resolution import authority_of
from hypabi.documents.interface.clause_prose import sentence
from hypabi.documents.interface.reading import Reading, span, why
from hypabi.documents.markup.tree import (
    Block,
    Definitions,
    Paragraph,
    Section,
    anchor,
    paragraph,
    words,
)

SAID: Final[Mapping[Taken, str]] = {
    Taken.ANY: "every exception that enters the slot of an hvc from {}",
    Taken.HVC: "every hvc from {}",
    Taken.NONE: "no exception from {}",
    Taken.OPEN: "of exceptions from {} nothing is promised",
}


def entries_section(of: Reading) -> Section | None:
    """Return what is answered as a call, ``None`` where the contract says nothing of it."""
    items = tuple(
        (words(name), said)
        for name, party in of.parties.items()
        if (said := tuple(_of_party(of, party.entries)))
    )
    if not items:
        return None
    head = paragraph(
        "What these parties answer as they answer a hypercall; they answer nothing else so."
    )
    title = words("Which exceptions are answered as calls")
    return Section(title, anchor(of.contract.name, "entries"), (head, Definitions(items)))


def _of_party(of: Reading, entries: Mapping[str, Entry]) -> Iterator[Block]:
    for entry in filter(of.holds, entries.values()):
        if entry.source.architecture not in of.architectures:
            continue
        when = span(entry)
        said = SAID[entry.taken].format(entry.source.value)
        yield Paragraph(sentence(words(said, f" ({when})" if when else "")))
        yield from why(authority_of(entry))
