"""Rules of crossings into EL2 or HYP that were seen on a running kernel."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.rules.evidence import OURS
from hypabi.rules.rule import Rule
from hypabi.tracing.result import CrossingWord, DerivedWord

CROSSING: Final[Mapping[CrossingWord, Rule | None]] = {
    CrossingWord.SATISFIED: None,
    CrossingWord.UNSPECIFIED: None,
    CrossingWord.ELSEWHERE: None,
    CrossingWord.VIOLATED: Rule(
        "HYP-SEEN-VIOLATED",
        Weight.REFUTED,
        "A call that was seen breaks the contract",
        "While the kernel ran, somebody made a call that he is not entitled to at that moment, or "
        "with arguments that he must not pass, or was answered what the party may not answer.",
        "It is no counterexample but what happened. `hypabi check` may have refuted the same.",
        "`hypabi trace` shows the crossing with its registers; mend the caller or the party that "
        "it names, or say in the contract that the call may be made then.",
        ("2026-11-hibernate-resume",),
    ),
    CrossingWord.UNSCHEDULED: Rule(
        "HYP-SEEN-UNSCHEDULED",
        Weight.UNDECIDED,
        "A call was seen at a moment that the contract does not know",
        "The function that calls is in the contract, and the party that is live is none of those "
        "that can be live when it runs.",
        "Nobody has said what such a call may expect.",
        "State the moment in the contract (`callers`), or mend the caller.",
    ),
    CrossingWord.UNDECIDED: Rule(
        "HYP-SEEN-UNDECIDED",
        Weight.UNDECIDED,
        "What would decide was not seen",
        "The source of the events does not tell what a clause speaks of, or the call never came "
        "back before the run ended.",
        "The promise may hold or not.",
        "Trace with our plugin, which sees more than the GDB stub, or longer (`--until`).",
    ),
}
"""By the word for a crossing."""

DERIVED_CROSSING: Final[Mapping[DerivedWord, Rule | None]] = {
    DerivedWord.AGREES: None,
    DerivedWord.NOT_COMPARED: None,
    DerivedWord.DIFFERS: Rule(
        "HYP-SEEN-DIFFERS",
        Weight.DEFECT,
        "What was seen is no case that was derived",
        "A crossing did what the derivation from the same image has no case of.",
        OURS,
        "Please report it, with the events (`hypabi trace --record FILE`).",
    ),
}
"""By how a crossing compares with the derived case."""

NOTHING: Final = Rule(
    "HYP-SEEN-NOTHING",
    Weight.UNDECIDED,
    "No call was seen",
    "The kernel was to be watched, and no crossing into EL2 or HYP was seen: it was not booted, "
    "or ended before its first.",
    "Nothing that was not seen is known to be good.",
    "The finding says how it ended; `hypabi trace --console` shows what the kernel printed.",
)
