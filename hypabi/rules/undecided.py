"""Rules of what was not decided: by its cause where the reason tells it, else by what was asked.

A reason is a sentence of the room that found it.  Those that have one cause are told by how they
are put; the tests hold each against the code that puts it so.
"""

import re
from typing import Final

from hypabi.analysis.results.conclusion import Weight
from hypabi.rules.rule import Rule

_WHY: Final = (
    "Undecided is not good: the promise may hold or not, and nothing here says which. The exit "
    "status has bit 16."
)
_LOOK: Final = "The finding says where the path ends and why."


def _undecided(name: str, title: str, what: str, mend: str) -> Rule:
    return Rule(name, Weight.UNDECIDED, title, what, _WHY, mend)


C_CODE: Final = _undecided(
    "HYP-UNDECIDED-C",
    "Control goes to compiled C code, which is not followed",
    "A path leaves assembly for a function that a compiler made. Such code is not followed: the "
    "path ends there, and what the function does is not known.",
    "If the contract is to end there, say so: a clause `handed-to: FUNCTION`. What the function "
    "does has to be looked at by other means.",
)
LIMIT: Final = _undecided(
    "HYP-UNDECIDED-LIMIT",
    "A counted limit was reached",
    "The image asks for more reasoning than one run may cost: rounds of a loop, pairs of memory "
    "accesses, questions to the solver, or all of it together. Every limit is counted in steps and "
    "not in time, so the same image always ends at the same place.",
    "Ask for less: one party, or a clause with a condition that excludes the loop. A stock kernel "
    "that reaches a limit is worth a report.",
)
SOLVER: Final = _undecided(
    "HYP-UNDECIDED-SOLVER",
    "The solver gave up",
    "A question was put to the solver and it answered neither yes nor no.",
    "`hypabi check --smt2 DIR` writes the question, which another solver may answer.",
)
WRITES_CODE: Final = _undecided(
    "HYP-UNDECIDED-WRITES-CODE",
    "A store may hit the code that runs",
    "On some path something is stored at an address that may lie in the image's own code, so what "
    "runs then is not what the image holds.",
    "Where the address is the caller's to choose, let the contract exclude its own code "
    "(`requires`), or name the memory (`may-write-memory`), which then is no code.",
)
MEMORY: Final = _undecided(
    "HYP-UNDECIDED-MEMORY",
    "A word of memory decides where control goes",
    "A branch goes by a word that the running kernel may have written. What the file holds there "
    "says nothing.",
    "None in the contract. Where the word is constant, place it in read-only data.",
)
FAULT: Final = _undecided(
    "HYP-UNDECIDED-FAULT",
    "An instruction faults, and what follows is not followed",
    "On some path an instruction takes an exception within EL2 or HYP. What the vectors do then is "
    "not followed.",
    "If no caller can bring that state about, let the contract exclude it (`requires`, `assumes`).",
)
LACKS: Final = _undecided(
    "HYP-UNDECIDED-LACKS",
    "The image does not tell something that the clause needs",
    "The clause speaks of a symbol, a vector table or a CPU capability that the image does not "
    "name, or whose address it does not have.",
    "Give the image with its symbols, such as vmlinux; or name what the image has in the contract "
    "(`also-at`).",
)

LONGEST: Final = 1000
"""Characters of a reason in which its cause is looked for: it may quote a file."""

CAUSES: Final[tuple[tuple[re.Pattern[str], Rule], ...]] = (
    (re.compile(r"(?:whether )?control goes to (?:the|a) C function "), C_CODE),
    (re.compile(r".*asks more of the (?:reasoning|solver) than "), LIMIT),
    (re.compile(r"(?:at 0x\w+: |.* beyond 0x\w+: )?(?:there are )?more than \d+ "), LIMIT),
    (re.compile(r"the solver gave up"), SOLVER),
    (re.compile(r".*it writes code at "), WRITES_CODE),
    (re.compile(r".*a word of memory, .*decides where control goes"), MEMORY),
    (re.compile(r".* faults at 0x\w+; what the vectors do then is not followed"), FAULT),
    (re.compile(r"the image has no symbol |the image does not tell "), LACKS),
    (re.compile(r"the vector table of .* was not found"), LACKS),
)
"""Reasons, and the cause of each; the first that fits."""

CLAUSE: Final = _undecided(
    "HYP-UNDECIDED-CLAUSE",
    "A clause was neither proved nor refuted",
    "The code was not followed to its end: an instruction, register or access has no meaning "
    "here, or what it does depends on something that nobody gave.",
    f"{_LOOK} `docs/limits.md` says what is not modelled; of a stock kernel it is worth a report.",
)
CALLER: Final = _undecided(
    "HYP-UNDECIDED-CALLER",
    "Whether a caller gets what it needs was not decided",
    "Of a call site that can run while a party is live, one question has no answer: what it asks "
    "for, what it reads behind the call, or what becomes of the answer was not followed.",
    f"{_LOOK} `hypabi callers --function NAME` prints the call site in full.",
)
MOVE: Final = _undecided(
    "HYP-UNDECIDED-MOVE",
    "Whether a move of the life cycle is made was not decided",
    "More functions are called on the way, or there are more ways, than are looked at; or a call "
    "site on it asks for what was not found out.",
    f"{_LOOK} `hypabi callers --function NAME` prints what each of its call sites asks for.",
)
ENTRY: Final = _undecided(
    "HYP-UNDECIDED-ENTRY",
    "Whether an exception is served like a hypercall was not decided",
    "A path from the slot that the exception enters was not followed to its end.",
    _LOOK,
)
CELL: Final = _undecided(
    "HYP-UNDECIDED-CELL",
    "Whether a caller and a live party fit was not decided",
    "A path of the party with what the caller asks for was not followed to its end.",
    _LOOK,
)
CHANGE: Final = _undecided(
    "HYP-UNDECIDED-CHANGE",
    "Whether a call does the same in both images was not decided",
    "A path of one side was not followed to its end, what differs depends on words that no image "
    "tells, or one side does not hold the party.",
    f"{_LOOK} Images with symbols tell more; so does `hypabi check` of each.",
)
OWN_PROMISE: Final = _undecided(
    "HYP-UNDECIDED-OWN",
    "Whether the new image keeps what its own contract promises was not decided",
    "A caller, an installer or a clause of the new image is undecided, and was not in the old one.",
    _LOOK,
)
DRIFT: Final = _undecided(
    "HYP-UNDECIDED-DRIFT",
    "Whether a sentence of the document is true was not decided",
    "A clause that cites the sentence is undecided, or a part of the document could not be read.",
    _LOOK,
)
NOTHING: Final = _undecided(
    "HYP-UNDECIDED-NOTHING-JUDGED",
    "Nothing was judged",
    "No clause, call site or call was held against anything: the image holds none of the parties, "
    "or nothing that the contract speaks of.",
    "Name the contract that speaks of the image (`--contract`), and the kernel version that it is "
    "to be taken at (`--kernel-version`).",
)

ASKED: Final = (CLAUSE, CALLER, MOVE, ENTRY, CELL, CHANGE, DRIFT, NOTHING)
"""By what was asked, where the reason does not tell a cause."""


def rule_of_reason(reason: str, asked: Rule) -> Rule:
    """Return the rule of something undecided.

    :param asked: one of ``ASKED``
    """
    start = reason[:LONGEST]
    return next((rule for pattern, rule in CAUSES if pattern.match(start)), asked)
