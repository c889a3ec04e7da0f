"""Rules of what others say: machines that ran a refutation, another solver, suppressions."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.check import OpinionWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.shared import ReplayVerdict
from hypabi.rules.rule import Rule

OURS: Final = (
    "It is a defect of hypabi until it is explained. Nothing in the report can be trusted."
)

REPLAY: Final[Mapping[ReplayVerdict, Rule | None]] = {
    ReplayVerdict.CONFIRMED: None,
    ReplayVerdict.NOT_REPRODUCED: Rule(
        "HYP-REPLAY-NOT-REPRODUCED",
        Weight.DEFECT,
        "A machine does not do what a refutation predicts",
        "The counterexample was run, and the machine ended in another state.",
        OURS,
        "Please report it, with the witness (`--witness DIR`).",
    ),
    ReplayVerdict.NOT_RUN: Rule(
        "HYP-REPLAY-NOT-RUN",
        Weight.UNDECIDED,
        "A refutation could not be run",
        "The counterexample needs something that the machine cannot do or does not have.",
        "The refutation stands, and is a claim that no machine has confirmed.",
        "Try the other machine (`--confirm engine`, `--confirm qemu`), or a newer QEMU.",
    ),
}
"""By what a machine says of a refutation."""

OPINION: Final[Mapping[OpinionWord, Rule | None]] = {
    OpinionWord.AGREED: None,
    OpinionWord.DISAGREED: Rule(
        "HYP-SOLVERS-DISAGREE",
        Weight.DEFECT,
        "Two solvers do not give the same answer",
        "One of the two is wrong, or they were asked different things.",
        OURS,
        "Please report it, with the question (`--smt2 DIR`).",
    ),
    OpinionWord.UNANSWERED: Rule(
        "HYP-SOLVERS-UNANSWERED",
        Weight.UNDECIDED,
        "One of two solvers gave up",
        "The second opinion that was asked for was not given on this question.",
        "The verdict rests on one solver.",
        "`--smt2 DIR` writes the question, which a third solver may answer.",
    ),
}
"""By what the second solver says."""

UNUSED: Final = Rule(
    "HYP-SUPPRESSION-UNUSED",
    Weight.GOOD,
    "A suppression covers nothing",
    "Nothing in this report is what the suppression is about.",
    "It would silently cover what comes back one day.",
    "Leave it out, unless it is about another image of the same file of suppressions.",
)
EXPIRED: Final = Rule(
    "HYP-SUPPRESSION-EXPIRED",
    Weight.GOOD,
    "A suppression has expired",
    "Its day is over, so it covers nothing.",
    "What it covered is told again.",
    "Mend what it was about, or decide again: a new day, with a reason.",
)
