"""Rules of drift: what a document says, and what the code does."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.judgement.drift.findings import Kind
from hypabi.rules.rule import Rule

DRIFT_CASE: Final = "2026-11-hyp-abi-drift"
GAPS_CASE: Final = "2026-11-hyp-abi-gaps"
MEND: Final = (
    "Correct the document; where the contract is what is outdated, correct the sentence that it "
    "cites. `docs/guides/keep-a-document-true.md` shows how."
)


def _drift(name: str, title: str, what: str, why: str, case: str = DRIFT_CASE) -> Rule:
    return Rule(name, Weight.CHANGE, title, what, why, MEND, (case,))


_MISLEADS: Final = "Whoever reads the document believes what is not so."
_UNSAID: Final = "Whoever implements or calls by the document alone does not know it."

DRIFT: Final[Mapping[Kind, Rule]] = {
    Kind.CONTRADICTED: _drift(
        "HYP-DRIFT-CONTRADICTED",
        "The code contradicts a sentence",
        "The code refutes a clause that cites the sentence; a counterexample shows it.",
        _MISLEADS,
    ),
    Kind.LEFT_BEHIND: _drift(
        "HYP-DRIFT-LEFT-BEHIND",
        "The interface has left a sentence behind",
        "The contract names the sentence as one that the interface goes against on purpose.",
        _MISLEADS,
    ),
    Kind.CONDITION: _drift(
        "HYP-DRIFT-CONDITION",
        "A sentence holds only under a condition that is not stated",
        "The code keeps what the sentence says only where something holds at entry that the "
        "document does not say. Without the condition a counterexample exists.",
        _MISLEADS,
    ),
    Kind.DIFFERS: _drift(
        "HYP-DRIFT-DIFFERS",
        "A number, register or name is not the contract's",
        "The document states a fact, and the contract that the code is held to has another.",
        _MISLEADS,
    ),
    Kind.MISSING: _drift(
        "HYP-DRIFT-CALL-MISSING",
        "The code has a call that the document lacks",
        "A party tells the number apart and answers it other than with the error.",
        _UNSAID,
        GAPS_CASE,
    ),
    Kind.UNSERVED: _drift(
        "HYP-DRIFT-CALL-UNSERVED",
        "The document has a call that nobody serves",
        "No party of the image answers the number other than with the error.",
        _MISLEADS,
    ),
    Kind.ABSENT: _drift(
        "HYP-DRIFT-CALL-ABSENT",
        "The contract has a call that the document lacks",
        "A stated contract, against which no image is held, has a call that somebody serves, and "
        "the document that is to list it does not.",
        _UNSAID,
    ),
    Kind.UNKNOWN: _drift(
        "HYP-DRIFT-CALL-UNKNOWN",
        "The document has a call that the contract lacks",
        "The document gives what it gives of calls under a name or number that the stated "
        "contract does not have.",
        _MISLEADS,
    ),
    Kind.SILENT: _drift(
        "HYP-DRIFT-PARTY-MISSING",
        "The document does not speak of a party",
        "The image holds a party of which the contract finds no sentence.",
        _UNSAID,
        GAPS_CASE,
    ),
    Kind.UNSTATED: _drift(
        "HYP-DRIFT-UNSTATED",
        "The code does something that no sentence states",
        "The code breaks a clause that rests on no sentence.",
        _UNSAID,
        GAPS_CASE,
    ),
    Kind.INCOMPLETE: _drift(
        "HYP-DRIFT-INCOMPLETE",
        "A sentence leaves out what the code does besides",
        "The contract names the sentence as true and incomplete, and the code keeps the clause "
        "that says more.",
        _UNSAID,
    ),
    Kind.CHANGED: _drift(
        "HYP-DRIFT-CHANGED",
        "A sentence has other words than the contract cites",
        "The cited sentence is there, with words changed. What it means now was not judged.",
        "The clause may no longer say what the sentence says.",
    ),
    Kind.MOVED: _drift(
        "HYP-DRIFT-MOVED",
        "A sentence stands in another place than the contract cites",
        "The cited sentence is in the entry of another call.",
        "It now says something of another call.",
    ),
    Kind.VANISHED: _drift(
        "HYP-DRIFT-VANISHED",
        "A sentence that the contract cites is gone",
        "The document no longer has the cited sentence.",
        "A promise of the interface is no longer documented.",
    ),
}
"""By the kind of drift; one that the code contradicts is also refuted."""
