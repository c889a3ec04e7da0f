"""Rules of changes: what a call is to the callers of the one image on the other."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.difference import ChangeKind
from hypabi.judgement.difference.own_promises import PromiseChange
from hypabi.rules.rule import Rule
from hypabi.rules.undecided import CHANGE as UNDECIDED
from hypabi.rules.undecided import OWN_PROMISE

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

_CHECK: Final = "`hypabi check` of the image shows it with its evidence."

PROMISE: Final[Mapping[PromiseChange, Rule]] = {
    PromiseChange.NEWLY_BROKEN: Rule(
        "HYP-OWN-BROKEN",
        Weight.REFUTED,
        "The new image breaks what its own contract promises",
        "A caller, an installer, a placement, a slot, a move or a clause of the new image is not "
        "as its own contract has it, and the old one's is. No byte need have changed: a contract "
        "that asks for more is broken by a party that never learned of it.",
        "Whoever relies on the new contract, or runs the new image.",
        _CHECK,
        ("2016-12-hyp-get-vectors",),
    ),
    PromiseChange.NEWLY_UNDECIDED: OWN_PROMISE,
    PromiseChange.BROKEN_IN_BOTH: Rule(
        "HYP-OWN-PREEXISTING",
        Weight.GOOD,
        "Both images break what their own contracts promise",
        "The same thing is not as the contract has it in either image.",
        "Nobody whom the change from the one to the other hurts.",
        _CHECK,
        ("2026-11-hibernate-resume",),
    ),
    PromiseChange.MENDED: Rule(
        "HYP-OWN-MENDED",
        Weight.CHANGE,
        "The new image keeps what the old one broke",
        "What was not as the old image's contract has it is as the new one's has it.",
        "It hurts nobody who keeps to the contract.",
        "Nothing has to be done about it.",
    ),
    PromiseChange.OTHERWISE_KEPT: Rule(
        "HYP-OWN-OTHERWISE",
        Weight.CHANGE,
        "Something is kept otherwise",
        "An installer writes other system registers, a placement is judged of other symbols, or a "
        "slot of which nothing is promised answers otherwise; no promise is broken.",
        "Whoever relies on more than was promised.",
        "Look whether that was meant.",
    ),
    PromiseChange.GONE: Rule(
        "HYP-OWN-GONE",
        Weight.CHANGE,
        "A caller or an installer is gone",
        "The old image has a function that makes a call or makes a party live, and the new one "
        "has none that does it.",
        "Whoever counted on the call being made.",
        "Look whether that was meant.",
    ),
    PromiseChange.ADDED: Rule(
        "HYP-OWN-ADDED",
        Weight.CHANGE,
        "A caller or an installer is new",
        "The new image has a function that makes a call or makes a party live, and the old one "
        "has none that does it.",
        "It hurts nobody: what it asks for is what its contract promises.",
        "Nothing has to be done about it.",
    ),
}
"""By what became of what an image keeps of its own contract."""
