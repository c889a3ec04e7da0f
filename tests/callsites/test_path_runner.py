"""A way that is given is run over terms: what it makes, and where the rest is from."""

import pytest

from hypabi.arch.names import Architecture, InstructionSet
from hypabi.callsites.backward_paths import Chain, Stop
from hypabi.callsites.path_runner import (
    XEN,
    Approach,
    Arrival,
    convention,
    usual_identifier,
    wanted,
)
from hypabi.callsites.value_origin import Origin
from hypabi.image.load import load_image
from hypabi.smt import terms
from hypabi.smt.terms import Term, Value
from hypabi.symbolic.setup import explorer_for
from tests.callsites.a64_body import START, body
from tests.inputs import Assemble


def run(assemble: Assemble, source: str, *way: int, stop: Stop = Stop.ENTRY) -> Arrival:
    """Run the instructions of these numbers; of all, where none is given, to one behind."""
    (image,) = load_image(assemble(source.replace(";", "\n"), "arm64", text=START)).images
    code = body(source)
    numbers = way or tuple(range(len(code.words)))
    chain = Chain(tuple(START + 4 * number for number in numbers), stop, shared=False)
    return Approach(explorer_for(image), InstructionSet.A64).run(code, chain)


def origin(found: Arrival, value: Value) -> Origin:
    assert isinstance(value, Term) and value.op == "symbol"
    return found.sources[value.name].origin


def test_what_the_way_makes_is_a_term_over_the_entry(assemble: Assemble) -> None:
    registers = run(assemble, "mov x0, #3; add x1, x2, #8; lsl x3, x0, #4; hvc #0").registers
    assert (registers["x0"], registers["x3"]) == (3, 0x30)
    assert registers["x1"] is terms.add(terms.symbol("x2", 64), 8, 64)


def test_the_instruction_that_a_way_leads_to_does_not_run(assemble: Assemble) -> None:
    source = "mov x0, #3; mov x0, #4"
    assert run(assemble, source).registers["x0"] == 3
    assert run(assemble, f"{source}; nop").registers["x0"] == 4


@pytest.mark.parametrize(
    ("register", "expected"),
    [("x1", Origin.ARGUMENT), ("x9", Origin.UNINITIALISED), ("x19", Origin.KEPT)],
)
def test_at_the_entry_the_procedure_call_standard_says_whose_a_register_is(
    assemble: Assemble, register: str, expected: Origin
) -> None:
    entered = run(assemble, f"mov x0, {register}; hvc #0")
    assert origin(entered, entered.registers["x0"]) is expected
    inside = run(assemble, f"mov x0, {register}; hvc #0", stop=Stop.INDIRECT)
    assert origin(inside, inside.registers["x0"]) is Origin.EARLIER


def test_a_branch_is_decided_as_the_way_goes_on(assemble: Assemble) -> None:
    source = "cbz x1, 1f; mov x0, #2; 1: hvc #0"
    zero = terms.eq(terms.symbol("x1", 64), 0, 64)
    taken, through = run(assemble, source, 0, 2), run(assemble, source, 0, 1, 2)
    assert [each.term for each in taken.conditions] == [zero]
    assert [each.term for each in through.conditions] == [terms.lnot(zero)]
    assert through.registers["x0"] == 2 and taken.registers["x0"] is terms.symbol("x0", 64)


def test_what_a_branch_finds_equal_to_a_number_is_that_number_behind_it(
    assemble: Assemble,
) -> None:
    source = "cmp x0, #2; b.ne 1f; add x0, x0, #8; 1: hvc #0"
    equal, other = run(assemble, source, 0, 1, 2, 3), run(assemble, source, 0, 1, 3)
    assert equal.registers["x0"] == 10
    assert other.registers["x0"] is terms.symbol("x0", 64)


def test_a_branch_tells_nothing_where_other_ways_bring_the_same(assemble: Assemble) -> None:
    source = "cbz x0, 1f; nop; 1: hvc #0"
    (image,) = load_image(assemble(source.replace(";", "\n"), "arm64", text=START)).images
    approach = Approach(explorer_for(image), InstructionSet.A64)
    for shared, expected in ((True, terms.symbol("x0", 64)), (False, 0)):
        chain = Chain((START, START + 8), Stop.ENTRY, shared=shared)
        assert approach.run(body(source), chain).registers["x0"] is expected


def test_a_call_loses_scratch_registers_and_memory_and_keeps_the_rest(assemble: Assemble) -> None:
    source = "mov x19, #1; mov x9, #2; str x19, [sp]; bl .+0x100; ldr x2, [sp]; hvc #0"
    found = run(assemble, source)
    assert found.calls == (START + 12,)
    assert found.registers["x19"] == 1
    assert origin(found, found.registers["x0"]) is Origin.RESULT
    assert origin(found, found.registers["x9"]) is Origin.UNINITIALISED
    assert not isinstance(found.registers["x2"], int)
    kept = run(assemble, source.replace("bl .+0x100", "nop"))
    assert (kept.registers["x2"], kept.registers["x9"]) == (1, 2)


def test_an_instruction_without_a_meaning_loses_what_it_writes_and_no_more(
    assemble: Assemble,
) -> None:
    found = run(assemble, "mov x0, #1; mov x1, #2; fcvtzs x0, d0; hvc #0")
    assert not isinstance(found.registers["x0"], int) and found.registers["x1"] == 2


@pytest.mark.parametrize(
    ("architecture", "immediate", "number"),
    [
        (Architecture.ARM64, 0, 0),
        (Architecture.ARM64, XEN, 16),
        (Architecture.ARM, 0, 0),
        (Architecture.ARM, XEN, 12),  # arch-arm.h of Xen: r12, x16
    ],
)
def test_a_call_is_selected_by_the_register_of_its_conduit(
    architecture: Architecture, immediate: int, number: int
) -> None:
    prefix = "x" if architecture is Architecture.ARM64 else "r"
    assert usual_identifier(architecture, immediate) == f"{prefix}{number}"
    wants = wanted(architecture, number)
    assert wants.first == 1 << number and not wants.first & wants.also


@pytest.mark.parametrize(
    ("architecture", "count", "both"),
    # The link register is callee-saved, and the call itself writes it; r14 is not counted.
    [(Architecture.ARM64, 31, 1 << 30), (Architecture.ARM, 13, 0)],
)
def test_the_standards_part_the_general_registers_into_kept_and_lost(
    architecture: Architecture, count: int, both: int
) -> None:
    rules = convention(architecture)
    assert rules.count == count
    assert rules.kept | rules.lost == (1 << count) - 1
    assert rules.kept & rules.lost == both
    assert not (rules.arguments | rules.results) & rules.kept
