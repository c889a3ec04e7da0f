"""What a page asks of a hypervisor, what it leaves open, and what no longer holds."""

from hypabi.contract.clause import Authority
from hypabi.contract.revision import Service
from hypabi.documents.interface.calls import FRAME
from hypabi.documents.interface.reading import Reading, plain_list, why
from hypabi.documents.interface.tables import kind
from hypabi.documents.markup.tree import (
    Block,
    Blocks,
    Bullets,
    Code,
    Emphasis,
    Link,
    Paragraph,
    Section,
    anchor,
    codes,
    joined,
    paragraph,
    quoted,
    words,
)


def hypervisor_section(of: Reading) -> Section | None:
    """Return what whoever takes the vectors over has to serve, if the interface knows such."""
    serving: dict[str, list[str]] = {}
    stubs: list[str] = []
    for name, call in of.calls.items():
        parties = {party for live in of.having(name).values() for party in live.served_by}
        theirs = [party for party in of.parties if party in parties and _own_calls(of, party)]
        if theirs and call.number is not None:
            serving[name] = theirs
        elif parties:
            stubs.append(name)
    if not serving:
        return None
    items = [
        (
            Paragraph(
                words(
                    Link(name, anchor(of.contract.name, name)),
                    ": as promised above; served by ",
                    joined([(Emphasis(party),) for party in parties]),
                    ".",
                )
            ),
        )
        for name, parties in serving.items()
    ]
    rest = [
        paragraph("an identifier that is no call's: as it likes. Its own interface begins there.")
    ]
    if of.contract.result.error is not None:
        error = Code(f"{of.contract.result.error:#x}")
        kept = Link("what every call keeps", anchor(of.contract.name, FRAME))
        rest.insert(0, paragraph("every other number above: by ", error, "; it keeps ", kept, "."))
    blocks: list[Block] = [
        paragraph(
            "A hypervisor that makes its own vectors live has to answer, as long as they are:"
        ),
        Bullets((*items, *((each,) for each in rest))),
    ]
    if stubs:
        blocks.append(
            paragraph("It need not serve what only the initial stubs do: ", codes(stubs), ".")
        )
    title = words("What a hypervisor must implement")
    return Section(title, anchor(of.contract.name, "hypervisor"), tuple(blocks))


def _own_calls(of: Reading, party: str) -> bool:
    """Tell whether a party has calls of its own besides those of the contract."""
    return any(
        row.service is Service.OTHER and kind(of, row) == "Other"
        for revision in of.revisions.values()
        for row in revision.rows_of(party)
    )


def open_section(of: Reading) -> Section:
    """Return what nobody may rely on."""
    items: list[Blocks] = [
        (paragraph("What is in a register that may be lost, once the call is over."),)
    ]
    seen: dict[Authority, list[str]] = {}
    for revision in of.revisions.values():
        for row in revision.rows:
            if row.unspecified is not None:
                said = f"{row.call or 'any other identifier'} at {row.party}"
                where = seen.setdefault(row.unspecified, [])
                where += [said] if said not in where else []
    items += [(paragraph(f"{'; '.join(where)}."), *why(each)) for each, where in seen.items()]
    handed = dict.fromkeys(
        (row.party, symbol)
        for revision in of.revisions.values()
        for row in revision.rows
        for symbol in row.handed_to
    )
    for party, symbol in handed:
        items.append(
            (
                paragraph(
                    "What ", Code(symbol), " does with what ", Emphasis(party), " hands to it."
                ),
            )
        )
    blocks = (paragraph("Nobody may rely on, and anybody may change:"), Bullets(tuple(items)))
    return Section(words("Left open on purpose"), anchor(of.contract.name, "open"), blocks)


def left_behind_section(of: Reading) -> Section | None:
    """Return the sentences of the document that the interface has left behind."""
    found: dict[str, list[str]] = {}
    for name, party in of.parties.items():
        if party.against is not None:
            found.setdefault(party.against.strip(), []).append(f"the party {name}")
    for name, call in of.calls.items():
        if call.against is not None:
            found.setdefault(call.against.strip(), []).append(name)
    if not found:
        return None
    items = tuple(
        (paragraph(quoted(sentence), ": not so of ", plain_list(where), "."),)
        for sentence, where in found.items()
    )
    title = words("Sentences that no longer hold")
    return Section(title, anchor(of.contract.name, "left-behind"), (Bullets(items),))
