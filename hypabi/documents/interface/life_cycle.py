"""The life cycle of an interface: who is live, which call moves it on, as a diagram and a table."""

from collections.abc import Iterator

from hypabi.arch.names import Architecture
from hypabi.contract.model import CallerStates, LifeCycle, Transition, World
from hypabi.contract.resolution import authority_of
from hypabi.documents.interface.clause_prose import sentence
from hypabi.documents.interface.reading import Reading, only, why
from hypabi.documents.markup.tree import (
    Arrow,
    Block,
    Blocks,
    Code,
    Definitions,
    Diagram,
    Emphasis,
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
from hypabi.records import frozen

COLUMNS = 72
"""Of a line of a diagram in characters."""

LEGEND = (
    "[party]  its vectors are live     ^  is drawn further up",
    "(state)  no party's are",
    "",
)
"""What the signs of a diagram in characters mean."""

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
            "Which party is live, and which call moves on to another; with an arrow stands who "
            "makes the call. What no call leads to becomes live without one."
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
    worlds = {name: each for name, each in cycle.worlds.items() if page.holds(each)}
    if worlds:
        blocks.append(paragraph("How CPUs may have been entered:"))
        blocks.append(Definitions(tuple(_world(*world) for world in worlds.items())))
    contexts = {name: each for name, each in cycle.callers.items() if page.holds(each)}
    if contexts:
        blocks.append(paragraph("Who calls, and which vectors can be live then:"))
        blocks.append(Definitions(tuple(_context(*context) for context in contexts.items())))
    return Section(words("Life cycle"), anchor(page.contract.name, "life-cycle"), tuple(blocks))


def _beyond(page: Reading, cycle: LifeCycle) -> Iterator[tuple[str, str]]:
    """Yield the states in which no party is live, but for those of another architecture alone."""
    reached = {move.to for each in page.architectures for move in moves(page, cycle, each)}
    elsewhere = {each.to for each in cycle.transitions} - reached
    for name, text in cycle.beyond.items():
        if name not in elsewhere:
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
    names.sort(key=lambda name: name not in page.contract.parties)  # parties first, as they come
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
    yield from LEGEND
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


def _context(name: str, context: CallerStates) -> tuple[Words, Blocks]:
    """Return code that makes calls, with what can be live when it runs."""
    there = context.functions and words("In ", codes(context.functions), ": ")
    calls = [words(Code(each) if each not in SPOKEN else spoken(each)) for each in context.calls]
    said = joined(calls, " or ") or words("whatever it asks")
    numbers = joined([(Code(f"{each:#x}"),) for each in context.identifiers], " or ")
    by = words(" by ", numbers) if numbers else ()
    live = words(" while ", _states(context.states), " is live") if context.states else ()
    never = () if context.states else words("; it is never reached while a party is live")
    within = f", in the {context.program.value}" if context.program is not None else ""
    entered = _entered(context)
    text = words(there or (), said, by, live, never, within, entered, only(context))
    return words(name), (Paragraph(sentence(text)), *why(authority_of(context)))


def _entered(context: CallerStates) -> Words:
    """Return in which worlds it goes on to what it enters, of those that it may."""
    among = words(" in ", _states(context.within)) if context.within else ()
    alone = words(" in no other than ", _states(context.only_in)) if context.only_in else ()
    both = joined([each for each in (among, alone) if each], ",")
    return words(", and goes on", both) if both else ()


def _world(name: str, world: World) -> tuple[Words, Blocks]:
    """Return how CPUs may have been entered, and how code tells it."""
    level = words("The kernel runs at ", world.level.value) if world.level is not None else ()
    stands = [
        words(Code(symbol), " holds ", codes(tuple(f"{value:#x}" for value in held)))
        for symbol, held in world.words.items()
    ]
    text = joined([each for each in (level, *stands) if each], ", ")
    return words(Emphasis(name)), (
        Paragraph(words(sentence(text), only(world))),
        *why(authority_of(world)),
    )


def _states(names: tuple[str, ...]) -> Words:
    """Return names of states as a sentence lists them."""
    return joined([(Emphasis(name),) for name in names], " or ")


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
