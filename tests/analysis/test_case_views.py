"""The cases of an entry as each call number sees them."""

from collections.abc import Mapping

from hypabi.analysis.case_views import answers_by_number
from hypabi.analysis.findings.derivation import Answer
from hypabi.arch.names import Architecture
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.outcome import Condition, Returned
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Value

X0, X1, X2 = (terms.symbol(f"x{number}", 64) for number in range(3))
IS_ZERO = terms.eq(X0, 0, 64)
NOT_ZERO = terms.lnot(IS_ZERO)
PROTECTED = terms.symbol("cpucap.40", 1)


def case(*guard: Value, registers: Mapping[str, Value] | None = None) -> Case:
    conditions = tuple(Condition(0x1000, term) for term in guard)
    return Case(conditions, registers or {}, (), (), Returned(), (), None)


def answers(*cases: Case, names: Mapping[int, str] | None = None) -> tuple[Answer, ...]:
    widths = {name: 64 for each in cases for name in each.registers}
    behaviour = Behaviour(0x1400, {}, "ELR_EL2", "SPSR_EL2", cases, widths)
    return answers_by_number(behaviour, Architecture.ARM64, "x0", names or {}, BitwuzlaSolver)


def test_each_number_the_code_tells_apart_has_a_row_and_any_other_has_one() -> None:
    found = answers(
        case(IS_ZERO, registers={"x0": 7}),
        case(NOT_ZERO, registers={"x0": 0xBADCA11}),
        names={0: "HVC_SET_VECTORS"},
    )
    assert [(each.number, each.call) for each in found] == [(0, "HVC_SET_VECTORS"), (None, None)]
    assert [does.general for each in found for does in each.does] == [{"x0": 7}, {"x0": 0xBADCA11}]


def test_a_condition_that_the_number_alone_decides_is_none() -> None:
    assert all(
        does.where == () for each in answers(case(IS_ZERO), case(NOT_ZERO)) for does in each.does
    )


def test_the_guard_beyond_the_number_stays() -> None:
    first, _ = answers(
        case(IS_ZERO, PROTECTED), case(IS_ZERO, terms.lnot(PROTECTED)), case(NOT_ZERO)
    )
    assert [does.where for does in first.does] == [(PROTECTED,), (terms.lnot(PROTECTED),)]


def test_a_call_that_the_contract_names_has_a_row_even_if_the_code_does_not_tell_it_apart() -> None:
    found = answers(case(registers={"x1": X0}), names={3: "HVC_FINALISE_EL2"})
    assert [(each.number, each.call) for each in found] == [(3, "HVC_FINALISE_EL2"), (None, None)]
    assert found[0].does[0].general == {"x1": 3}  # the number is filled in
    assert found[1].does[0].general == {"x1": X0}


def test_a_register_that_a_case_gives_its_own_value_is_kept() -> None:
    same = terms.ite(IS_ZERO, X2, terms.xor(X2, X0, 64), 64)
    first, _ = answers(case(IS_ZERO, registers={"x2": same, "x3": X1}), case(NOT_ZERO))
    assert first.does[0].general == {"x3": X1}


def test_general_and_system_registers_are_told_apart_and_state_and_pc_are_neither() -> None:
    registers: dict[str, Value] = {"x10": 1, "x9": 1, "VBAR_EL2": X1, "pc": 8, "DAIF": 0}
    (any_other,) = answers(case(registers=registers))
    assert list(any_other.does[0].general) == ["x9", "x10"]
    assert list(any_other.does[0].system) == ["VBAR_EL2"]
