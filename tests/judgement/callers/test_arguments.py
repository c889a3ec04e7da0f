"""Whether argument registers are set, and hold what can be meant."""

from dataclasses import replace

import pytest

from hypabi.callsites.model import CallPath, Origin, Source
from hypabi.contract.clause import Clause, Ensures
from hypabi.contract.revision import Row, Service
from hypabi.judgement.callers.arguments import physical, sensible
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.smt import terms
from hypabi.smt.bitwuzla import BitwuzlaSolver
from hypabi.smt.terms import Value
from tests.callsites.made_site import SITE, site, way
from tests.judgement.handler_contract import ALWAYS, WHY, equal, new, number, old

TABLE = 0x8000
IMAGE_END = 0x10000
BASE = Clause("set", "", Ensures(equal(new("VBAR_EL2"), old("x1"))), WHY)
STATUS = Clause("status", "", Ensures(equal(new("x0"), number(0))), WHY)
SETS = Row("stub", "SET", Service.SERVED, ALWAYS, (), (), (BASE, STATUS), None)


def told(asks: CallPath, row: Row = SETS) -> CallerVerdict:
    around = Surroundings(
        {"stub": TABLE}, lambda _: None, lambda _: False, within=lambda at: at < IMAGE_END
    )
    return sensible(asks, row, (("vectors", "x1"),), around)


def found(value: Value, origin: Origin, register: str) -> CallPath:
    """Return a way on which x1 is a symbol of another origin than the function's entry."""
    made = way(x1=value)
    (symbol,) = terms.symbols_of(value)
    source = Source(symbol.name, origin, register, SITE - 8)
    return replace(made, sources={**made.sources, symbol.name: source})


def test_the_functions_own_argument_and_memory_can_be_meant() -> None:
    assert isinstance(told(way()), Satisfied)
    loaded = found(terms.symbol("mem[x0]", 64), Origin.MEMORY, "")
    assert isinstance(told(loaded), Satisfied)


def test_a_register_that_nobody_sets_is_uninitialised() -> None:
    assert isinstance(told(way(x1=terms.symbol("x9", 64))), Violated)
    left = terms.symbol("x1 from 0xff8", 64)
    second = told(found(left, Origin.RESULT, "x1"))
    assert isinstance(second, Violated) and "0xff8" in second.what
    first = terms.symbol("x0 from 0xff8", 64)
    assert isinstance(told(found(first, Origin.RESULT, "x0")), Satisfied)


def test_what_a_functions_caller_keeps_for_itself_is_no_argument_that_is_known() -> None:
    kept = told(way(x1=terms.symbol("x19", 64)))
    assert isinstance(kept, Undecided) and "x19" in kept.reason


@pytest.mark.parametrize(
    ("constant", "kept"),
    [(TABLE, True), (0, False), (TABLE + 8, False), (IMAGE_END, True)],  # which holds a copy, say
)
def test_a_constant_vector_base_is_a_tables_address(constant: int, *, kept: bool) -> None:
    assert isinstance(told(way(x1=constant)), Satisfied if kept else Violated)


def test_a_constant_that_becomes_no_vector_base_is_left_alone() -> None:
    assert isinstance(told(way(x1=0), replace(SETS, clauses=(STATUS,))), Satisfied)


def test_no_table_is_on_the_stack_or_made_of_system_registers_alone() -> None:
    stack = terms.add(terms.symbol("SP_EL1", 64), 16, 64)
    assert isinstance(told(found(stack, Origin.UNMODELLED, "")), Violated)
    level = terms.symbol("CURRENTEL", 64)
    assert isinstance(told(found(level, Origin.UNMODELLED, "")), Violated)
    mixed = terms.add(level, terms.symbol("x0", 64), 64)
    made = way(x1=mixed)
    source = Source("CURRENTEL", Origin.UNMODELLED, "", SITE)
    assert isinstance(told(replace(made, sources={**made.sources, "CURRENTEL": source})), Satisfied)


def placed(asks: CallPath) -> CallerVerdict:
    around = Surroundings(
        {"stub": TABLE}, lambda _: None, lambda _: False, within=lambda at: 0x4000 <= at < IMAGE_END
    )
    return physical(("x1",), site(), asks, around, BitwuzlaSolver())


LOW = terms.symbol("x0", 64)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0, False),
        (TABLE, False),
        (0x5000, False),
        (0x4000_0000, True),
        (LOW, True),
        (terms.sub(TABLE, terms.symbol("mem[0x9000]", 64), 64), True),
        (terms.or_(LOW, 0xFFFF << 48, 64), False),
        (terms.and_(LOW, (1 << 56) - 1, 64), True),
    ],
)
def test_a_physical_address_is_not_where_the_image_is_linked(value: Value, *, kept: bool) -> None:
    assert isinstance(placed(way(x1=value)), Satisfied if kept else Violated)


def test_nothing_is_handed_over_that_lies_on_the_stack_or_at_a_linked_address_of_a_cpu() -> None:
    stack = terms.add(terms.symbol("SP_EL1 at 0x8000", 64), 16, 64)
    assert isinstance(placed(way(x1=stack)), Violated)
    offset = terms.symbol("TPIDR_EL1", 64)
    mapped = found(terms.add(offset, 0x5000, 64), Origin.UNMODELLED, "")
    assert isinstance(placed(mapped), Violated)
    moved = found(terms.add(offset, 0x4000_0000, 64), Origin.UNMODELLED, "")
    assert isinstance(placed(moved), Satisfied)
