"""Rules of cells: one caller, one live party."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.matrix import CellWord
from hypabi.rules.rule import Rule
from hypabi.rules.undecided import CELL as UNDECIDED

CELL: Final[Mapping[CellWord, Rule | None]] = {
    CellWord.KEPT: None,
    CellWord.REFUTED: Rule(
        "HYP-CELL-REFUTED",
        Weight.REFUTED,
        "A live party does not do what the contract of its caller promises",
        "With the caller's identifier and arguments, the party that is live ends the call "
        "otherwise than the caller's revision of the interface promises. State and path are shown.",
        "The caller works with the parties of its own revision, and breaks on this one.",
        "Do not bring the two together, or change one of them: the finding names both.",
        ("2016-12-hyp-get-vectors",),
    ),
    CellWord.UNDECIDED: UNDECIDED,
    CellWord.LEFT_OPEN: Rule(
        "HYP-CELL-LEFT-OPEN",
        Weight.GOOD,
        "The contract of the caller leaves open what it gets",
        "The document declines to say what becomes of this call at this party, so nothing was "
        "held against anything.",
        "Nothing was shown of the two together.",
        "Say it in the contract, if anybody needs it.",
    ),
}
"""By the word for a cell."""
