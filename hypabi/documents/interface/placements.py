"""The part of a page that says where code and tables have to lie."""

from hypabi.contract.model import Placement
from hypabi.contract.resolution import authority_of
from hypabi.documents.interface.clause_prose import sentence
from hypabi.documents.interface.reading import Reading, span, why
from hypabi.documents.markup.tree import (
    Code,
    Definitions,
    Paragraph,
    Section,
    Words,
    anchor,
    codes,
    joined,
    paragraph,
    words,
)


def placements_section(of: Reading) -> Section | None:
    """Return where what has to lie, ``None`` where the contract says nothing of it."""
    items = tuple(
        (words(name), (Paragraph(_said(placement)), *why(authority_of(placement))))
        for name, placement in of.contract.placements.items()
        if of.holds(placement)
    )
    if not items:
        return None
    head = paragraph("What is promised of code also depends on where it lies.")
    title = words("Where code and tables lie")
    return Section(title, anchor(of.contract.name, "placements"), (head, Definitions(items)))


def _said(placement: Placement) -> Words:
    what = codes(placement.symbols)
    said: list[Words] = []
    if placement.within:
        ranges = [words(Code(first), " to ", Code(last)) for first, last in placement.within]
        said.append(words("in ", joined(ranges, ", ", " or ")))
    if placement.closed:
        between = codes(placement.closed, " and ")
        room = "" if placement.at_most is None else f", of at most {placement.at_most} bytes"
        said.append(words("in the code between ", between, room, ", which refers to nothing else"))
    if placement.landing is not None:
        landing = Code(placement.landing)
        said.append(words("at a landing word for branches, where ", landing, " starts with one"))
    if placement.aligned is not None:
        said.append(words(f"at a multiple of {placement.aligned}"))
    when = span(placement)
    return sentence(words(what, ": ", joined(said, "; ", "; "), f" ({when})" if when else ""))
