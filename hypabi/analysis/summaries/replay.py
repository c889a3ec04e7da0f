"""A replay, told as plain values."""

from collections.abc import Mapping
from typing import assert_never

from hypabi.analysis.findings.replay import Replayed
from hypabi.analysis.results.replay import (
    EndState,
    MemoryContent,
    ReplayClaim,
    ReplayReproduction,
    ReplayResult,
    WitnessImage,
)
from hypabi.analysis.summaries.replay_attempt import replay_attempt
from hypabi.analysis.summaries.shared import values_of
from hypabi.analysis.witness_files import needed_of
from hypabi.witness.expectation import Ends, Formula, Handed, Holds, Keeps, KeepsBytes, Promise
from hypabi.witness.model import Arrival, Witness
from hypabi.witness.replay import Confirmed, NotReproduced, NotRun, Replay, arrived, ends


def summarize_replay(replayed: Replayed) -> ReplayResult:
    """Return what a machine made of a witness as plain values."""
    witness, provenance = replayed.witness, replayed.provenance
    made = replay_attempt(replayed.replay, needed=needed_of(witness))
    predicted = witness.predicted
    memory = [(each.address, each.content) for each in predicted.memory]
    return ReplayResult(
        made,
        made.worth,
        _claim(witness),
        _image(witness),
        values_of(witness.claim.counterexample),
        _state(predicted.arrival, predicted.registers, memory),
        _observed(replayed.replay),
        ReplayReproduction(
            command=provenance.command,
            versions=dict(provenance.versions),
            witness_sha256=replayed.sha256,
            image_sha256=witness.image.sha256,
            contract_sha256=witness.claim.contract_sha256,
        ),
    )


def _claim(witness: Witness) -> ReplayClaim:
    claim = witness.claim
    return ReplayClaim(
        claim.contract,
        claim.version,
        claim.party,
        claim.call,
        None if claim.number is None else f"{claim.number:#x}",
        claim.clause,
        claim.statement,
        claim.instead,
        promised(witness.promised),
    )


def _image(witness: Witness) -> WitnessImage:
    image = witness.image
    displacement = f"{image.displacement:#x}"
    return WitnessImage(image.name, image.version or None, displacement, len(image.pages))


def _observed(replay: Replay) -> EndState | None:
    match replay:
        case Confirmed(_, seen) | NotReproduced(_, _, seen):
            memory = [(each.address, each.content) for each in seen.memory]
            return _state(arrived(seen), seen.registers, memory)
        case NotRun():
            return None
        case _:
            assert_never(replay)


def _state(
    arrival: Arrival, registers: Mapping[str, int], memory: list[tuple[int, bytes]]
) -> EndState:
    return EndState(
        arrival.kind,
        None if arrival.address is None else f"{arrival.address:#x}",
        arrival.mode,
        ends(arrival),
        values_of(registers),
        tuple(MemoryContent(f"{address:#x}", content.hex()) for address, content in memory),
    )


def promised(promise: Promise) -> str:
    """Return what was promised, in numbers."""
    match promise:
        case Ends(address, mode, status):
            at = "" if mode is None else f" at {mode}"
            held = "" if status is None else f", status {status:#x}"
            return f"control goes to {address:#x}{at}{held}"
        case Handed(symbol, address):
            where = "which is not in the image" if address is None else f"at {address:#x}"
            return f"control goes to {symbol}, {where}"
        case Holds(formula):
            return spelled(formula)
        case Keeps(register, value):
            return f"{register} is {value:#x}, as at the start"
        case KeepsBytes(address, content):
            return f"memory at {address:#x} is {content.hex(' ')}, as at the start"
        case _:
            assert_never(promise)


def spelled(formula: Formula) -> str:
    """Return a condition over registers at the end as a reader writes it."""
    match formula:
        case int():
            return f"{formula:#x}"
        case str():
            return formula
        case ("bits", of, high, low):
            return f"{spelled(of)}[{high}:{low}]"
        case ("not", of):
            return f"not ({spelled(of)})"
        case ("all" | "any" as which, *parts):
            joined = " and " if which == "all" else " or "
            return joined.join(f"({spelled(part)})" for part in parts)
        case (str(operator), left, right):
            return f"{spelled(left)} {operator} {spelled(right)}"
        case (str(operator), _, left, right):
            return f"({spelled(left)} {operator} {spelled(right)})"
        case _:
            raise AssertionError(formula)
