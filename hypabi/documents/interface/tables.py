"""The tables of a page: which kernel has what, and who serves what."""

from collections.abc import Iterator
from typing import Final

from hypabi.contract.revision import Row, Service
from hypabi.contract.version import Version, in_force
from hypabi.documents.interface.reading import Reading, boundaries
from hypabi.documents.markup.tree import (
    Block,
    Code,
    Emphasis,
    Link,
    Section,
    Table,
    Words,
    anchor,
    joined,
    paragraph,
    words,
)

STAR: Final = "; one that its parties take any other identifier for stands with a star."


def versions_section(of: Reading) -> Section | None:
    """Return which kernel has what; nothing where one version is read."""
    versions = boundaries(of)
    if of.version is not None:
        return None
    head = (words("From kernel"), *(words(str(each)) for each in versions))
    blocks: list[Block] = [
        paragraph(
            "A column holds from its kernel up to the next column's. A call stands with its "
            "number, a party with ",
            Emphasis("yes"),
            "." if all(call.number is not None for call in of.calls.values()) else STAR,
        )
    ]
    for architecture, revision in of.revisions.items():
        rows = []
        for name, call in of.calls.items():
            if any(each.name == name for each in revision.calls):
                number = "*" if call.number is None else str(call.number)
                rows.append((words(Code(name)), *_cells(versions, call.since, call.until, number)))
        for name, party in of.parties.items():
            if revision.party(name) is not None:
                cells = _cells(versions, party.since, party.until, "yes")
                rows.append((words(Emphasis(name)), *cells))
        blocks += [paragraph(architecture.value, ":"), Table(head, tuple(rows))]
    return Section(
        words("Which kernel has what"), anchor(of.contract.name, "kernels"), tuple(blocks)
    )


def _cells(
    versions: tuple[Version, ...], since: Version | None, until: Version | None, there: str
) -> Iterator[Words]:
    for version in versions:
        yield words(there if in_force(version, since, until) else "-")


def served_section(of: Reading) -> Section:
    """Return who answers which call, by architecture."""
    kinds = ("Served by", "Error from", "Other")
    head = (words("Call"), *(words(each) for each in kinds))
    blocks: list[Block] = [
        paragraph(
            "Who answers what, while it is live. ",
            Emphasis("Other"),
            " has the parties that treat the identifier as their own affair: their sections say "
            "how.",
        )
    ]
    for architecture, revision in of.revisions.items():
        rows = []
        for call in (*(each.name for each in revision.calls), None):
            found: dict[str, list[Words]] = {kind: [] for kind in kinds}
            for party in revision.parties:
                row = revision.find(party.name, call)
                if row is not None and _meet(of, party.name, call):
                    found[kind(of, row)].append(words(party.name))
            title = words("any other identifier") if call is None else _titled(of, call)
            rows.append((title, *(joined(found[kind], ", ") or words("-") for kind in kinds)))
        blocks += [paragraph(architecture.value, ":"), Table(head, tuple(rows))]
    return Section(words("Who serves what"), anchor(of.contract.name, "served"), tuple(blocks))


def _titled(of: Reading, call: str) -> Words:
    return words(Link(call, anchor(of.contract.name, call)))


def _meet(of: Reading, party: str, call: str | None) -> bool:
    """Tell whether some kernel has both."""
    if call is None:
        return True
    one, other = of.parties[party], of.calls[call]
    begin = max((each for each in (one.since, other.since) if each is not None), default=None)
    return begin is None or all(
        until is None or begin < until for until in (one.until, other.until)
    )


def kind(of: Reading, row: Row) -> str:
    """Return the column in which a party stands for a call."""
    if row.service is Service.SERVED:
        return "Served by"
    party = of.contract.parties[row.party]
    if row.unspecified is not None or row.handed_to or party.any_call is not None:
        return "Other"
    return "Error from" if of.contract.result.error is not None else "Other"
