"""A frame that is refuted names every register that some state loses, each with what shows it."""

from collections.abc import Mapping

import pytest

from hypabi.contract.clause import KeepsRegisters, KeepsSystemRegisters, Partly
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided, Verdict
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.solver import Answer, Feasibility, Unknown
from hypabi.smt.terms import Value, symbols_of
from tests.inputs import Assemble
from tests.judgement.handler_contract import Promise, judged

GENERAL = KeepsRegisters(tuple(f"x{n}" for n in range(18)))
SYSTEM = KeepsSystemRegisters(("ELR_EL2", "SPSR_EL2", "ESR_EL2"))


def lost(verdict: Verdict) -> Mapping[str | None, Refuted]:
    assert isinstance(verdict, Refuted)
    return {each.lost: each for each in verdict.every}


def test_each_lost_register_has_a_state_that_loses_it(assemble: Assemble) -> None:
    source = """
        mov x18, #1
        cmp x0, #5
        b.ne 1f
        mov x19, x2
        eret
    1:  mov w20, w20
        eret
    """
    verdict = judged(source, Promise(GENERAL), assemble)
    found = lost(verdict)
    assert set(found) == {"x18", "x19", "x20"}
    assert isinstance(verdict, Refuted) and verdict.besides is None
    assert verdict.instead == "x18, x19 and x20 are lost"
    for name, each in found.items():
        ((subject, before, after),) = each.observed
        assert subject == name and before != after
    assert found["x19"].model["x0"] == 5
    assert found["x20"].model["x20"] >> 32
    assert len(found["x19"].trail) == 5


def test_a_register_that_only_one_state_loses_is_not_hidden_by_one_that_all_lose(
    assemble: Assemble,
) -> None:
    source = """
        msr tpidr_el2, xzr
        cmp x0, #5
        b.ne 1f
        msr vbar_el2, x1
    1:  eret
    """
    found = lost(judged(source, Promise(SYSTEM), assemble))
    assert set(found) == {"TPIDR_EL2", "VBAR_EL2"}


def test_one_lost_register_is_said_as_before(assemble: Assemble) -> None:
    verdict = judged("mov x19, #0\neret", Promise(GENERAL), assemble)
    assert isinstance(verdict, Refuted)
    assert (verdict.instead, verdict.others) == ("x19 is lost", ())
    assert isinstance(judged("mov x17, #0\neret", Promise(GENERAL), assemble), Proved)


class _Forgetful(BitwuzlaSolver):
    """Gives up on whatever is asked of ``x19``."""

    def check(self, *conditions: Value) -> Answer:
        if any(symbol.name == "x19" for symbol in symbols_of(*conditions)):
            return Unknown("told to")
        return super().check(*conditions)

    def feasibility(self, *conditions: Value) -> Feasibility:
        return super().feasibility(*conditions)


@pytest.mark.parametrize("first", ["x19", "x18"])
def test_what_is_undecided_besides_is_not_forgotten(first: str, assemble: Assemble) -> None:
    second = {"x18": "x19", "x19": "x18"}[first]
    source = f"mov {first}, #0\nmov {second}, #0\neret"
    verdict = judged(source, Promise(GENERAL), assemble, _Forgetful)
    assert set(lost(verdict)) == {"x18"}
    assert isinstance(verdict, Refuted) and verdict.besides == "the solver gave up: told to"
    alone = judged("mov x19, #0\neret", Promise(GENERAL), assemble, _Forgetful)
    assert isinstance(alone, Undecided)


def test_a_path_that_is_not_followed_is_said_besides(assemble: Assemble) -> None:
    source = "cbz x0, 1f\nmov x18, #0\neret\n1: .word 0"
    verdict = judged(source, Promise(GENERAL), assemble)
    assert set(lost(verdict)) == {"x18"}
    assert isinstance(verdict, Refuted) and verdict.besides is not None


def test_what_is_not_changed_as_permitted_is_not_called_lost(assemble: Assemble) -> None:
    partly = (Partly("CPTR_EL2", 64, 8, 8, None),)
    system = KeepsSystemRegisters(SYSTEM.may_change, partly)
    source = "msr cptr_el2, x1\nmsr vbar_el2, x1\nmsr tpidr_el2, x1\neret"
    verdict = judged(source, Promise(system), assemble)
    assert isinstance(verdict, Refuted)
    said = "TPIDR_EL2 and VBAR_EL2 are lost; CPTR_EL2 is not changed as permitted"
    assert verdict.instead == said
