"""Whether a function passes on what it was called with, and calls only where it was told to."""

from dataclasses import replace
from functools import partial

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.model import CallSite
from hypabi.contract.clause import Clause, Leaves, Premise
from hypabi.contract.expression import Comparison, Relation
from hypabi.contract.revision import CallerContext, Passed, Row, Service
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.judgement.callers.passing import (
    Passing,
    calls_only_if,
    goes_on_elsewhere,
    leaves_by,
    passes_on,
)
from hypabi.judgement.verification.lowering import Lowering, Surroundings
from hypabi.smt.bitwuzla import BitwuzlaSolver
from tests.callsites.programs import call_sites
from tests.inputs import Assemble
from tests.judgement.handler_contract import ALWAYS, WHY, number, old
from tests.judgement.made_case import behaviour

CONTEXT = CallerContext("wrapper", None, ("f",), ("SET",), (), ("stub",), WHY)
VECTORS = Passed("SET", "x1", "x0", read=False)
READ = Passed("SET", "x1", "x0", read=True)


def arrived(assemble: Assemble, body: str, *, followed: bool = True) -> tuple[CallSite, Passing]:
    sites = call_sites(assemble, f=body)
    (site,) = sites.find()
    (way,) = site.paths
    flow = partial(sites.functions.entry_flow, site.function.address, InstructionSet.A64)
    return site, Passing(way, flow if followed else lambda: None, 64, site.address)


def passed(assemble: Assemble, body: str, what: Passed = VECTORS, **how: bool) -> CallerVerdict:
    _, way = arrived(assemble, body, **how)
    (answer,) = passes_on(replace(CONTEXT, passes=(what,)), "SET", way)
    return answer.verdict


@pytest.mark.parametrize("move", ["mov x1, x0", "add x1, x0, #0", "mov x9, x0; mov x1, x9"])
def test_an_argument_that_is_handed_on_is_passed(assemble: Assemble, move: str) -> None:
    assert isinstance(passed(assemble, f"{move}; mov x0, #0; hvc #0; ret"), Satisfied)


@pytest.mark.parametrize(
    "move", ["nop", "mov x1, x2", "mov w1, w0", "mov x1, #0", "add x1, x0, #8", "mov x2, x0"]
)
def test_any_other_value_is_not_what_was_passed(assemble: Assemble, move: str) -> None:
    assert isinstance(passed(assemble, f"{move}; mov x0, #0; hvc #0; ret"), Violated)


def test_what_is_moved_behind_the_number_is_the_number(assemble: Assemble) -> None:
    assert isinstance(passed(assemble, "mov x0, #0; mov x1, x0; hvc #0; ret"), Violated)


def test_a_call_that_the_function_does_not_make_then_has_no_such_argument(
    assemble: Assemble,
) -> None:
    _, way = arrived(assemble, "mov x0, #2; hvc #0; ret")
    assert list(passes_on(replace(CONTEXT, passes=(VECTORS,)), "RESET", way)) == []


FAR = "; ".join(["nop"] * 16)
"""Between a loop and the call, so that its ways start behind the loop."""
LOOP = f"{{}}; 1: ldr x9, [x8], #8; {{}}; cbnz x9, 1b; {FAR}; mov x1, x28; mov x0, #0; hvc #0; ret"


def test_what_is_read_before_memory_is_written_is_what_was_meant(assemble: Assemble) -> None:
    early, late = LOOP.format("ldr x28, [x0]", "nop"), LOOP.format("str x9, [x7]", "ldr x28, [x0]")
    assert isinstance(passed(assemble, early, READ), Satisfied)
    assert isinstance(passed(assemble, late, READ), Violated)
    assert isinstance(passed(assemble, early, VECTORS), Violated)


def test_without_a_flow_from_the_entry_it_is_undecided(assemble: Assemble) -> None:
    early = LOOP.format("ldr x28, [x0]", "nop")
    assert isinstance(passed(assemble, early, READ, followed=False), Undecided)


def only_if(assemble: Assemble, body: str) -> CallerVerdict:
    _, way = arrived(assemble, body)
    holds = Comparison(Relation.DIFFERENT, old("x4"), number(0))
    lowering = Lowering(behaviour(), None, Surroundings({}, lambda _: None, lambda _: False))
    premise = Premise("told", "x4 != 0", holds, WHY)
    return calls_only_if(premise, lowering.predicate, way, BitwuzlaSolver()).verdict


def test_a_call_is_made_only_where_the_function_is_told_to(assemble: Assemble) -> None:
    assert isinstance(only_if(assemble, "cbz x4, 1f; hvc #0; 1: ret"), Satisfied)
    assert isinstance(only_if(assemble, "cmp x4, #0; b.eq 1f; hvc #0; 1: ret"), Satisfied)
    assert isinstance(only_if(assemble, "cbnz x4, 1f; hvc #0; 1: ret"), Violated)
    assert isinstance(only_if(assemble, "cbz x5, 1f; hvc #0; 1: ret"), Violated)
    assert isinstance(only_if(assemble, "hvc #0; ret"), Violated)


def test_the_condition_is_followed_round_a_loop(assemble: Assemble) -> None:
    loop = f"1: ldr x9, [x8], #8; cbnz x9, 1b; {FAR}"
    kept = f"mov x24, {{}}; {loop}; cbz x24, 2f; mov x0, #0; hvc #0; 2: ret"
    assert isinstance(only_if(assemble, kept.format("x4")), Satisfied)
    assert isinstance(only_if(assemble, kept.format("x5")), Violated)


def test_where_a_call_leads_is_told_by_the_clause_that_it_leaves() -> None:
    leaves = Clause("restarted", "", Leaves(old("x1"), "EL2h"), WHY)
    row = Row("stub", "RESTART", Service.SERVED, ALWAYS, (), (), (leaves,), None)
    assert leaves_by(row) == {"x1"}
    assert leaves_by(replace(row, clauses=())) == frozenset() == leaves_by(None)


def test_code_that_goes_on_by_another_word_than_it_asked_for_is_found(assemble: Assemble) -> None:
    loop = f"1: ldr x9, [x8], #8; cbnz x9, 1b; {FAR}"
    code = f"ldr x28, [x0]; ldr x27, [x0, #8]; {loop}; {{}}; mov x0, #1; hvc #0; br x28"
    site, way = arrived(assemble, code.format("mov x1, x28"))
    assert goes_on_elsewhere("x1", site.onward, way) is None
    site, way = arrived(assemble, code.format("mov x1, x27"))
    assert isinstance(goes_on_elsewhere("x1", site.onward, way), Violated)
    assert goes_on_elsewhere("x1", None, way) is None
