"""A counterexample and what was observed of it, as plain values for a report in JSON."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hypabi.image.symbolizer import Places
from hypabi.report.shared.counterexample import entered, ordered
from hypabi.report.shared.json_values import Plain
from hypabi.report.shared.listing import lines_of

if TYPE_CHECKING:
    from hypabi.judgement.verification.verdict import Refuted


def values(model: Mapping[str, int]) -> dict[str, Plain]:
    """Return a model in hexadecimal, general registers first."""
    return {name: f"{value:#x}" for name, value in ordered(model)}


def observed(refuted: "Refuted") -> list[Plain]:
    """Return what was seen to differ: its name, and its value at entry and at exit."""
    return [
        {"name": name, "entry": f"{before:#x}", "exit": f"{after:#x}"}
        for name, before, after in refuted.observed
    ]


def evidence(refuted: "Refuted", texts: Callable[[int], str], places: Places) -> dict[str, Plain]:
    """Return why a clause is refuted: a state, what was observed, and the path by instruction.

    :param texts: disassembly of the instruction at an address
    """
    return {
        "reason": refuted.what,
        "counterexample": values(entered(refuted)),
        "observed": observed(refuted),
        "path": [f"{address:#x}" for address in refuted.trail],
        "disassembly": [
            {"place": places.name(line.address), "text": line.text}
            for line in lines_of(refuted.trail, texts, places)
        ],
    }
