"""Print a contract, or one revision of it, for people: at most 75 columns."""

from collections.abc import Iterator

from hypabi.contract.clause import (
    Authority,
    Clause,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Partly,
    Premise,
    Statement,
)
from hypabi.contract.expression import write_predicate, write_value
from hypabi.contract.model import Bounded, Call, Contract
from hypabi.contract.revision import LiveParty, Revision, Row, Service
from hypabi.report.shared.register_sets import ranges
from hypabi.report.shared.text_layout import filled, printable


def write_contract_text(contract: Contract) -> str:
    """Return what a contract speaks of: its parties and its calls, and since when."""
    until = f" before {contract.until}" if contract.until else ""
    lines = [
        f"{contract.name}: {contract.title}",
        f"kernels from {contract.since}{until}; {contract.document or 'no document'}",
        "",
        "parties",
    ]
    for name, party in contract.parties.items():
        lines += _entry(f"{name:<18}", f"{party.title} ({_bounds(contract, party)})")
    lines += ["", "calls"]
    for name, call in contract.calls.items():
        number = "*" if call.number is None else call.number
        lines += _entry(f"{number:>2} {name:<22}", _bounds(contract, call))
    for name, user in contract.users.items():
        lines += ["", f"outside the image: {name}", *_entry("", user.where)]
    return "\n".join(map(printable, lines)) + "\n"


def write_revision_text(revision: Revision) -> str:
    """Return every row of a revision, with what its clauses rest on."""
    lines = [f"{revision.contract} at {revision.version} on {revision.architecture.value}"]
    for party in revision.parties:
        lines += ["", *_party(party)]
        for row in revision.rows_of(party.name):
            lines += ["", *_row(revision, row)]
    return "\n".join(map(printable, lines)) + "\n"


def _bounds(contract: Contract, thing: Bounded | Call) -> str:
    every = ", ".join(each.value for each in contract.architectures)
    said = [thing.architecture.value if thing.architecture else every]
    if thing.since:
        said.append(f"from {thing.since}")
    if thing.until:
        said.append(f"before {thing.until}")
    return ", ".join(said)


def _entry(head: str, text: str, indent: str = "  ") -> Iterator[str]:
    first = f"{indent}{head} " if head else indent
    yield from filled(text, first, " " * min(len(first), len(indent) + 4))


def _party(party: LiveParty) -> Iterator[str]:
    yield from _entry(f"{party.name}:", f"{party.title}; {party.vectors}; {party.owner}", "")
    if party.when is not None:
        yield from _entry("when", write_predicate(party.when))


def _row(revision: Revision, row: Row) -> Iterator[str]:
    yield from _entry(f"{row.party},", _asked(revision, row))
    if row.unspecified is not None:
        yield "    nothing is promised"
        yield from _why(row.unspecified)
    for premise in row.assumes:
        yield from _premise("assumes", premise)
    for premise in row.requires:
        yield from _premise("needs", premise)
    for clause in row.clauses:
        yield from _entry(f"{clause.name}:", _clause(clause), "    ")
        yield from _may(clause.statement)
        yield from _why(clause.authority)


def _asked(revision: Revision, row: Row) -> str:
    if row.call is None:
        return "any other identifier"
    call = next(each for each in revision.calls if each.name == row.call)
    arguments = ", ".join(f"{name} = {register}" for name, register in call.arguments)
    refused = "" if row.service is Service.SERVED else ", not served"
    number = ", any other identifier" if call.number is None else f" = {call.number}"
    return f"{call.name}{number} ({arguments}){refused}".replace(" ()", "")


def _clause(clause: Clause) -> str:
    text = clause.text
    if clause.condition is not None:
        text += f", when {clause.condition}"
    if clause.answered is not None:
        text += f", if it answers {clause.answered.name}"
    return text


def _may(statement: Statement) -> Iterator[str]:
    """Yield what a frame permits."""
    match statement:
        case KeepsRegisters(may_change):
            said = [ranges(may_change)] if may_change else []
        case KeepsSystemRegisters(may_change, partly):
            bits = [f"{each.register}[{each.high}:{each.low}]{_to(each)}" for each in partly]
            said = [*may_change, *bits]
        case KeepsMemory(may_write):
            said = [f"{each.size} bytes at {write_value(each.start)}" for each in may_write]
        case _:
            return
    yield from _entry("", f"may change: {', '.join(said) or 'nothing'}", " " * 8)


def _to(part: Partly) -> str:
    return "" if part.to is None else f" where {write_predicate(part.to)}"


def _premise(word: str, premise: Premise) -> Iterator[str]:
    yield from _entry(f"{word} {premise.name}:", premise.text, "    ")
    yield from _why(premise.authority)


def _why(authority: Authority) -> Iterator[str]:
    if authority.cite is not None:
        yield from _entry("", f'"{authority.cite.strip()}"', " " * 8)
    if authority.because is not None:
        yield from _entry("", f"because: {authority.because.strip()}", " " * 8)
    if authority.against is not None:
        yield from _entry("", f'against: "{authority.against.strip()}"', " " * 8)
    if authority.incomplete is not None:
        yield from _entry("", f'incomplete: "{authority.incomplete.strip()}"', " " * 8)
