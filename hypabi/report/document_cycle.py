"""The life cycle of an interface: who is live, which call moves it on, as a diagram and a table."""

from collections.abc import Iterator

from hypabi.arch.names import Architecture
from hypabi.frozen import frozen
from hypabi.judgement.contract import LifeCycle, Transition
from hypabi.report.document import (
    Arrow,
    Block,
    Code,
    Definitions,
    Diagram,
    Emphasis,
    Paragraph,
    Section,
    Table,
    anchor,
    paragraph,
    prose,
    words,
)
from hypabi.report.document_reading import Reading

COLUMNS = 76
"""Of a line of a diagram in characters."""

SPOKEN = {"any": "any call", "any-other": "any other identifier"}
"""What a transition's keywords are in words."""


@frozen
class Move:
    """A transition that one architecture has."""

    source: str
    call: str
    to: str
    by: str


def cycle_section(page: Reading) -> Section | None:
    """Return the section of the life cycle, ``None`` where the contract has none."""
    cycle = page.contract.life_cycle
    if cycle is None:
        return None
    blocks: list[Block] = [
        paragraph(
            "In the diagrams a party stands in square brackets while it is live; round brackets "
            "are states in which no party of this page is. An arrow is the call that moves on, "
            "with who makes it, and ",
            Code("^"),
            " marks a state that is drawn further up. A second tree begins with a party that "
            "becomes live without a call.",
        )
    ]
    for architecture in page.architectures:
        blocks += [paragraph(architecture.value, ":"), diagram(page, cycle, architecture)]
    beyond = [
        (words(Emphasis(name)), (Paragraph(words(prose(text), ".")),))
        for name, text in _beyond(page, cycle)
    ]
    if beyond:
        blocks += [paragraph("States in which no party is live:"), Definitions(tuple(beyond))]
    blocks += [paragraph("All moves:"), _table(page, cycle)]
    return Section(words("Life cycle"), anchor(page.contract.name, "life-cycle"), tuple(blocks))


def _beyond(page: Reading, cycle: LifeCycle) -> Iterator[tuple[str, str]]:
    reached = {move.to for each in page.architectures for move in moves(page, cycle, each)}
    for name, text in cycle.beyond.items():
        if name in reached:
            yield name, text


def moves(page: Reading, cycle: LifeCycle, architecture: Architecture) -> tuple[Move, ...]:
    """Return the moves that one architecture has, in the order of the file."""
    live = {(move.source, move.call, move.to) for move in page.revisions[architecture].moves}
    return tuple(
        Move(each.source, each.call, each.to, each.by or "")
        for each in cycle.transitions
        if (each.source, each.call, each.to) in live and _there(each, architecture)
    )


def _there(each: Transition, architecture: Architecture) -> bool:
    return each.architecture in (None, architecture)


def diagram(page: Reading, cycle: LifeCycle, architecture: Architecture) -> Diagram:
    """Return the states that can be reached at one architecture and the moves between them."""
    drawn = moves(page, cycle, architecture)
    boot = page.revisions[architecture].boot
    assert boot is not None, "a life cycle has a first state"
    names = [boot]
    for move in drawn:
        names += [name for name in (move.source, move.to) if name not in names]
    kinds = {name: "party" if name in page.contract.parties else "beyond" for name in names}
    states = tuple((name, "boot" if name == boot else kinds[name]) for name in names)
    arrows = tuple(
        Arrow(names.index(m.source), names.index(m.to), spoken(m.call), m.by) for m in drawn
    )
    return Diagram(
        f"{page.contract.title}: {architecture.value}",
        states,
        arrows,
        tuple(_lines(drawn, boot, kinds)),
    )


def _lines(drawn: tuple[Move, ...], boot: str, kinds: dict[str, str]) -> Iterator[str]:
    """Yield a tree of the moves: a state's own moves stand below it the first time it is met."""
    yield f"{_state(boot, kinds)} at boot"
    seen = {boot}
    yield from _below(boot, drawn, kinds, seen, " ")
    for move in drawn:  # what the first state does not reach by a call
        if move.source not in seen:
            seen.add(move.source)
            yield ""
            yield _state(move.source, kinds)
            yield from _below(move.source, drawn, kinds, seen, " ")


def _below(
    source: str, drawn: tuple[Move, ...], kinds: dict[str, str], seen: set[str], indent: str
) -> Iterator[str]:
    own = [move for move in drawn if move.source == source]
    fresh = []
    for move in own:
        fresh.append(move.to not in seen and kinds[move.to] == "party")
        seen.add(move.to)
    for at, (move, first) in enumerate(zip(own, fresh, strict=True)):
        yield f"{indent}|"
        back = " ^" if not first and kinds[move.to] == "party" else ""
        line = f"{indent}+-- {spoken(move.call)} --> {_state(move.to, kinds)}{back}"
        by = f"  by {move.by}" if move.by else ""
        if len(line) + len(by) <= COLUMNS:
            yield f"{line}{by}"
        else:
            yield line
            yield f"{indent}|     {by}"
        if first:
            bar = "|" if at < len(own) - 1 else " "
            yield from _below(move.to, drawn, kinds, seen, f"{indent}{bar}    ")


def _state(name: str, kinds: dict[str, str]) -> str:
    return f"[{name}]" if kinds[name] == "party" else f"({name})"


def spoken(call: str) -> str:
    """Return a transition's call in words."""
    return SPOKEN.get(call, call)


def _table(page: Reading, cycle: LifeCycle) -> Table:
    head = tuple(words(each) for each in ("From", "Call", "To", "By", "On"))
    rows = []
    for each in cycle.transitions:
        there = [
            architecture.value
            for architecture in page.architectures
            if any(
                (each.source, each.call, each.to) == (move.source, move.call, move.to)
                for move in moves(page, cycle, architecture)
            )
        ]
        if there:
            cells = (each.source, spoken(each.call), each.to, each.by or "-", ", ".join(there))
            rows.append(tuple(map(words, cells)))
    return Table(head, tuple(rows))
