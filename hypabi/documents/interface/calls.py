"""The part of a page about one call: who serves it, what the caller passes, what holds after."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.contract.clause import Clause, KeepsRegisters, Premise
from hypabi.contract.model import ByArchitecture, Call, Condition, Permission, Promise, Scratch
from hypabi.contract.permissions import base_of
from hypabi.contract.resolution import authority_of
from hypabi.contract.revision import Service
from hypabi.documents.interface.clause_prose import (
    conditions,
    on_each,
    predicate,
    sentence,
    statement,
    value,
)
from hypabi.documents.interface.reading import Reading, grouped, only, plain_list, span, why
from hypabi.documents.markup.tree import (
    Block,
    Blocks,
    Code,
    Definitions,
    Fields,
    Link,
    Listing,
    Paragraph,
    Section,
    Words,
    anchor,
    codes,
    joined,
    paragraph,
    prose,
    words,
)
from hypabi.records import replace
from hypabi.report.shared.register_sets import ranges

FRAME: Final = "frame"


def call_section(page: Reading, name: str, call: Call, extra: Blocks = ()) -> Section:
    """Return the section of a call.

    :param extra: what an image makes of it
    """
    blocks: list[Block] = [Fields(tuple(_fields(page, name, call)))]
    if call.summary is not None:
        blocks.append(Paragraph(prose(call.summary)))
    blocks += [Listing(tuple(_registers(page, name, call))), *why(authority_of(call))]
    blocks += _premises(page, name, call)
    blocks += _afterwards(page, name, call)
    blocks += _lost(page, name, call)
    blocks += _elsewhere(page, name, call)
    blocks += extra
    return Section(words(Code(name)), anchor(page.contract.name, name), tuple(blocks))


def _fields(page: Reading, name: str, call: Call) -> Iterator[tuple[str, Words]]:
    having = page.having(name)
    yield (
        "Number",
        words("any that is no call's") if call.number is None else words(Code(str(call.number))),
    )
    yield "Architectures", words(plain_list(each.value for each in having))
    yield "Kernels", words(span(call) or f"from {page.contract.since}")
    served = {each: live.served_by for each, live in having.items()}
    if len(set(served.values())) == 1:
        yield "Served by", _parties(page, next(iter(served.values())))
    else:
        for each, parties in served.items():
            yield f"Served by ({each.value})", _parties(page, parties)
    yield (
        "Elsewhere",
        words("see ", Link("Results and errors", anchor(page.contract.name, "errors"))),
    )
    if call.callers:
        yield "Callers", codes(call.callers)


def _parties(page: Reading, names: tuple[str, ...]) -> Words:
    if not names:
        return words("nobody")
    return joined([(Link(name, anchor(page.contract.name, "party", name)),) for name in names])


def _registers(page: Reading, name: str, call: Call) -> Iterator[str]:
    """Yield what the caller puts where, as hyp-abi.rst shows it."""
    number = "any other value" if call.number is None else f"{name} ({call.number})"
    rows = [(page.contract.identifier, number)]
    rows += [(register, argument) for argument, register in call.arguments.items()]
    shown = [(_spelled(page, name, register), text, register) for register, text in rows]
    width = max(len(register) for register, _, _ in shown)
    for spelled, text, register in shown:
        if spelled:
            yield f"{spelled:<{width}} = {text}{_where(page, name, register)}"


def _spelled(page: Reading, name: str, register: ByArchitecture[str]) -> str:
    found = [register.on(each) for each in page.having(name)]
    return "/".join(dict.fromkeys(each for each in found if each is not None))


def _where(page: Reading, name: str, register: ByArchitecture[str]) -> str:
    having = page.having(name)
    there = [each.value for each in having if register.on(each) is not None]
    return "" if len(there) == len(having) else f" ({', '.join(there)} only)"


def _premises(page: Reading, name: str, call: Call) -> Iterator[Block]:
    for title, table, which in (
        ("The caller must ensure:", call.requires, "requires"),
        ("What else holds at entry, and the caller need not ensure:", call.assumes, "assumes"),
    ):
        found: dict[str, dict[Architecture, Premise]] = {}
        for architecture, revision in page.revisions.items():
            for row in revision.rows:
                premises = row.requires if which == "requires" else row.assumes
                for premise in premises if row.call == name else ():
                    if premise.name in table:
                        found.setdefault(premise.name, {}).setdefault(architecture, premise)
        if found:
            yield paragraph(title)
            yield premise_list(page, name, found, table)


def premise_list(
    page: Reading,
    call: str | None,
    found: Mapping[str, Mapping[Architecture, Premise]],
    table: Mapping[str, Condition],
) -> Definitions:
    """Return what holds at entry, each condition by its name."""
    items = []
    for name, each in found.items():
        said = {a: predicate(premise.holds, page.names(a, call)) for a, premise in each.items()}
        condition = table[name]
        text = sentence(words(on_each(said), only(condition, condition.parties)))
        items.append((words(name), (Paragraph(text), *why(authority_of(condition)))))
    return Definitions(tuple(items))


def _afterwards(page: Reading, name: str, call: Call) -> Iterator[Block]:
    if call.unspecified is not None:
        yield paragraph("Nothing is promised of this call.")
        yield from why(authority_of(call.unspecified))
        return
    clauses = page.served(name)
    if not clauses:
        yield paragraph("Nobody serves it, so nothing is promised but the error.")
        return
    yield paragraph("When control leaves the hypervisor:")
    yield clause_list(page, name, clauses, call.promises)


def _elsewhere(page: Reading, name: str, call: Call) -> Iterator[Block]:
    """Yield what parties that do not serve a call promise of it."""
    found = page.clauses(lambda row: row.call == name and row.service is Service.REFUSED)
    if any(each in call.elsewhere for each in found):
        yield paragraph("At parties that do not serve it:")
        yield clause_list(page, name, found, call.elsewhere)


def clause_list(
    page: Reading,
    call: str | None,
    clauses: Mapping[str, Mapping[Architecture, Clause]],
    promises: Mapping[str, Promise],
    subject: str = "the call",
) -> Definitions:
    """Return the clauses of these promises, those that rest on the same words together."""
    sources = [(name, authority_of(promises[name])) for name in clauses if name in promises]
    items = []
    for names, authority in grouped(sources):
        said = tuple(
            Paragraph(_clause(page, call, clauses[name], promises[name], subject)) for name in names
        )
        items.append((words(", ".join(names)), (*said, *why(authority))))
    return Definitions(tuple(items))


def _clause(
    page: Reading,
    call: str | None,
    on: Mapping[Architecture, Clause],
    promise: Promise,
    subject: str,
) -> Words:
    said = {}
    for architecture, clause in on.items():
        names = page.names(architecture, call)
        if "result" not in clause.text:  # another value may happen to be the same number
            names = replace(names, success=None, error=None)
        condition = conditions(clause, names)
        comma = words(", ") if condition else ()
        said[architecture] = words(condition, comma, statement(clause, names, subject))
    confined = only(promise, promise.parties)
    if len(page.architectures) == 1:
        confined = only(replace(promise, architecture=None), promise.parties)
    return sentence(words(on_each(said), confined))


def _lost(page: Reading, name: str, call: Call) -> Iterator[Block]:
    clauses = page.served(name)
    if "registers" not in clauses:
        return
    lost = []
    for architecture, clause in clauses["registers"].items():
        assert isinstance(clause.statement, KeepsRegisters), clause.name
        registers = Code(ranges(clause.statement.may_change) or "nothing")
        lost.append(words(registers, f" on {architecture.value}"))
    frame = Link("what every call may lose", anchor(page.contract.name, FRAME))
    yield paragraph("May be lost: ", joined(lost), ", and ", frame, ".")
    permissions = {n: each for n, each in call.writes.items() if page.holds(each)}
    if permissions:
        yield paragraph("Besides, it may change:")
        yield permission_list(page, permissions)
    if call.may_write_memory:
        yield paragraph("It may write this memory:")
        yield scratch_list(page, name, call.may_write_memory)


def permission_list(page: Reading, permissions: Mapping[str, Permission]) -> Definitions:
    """Return the registers that may change, by the name of the permission."""
    items = []
    for name, each in permissions.items():
        registers = [register(page, one, each) for one in each.registers]
        to = () if each.to is None else (", and then ", Code(_then(page, each.to, each)), " holds")
        text = sentence(words(codes(registers), only(each, each.parties), *to))
        items.append((words(name), (Paragraph(text), *why(authority_of(each)))))
    return Definitions(tuple(items))


def _then(page: Reading, text: str, permission: Permission) -> str:
    """Return what holds where a register has changed, under the architectures' names."""
    for name in page.contract.registers:
        text = re.sub(rf"\b{re.escape(name)}\b", register(page, name, permission), text)
    return text


def register(page: Reading, name: str, permission: Permission) -> str:
    """Return the registers that a name of the contract stands for, ``a/b`` where two."""
    base, part = base_of(name)
    ours = page.contract.registers.get(base)
    if ours is None:
        return name
    parties = page.parties if permission.parties is None else permission.parties
    found = [
        ours.on(architecture)
        for architecture, revision in page.revisions.items()
        if permission.architecture in (None, architecture)
        and any(revision.party(party) for party in parties)
    ]
    return "/".join(dict.fromkeys(f"{each}{part}" for each in found if each is not None))


def scratch_list(
    page: Reading,
    call: str | None,
    regions: Mapping[str, Scratch],
    parties: tuple[str, ...] | None = None,
) -> Definitions:
    """Return the memory that may be written, by the name of the permission.

    :param parties: whose memory it is, where the contract says it of a party
    """
    items = []
    for name, each in regions.items():
        start = {
            architecture: value(
                page.value(architecture, call, each.start), page.names(architecture, call)
            )
            for architecture in page.architectures
            if each.architecture in (None, architecture)
            and page.has(architecture, call, each.parties or parties)
        }
        text = words(f"{each.size} bytes from ", on_each(start), only(each, each.parties))
        items.append((words(name), (Paragraph(sentence(text)), *why(authority_of(each)))))
    return Definitions(tuple(items))
