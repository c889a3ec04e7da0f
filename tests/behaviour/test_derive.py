"""Behaviours: what a case lists, which calls a provider tells apart, and which cases serve each."""

from hypabi.behaviour.by_number import numbers_served, rows_by_number, select_number
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import Given, derive_behaviour
from hypabi.behaviour.outcome import Faulted, Left, Returned
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble
from tests.symbolic.handler import image_of, impossible

STUB = """
    cmp x0, #0
    b.eq 1f
    cmp x0, #2
    b.eq 2f
    cmp x0, #5
    b.lo 3f
    ldr x0, =0xbadca11
    eret
1:  msr vbar_el2, x1
    eret
2:  br x1
3:  mov x0, xzr
    eret
"""
X0 = terms.symbol("x0", 64)


def behaviour(source: str, assemble: Assemble) -> Behaviour:
    image = image_of(source, assemble)
    return derive_behaviour(explorer_for(image), image.entry)


def test_a_case_lists_what_may_differ_and_nothing_else(assemble: Assemble) -> None:
    source = (
        "mov x1, x2\nadd x3, x3, #0\nmsr vbar_el2, x4\nmrs x5, cntvct_el0\nmrs x6, sctlr_el2\neret"
    )
    (case,) = behaviour(source, assemble).cases
    assert set(case.registers) == {"x1", "VBAR_EL2", "x5", "x6"}


def test_reading_a_counter_is_no_loss_of_it(assemble: Assemble) -> None:
    (case,) = behaviour("mrs x1, cntvct_el0\nmrs x2, cntvct_el0\neret", assemble).cases
    assert case.registers["x1"] is not case.registers["x2"]
    assert set(case.registers) == {"x1", "x2"}


def test_the_numbers_are_those_that_the_code_compares(assemble: Assemble) -> None:
    assert numbers_served(behaviour(STUB, assemble), "x0", 64) == (0, 1, 2, 3, 4)
    assert numbers_served(behaviour("eret", assemble), "x0", 64) == ()


def test_each_number_has_the_cases_it_can_take(assemble: Assemble) -> None:
    found = behaviour(STUB, assemble)
    listed = numbers_served(found, "x0", 64)
    table = {
        row.number: row.cases for row in rows_by_number(found, "x0", 64, listed, BitwuzlaSolver())
    }
    assert set(table) == {*listed, None}
    assert all(len(cases) == 1 for cases in table.values())
    assert table[0][0].registers["VBAR_EL2"] is terms.symbol("x1", 64)
    assert isinstance(table[2][0].outcome, Left)
    for number in (1, 3, 4):
        assert table[number][0].registers.get("x0", X0) == 0
    assert table[None][0].registers["x0"] == 0xBADCA11


def test_selecting_by_a_condition_loses_no_case(assemble: Assemble) -> None:
    found = behaviour(STUB, assemble)
    for number in range(8):
        selects = terms.eq(X0, number, 64)
        chosen = select_number(found, selects, BitwuzlaSolver())
        for case in found.cases:
            guard = [condition.term for condition in case.guard]
            assert (case in chosen) is not impossible(*guard, selects)


def test_a_case_knows_the_path_of_its_inputs(assemble: Assemble) -> None:
    found = behaviour("cbz x1, 1f\nmov x2, #1\n1: eret", assemble)
    (case,) = found.cases
    assert isinstance(case.outcome, Returned)
    entry = found.entry
    assert case.path({"x1": 0}) == (entry, entry + 8)
    assert case.path({"x1": 1}) == (entry, entry + 4, entry + 8)


def test_a_caller_whose_registers_are_known_takes_the_paths_they_leave(assemble: Assemble) -> None:
    image = image_of(STUB, assemble)
    found = derive_behaviour(explorer_for(image), image.entry, given=Given({"x0": 2, "x1": 0}))
    (case,) = found.cases
    assert isinstance(case.outcome, Left) and case.outcome.target == 0


def ends(source: str, assemble: Assemble, *, every_cpu: bool = True) -> list[str]:
    """Return how a handler ends on each path, and what it says of a fault."""
    image = image_of(source, assemble)
    found = derive_behaviour(explorer_for(image), image.entry, given=Given(every_cpu=every_cpu))
    return sorted(
        each.outcome.what if isinstance(each.outcome, Faulted) else type(each.outcome).__name__
        for each in found.cases
    )


LORC = "msr s3_0_c10_c4_3, xzr"
"""LORC_EL1, of FEAT_LOR: ID_AA64MMFR1_EL1.LO, bits 19 to 16 (DDI 0487, D19.2.96)."""
LACKS = "LORC_EL1, which ID registers say that the CPU lacks,"


def test_a_register_that_a_cpu_may_lack_is_undefined_there(assemble: Assemble) -> None:
    assert ends(f"{LORC}\neret", assemble) == [LACKS, "Returned"]


def test_behind_its_id_field_it_is_there(assemble: Assemble) -> None:
    guard = "mrs x1, id_aa64mmfr1_el1\nubfx x1, x1, #16, #4\ncbz x1, 1f\n"
    assert ends(f"{guard}{LORC}\n1: eret", assemble) == ["Returned"]


def test_behind_the_field_of_something_else_it_may_not_be(assemble: Assemble) -> None:
    guard = "mrs x1, id_aa64mmfr1_el1\nubfx x1, x1, #20, #4\ncbz x1, 1f\n"
    assert LACKS in ends(f"{guard}{LORC}\n1: eret", assemble)


def test_whoever_runs_on_cpus_of_its_own_has_what_it_names(assemble: Assemble) -> None:
    assert ends(f"{LORC}\neret", assemble, every_cpu=False) == ["Returned"]


def test_a_field_of_which_one_value_says_that_there_is_nothing(assemble: Assemble) -> None:
    # PMUVer is 15 where the counters are not those of the architecture (DDI 0487, D19.2.59).
    read = "mrs x1, id_aa64dfr0_el1\nubfx x1, x1, #8, #4\n"
    there = f"{read}cbz x1, 1f\ncmp x1, #15\nb.eq 1f\nmrs x1, pmcr_el0\n1: eret"
    assert ends(there, assemble) == ["Returned"]
    lacks = "PMCR_EL0, which ID registers say that the CPU lacks,"
    assert lacks in ends(f"{read}cbz x1, 1f\nmrs x1, pmcr_el0\n1: eret", assemble)


def copied(bit: int) -> str:
    return f"""
        ldr x1, =copy
        ldr x1, [x1]
        ubfx x1, x1, #{bit}, #4
        cbz x1, 1f
        {LORC}
    1:  eret
        .data
        .balign 8
    copy: .quad 0
    """


def test_a_copy_of_the_id_register_says_so_as_well(assemble: Assemble) -> None:
    assert ends(copied(16), assemble) == ["Returned"]
    assert LACKS in ends(copied(20), assemble)
