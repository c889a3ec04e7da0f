"""Pairs of stubs that differ in one thing which is easily taken for another."""

from pathlib import Path

import pytest

from hypabi.analysis.difference import sides
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.version import Version
from hypabi.judgement.difference.budget import MOST, SPENT, PatientSolver
from hypabi.judgement.difference.compare import _Comparison, _Shared
from hypabi.judgement.difference.model import (
    Cell,
    Direction,
    Equal,
    Incompatible,
    Stronger,
    Undecided,
    Weaker,
    breaks,
    differences_of,
    reasons_of,
)
from hypabi.smt import terms
from hypabi.smt.allowance import Allowance
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.solver import Unknown
from tests.cli.compared import cells, made
from tests.inputs import Assemble
from tests.judgement.difference.changed_stub import kernel, served

SET, RESTART, RESET = "HVC_SET_VECTORS", "HVC_SOFT_RESTART", "HVC_RESET_VECTORS"


def compared(old: Path, new: Path) -> dict[tuple[str, str | None], Cell]:
    version = Version.parse("5.10.0")
    assert version is not None
    contract = shipped_contract("linux-hyp-abi")
    found = cells(made(old, contract, version), made(new, contract, version))
    return {(callers, call): cell for (callers, _, call), cell in found.items()}


def both(old: Path, new: Path, call: str) -> tuple[Cell, Cell]:
    found = compared(old, new)
    return found["old", call], found["new", call]


def test_a_register_kept_in_one_state_and_another_in_the_rest_is_never_stronger(
    assemble: Assemble,
) -> None:
    one = served("mrs x5, tpidr_el2;add x6, x5, #1;msr tpidr_el2, x6")
    two = served(
        "cmp x3, #7;mrs x5, tpidr_el2;add x6, x5, #2;csel x6, x5, x6, eq;msr tpidr_el2, x6"
    )
    for cell in both(kernel(assemble, one), kernel(assemble, two), RESET):
        assert isinstance(cell.change, Incompatible)
        assert "x3" not in differences_of(cell.change)[0].witness


def test_the_order_of_two_writes_to_the_same_memory_is_seen(assemble: Assemble) -> None:
    last_whole = kernel(assemble, served("str x2, [x3];strb w4, [x3];str x2, [x3]"))
    last_byte = kernel(assemble, served("str x2, [x3];strb w4, [x3]"))
    for cell in both(last_whole, last_byte, RESET):
        assert isinstance(cell.change, Undecided)
    other = kernel(assemble, served("str x4, [x3];str x2, [x3]"))
    once = kernel(assemble, served("str x2, [x3]"))
    for cell in both(other, once, RESET):
        assert isinstance(cell.change, Equal)


def test_that_two_pieces_of_memory_are_two_is_assumed_aloud(assemble: Assemble) -> None:
    apart = "memory at x3 does not overlap memory at x5"
    one, two = "str x2, [x3];str x4, [x5]", "str x4, [x5];str x2, [x3]"
    images = kernel(assemble, served(one)), kernel(assemble, served(two))
    for cell in both(images[0], images[1], RESET):
        assert isinstance(cell.change, Equal)
        assert apart in cell.assumptions
    for cell in both(images[0], kernel(assemble, served(f"nop;{one}")), RESET):
        assert apart not in cell.assumptions
    one, two = (each.replace("[x5]", "[x3, x5]") for each in (one, two))
    for cell in both(kernel(assemble, served(one)), kernel(assemble, served(two)), RESET):
        assert isinstance(cell.change, Undecided)


def test_memory_that_gets_what_it_held_is_kept(assemble: Assemble) -> None:
    plain = kernel(assemble)
    for cell in both(plain, kernel(assemble, served("ldr x5, [x3];str x5, [x3]")), RESET):
        assert isinstance(cell.change, Equal)
    old, new = both(plain, kernel(assemble, served("ldr x5, [x3];str xzr, [x3]")), RESET)
    assert isinstance(old.change, Weaker)
    assert isinstance(new.change, Stronger)
    assert differences_of(old.change)[0].witness["mem[x3]"] != 0
    old, _ = both(plain, kernel(assemble, served("ldr x5, [x3];str x5, [x3, #8]")), RESET)
    assert isinstance(old.change, Weaker)


def left(between: str, then: str = "br x4") -> tuple[str, str]:
    """Return the change by which the payload is entered through an exception return."""
    code = f"adr x5, 7f\n msr elr_el2, x5\n mov x5, #0x3c9\n {between}\n msr spsr_el2, x5\n eret"
    return "br x4", f"{code}\n7: {then}"


def test_how_far_code_lies_behind_its_symbol_is_no_difference_that_is_shown(
    assemble: Assemble,
) -> None:
    one, two = kernel(assemble, left("")), kernel(assemble, left("nop"))
    for cell in both(one, two, RESTART):
        assert isinstance(cell.change, Undecided)
        assert "which only one side has" in reasons_of(cell.change)[0]


DATA = "\n    .section .data\n    .space {}\n.Lplace: .quad 0\n"
POINT = "adrp x5, .Lplace;add x5, x5, :lo12:.Lplace"


@pytest.mark.parametrize("use", ["msr tpidr_el2, x5", "str x2, [x5]", "ldr x5, [x5];str x5, [x3]"])
def test_where_data_without_a_symbol_lies_is_never_shown_to_break(
    assemble: Assemble, use: str
) -> None:
    change = served(f"{POINT};{use}")
    images = [kernel(assemble, change, more=DATA.format(size)) for size in (64, 128)]
    for cell in both(images[0], images[1], RESET):
        assert isinstance(cell.change, Undecided)
        assert not breaks(cell.change)


def test_data_with_a_symbol_may_lie_anywhere(assemble: Assemble) -> None:
    change = served(f"{POINT.replace('.Lplace', 'place')};msr tpidr_el2, x5;strb w2, [x5]")
    more = DATA.replace(".Lplace:", "place:")
    images = [kernel(assemble, change, more=more.format(size)) for size in (64, 128)]
    for cell in both(images[0], images[1], RESET):
        assert isinstance(cell.change, Equal)


def test_directions_are_each_other_s_mirror(assemble: Assemble) -> None:
    one, two = kernel(assemble), kernel(assemble, served("mov x21, x3"))
    forth, back = compared(one, two), compared(two, one)
    for (callers, call), cell in forth.items():
        mirrored = back["new" if callers == "old" else "old", call]
        assert type(mirrored.change) is type(cell.change)
        assert (cell.direction is Direction.OLD_CALLERS) is (callers == "old")


def test_what_a_comparison_may_cost_has_an_end(assemble: Assemble) -> None:
    images = kernel(assemble), kernel(assemble, served("mov x19, x3"))
    version = Version.parse("5.10.0")
    assert version is not None
    contract = shipped_contract("linux-hyp-abi")
    one, two = sides(*(made(each, contract, version) for each in images))
    patience = Allowance(100)
    solver = PatientSolver(BitwuzlaSolver(), patience)
    differs = terms.ne(terms.symbol("x3", 64), terms.symbol("x4", 64), 64)
    asked = 0
    while not isinstance(answer := solver.check(differs), Unknown):
        asked += 1
    assert 0 < asked < 10
    assert (answer.reason, patience.spent) == (SPENT, True)
    row = one.revision.row("stub", RESET)
    party = one.revision.party("stub")
    assert party is not None
    for spent, change in ((patience, Undecided), (Allowance(MOST), Weaker)):
        again = PatientSolver(BitwuzlaSolver(), spent)
        cell = _Comparison(one, two, party, row, Direction.OLD_CALLERS, again, _Shared()).cell()
        assert isinstance(cell.change, change)
