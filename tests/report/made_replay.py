"""Replays made by hand: every part of a report without a machine."""

from hypabi.analysis.results.replay import (
    EndState,
    MemoryContent,
    ReplayClaim,
    ReplayReproduction,
    ReplayResult,
    WitnessImage,
)
from hypabi.analysis.results.shared import ReplayAttempt, ReplayDifference, ReplayVerdict
from tests.report.made import VERSIONS

DIFFERENCES = (ReplayDifference("HVBAR", "0x40", "0x0"),)


def replayed(verdict: ReplayVerdict, machine: str = "hypabi 0.1.0 engine") -> ReplayResult:
    """Return a replay that came to something."""
    ran = verdict is not ReplayVerdict.NOT_RUN
    differences = DIFFERENCES if verdict is ReplayVerdict.NOT_REPRODUCED else ()
    needed = {"r0": "0x2", "mem[0x100]": "0x1"}
    made = ReplayAttempt(
        verdict, machine, None if ran else "it is not installed", differences, needed, None
    )
    ends = ("returned", "0x47000004", "svc", "returns to the caller at svc")
    memory = (MemoryContent("0x40000100", "00ff"),)
    return ReplayResult(
        made,
        made.worth,
        ReplayClaim(
            "made-abi",
            "6.1",
            "stub",
            "HVC_SET_VECTORS",
            "0x0",
            "system-registers",
            "what may change",
            "HVBAR is lost",
            "HVBAR is 0x40010120, as at the start",
        ),
        WitnessImage("made.elf", None, "0x40000000", 2),
        {"r0": "0x2", "mem[0x40000100]": "0x1"},
        EndState(*ends, {"HVBAR": "0x40", "r0": "0x0"}, memory),
        EndState(*ends, {"HVBAR": "0x0", "r0": "0x0", "r7": "0x7"}, memory) if ran else None,
        ReplayReproduction(
            command=("hypabi", "replay", "w.json"),
            versions=dict(VERSIONS),
            witness_sha256="a" * 64,
            image_sha256="b" * 64,
            contract_sha256="c" * 64,
        ),
    )
