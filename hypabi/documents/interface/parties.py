"""The part of a page that speaks of who can be live, what moves that on, and who must agree."""

from collections.abc import Iterator

from hypabi.arch.names import Architecture
from hypabi.contract.clause import Authority, Clause, Premise
from hypabi.contract.model import Installer, Party, Program, Reply, StartedIn
from hypabi.contract.resolution import authority_of
from hypabi.contract.revision import Row, Service
from hypabi.documents.interface.calls import (
    clause_list,
    permission_list,
    premise_list,
    scratch_list,
)
from hypabi.documents.interface.clause_prose import predicate
from hypabi.documents.interface.reading import Reading, plain_list, span, why
from hypabi.documents.markup.tree import (
    Block,
    Blocks,
    Code,
    Definitions,
    Emphasis,
    Fields,
    Paragraph,
    Section,
    Table,
    Words,
    anchor,
    codes,
    joined,
    paragraph,
    prose,
    words,
)


def parties_section(page: Reading) -> Section:
    """Return the section of all parties, one below the other."""
    blocks: list[Block] = [
        paragraph(
            "A party is whoever's vectors the vector base points at. At any moment one is live "
            "on a CPU, and it alone answers. Each is told from the others by the symbol of its "
            "vectors."
        )
    ]
    blocks += [_party(page, name, party) for name, party in page.parties.items()]
    title = words("The parties")
    return Section(title, anchor(page.contract.name, "parties"), tuple(blocks))


def _party(page: Reading, name: str, party: Party) -> Section:
    blocks: list[Block] = [Paragraph(words(prose(party.title[:1].upper() + party.title[1:]), "."))]
    blocks += [Fields(tuple(_fields(page, name, party))), *why(authority_of(party))]
    premises = _premises(page, name)
    if premises:
        blocks.append(paragraph("While it is live:"))
        blocks.append(premise_list(page, None, premises, party.assumes))
    if party.may_write_memory:
        blocks.append(paragraph("Any call may write this memory of its own:"))
        blocks.append(scratch_list(page, None, party.may_write_memory, (name,)))
    for title, reply, service in (
        ("Its answer to whatever it is asked", party.any_call, None),
        ("Its answer to an identifier that is no call's", party.any_other, Service.OTHER),
        ("Its answer to a call that it does not serve", party.unserved, Service.REFUSED),
    ):
        if reply is not None:
            blocks += reply_blocks(page, title, reply, _rows(name, service))
    for called, installer in party.installers.items():
        if page.holds(installer):
            blocks += _installer(page, name, called, installer)
    return Section(words(name), anchor(page.contract.name, "party", name), tuple(blocks))


def _rows(name: str, service: Service | None) -> "_Wanted":
    return _Wanted(name, service)


class _Wanted:
    """Picks the rows of a party, of one kind where one is named."""

    def __init__(self, party: str, service: Service | None) -> None:
        self.party = party
        self.service = service
        self.named = (party,) if party else None

    def __call__(self, row: Row) -> bool:
        return row.party == self.party and self.service in (None, row.service)


def _fields(page: Reading, name: str, party: Party) -> Iterator[tuple[str, Words]]:
    there = [each for each, revision in page.revisions.items() if revision.party(name)]
    symbols = codes((party.vectors, *party.also_at), " or ")
    place = "" if party.program is Program.KERNEL else ", in the decompressor"
    yield "Vectors", words(symbols, place)
    yield "Architectures", words(plain_list(each.value for each in there))
    yield "Kernels", words(span(party) or f"from {page.contract.since}")
    if party.when is not None:
        yield "Live where", _when(page, name, there)
    owners = {}
    for each in there:
        live = page.revisions[each].party(name)
        assert live is not None
        owners[each] = live.owner
    yield "Owner", words(" / ".join(dict.fromkeys(owners.values())))
    yield "Serves", _serves(page, name)


def _when(page: Reading, name: str, there: list[Architecture]) -> Words:
    live = page.revisions[there[0]].party(name)
    assert live is not None and live.when is not None
    return predicate(live.when, page.names(there[0], None))


def _serves(page: Reading, name: str) -> Words:
    said: dict[Architecture, tuple[str, ...]] = {}
    for architecture, revision in page.revisions.items():
        if revision.party(name) is not None:
            said[architecture] = tuple(c.name for c in revision.calls if name in c.served_by)
    if len(set(said.values())) == 1:
        return codes(next(iter(said.values()))) or words("no call")
    return joined(
        [words(codes(calls) or "no call", f" on {a.value}") for a, calls in said.items()],
        "; ",
        "; ",
    )


def _premises(page: Reading, name: str) -> dict[str, dict[Architecture, Premise]]:
    found: dict[str, dict[Architecture, Premise]] = {}
    for architecture, revision in page.revisions.items():
        live = revision.party(name)
        for premise in live.assumes if live is not None else ():
            found.setdefault(premise.name, {})[architecture] = premise
    return found


def reply_blocks(page: Reading, title: str, reply: Reply, rows: "_Wanted") -> Blocks:
    """Return what a party does with a hypercall that has no section of its own."""
    if reply.unspecified is not None:
        return (paragraph(f"{title} is left open."), *why(authority_of(reply.unspecified)))
    clauses = page.clauses(rows)
    blocks: list[Block] = []
    if clauses:
        blocks += [paragraph(f"{title}:"), clause_list(page, None, clauses, reply.promises)]
    if reply.writes:
        blocks += [paragraph("It may change:"), permission_list(page, reply.writes)]
    if reply.may_write_memory:
        blocks += [
            paragraph("It may write:"),
            scratch_list(page, None, reply.may_write_memory, rows.named),
        ]
    return tuple(blocks)


def _installer(page: Reading, party: str, name: str, installer: Installer) -> Iterator[Block]:
    """Yield what a party's installer of this name in the contract promises."""
    clauses: dict[str, dict[Architecture, Clause]] = {}
    premises: dict[str, dict[Architecture, Premise]] = {}
    for architecture, revision in page.revisions.items():
        for each in revision.installations:
            if each.row.party == party and each.name == name:
                for clause in each.row.clauses:
                    clauses.setdefault(clause.name, {})[architecture] = clause
                for premise in each.row.assumes:
                    premises.setdefault(premise.name, {})[architecture] = premise
    below = installer.started_in is StartedIn.KERNEL
    where = ", on a CPU that starts at EL1 or in Supervisor mode" if below else ""
    yield paragraph("Made live without a call by ", Code(installer.function), f"{where}.")
    if premises:
        yield paragraph("Where it is entered:")
        yield premise_list(page, None, premises, installer.assumes)
    yield paragraph("When it is done:")
    yield clause_list(page, None, clauses, installer.promises, "it")
    if installer.writes:
        yield paragraph("It may change:")
        yield permission_list(page, installer.writes)
    if installer.may_write_memory:
        yield paragraph("It may write:")
        yield scratch_list(page, None, installer.may_write_memory, (party,))
    yield from why(Authority(installer.cite, installer.because))


def owners_section(page: Reading) -> Section:
    """Return who must agree to a change: owners of parties, and users outside the tree."""
    contract = page.contract
    head = (words("Section of MAINTAINERS"), words("Parties"))
    rows = []
    for owner in contract.owners.values():
        theirs = [
            name
            for name in page.parties
            if any(
                live.owner == owner.section
                for revision in page.revisions.values()
                if (live := revision.party(name)) is not None
            )
        ]
        if theirs:
            rows.append((words(owner.section), joined([(Emphasis(name),) for name in theirs])))
    blocks: list[Block] = [
        paragraph(
            "The interface is private to one kernel image, but not to one part of it. A change "
            "needs the agreement of everybody here:"
        ),
        Table(head, tuple(rows)),
    ]
    if contract.users:
        blocks.append(paragraph("No MAINTAINERS file names these users outside the tree:"))
        items = []
        for name, user in contract.users.items():
            text = words(prose(user.where), "; ", codes(user.calls), ".")
            items.append((words(name), (Paragraph(text), *why(authority_of(user)))))
        blocks.append(Definitions(tuple(items)))
    return Section(words("Who must agree"), anchor(contract.name, "owners"), tuple(blocks))


def errors_section(page: Reading, otherwise: frozenset[str]) -> Section:
    """Return what the result says, and what an unserved call is answered with."""
    result = page.contract.result
    revision = next(iter(page.revisions.values()))
    register = Code("/".join(dict.fromkeys(r.result for r in page.revisions.values())))
    said = []
    if result.success is not None:
        said.append(words(Code(str(revision.success)), " on success"))
    if result.error is not None:
        said.append(words(Code(f"{result.error:#x}"), " on error"))
    said += [words(Code(f"{value:#x}"), f" for {name}") for name, value in result.answers.items()]
    text = words("The answer is in ", register)
    text = (
        words(text, ": ", joined(said)) if said else words(text, "; no value of it means success")
    )
    blocks: list[Block] = [Paragraph(words(text, ".")), *why(authority_of(result))]
    blocks += reply_blocks(
        page,
        "The answer of a party to a call that it does not serve",
        page.contract.unserved,
        _Unserved(otherwise),
    )
    return Section(words("Results and errors"), anchor(page.contract.name, "errors"), tuple(blocks))


class _Unserved(_Wanted):
    """Picks the rows that the contract's own answer to an unserved call is about."""

    def __init__(self, otherwise: frozenset[str]) -> None:
        super().__init__("", Service.REFUSED)
        self.otherwise = otherwise

    def __call__(self, row: Row) -> bool:
        return row.service is Service.REFUSED and row.party not in self.otherwise
