"""Checks in which every word of everything that can be told occurs."""

from dataclasses import replace

from hypabi.analysis.results.caller_checks import (
    CallerAnswer,
    CallerWord,
    MoveCheck,
)
from hypabi.analysis.results.check import (
    Authority,
    CheckedClause,
    CheckedInstaller,
    CheckedPlacement,
    CheckedSlot,
    CheckResult,
    ClauseKind,
    ClauseWord,
    Dissent,
    InstallerWord,
    LostRegister,
    OpinionWord,
    PlacementWord,
    SecondOpinion,
)
from hypabi.analysis.results.entries import EntryFinding, EntryWord
from hypabi.analysis.results.shared import (
    Instruction,
    Observation,
    ReplayAttempt,
    ReplayVerdict,
    SuppressedBy,
    SuppressionEntry,
    SuppressionFile,
)
from hypabi.arch.vector_entries import Origin
from hypabi.contract.model import Program, Taken
from hypabi.judgement.callers.findings import CallerQuestion
from hypabi.judgement.callers.schedule import Reachability
from hypabi.judgement.entries.baseline import SlotWord
from tests.report import made, made_matrix

AT = f"{made.STUB:#x}"
BY = SuppressedBy("it is going to be repaired", "2027-06-01", 3)
AUTHORITY = Authority("a sentence", "a reason", "another sentence", "a third sentence")
SUPPRESSIONS = SuppressionFile(
    "f" * 64,
    "2026-11-29",
    (SuppressionEntry(9, "stub, any-other: registers", "2027-01-31"),),
    (SuppressionEntry(12, "stub, any-other: memory", "2020-01-31"),),
)


def clause(
    word: ClauseWord,
    kind: ClauseKind = ClauseKind.REGISTERS,
    replay: ReplayAttempt | None = None,
    name: str = "",
    reason: str = f"x19 is lost at {AT}",
) -> CheckedClause:
    """Return a clause with all that one of its word can have."""
    shown = word in (ClauseWord.REFUTED, ClauseWord.SUPPRESSED)
    lost = LostRegister("x19", {"x0": "0x0"}, (), (AT,), None)
    return CheckedClause(
        "stub",
        "HVC_SET_VECTORS",
        "0x0",
        name or f"{kind.name.lower()}-{word.value}",
        kind,
        "what is promised",
        AUTHORITY,
        word,
        None if word is ClauseWord.PROVED else reason,
        3 if word is ClauseWord.PROVED else None,
        (),
        replay,
        BY if word is ClauseWord.SUPPRESSED else None,
        (lost,) if shown and kind is ClauseKind.REGISTERS else (),
        None,
        counterexample={"x0": "0x0", f"mem[{AT}]": "0x5"} if shown else {},
        observed=(Observation("x19", "0x7", "0x8"),) if shown else (),
        path=(AT, f"{made.STUB + 4:#x}") if shown else (),
        disassembly=(
            Instruction("vectors", "vectors", "mov x19, #0x1"),
            Instruction("vectors+0x4", "vectors", "eret"),
        )
        if shown
        else (),
    )


def attempt(verdict: ReplayVerdict) -> ReplayAttempt:
    """Return a replay."""
    return ReplayAttempt(verdict, "hypabi engine", "it has no MMU", (), {}, None)


def entry(word: EntryWord) -> EntryFinding:
    """Return a vector entry."""
    return EntryFinding(
        "stub", "0x400", "synchronous", Origin.EL1, (), f"exceptions that are {word.value}", word,
        "more paths than can be followed", (), None, (), (), (), (),
    )  # fmt: skip


def slot(word: SlotWord) -> CheckedSlot:
    """Return a vector slot of which the contract says what may enter."""
    amiss = word in (SlotWord.BROKEN, SlotWord.UNDECIDED)
    why = (f"smc is answered as a call at {AT}",) if amiss else ()
    return CheckedSlot(
        "stub", f"0x{400 + 80 * len(word.value):x}", "synchronous", Origin.EL1, Taken.HVC,
        AUTHORITY, Taken.ANY, word, why,
    )  # fmt: skip


def of_every_kind() -> CheckResult:
    """Return a check in which everything is told."""
    found = made.check(made.proved(), missing=("kvm-init", "kvm-run"), expected=("kvm-run",))
    answers = [
        made_matrix.check(word, made_matrix.site(word.name, 0x1000 + 4 * at))
        for at, word in enumerate(CallerWord)
    ]
    answers += [
        replace(
            made_matrix.check(
                CallerWord.VIOLATED, made_matrix.site(question.name, 0x2000 + 4 * at)
            ),
            answers=(CallerAnswer(question, CallerWord.VIOLATED, "it is not so", {"x0": "0x1"}),),
        )
        for at, question in enumerate(CallerQuestion)
    ]
    answers += [
        made_matrix.check(of=made_matrix.site(when.name, 0x3000 + 4 * at), when=when)
        for at, when in enumerate(Reachability)
    ]
    move = MoveCheck("f", "0x4000", "SET", "stub", CallerWord.VIOLATED, "nobody does", None)
    makers = (
        move,
        replace(move, call="RESET", verdict=CallerWord.SUPPRESSED, suppressed=BY),
        replace(move, call="RESTART", verdict=CallerWord.UNDECIDED),
        replace(move, call="FINALISE", verdict=CallerWord.SATISFIED),
    )
    order = replace(move, call="ORDER", text="only stub can be live then")
    callers = replace(made_matrix.checks(*answers), makers=makers, out_of_order=(order,))
    replays = [
        clause(ClauseWord.REFUTED, replay=attempt(verdict), name=f"replay-{verdict.value}")
        for verdict in (ReplayVerdict.CONFIRMED, ReplayVerdict.NOT_RUN)
    ]
    return replace(
        found,
        verdicts=(
            *(clause(ClauseWord.REFUTED, kind) for kind in ClauseKind),
            *(clause(word) for word in ClauseWord if word is not ClauseWord.REFUTED),
            clause(ClauseWord.UNDECIDED, name="c", reason="control goes to the C function f"),
            replace(clause(ClauseWord.VACUOUS), call=None),
            *replays,
        ),
        installers=tuple(
            CheckedInstaller("stub", word.name, ("one", "two"), Program.KERNEL, None, word)
            for word in InstallerWord
        ),
        placements=tuple(
            CheckedPlacement(
                word.name, Program.KERNEL, AUTHORITY, word, ("vectors",), (f"it is at {AT}",), "so"
            )
            for word in PlacementWord
        ),
        slots=tuple(map(slot, SlotWord)),
        callers=callers,
        vector_entries=tuple(map(entry, EntryWord)),
        replayed_on="engine",
        suppressions=SUPPRESSIONS,
        second_opinion=SecondOpinion(
            "z3 5.4",
            3,
            (Dissent("stub", None, "returns", 1, OpinionWord.UNANSWERED, "unsat", "unknown"),),
        ),
        unclaimed_tables=tuple(each.table for each in found.parties if each.table is not None),
        symbols={AT: "vectors"},
    )
