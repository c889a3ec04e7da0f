"""Reasons as the rooms that find them put them, and the rule of each."""

import pytest

from hypabi.behaviour.outcome import Called, Fault, Faulted, Undecided
from hypabi.judgement.difference import budget
from hypabi.judgement.difference.wording import function
from hypabi.judgement.verification.wording import describe_outcome, unfollowed_text
from hypabi.rules import undecided
from hypabi.rules.rule import Rule
from hypabi.smt import allowance

AT = 0xFFFF_8000_0800_0000


def followed(reason: str) -> str:
    """Return how a clause, and how a caller, is told of a path that was not followed."""
    return unfollowed_text(Undecided(AT, reason))


REASONS = [
    (unfollowed_text(Called("handle_trap", AT)), undecided.C_CODE),
    (describe_outcome(Called("handle_trap", AT)), undecided.C_CODE),
    (f"control goes to {function('')}, which is not followed", undecided.C_CODE),
    (f"control goes to {function('f')}, which is not followed", undecided.C_CODE),
    (allowance.SPENT, undecided.LIMIT),
    (followed(allowance.SPENT), undecided.LIMIT),
    (budget.SPENT, undecided.LIMIT),
    (followed(f"more than 64 rounds of the loop at {AT:#x}"), undecided.LIMIT),
    (f"there are more than {1000} pairs of cases", undecided.LIMIT),
    ("the solver gave up: timeout", undecided.SOLVER),
    ("the solver gave up", undecided.SOLVER),
    (followed(f"it writes code at {AT:#x}"), undecided.WRITES_CODE),
    (followed("a word of memory, mem[x0], decides where control goes"), undecided.MEMORY),
    (unfollowed_text(Faulted(AT, "brk #1", Fault.BREAKPOINT)), undecided.FAULT),
    ("the image has no symbol __hyp_idmap_text_start", undecided.LACKS),
    ("the image has no symbol for the function at 0x40", undecided.LACKS),
    ("the image does not tell the number of capability ARM64_HAS_X", undecided.LACKS),
    ("the vector table of kvm-init was not found", undecided.LACKS),
    (followed("p-code operation CALLOTHER"), undecided.CLAUSE),
    ("", undecided.CLAUSE),
    ("a name such as more than 3 words", undecided.CLAUSE),
]


@pytest.mark.parametrize(("reason", "rule"), REASONS, ids=[each[0][:40] for each in REASONS])
def test_a_reason_tells_its_cause(reason: str, rule: Rule) -> None:
    assert undecided.rule_of_reason(reason, undecided.CLAUSE) is rule


def test_a_reason_of_no_known_cause_is_told_by_what_was_asked() -> None:
    for asked in undecided.ASKED:
        assert undecided.rule_of_reason("nobody knows", asked) is asked


def test_every_cause_is_told_by_some_reason() -> None:
    assert {rule for _, rule in REASONS} >= {rule for _, rule in undecided.CAUSES}


def test_a_long_reason_takes_no_longer_than_its_length_asks_for() -> None:
    hostile = "a word of memory, " * 20_000
    assert undecided.rule_of_reason(hostile, undecided.CLAUSE) is undecided.CLAUSE
