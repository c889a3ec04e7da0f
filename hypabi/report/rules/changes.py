"""Rules of changes: what a call is to the callers of the one image on the other."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.difference import ChangeKind
from hypabi.report.rules.rule import Rule
from hypabi.report.rules.undecided import CHANGE as UNDECIDED

AGREE: Final = (
    "Have those agree whom the finding names, change both sides together, or give the new "
    "behaviour a new number."
)

CHANGE: Final[Mapping[ChangeKind, Rule | None]] = {
    ChangeKind.INCOMPATIBLE: Rule(
        "HYP-CHANGE-INCOMPATIBLE",
        Weight.REFUTED,
        "A call ends otherwise, or gives another result, than its callers know",
        "In some state at entry the call ends elsewhere, with another result, or does not do what "
        "was promised, on the side that the callers are not of. The state is shown.",
        "Callers of the one image break on the other: after kexec or a resume, in a hypervisor "
        "outside the tree, or in the very same patch that forgot one of them.",
        AGREE,
        ("2016-12-hyp-get-vectors",),
    ),
    ChangeKind.WEAKER: Rule(
        "HYP-CHANGE-WEAKER",
        Weight.REFUTED,
        "A call loses something that it kept for its callers",
        "A register or memory that the one side keeps is lost on the other, in the state that is "
        "shown.",
        "A caller that keeps a value there across the call goes on with another one.",
        AGREE,
    ),
    ChangeKind.RENUMBERED: Rule(
        "HYP-CHANGE-RENUMBERED",
        Weight.REFUTED,
        "A call is the same under another number",
        "What the call does is proved to be the same, and the number that selects it differs.",
        "Callers that were built with the old number ask for another call.",
        f"Keep the number. {AGREE}",
        ("2016-12-hyp-get-vectors",),
    ),
    ChangeKind.UNDECIDED: UNDECIDED,
    ChangeKind.STRONGER: Rule(
        "HYP-CHANGE-STRONGER",
        Weight.CHANGE,
        "A call does all that it did, and more",
        "Nothing that callers may rely on is lost; something is kept or served that was not.",
        "New callers may come to rely on it, and break on the old side.",
        "Promise it in the contract from this version on, if it is meant.",
        ("2026-11-neighbouring-versions",),
    ),
    ChangeKind.CHANGED: Rule(
        "HYP-CHANGE-CHANGED",
        Weight.CHANGE,
        "A system register has another value, as the contract permits",
        "All that was promised is the same; a system register that the call may change is changed "
        "to another value.",
        "No caller that keeps to the contract breaks. Whoever looks at the register sees it.",
        "Look whether it was meant, and promise the value if somebody needs it.",
        ("2026-11-sctlr-el2-res1",),
    ),
    ChangeKind.EQUAL: None,
    ChangeKind.VACUOUS: Rule(
        "HYP-CHANGE-VACUOUS",
        Weight.GOOD,
        "There is no state in which a call could be compared",
        "No state at entry meets what the call presupposes on both sides.",
        "Nothing was shown of the call.",
        "Look at the premises of the two contracts; they exclude each other.",
    ),
}
"""By what a comparison came to; of equal ones see ``HARMLESS``."""

HARMLESS: Final = Rule(
    "HYP-CHANGE-HARMLESS",
    Weight.CHANGE,
    "A call differs in what nobody may rely on",
    "Registers that a call may lose hold something else, or barriers, TLB and cache operations "
    "differ. Whatever a caller may rely on is proved to be the same.",
    "It hurts nobody who keeps to the contract; one that does not may have come to rely on it.",
    "Nothing has to be done about it.",
)
"""Of an equal comparison with differences."""
