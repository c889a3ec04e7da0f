"""Rules of clauses: a promise of the contract that a party of the image does not keep."""

from collections.abc import Mapping
from typing import Final

from hypabi.analysis.results.check import ClauseKind
from hypabi.analysis.results.conclusion import Weight
from hypabi.rules.rule import Rule

MEND: Final = (
    "Change the code, or the contract if it promises what nobody needs. `hypabi check --confirm` "
    "runs the counterexample."
)

CLAUSE: Final[Mapping[ClauseKind, Rule]] = {
    ClauseKind.ANSWER: Rule(
        "HYP-CLAUSE-ANSWER",
        Weight.REFUTED,
        "A call gives another answer than it promises",
        "On some path the result register holds something else than the contract says when the "
        "call comes back. The finding shows a state at entry in which it does.",
        "A caller tests the answer: it takes success for failure, or goes on after a failure as if "
        "nothing had happened.",
        f"Look at what is put into the result register last on the path that is shown. {MEND}",
    ),
    ClauseKind.EFFECT: Rule(
        "HYP-CLAUSE-EFFECT",
        Weight.REFUTED,
        "A call does not do what it promises",
        "When the call ends, a register or word of memory that the contract speaks of does not "
        "hold what it promises: a vector base, a control bit, an argument that was to be moved.",
        "The call is made for its effect. Who relies on it runs with the wrong vectors, with an "
        "MMU that is on, or with arguments that are not his.",
        f"Compare the promised sentence with the path that is shown. {MEND}",
        ("2026-11-stub-mmu",),
    ),
    ClauseKind.RETURNS: Rule(
        "HYP-CLAUSE-RETURNS",
        Weight.REFUTED,
        "A call does not come back as it promises",
        "On some path the call ends otherwise than by an exception return to the instruction after "
        "it, with the caller's own PSTATE or in the mode that is promised: it loops, faults, goes "
        "elsewhere, or returns with another status.",
        "The CPU never comes back to the kernel, or comes back in another mode or with interrupts "
        "as they were not.",
        f"Look at where the path that is shown ends. {MEND}",
        ("2016-12-hyp-get-vectors",),
    ),
    ClauseKind.LEAVES: Rule(
        "HYP-CLAUSE-LEAVES",
        Weight.REFUTED,
        "A call does not leave to where it promises",
        "The call is one that does not come back: control is to go to an address that the caller "
        "gave, in a mode that the contract names. On some path it goes elsewhere, in another mode, "
        "or with a status in which the next instruction does not simply execute.",
        "What is entered is the next kernel or hypervisor. It is entered at a wrong place, at a "
        "wrong exception level, or not at all.",
        f"Look at the last instructions of the path: the branch or exception return. {MEND}",
    ),
    ClauseKind.CALLS: Rule(
        "HYP-CLAUSE-CALLS",
        Weight.REFUTED,
        "A call does not call the function that it was given",
        "The contract says that the function whose address the caller passes is called, in a mode "
        "that it names. On some path another one is called, or none.",
        "Code runs at EL2 or HYP that nobody asked for, or what was asked for does not run.",
        f"Look at where the address comes from on the path that is shown. {MEND}",
        ("2016-12-hyp-get-vectors",),
    ),
    ClauseKind.HANDED: Rule(
        "HYP-CLAUSE-HANDED",
        Weight.REFUTED,
        "A call is not handed to the function that is to answer it",
        "The contract says to which C function the vectors hand the call. On some path control "
        "goes to another function, or the call ends before that.",
        "The call is answered by code that does not know it.",
        f"Look at the decision on the path that is shown which takes the call elsewhere. {MEND}",
    ),
    ClauseKind.REGISTERS: Rule(
        "HYP-CLAUSE-REGISTERS",
        Weight.REFUTED,
        "A call loses a general register",
        "A general register, or a banked copy of one, that the contract does not let the call "
        "change is not what it was when the call comes back. Every register that some state loses "
        "is named.",
        "A compiler keeps values in such registers across the call, because the document says that "
        "they survive. The caller goes on with another value, far from the call.",
        "Save and restore the register, or use one that a call may change; where callers can live "
        "without it, let the contract permit the change (`may-change`), and the document say so.",
        ("2026-11-ich-vtr-x4",),
    ),
    ClauseKind.SYSTEM_REGISTERS: Rule(
        "HYP-CLAUSE-SYSTEM-REGISTERS",
        Weight.REFUTED,
        "A call changes a system register that it has to keep",
        "A system register that the contract does not let the call change holds something else "
        "when the call ends, or a permitted one is changed in a part or to a value that is not.",
        "System registers hold the kernel's settings: traps, translation, debug. A setting that "
        "vanishes in a hypercall is seen much later, if at all.",
        "Often it is a register of the wrong exception level, or one that is written whole where "
        "a field is meant. Otherwise permit the change in the contract, with field and value.",
        ("2026-11-gcscr-el2", "2026-11-sctlr-el2-res1"),
    ),
    ClauseKind.MEMORY: Rule(
        "HYP-CLAUSE-MEMORY",
        Weight.REFUTED,
        "A call writes memory that is not its own",
        "On some path memory is written that the contract does not let the call write.",
        "It may be anybody's: the kernel's, a guest's, another CPU's.",
        "Name the memory in the contract (`may-write-memory`) if it is the party's own, such as "
        "its stack; otherwise look at where the address comes from on the path that is shown.",
    ),
}
"""By what a clause promises."""

VACUOUS: Final = Rule(
    "HYP-CLAUSE-VACUOUS",
    Weight.GOOD,
    "A clause that no state can test",
    "No state at entry, or no path, meets what the clause presupposes. It can not be broken, and "
    "nothing was shown; it is not counted as proved.",
    "Where it is meant to promise something, it does not: a condition in it can never hold, or the "
    "party refuses the call before.",
    "Read the reason. If the clause is about another kernel version or another party, say so in "
    "the contract (`since`, `until`, `parties`); if the condition is wrong, mend it.",
)
