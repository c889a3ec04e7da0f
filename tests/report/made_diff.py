"""Comparisons made by hand: every part of a report without an image or a solver."""

from hypabi.analysis.results.difference import (
    AskedBy,
    CallersOf,
    ChangeKind,
    ComparedCall,
    ComparedImage,
    ComparedPromise,
    ContractTaken,
    DiffReproduction,
    DiffResult,
    Made,
    PartyHeld,
    Renumbering,
    ShownDifference,
    Side,
)
from hypabi.analysis.results.shared import SuppressedBy, SuppressionEntry, SuppressionFile
from hypabi.arch.names import Architecture
from hypabi.behaviour.saved.own_promises import AnswerUse, PromiseKind
from hypabi.judgement.difference.model import Aspect, Bearing
from hypabi.judgement.difference.own_promises import PromiseChange
from hypabi.records import replace
from tests.report.made import VERSIONS

BEARING = {
    ChangeKind.INCOMPATIBLE: Bearing.BREAKS,
    ChangeKind.WEAKER: Bearing.LOSES,
    ChangeKind.RENUMBERED: Bearing.BREAKS,
    ChangeKind.STRONGER: Bearing.GAINS,
}
ASKED_BY = (
    AskedBy(Side.OLD, "asks", AnswerUse.TESTED),
    AskedBy(Side.NEW, "", AnswerUse.IGNORED),
)
SUPPRESSED = SuppressedBy("nobody calls it", "2027-01-31", 3)
SUPPRESSIONS = SuppressionFile(
    "f" * 64,
    "2026-11-29",
    (SuppressionEntry(9, "stub, any-other: weaker", "2027-01-31"),),
    (SuppressionEntry(12, "stub, any-other: stronger", "2020-01-31"),),
)


def difference(bearing: Bearing, subject: str = "x19") -> ShownDifference:
    """Return a register that differs."""
    entry = {"x3": "0x7"}
    kept, lost = f"{subject} is kept", f"{subject} is 1"
    return ShownDifference(Aspect.REGISTER, bearing, subject, kept, lost, entry)


def call(
    change: ChangeKind,
    *differences: ShownDifference,
    direction: CallersOf = CallersOf.OLD,
    name: str | None = "HVC_SET_VECTORS",
    reasons: tuple[str, ...] = (),
    suppressed: SuppressedBy | None = None,
    asked_by: tuple[AskedBy, ...] = (),
) -> ComparedCall:
    """Return a call that came to something, with what shows it."""
    shown = differences or ((difference(BEARING[change]),) if change in BEARING else ())
    if change in (ChangeKind.UNDECIDED, ChangeKind.VACUOUS):
        reasons = reasons or ("that is why",)
    renumbered = Renumbering("0x5", "HVC_OTHER") if change is ChangeKind.RENUMBERED else None
    breaks = change in (ChangeKind.INCOMPATIBLE, ChangeKind.WEAKER, ChangeKind.RENUMBERED)
    return ComparedCall(
        direction,
        "stub",
        name,
        None if name is None else "0x0",
        only_here=False,
        left_open=False,
        change=change,
        renumbered=renumbered,
        reasons=reasons,
        differences=shown,
        asked_by=asked_by,
        made=Made.BY_SOMEBODY if asked_by else Made.UNTOLD,
        must_agree=("ARM64 PORT",) if breaks else (),
        assumptions=("memory is apart",),
        suppressed=suppressed,
    )


def image(version: str | None, digit: str) -> ComparedImage:
    """Return one of the two images."""
    contract = ContractTaken("made-abi", "c" * 64, "6.1")
    party = PartyHeld("stub", "vectors", "0xffff800008000000", "kernel", "symbol")
    return ComparedImage(digit * 64, version, contract, (party,), ("kvm-init",))


def promise(change: PromiseChange) -> ComparedPromise:
    """Return what became of something that each image keeps of its own contract."""
    what = ("HVC_SET_VECTORS while stub is live",)
    return ComparedPromise(PromiseKind.CALLER, "f", what, change, "kept", "broken: it is lost")


def diff(
    *changes: ComparedCall,
    promises: tuple[ComparedPromise, ...] = (),
    suppressions: SuppressionFile | None = None,
) -> DiffResult:
    """Return two images with what their calls came to."""
    return DiffResult(
        Architecture.ARM64,
        "x0",
        image("6.1.0-old", "a"),
        image(None, "b"),
        changes,
        promises,
        suppressions,
        ("the solver",),
        DiffReproduction(
            command=("hypabi", "diff", "old", "new"),
            versions=dict(VERSIONS),
            old_sha256="a" * 64,
            new_sha256="b" * 64,
        ),
    )


def of_every_kind() -> DiffResult:
    """Return one of each, in both directions, one of them suppressed."""
    changes = [
        call(kind, direction=direction, name=f"HVC_{kind.name}")
        for direction in CallersOf
        for kind in ChangeKind
    ]
    changes += [
        call(ChangeKind.WEAKER, name="HVC_KNOWN", suppressed=SUPPRESSED),
        call(ChangeKind.EQUAL, difference(Bearing.HARMLESS, "x5"), name="HVC_NOTED"),
        replace(call(ChangeKind.INCOMPATIBLE, name=None), only_here=True),
        replace(call(ChangeKind.EQUAL, name=None), left_open=True, direction=CallersOf.NEW),
        replace(call(ChangeKind.WEAKER, name="HVC_UNASKED"), made=Made.BY_NOBODY),
        call(ChangeKind.WEAKER, name="HVC_ASKED", asked_by=ASKED_BY),
    ]
    return diff(*changes, promises=tuple(map(promise, PromiseChange)), suppressions=SUPPRESSIONS)
