"""Rules of vector entries: what else than a hypercall reaches the code that answers hypercalls."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.entries import EntryWord
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.rules.rule import Rule
from hypabi.rules.undecided import ENTRY as UNDECIDED

ENTRY: Final[Mapping[EntryWord, Rule | None]] = {
    EntryWord.UNINTENDED: Rule(
        "HYP-ENTRY-UNINTENDED",
        Weight.GOOD,
        "An exception that is no hypercall is answered like one",
        "A state exists in which another exception enters the slot and does what a call does, "
        "because the handler does not look at the syndrome before it acts.",
        "A trapped access, or a program at EL0 where a trap is routed so, makes a hypercall that "
        "nobody asked for. It breaks no promise by itself: whoever leaves the traps off is safe.",
        "Look at ESR_EL2.EC (HSR) first, or keep the traps off while the party is live.",
        ("2026-11-hidden-doors",),
    ),
    EntryWord.GUARDED: None,
    EntryWord.HANDED_OVER: None,
    EntryWord.NOT_REACHABLE: None,
    EntryWord.UNDECIDED: UNDECIDED,
}
"""By what was found of an entry."""

SLOT: Final[Mapping[SlotWord, Rule | None]] = {
    SlotWord.KEPT: None,
    SlotWord.OPEN: None,
    SlotWord.BROKEN: Rule(
        "HYP-SLOT",
        Weight.REFUTED,
        "A vector slot answers otherwise than the contract has it",
        "The contract says which of the exceptions that enter a slot are answered as a call is: "
        "each, hvc alone, or none. Some other is answered so, or one that is to be is not.",
        "What is answered and should not be is a hypercall that nobody made; what is not answered "
        "and should be is one that hangs.",
        "Look at the slot and at the syndrome in the handler, or mend what the contract says of "
        "the party's slots.",
        ("2026-11-hidden-doors",),
    ),
    SlotWord.UNDECIDED: UNDECIDED,
}
"""By what was found of a slot of which the contract says what may enter."""
