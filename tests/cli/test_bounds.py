"""A few instructions may ask for more than anybody waits for: that is counted, and undecided."""

import re
from pathlib import Path

import pytest

from hypabi.analysis.derivation import Wanted, derivation
from hypabi.analysis.session import open_image
from hypabi.analysis.summaries.derivation import summarize_derivation
from hypabi.behaviour.outcome import Undecided
from hypabi.contract.file.load import shipped_contract
from hypabi.judgement.verification.verdict import Undecided as NotDecided
from hypabi.smt.allowance import MOST, SPENT, Allowance
from tests.cli.door import hypabi
from tests.inputs import Assemble

TABLE = """
    .text
    .balign 0x800
    .globl __hyp_stub_vectors
__hyp_stub_vectors:
{slots}
    .balign 0x80
invalid:
    b .
sync:
    mrs x9, vbar_el2
{code}
    .section .rodata
    .asciz "Linux version 6.1.0-made (made@by.hand) (as) #1"
"""
SLOTS = "\n".join(
    f"    .balign 0x80\n    b {'sync' if slot in (4, 8) else 'invalid'}" for slot in range(16)
)
BASE = 0xFFFF_8000_0800_0000


def dispatcher(numbers: int) -> str:
    """Return code that tells so many call numbers apart, one by one."""
    tests = "".join(f"    cmp x0, #{n}\n    b.eq {n}f\n" for n in range(numbers))
    answers = "".join(f"{n}:  mov x0, #{n + 1}\n    eret\n" for n in range(numbers))
    return f"{tests}    mov x0, #-1\n    eret\n{answers}"


def copies(loops: int) -> str:
    """Return loops one behind the other that copy as often as memory says, as KVM's of 4.4 did."""
    return (
        "    mov x9, x2\n"
        + "".join(
            f"    ldr w4, [x1, #{4 * n}]\n    add x5, x1, #{64 + 64 * n}\n"
            f"{n}:  ldr w6, [x5], #4\n    str w6, [x9], #4\n    sub w4, w4, #1\n    cbnz w4, {n}b\n"
            for n in range(loops)
        )
        + "    eret\n"
    )


CODE = {
    "two instructions": "1:  subs x1, x1, #1\n    b.ne 1b\n    eret\n",
    "nested": (
        "2:  mov x2, x1\n1:  subs x2, x2, #1\n    b.ne 1b\n"
        "    subs x3, x3, #1\n    b.ne 2b\n    eret\n"
    ),
    "copies": copies(8),
    "512 numbers": dispatcher(512),
}
BOUND = {
    "two instructions": SPENT,
    "nested": SPENT,
    "copies": "more than 512 accesses to memory that may meet another",
    "512 numbers": SPENT,
}
"""What ends each: the allowance of the run, or a bound that is met before."""


def image(assemble: Assemble, code: str) -> Path:
    source = TABLE.format(slots=SLOTS, code=code)
    return assemble(source, "arm64", text=BASE, link=[f"-Tdata={BASE + 0x20000:#x}"])


FEW = 60_000
"""An allowance that is spent sooner, so that the test is; a real kernel's is larger."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Allowance]:
    """Lower the allowance of a run, and return those that were made."""
    found: list[Allowance] = []

    def begin(self: Allowance, most: int = FEW) -> None:
        self.left = most
        found.append(self)

    monkeypatch.setattr(Allowance, "__init__", begin)
    return found


@pytest.mark.parametrize("name", CODE)
def test_what_asks_for_more_than_a_run_may_cost_is_undecided(
    assemble: Assemble, made: list[Allowance], name: str
) -> None:
    session = open_image(image(assemble, CODE[name]))
    found = session.examine(shipped_contract("linux-hyp-abi"))
    verdicts = [finding.verdict for finding in found.judgement.findings]
    assert verdicts
    assert all(isinstance(verdict, NotDecided) for verdict in verdicts)
    outcomes = [case.outcome for case in found.behaviours["stub"].cases]
    reasons = {each.reason for each in outcomes if isinstance(each, Undecided)}
    assert BOUND[name] in reasons
    (allowance,) = made
    assert -MOST // 2 < allowance.left < FEW, "at most one question more than was allowed"


def test_the_reason_is_said_and_shows_in_the_status(assemble: Assemble) -> None:
    ran = hypabi("check", image(assemble, CODE["nested"]))
    verdict, counts, *_ = ran.stdout.split("\n")
    assert verdict == "6.1.0-made: UNDECIDED"
    assert re.match(r"(\d+) clauses: \1 undecided;", counts)
    assert SPENT in " ".join(ran.stdout.split())
    assert (ran.stderr, ran.returncode) == ("", 16)


def test_rows_beyond_the_allowance_are_undecided_one_by_one(
    assemble: Assemble, made: list[Allowance]
) -> None:
    session = open_image(image(assemble, dispatcher(100)))
    found = derivation(session, Wanted(), ())
    assert len(made) == 1
    (derived,) = found.derived
    assert not any(isinstance(case.outcome, Undecided) for case in derived.behaviour.cases)
    *_, last = derived.answers
    assert [does.outcome for does in last.does] == [Undecided(derived.entry, SPENT)]
    assert summarize_derivation(found).exit_status == 16


def test_a_dispatcher_of_forty_numbers_is_not_beyond_it(assemble: Assemble) -> None:
    session = open_image(image(assemble, dispatcher(40)))
    found = derivation(session, Wanted(), ())
    assert summarize_derivation(found).exit_status == 0
