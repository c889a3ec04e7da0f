"""Rules of callers: what the kernel's own call sites get from whoever is live."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.callers import SiteVerdict
from hypabi.analysis.results.conclusion import Weight
from hypabi.judgement.callers.findings import CallerQuestion
from hypabi.rules.rule import Rule


def _violated(name: str, title: str, what: str, why: str, mend: str, *cases: str) -> Rule:
    return Rule(name, Weight.REFUTED, title, what, why, mend, cases)


VIOLATED: Final[Mapping[CallerQuestion, Rule]] = {
    CallerQuestion.SERVED: _violated(
        "HYP-CALLER-SERVED",
        "A caller asks for what the live party does not serve",
        "While a party is live that the contract says can be, a call site asks for a call that "
        "this party refuses, by a number that is no call's, or by a register that nobody set.",
        "The call is answered with an error that the caller does not expect, or by a handler "
        "that does something else with it. In 2016 one such call entered address 0 at HYP.",
        "Set the identifier at the call site, or have the party serve the call; if the caller "
        "never runs then, say so in the contract (`life-cycle`, `callers`).",
        "2026-11-hibernate-resume",
        "2016-12-hyp-get-vectors",
    ),
    CallerQuestion.ARGUMENTS: _violated(
        "HYP-CALLER-ARGUMENTS",
        "A caller passes an argument that cannot be meant",
        "An argument of the call was not set on some way to it, or is something that no caller "
        "means: a vector base on the stack, a small number where an address belongs.",
        "EL2 or HYP is given what happened to be in the register.",
        "Set the register on every way to the call; the finding says what is in it.",
    ),
    CallerQuestion.PRECONDITIONS: _violated(
        "HYP-CALLER-PRECONDITIONS",
        "A caller does not meet a precondition of the call",
        "The contract asks something of the arguments, such as an alignment, and a value that "
        "reaches this call site does not have it.",
        "The party need not do what it promises then.",
        "Align or check the value before the call, or do not ask for it in the contract.",
    ),
    CallerQuestion.SURVIVES: _violated(
        "HYP-CALLER-SURVIVES",
        "A caller reads a register that the call loses",
        "Behind the call, the function or one of its callers reads a general register that the "
        "live party has changed by then.",
        "The kernel goes on with a value that is not its own.",
        "Tell the compiler that the call changes the register (clobbers of the inline "
        "assembly), save it, or keep it in the handler.",
        "2026-11-ich-vtr-x4",
    ),
    CallerQuestion.UNDERSTOOD: _violated(
        "HYP-CALLER-UNDERSTOOD",
        "A caller does not understand an answer that it can get",
        "The live party can answer with an error or a refusal, and the caller takes it for "
        "success, or does not look at it.",
        "The kernel believes that something was done that was not.",
        "Test the answer against what the contract says (`result`, `refusals`).",
    ),
    CallerQuestion.READ_FROM: _violated(
        "HYP-CALLER-READ-FROM",
        "A caller reads an answer where none is promised",
        "The caller takes its answer from a register in which the contract promises none.",
        "It reads what the handler happened to leave there.",
        "Read the register that the contract names, or promise the answer in the contract.",
    ),
    CallerQuestion.GOES_ON: _violated(
        "HYP-CALLER-GOES-ON",
        "What follows the call is not what the caller asked for",
        "The call is one that does not come back, and the code behind it goes on at another "
        "place than the caller asked to be entered at.",
        "Whoever runs next is not who was asked for.",
        "Pass the address of the code that is to go on.",
    ),
}
"""Of a violated caller: by what was asked."""

BEYOND: Final = Rule(
    "HYP-CALLER-BEYOND",
    Weight.GOOD,
    "A caller counts on more than the contract promises",
    "The live party does what the caller needs, but the contract lets it do otherwise: a register "
    "that a call may lose is read behind it.",
    "It works by luck. The next version of the party, or another party, may keep the contract and "
    "break the caller.",
    "Promise it in contract and document, or do not count on it in the caller.",
    ("2026-11-ich-vtr-x4",),
)
UNSCHEDULED: Final = Rule(
    "HYP-CALLER-UNSCHEDULED",
    Weight.UNDECIDED,
    "The contract does not say when a caller runs",
    "A call site asks for a call that some party serves, and no entry of the contract says in "
    "which states of the life cycle the function runs.",
    "Whether the party that is live then serves the call is not decided.",
    "Add the function to `callers` of the contract's `life-cycle`, with the states it runs in.",
    ("2026-11-callers-of-debian",),
)
PARTY_NOT_FOUND: Final = Rule(
    "HYP-CALLER-PARTY-NOT-FOUND",
    Weight.UNDECIDED,
    "A caller runs while a party is live that was not found",
    "The contract says who is live when the function runs, and this party was not found in the "
    "image.",
    "What the caller gets was not judged.",
    "See HYP-PARTY-MISSING; a kernel without that party has no business with this caller.",
)
UNREAD: Final = Rule(
    "HYP-CALLER-UNREAD",
    Weight.GOOD,
    "A call site may pass on a call of the contract",
    "All ways to the call site are known, and what it asks for is what its callers or memory hand "
    "to it. It may be any call; it is not counted, because such sites are general wrappers for "
    "firmware. A call site of which not all ways are known is undecided.",
    "A caller of the interface may hide in it.",
    "`hypabi callers --function NAME` says where the number comes from.",
)
MOVE_MISSING: Final = Rule(
    "HYP-MOVE-MISSING",
    Weight.REFUTED,
    "Nobody makes a move of the life cycle that has to be made",
    "The contract names the function that makes a party live by a call (`made-by`), the image has "
    "the function, and no direct call leads from it to such a call.",
    "Each hypercall is answered as promised, and the wrong party is live: memory moves while the "
    "old vectors are in place, or a CPU resumes without its EL2 being finished.",
    "Make the call again, or name in the contract who makes it now.",
)
MOVE_ORDER: Final = Rule(
    "HYP-MOVE-ORDER",
    Weight.REFUTED,
    "A call is made while none is live to whom it is made",
    "Walking the function from every party that can be live, and following what each call leaves "
    "behind, there is a way on which a call meets none of the parties that it is made to; or one "
    "that the contract has made before it (`after`) is not.",
    "The call is answered by a party that does not know it.",
    "Make the calls in the order of the life cycle, or mend the life cycle in the contract.",
)


SITE: Final[Mapping[SiteVerdict, Rule | None]] = {
    SiteVerdict.NAMED: None,
    SiteVerdict.DEPENDS: None,
    SiteVerdict.IN_DOUBT: Rule(
        "HYP-SITE-IN-DOUBT",
        Weight.UNDECIDED,
        "What a call site asks for is known as far as it was followed",
        "The identifier is named on the ways that were found, but the word may be data, or "
        "there may be further ways.",
        "Another call may be made there.",
        "The list says where a way was lost.",
        ("2026-11-callers-of-debian",),
    ),
    SiteVerdict.NO_CONTRACT: Rule(
        "HYP-SITE-NO-CONTRACT",
        Weight.UNDECIDED,
        "A call site asks for a call that no contract lists",
        "By its number the call belongs to somebody to whom SMCCC gives that range, and no "
        "shipped contract lists it.",
        "Nothing is known of what is promised.",
        "Write it down: `docs/guides/write-a-contract.md`.",
        ("2026-11-callers-of-debian",),
    ),
    SiteVerdict.NO_CALL: Rule(
        "HYP-SITE-NO-CALL",
        Weight.UNDECIDED,
        "A call site asks by a number that is no call's",
        "The identifier is a constant that no contract with this conduit gives to a call.",
        "Whoever is live refuses it, or takes it for something else.",
        "Look whether the number was meant, and which interface it is of.",
    ),
    SiteVerdict.UNRESOLVED: Rule(
        "HYP-SITE-UNRESOLVED",
        Weight.UNDECIDED,
        "What a call site asks for is not known",
        "The identifier comes from memory, from a call, or over a way that was not followed.",
        "A caller of the interface may hide in it.",
        "`hypabi callers --function NAME` prints the way as far as it was found.",
        ("2026-11-callers-of-debian",),
    ),
    SiteVerdict.TAKEN: Rule(
        "HYP-SITE-TAKEN",
        Weight.UNDECIDED,
        "An identifier is not set, and some party takes any",
        "Nobody puts an identifier into the register that selects the call. A party of the "
        "contract takes any identifier; whether it is the live one is not known.",
        "It works while that party is live and no other.",
        "Set the register, or have `hypabi check` hold the caller against the life cycle.",
    ),
    SiteVerdict.UNINITIALISED: Rule(
        "HYP-SITE-UNINITIALISED",
        Weight.REFUTED,
        "An identifier is not set",
        "Nobody puts an identifier into the register that selects the call, and every party "
        "looks at it.",
        "Which call is made is left to chance.",
        "Set the register before the `hvc`.",
        ("2026-11-hibernate-resume",),
    ),
}
"""Of ``callers``: by the word for a call site."""
