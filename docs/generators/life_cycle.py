"""The life cycle of a contract as a picture: who is live, and which call makes whom live."""

from functools import partial
from typing import TYPE_CHECKING, Final

from docs.generators.svg import CODE, Drawing
from hypabi.arch.names import Architecture
from hypabi.contract.resolve import revision_of

if TYPE_CHECKING:
    from hypabi.contract.model import Transition
    from hypabi.contract.revision import Revision

LEFT: Final = 16
HEAD: Final = 86
ROW: Final = 44
COLUMN: Final = 132


def page(architecture: Architecture, version: str) -> str:
    """Return the life cycle of ``linux-hyp-abi`` on an architecture as of a kernel version."""
    from hypabi.contract.file.load import shipped_contract
    from hypabi.contract.version import Version

    contract = shipped_contract("linux-hyp-abi")
    parsed = Version.parse(version)
    assert parsed is not None
    assert contract.life_cycle is not None
    revision = revision_of(contract, parsed, architecture)
    moves = {(move.source, move.call, move.to) for move in revision.moves}
    shown = [t for t in contract.life_cycle.transitions if (t.source, t.call, t.to) in moves]
    return _drawing(revision, shown, contract.name)


def _drawing(revision: "Revision", moves: "list[Transition]", name: str) -> str:
    reached = [state for move in moves for state in (move.source, move.to)]
    parties = [each.name for each in revision.parties if each.name in reached]
    states = list(dict.fromkeys([*parties, *reached]))
    at = {state: LEFT + COLUMN * n + COLUMN / 2 for n, state in enumerate(states)}
    where = revision.architecture.value
    title = f"Life cycle of {name} on {where}, Linux {revision.version}"
    says = "; ".join(f"{m.source} to {m.to} by {m.call}" for m in moves)
    width, height = LEFT * 2 + COLUMN * len(states), HEAD + ROW * len(moves) + 20
    drawing = Drawing(width, height, title, f"At boot {revision.boot} is live. {says}.")
    drawing.text(LEFT, 22, title, "name")
    for state in states:
        kind = "away" if state not in parties else "hot" if state == revision.boot else "box"
        drawing.box(at[state] - COLUMN / 2 + 4, 36, COLUMN - 8, 28, kind)
        drawing.text(at[state], 54, state, "code", "middle")
        drawing.line(at[state], 64, at[state], height - 12, "life")
    assert revision.boot is not None
    drawing.dot(at[revision.boot], 70)
    drawing.text(at[revision.boot] + 10, 74, "at boot", "muted")
    for row, move in enumerate(moves):
        _move(drawing, move, at[move.source], at[move.to], HEAD + ROW * row + 22, width)
    return drawing.svg()


def _move(
    drawing: Drawing, move: "Transition", start: float, end: float, y: float, width: float
) -> None:
    drawing.arrow(start, end, y)
    label = "any hvc" if move.call == "any" else move.call.replace("any-other", "any other call")
    longest = CODE * max(len(label), len(move.by or ""))
    left = min(start, end) + 8 + (22 if start == end else 0)
    left = min(left, width - longest - 8)
    drawing.text(left, y - 6, label, "code halo")
    if move.by:
        drawing.text(left, y + 15, move.by, "muted halo")


ARM = partial(page, Architecture.ARM, "6.12")
ARM64 = partial(page, Architecture.ARM64, "6.12")
