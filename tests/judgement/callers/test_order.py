"""Whether calls are made in the order that the life cycle asks for."""

from dataclasses import replace

from hypabi.arch.names import Architecture
from hypabi.callsites.finder import CallSites
from hypabi.callsites.model import CallSite
from hypabi.contract.clause import Clause, Ensures, Returns
from hypabi.contract.model import Program
from hypabi.contract.revision import CallerContext, LiveCall, Move, Revision, Row, Service
from hypabi.judgement.callers.findings import Violated
from hypabi.judgement.callers.order import Order, OrderCheck, hold_order, hold_stays
from tests.callsites.programs import Everything, address_of, call_sites, call_sites_a32
from tests.inputs import Assemble
from tests.judgement.callers.made_reach import reach_of
from tests.judgement.handler_contract import (
    ALWAYS,
    ERROR,
    FAILS,
    PARTY,
    REVISION,
    WHY,
    equal,
    new,
    number,
    old,
)

INIT = 0xC6000000
REFUSES = Clause("refused", "", Ensures(equal(new("x0"), number(ERROR))), WHY)
REFUSED = equal(new("r0", 32), number(ERROR, 32))
BASE = Clause("base", "", Ensures(equal(new("HVBAR", 32), old("r1", 32))), WHY)
STUB_OTHER = Row("stub", None, Service.OTHER, ALWAYS, (), (), (REFUSES,), None)
CALLS = (LiveCall("SET", 0, (), ("stub",), WHY), LiveCall("RESET", 2, (), ("run",), WHY))
MOVES = (
    Move("stub", "SET", "init", ("make",), "RESET"),
    Move("init", "any-other", "run"),
    Move("init", "RESET", "stub"),
    Move("run", "RESET", "stub"),
)
CONTEXTS = (
    CallerContext("sets", None, (), ("SET",), (), ("stub",), WHY),
    CallerContext("inits", None, (), ("any-other",), (INIT,), ("init",), WHY),
)
LIFE: Revision = replace(
    REVISION,
    parties=tuple(replace(PARTY, name=name) for name in ("stub", "init", "run")),
    calls=CALLS,
    rows=(STUB_OTHER,),
    moves=MOVES,
    boot="stub",
    contexts=CONTEXTS,
    at_boot=("boot",),
)
SET = "mov x0, #0; hvc #0; ret"
RESET = "mov x0, #2; hvc #0; ret"
MAKE = "mov x19, x30; bl set; mov x0, #0xc6000000; hvc #0; ret x19"
HOST = "mov x0, #4; movk x0, #0xc600, lsl #16; hvc #0; ret"


def held(assemble: Assemble, **functions: str) -> list[OrderCheck]:
    """Return what is out of order in a program of functions that set, reset and make."""
    code = {"set": SET, "reset": RESET, "make": MAKE, "host": HOST, **functions}
    sites = call_sites(assemble, **code)
    found, _ = sites.wanted(Everything())
    return [each for each in order_of(sites, found) if each.function == "root"]


def order_of(
    sites: CallSites, found: tuple[CallSite, ...], life: Revision = LIFE
) -> tuple[OrderCheck, ...]:
    said = {}
    for site in found:
        identifier = site.paths[0].request.registers["x0"]
        assert isinstance(identifier, int)
        said[site.address] = {0: CONTEXTS[:1], INIT: CONTEXTS[1:]}.get(identifier, ())
    return hold_order(life, Order(Program.KERNEL, sites, found, said, {}))


def test_reset_set_init_and_a_host_call_are_in_order(assemble: Assemble) -> None:
    assert held(assemble, root="bl reset; bl make; bl host; ret") == []


def test_a_host_call_behind_a_reset_is_out_of_order(assemble: Assemble) -> None:
    (found,) = held(assemble, root="bl reset; bl host; ret")
    assert found.live == ("stub",)
    assert isinstance(found.verdict, Violated) and "only stub can be live" in found.verdict.what
    assert held(assemble, root="bl host; bl reset; ret") == []


def test_no_way_goes_on_behind_a_bug_at_a_functions_end(assemble: Assemble) -> None:
    bugs = MAKE.replace("ret x19", "cbnz x0, 1f; ret x19; 1: brk #0x800")
    root = "bl reset; bl makes; bl host; ret"
    for padding in ("", "; nop; nop"):
        assert held(assemble, makes=bugs + padding, behind=RESET, root=root) == []


def test_a_second_set_is_out_of_order(assemble: Assemble) -> None:
    (found,) = held(assemble, root="bl reset; bl set; bl set; ret")
    assert (found.call, found.live) == ("SET", ("init",))


def test_what_has_to_go_before_is_missed_on_the_way_that_skips_it(assemble: Assemble) -> None:
    (found,) = held(assemble, root="cbz x0, 1f; bl reset; 1: bl make; ret")
    assert isinstance(found.verdict, Violated) and "RESET is not made" in found.verdict.what
    (found,) = held(assemble, root="bl make; ret")
    assert isinstance(found.verdict, Violated)


def test_a_function_that_only_the_boot_calls_needs_nothing_before(assemble: Assemble) -> None:
    code = {"set": SET, "reset": RESET, "make": MAKE, "host": HOST}
    sites = call_sites(assemble, **code, boot="bl make; bl host; ret", other="bl make; ret")
    found, _ = sites.wanted(Everything())
    assert {each.function for each in order_of(sites, found)} == {"other"}


def test_a_call_that_may_fail_can_leave_who_was_live(assemble: Assemble) -> None:
    stays = Clause("stays", "", Returns(None), WHY, answered=FAILS)
    row = Row("stub", "SET", Service.SERVED, ALWAYS, (), (), (stays,), None)
    code = {"set": SET, "reset": RESET, "make": MAKE, "host": HOST}
    sites = call_sites(assemble, **code, root="bl reset; bl set; bl set; ret")
    found, _ = sites.wanted(Everything())
    assert order_of(sites, found)
    assert not order_of(sites, found, replace(LIFE, rows=(STUB_OTHER, row)))


IN_FRONT = replace(
    LIFE,
    architecture=Architecture.ARM,
    identifier="r0",
    result="r0",
    parties=tuple(
        replace(PARTY, name=name, program=Program.DECOMPRESSOR) for name in ("stub", "reentry")
    ),
    rows=(
        Row("stub", "SET", Service.SERVED, ALWAYS, (), (), (BASE,), None),
        replace(STUB_OTHER, clauses=(replace(REFUSES, statement=Ensures(REFUSED)),)),
    ),
    moves=(
        Move("stub", "SET", "stub"),
        Move("stub", "SET", "reentry"),
        Move("reentry", "any", "beyond"),
    ),
    contexts=(
        CallerContext("sets", None, (), ("SET",), (), ("stub",), WHY),
        CallerContext("bounces", None, (), ("any-other",), (), ("reentry",), WHY),
    ),
)
SET_A32 = "mov r1, r0; mov r0, #0; hvc #0; bx lr"
HYP = "mrs r0, spsr; and r0, r0, #0x1f; cmp r0, #26; bne 9f"
TABLES = {"stub": 0x20000, "reentry": 0x21000}


def in_front(assemble: Assemble, body: str) -> list[str]:
    """Return what is out of order in a decompressor, of which a bare ``hvc`` leads on."""
    sites = call_sites_a32(assemble, root=body, set=SET_A32)
    found, _ = sites.wanted(Everything())
    bare = [each for each in found if each.function.name == "root"]
    said = {each.address: IN_FRONT.contexts[each in bare :][:1] for each in found}
    order = Order(Program.DECOMPRESSOR, sites, found, said, TABLES)
    return [each.call for each in hold_order(IN_FRONT, order)]


SETS = "mov r0, #{:#x}; bl set"


def test_a_decompressor_starts_with_its_stub_and_moves_to_the_table_it_names(
    assemble: Assemble,
) -> None:
    sets = SETS.format(TABLES["reentry"])
    assert in_front(assemble, f"{HYP}; {sets}; hvc #0; 9: bx lr") == []
    assert in_front(assemble, f"{HYP}; hvc #0; 9: bx lr") == ["any-other"]
    assert in_front(assemble, f"{HYP}; mov r0, #0x21000; hvc #0; 9: bx lr") == ["any-other"]
    again = SETS.format(TABLES["stub"])
    assert in_front(assemble, f"{HYP}; {again}; hvc #0; 9: bx lr") == ["any-other"]
    assert in_front(assemble, f"{HYP}; mov r0, r10; bl set; {sets}; hvc #0; 9: bx lr") == []


def test_a_decompressor_that_was_not_entered_in_hyp_calls_nobody(assemble: Assemble) -> None:
    sets = SETS.format(TABLES["reentry"])
    inverted = HYP.replace("bne", "beq")
    assert "SET" in in_front(assemble, f"{inverted}; {sets}; hvc #0; 9: bx lr")


STAYS = replace(
    LIFE,
    moves=(
        *MOVES[:1],
        Move("init", "any-other", "run", ("root",), stays=("root",)),
        *MOVES[2:],
    ),
)


def leaves(assemble: Assemble, root: str) -> list[str]:
    """Return what is said of who is live behind a function."""
    sites = call_sites(assemble, set=SET, reset=RESET, make=MAKE, root=root)
    found, _ = sites.wanted(Everything())
    said = {}
    for site in found:
        identifier = site.paths[0].request.registers["x0"]
        assert isinstance(identifier, int)
        said[site.address] = {0: CONTEXTS[:1], INIT: CONTEXTS[1:]}.get(identifier, ())
    order = Order(Program.KERNEL, sites, found, said, {})
    reach = reach_of(lambda name: [address_of(sites, name)])
    return [
        each.verdict.what
        for each in hold_stays(STAYS, order, reach)
        if isinstance(each.verdict, Violated)
    ]


def test_a_function_leaves_live_whom_it_makes_live(assemble: Assemble) -> None:
    assert leaves(assemble, "bl reset; bl make; ret") == []
    assert leaves(assemble, "cbz x0, 1f; bl reset; bl make; 1: ret") == []
    (undone,) = leaves(assemble, "bl reset; bl make; bl reset; ret")
    assert "stub" in undone and "run" in undone
    (other,) = leaves(assemble, "bl reset; ret")
    assert "stub" in other


def test_set_is_asked_for_no_table_that_another_call_makes_live(assemble: Assemble) -> None:
    tables = {"stub": 0x90000, "init": 0xA0000, "run": 0xB0000}

    def said_of(passed: str) -> list[str]:
        wrapper = "mov x1, x0; mov x0, #0; hvc #0; ret"
        sites = call_sites(
            assemble, reset=RESET, set=wrapper, root=f"bl reset; {passed} bl set; ret"
        )
        found, _ = sites.wanted(Everything())
        contexts = {site.address: CONTEXTS[:1] for site in found if site.name == "set"}
        order = Order(Program.KERNEL, sites, found, contexts, tables)
        life = replace(SETTING, moves=(replace(MOVES[0], made_by=(), after=None), *MOVES[1:]))
        checks = hold_order(life, order)
        return [each.verdict.what for each in checks if isinstance(each.verdict, Violated)]

    assert said_of("mov x0, #0xa0000;") == []
    assert said_of("mov x0, #0xa0000; ldr x2, [x3]; sub x0, x0, x2;") == []
    (wrong,) = said_of("mov x0, #0xb0000;")
    assert "run" in wrong
    assert said_of("mov x0, #0xb0000; ldr x2, [x3]; sub x0, x0, x2;")


SETTING = replace(
    LIFE,
    rows=(
        STUB_OTHER,
        Row(
            "stub",
            "SET",
            Service.SERVED,
            ALWAYS,
            (),
            (),
            (Clause("base", "", Ensures(equal(new("VBAR_EL2"), old("x1"))), WHY),),
            None,
        ),
    ),
)
