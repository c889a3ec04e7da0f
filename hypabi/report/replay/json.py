"""A replay as JSON; ``replay.schema.json`` beside this module is its published schema."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.replay_of import attempt
from hypabi.report.replay.text import Replayed, promised
from hypabi.report.shared.footer import reproduce
from hypabi.report.shared.json_values import Plain, attempt_in_full, in_json
from hypabi.witness.replay import Confirmed, NotReproduced, arrived

SCHEMA: Final[Mapping[str, Plain]] = {"name": "hypabi-replay", "version": 1}
"""The version rises when a field changes its meaning; fields are only added."""


def write(replayed: Replayed) -> str:
    """Return a replay as JSON, keys sorted, ending in a newline."""
    return in_json(document(replayed))


def document(replayed: Replayed) -> dict[str, Plain]:
    """Return a replay as plain values."""
    witness = replayed.witness
    claim = witness.claim
    made = attempt(replayed.replay, needed=witness.counterexample)
    return {
        "schema": SCHEMA,
        "replay": attempt_in_full(made),
        "worth": made.worth,
        "claim": {
            "contract": claim.contract,
            "version": claim.version,
            "party": claim.party,
            "call": claim.call,
            "number": None if claim.number is None else f"{claim.number:#x}",
            "clause": claim.clause,
            "statement": claim.statement,
            "instead": claim.instead,
            "promised": promised(witness.promised),
        },
        "observed": _observed(replayed),
        "exit_status": replayed.exit_status,
        "reproduce": reproduce(
            replayed.provenance,
            witness_sha256=replayed.sha256,
            image_sha256=witness.image.sha256,
            contract_sha256=witness.contract_sha256,
        ),
    }


def _observed(replayed: Replayed) -> Plain:
    """Return the state at the end, ``None`` where nothing ran."""
    replay = replayed.replay
    if not isinstance(replay, Confirmed | NotReproduced):
        return None
    seen = replay.observed
    arrival = arrived(seen)
    return {
        "ends": arrival.kind,
        "address": None if arrival.address is None else f"{arrival.address:#x}",
        "mode": arrival.mode,
        "registers": {name: f"{value:#x}" for name, value in seen.registers.items()},
        "memory": [{"address": f"{m.address:#x}", "bytes": m.content.hex()} for m in seen.memory],
    }
