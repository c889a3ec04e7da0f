"""Whether those make a move of whom the contract says so."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.call_graph import Lead
from hypabi.callsites.constant_flow import World
from hypabi.callsites.finder import CallSites
from hypabi.callsites.handed_out import HandedOut
from hypabi.callsites.model import Function, Unread
from hypabi.contract.clause import Clause, Ensures, Premise
from hypabi.contract.expression import AddressOf, Bits, Comparison, Relation
from hypabi.contract.model import Program, RunsAt
from hypabi.contract.revision import (
    BY_POINTER,
    CallerContext,
    KnownWorld,
    Move,
    Passed,
    Row,
    Service,
)
from hypabi.judgement.callers.findings import CallerVerdict, Satisfied, Undecided, Violated
from hypabi.judgement.callers.makers import (
    closed_calls,
    hold_copies,
    hold_handing,
    hold_levels,
    hold_makers,
    hold_nameless,
    hold_relays,
    hold_scheduled,
)
from hypabi.judgement.callers.schedule import doing_before
from hypabi.judgement.verification.lowering import Lowering, Surroundings
from hypabi.smt.bitwuzla import BitwuzlaSolver
from tests.callsites.made_site import site
from tests.callsites.programs import Everything, address_of, call_sites
from tests.inputs import Assemble
from tests.judgement.callers.made_reach import reach_of
from tests.judgement.handler_contract import ALWAYS, REVISION, WHY, equal, new, number, old
from tests.judgement.made_case import behaviour

MOVE = Move("stub", "SET", "kvm-init", ("maker", "absent"))
PLACE = 0x8000
UNREAD = Unread(0x9008, Function("other", 0x9000, 0x9010), "x0 is not a constant", passed=True)


def held(
    lead: Lead, *unread: Unread, serves: bool = True, which: Program = Program.KERNEL
) -> dict[str, CallerVerdict]:
    """Return what is said of each maker, of which one is in the image."""
    revision = replace(REVISION, moves=(MOVE,))
    made = {("stub", "SET"): [site()]} if serves else {}

    def leads(address: int, wanted: frozenset[int], closed: frozenset[int]) -> Lead:
        assert address == PLACE and not closed
        assert wanted == ({site().address} if serves else frozenset())
        return lead

    reach = reach_of(lambda name: [PLACE] if name == "maker" else [], leads)
    return {
        each.function: each.verdict for each in hold_makers(revision, which, reach, made, unread)
    }


def test_a_maker_that_leads_to_the_call_is_satisfied_and_one_that_is_absent_is_not_held() -> None:
    (found,) = held(Lead.LEADS).items()
    assert found[0] == "maker" and isinstance(found[1], Satisfied)


def test_a_maker_that_leads_nowhere_violates_the_contract() -> None:
    assert isinstance(held(Lead.NOT)["maker"], Violated)
    assert isinstance(held(Lead.NOT, serves=False)["maker"], Violated)


def test_what_was_not_followed_is_undecided() -> None:
    assert isinstance(held(Lead.BEYOND)["maker"], Undecided)
    own = Unread(
        PLACE + 8, Function("maker", PLACE, PLACE + 16), "x0 is not a constant", passed=True
    )
    assert isinstance(held(Lead.NOT, own)["maker"], Undecided)
    other = Unread(0x9008, Function("other", 0x9000, 0x9010), "x0 is not a constant", passed=True)
    assert isinstance(held(Lead.NOT, other)["maker"], Violated)


def test_a_move_from_a_party_of_another_program_is_not_held_here() -> None:
    assert held(Lead.NOT, which=Program.DECOMPRESSOR) == {}
    assert "maker" in held(Lead.NOT, which=Program.KERNEL)


@pytest.mark.parametrize(
    ("asked", "live", "undecided"),
    [
        ({(PLACE, "SET")}, {"stub"}, False),
        ({(PLACE, "RESTART"), (0x9000, "SET")}, {"stub"}, True),
        (set(), {"stub", "other"}, True),
        (set(), {"other"}, False),
    ],
)
def test_a_function_that_makes_its_call_no_more_is_undecided_where_its_party_is(
    asked: set[tuple[int, str]], live: set[str], *, undecided: bool
) -> None:
    context = CallerContext("it", None, ("maker",), ("SET",), (), ("stub",), WHY)
    reach = reach_of(lambda name: [PLACE] if name == "maker" else [], lambda *_: Lead.NOT)
    found = list(hold_scheduled([context], reach, live, asked, ()))
    assert [isinstance(each.verdict, Undecided) for each in found] == [True] * undecided
    own = Unread(
        PLACE + 8, Function("maker", PLACE, PLACE + 16), "x0 is not a constant", passed=True
    )
    passes = list(hold_scheduled([context], reach, live, asked, [own]))
    assert ["x0 is not a constant" in str(each.verdict) for each in passes] == [True] * undecided
    lost = replace(own, passed=False)
    assert list(hold_scheduled([context], reach, live, asked, [lost])) == [], "told at its site"


@pytest.mark.parametrize(
    ("move", "live", "serves", "lost", "said"),
    [
        (MOVE, ("stub",), False, (), [Violated]),
        (MOVE, ("stub",), False, (UNREAD,), [Undecided]),
        (MOVE, ("stub",), True, (), []),
        (MOVE, (), False, (), []),
        (replace(MOVE, made_by=()), ("stub",), False, (), []),
    ],
)
def test_of_a_program_without_symbols_somebody_has_to_make_a_move(
    move: Move, live: tuple[str, ...], serves: object, lost: tuple[Unread, ...], said: list[type]
) -> None:
    made = {("stub", "SET"): [site()]} if serves else {}
    found = list(hold_nameless(replace(REVISION, moves=(move,)), PLACE, live, made, lost))
    assert [type(each.verdict) for each in found] == said


def test_a_maker_is_held_to_what_it_does_when_registers_hold_some_numbers() -> None:
    move = replace(MOVE, given={"maker": ({"x1": 0},)})
    revision = replace(REVISION, moves=(move,))

    def leads(_address: int, _wanted: frozenset[int], closed: frozenset[int]) -> Lead:
        return Lead.NOT if 0x8010 in closed else Lead.LEADS

    def unreached(_start: int, known: Mapping[str, int]) -> frozenset[int]:
        return frozenset({0x8010} if known["x1"] == 0 else ())

    reach = reach_of(lambda name: [PLACE] if name == "maker" else [], leads, unreached=unreached)
    made = {("stub", "SET"): [site()]}
    (found,) = hold_makers(revision, Program.KERNEL, reach, made, ())
    assert isinstance(found.verdict, Violated) and "x1 is 0x0" in found.verdict.what
    revision = replace(revision, moves=(replace(move, given={"maker": ({"x1": 2},)}),))
    (found,) = hold_makers(revision, Program.KERNEL, reach, made, ())
    assert isinstance(found.verdict, Satisfied)
    both = replace(move, given={"maker": ({"x1": 2}, {"x1": 0})})
    found, other = hold_makers(replace(revision, moves=(both,)), Program.KERNEL, reach, made, ())
    assert isinstance(found.verdict, Satisfied) and isinstance(other.verdict, Violated)


RELAY = CallerContext(
    "reset", None, ("relay",), ("SET",), (), ("stub",), WHY,
    (), (Passed(None, "x0", "x0", read=False),),
    Premise("told", "x1 != 0", Comparison(Relation.DIFFERENT, old("x1"), number(0)), WHY),
    "wrapper",
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "violated"),
    [
        ("cbz x1, 1f; b wrapper; 1: ret", [False, False]),
        ("cbnz x1, wrapper; ret", [False, False]),
        ("cbz x1, wrapper; ret", [False, True]),
        ("cbnz x0, wrapper; ret", [False, True]),
        ("mov x0, x2; cbnz x1, wrapper; ret", [True, False]),
    ],
)
def test_who_goes_on_to_a_wrapper_is_held_to_what_it_passes_and_when(
    assemble: Assemble, body: str, violated: list[bool]
) -> None:
    sites = call_sites(assemble, relay=body, wrapper="mov x1, x0; mov x0, #0; hvc #0; ret")
    a64 = InstructionSet.A64
    reach = reach_of(
        lambda name: [address_of(sites, name)],
        ways=lambda start, targets, _: tuple(sites.ways.ways_into(start, targets, a64)),
        flow=lambda start: sites.functions.entry_flow(start, a64),
    )
    lowering = Lowering(behaviour(), None, Surroundings({}, lambda _: None, lambda _: False))
    live, solver = {"stub"}, BitwuzlaSolver()
    found = hold_relays([RELAY], reach, live, lowering.predicate, 64, solver)
    assert [isinstance(each.verdict, Violated) for each in found] == violated
    assert not list(hold_relays([RELAY], reach, set(), lowering.predicate, 64, solver))
    nowhere = [replace(RELAY, enters="relay")]
    (untold,) = hold_relays(nowhere, reach, live, lowering.predicate, 64, solver)
    assert isinstance(untold.verdict, Undecided) and "no way to relay" in untold.verdict.reason
    other = [replace(RELAY, enters="relay", passes=(), only_if=None)]
    (missing,) = hold_relays(other, reach, live, lowering.predicate, 64, solver)
    assert isinstance(missing.verdict, Violated) and "go on to relay" in missing.verdict.what
    switched = replace(reach, switches=lambda _: True)
    (lost,) = hold_relays([RELAY], switched, live, lowering.predicate, 64, solver)
    assert isinstance(lost.verdict, Undecided)
    (seen,) = hold_relays(other, switched, live, lowering.predicate, 64, solver)
    assert isinstance(seen.verdict, Violated)
    plain = [replace(RELAY, enters=None)]
    assert not list(hold_relays(plain, reach, live, lowering.predicate, 64, solver))


def _known_in(
    sites: CallSites, function: int, world: KnownWorld
) -> Mapping[int, Mapping[str, int]] | None:
    return sites.functions.known_in(function, _given(sites, world), InstructionSet.A64)


def _world_lost(sites: CallSites, function: int, world: KnownWorld, *, by_level: bool) -> bool:
    given = _given(sites, world)
    return sites.functions.world_lost(function, given, InstructionSet.A64, by_level=by_level)


def _given(sites: CallSites, world: KnownWorld) -> World:
    memory = {
        address_of(sites, name) + 4 * at + byte: value >> 8 * byte & 0xFF
        for name, words in world.words.items()
        for at, value in enumerate(words)
        for byte in range(4)
    }
    return World(world.name, None if world.level is None else 1, memory)


ENTERS = CallerContext("enters", None, ("relay",), ("SET",), (), ("stub",), WHY, enters="wrapper")
NOT_ZERO = Premise("told", "x0 != 0", Comparison(Relation.DIFFERENT, old("x0"), number(0)), WHY)


def entered(assemble: Assemble, context: CallerContext, body: str) -> list[str]:
    """Return what is violated of a context by a function that goes on to another."""
    wrapper = "mov x1, x0; mov x0, #0; hvc #0; ret"
    others = {"other": "ret", "further": "ret", "mode": ".word 0, 0"}
    sites = call_sites(assemble, relay=body, wrapper=wrapper, **others)
    reach = replace(
        reach_of(
            lambda name: [symbol.address for symbol in sites.image.symbols.find(name)],
            ways=lambda start, targets, which: tuple(
                sites.ways.ways_into(start, targets, InstructionSet.A64, which)
            ),
            flow=lambda start: sites.functions.entry_flow(start, InstructionSet.A64),
            doing=lambda start, at: doing_before(sites, start, at, InstructionSet.A64),
        ),
        level=sites.functions.level_at,
        known_in=partial(_known_in, sites),
        world_lost=partial(_world_lost, sites),
        ways_out=lambda start: tuple(sites.ways.ways_out(start, InstructionSet.A64)),
    )
    lowering = Lowering(behaviour(), None, Surroundings({}, lambda _: None, lambda _: False))
    solver = BitwuzlaSolver()
    found = hold_relays([context], reach, {"stub"}, lowering.predicate, 64, solver)
    return [each.verdict.what for each in found if isinstance(each.verdict, Violated)]


def test_what_a_function_is_entered_with_holds_on_every_way(assemble: Assemble) -> None:
    always = replace(ENTERS, always=NOT_ZERO)
    assert entered(assemble, always, "mov x0, #1; bl wrapper; ret") == []
    assert entered(assemble, always, "cbz x0, 1f; b wrapper; 1: ret") == []
    assert entered(assemble, always, "mov x0, #0; bl wrapper; ret")
    both = "cbz x3, 1f; mov x0, #1; bl wrapper; ret; 1: mov x0, #0; bl wrapper; ret"
    assert len(entered(assemble, always, both)) == 1
    assert entered(assemble, replace(ENTERS, sometimes=NOT_ZERO), both) == []


def test_a_condition_on_a_symbol_that_the_image_lacks_is_left_out(assemble: Assemble) -> None:
    passed = new("x0")
    named = Comparison(Relation.EQUAL, passed, AddressOf("nowhere", 64))
    always = replace(NOT_ZERO, holds=named)
    assert entered(assemble, replace(ENTERS, always=always), "mov x0, #0; bl wrapper; ret") == []
    assert entered(assemble, replace(ENTERS, sometimes=always), "mov x0, #0; bl wrapper; ret") == []
    assert entered(assemble, replace(ENTERS, always=NOT_ZERO), "mov x0, #0; bl wrapper; ret")


def test_what_has_to_hold_on_some_way_is_found_where_it_holds_on_none(assemble: Assemble) -> None:
    sometimes = replace(ENTERS, sometimes=NOT_ZERO)
    assert entered(assemble, sometimes, "bl wrapper; ret") == []
    none = "cbz x3, 1f; mov x0, #0; bl wrapper; 1: mov x0, #0; bl wrapper; ret"
    (only,) = entered(assemble, sometimes, none)
    assert "x0 != 0" in only


@pytest.mark.parametrize(
    ("behind", "before", "body", "violated"),
    [
        (("other",), (), "bl other; bl wrapper; ret", False),
        (("other",), (), "cbz x0, 1f; bl other; 1: bl wrapper; ret", True),
        (("other",), (), "bl wrapper; bl other; ret", True),
        (("absent",), (), "bl wrapper; ret", True),
        ((), ("other",), "bl wrapper; bl other; ret", False),
        ((), ("other",), "cbz x0, 1f; bl other; 1: bl wrapper; ret", True),
        ((), ("absent",), "bl wrapper; ret", False),
        ((), ("wrapper",), "1: bl wrapper; cbz x0, 1b; ret", True),
    ],
)
def test_what_is_called_before_and_what_behind_is_held_to_the_contract(
    assemble: Assemble,
    behind: tuple[str, ...],
    before: tuple[str, ...],
    body: str,
    *,
    violated: bool,
) -> None:
    context = replace(ENTERS, behind=behind, before=before)
    assert bool(entered(assemble, context, body)) is violated


MMU_OFF = Premise("off", "SCTLR_EL1.M == 0", equal(Bits(old("SCTLR_EL1"), 0, 0), number(0, 1)), WHY)


@pytest.mark.parametrize(
    ("body", "violated"),
    [
        ("mov x9, #4; msr sctlr_el1, x9; bl wrapper; ret", False),
        ("mrs x9, sctlr_el1; bic x9, x9, #1; msr sctlr_el1, x9; b wrapper", False),
        ("mov x9, #5; msr sctlr_el1, x9; bl wrapper; ret", True),
        ("mrs x9, sctlr_el1; bic x9, x9, #2; msr sctlr_el1, x9; b wrapper", True),
        ("bl wrapper; msr sctlr_el1, xzr; ret", True),
    ],
)
def test_what_a_system_register_was_given_before_is_held_to_the_contract(
    assemble: Assemble, body: str, *, violated: bool
) -> None:
    assert bool(entered(assemble, replace(ENTERS, having=MMU_OFF), body)) is violated


def test_who_enters_a_function_of_el1_asks_whether_it_runs_there(assemble: Assemble) -> None:
    asks = "mrs x1, CurrentEL; cmp x1, #4; b.ne 1f; bl wrapper; 1: ret"
    context = replace(ENTERS, asks_level=True)
    assert entered(assemble, context, asks) == []
    assert entered(assemble, context, asks.replace("b.ne", "b.eq"))
    assert entered(assemble, context, "bl wrapper; ret")


def test_what_another_function_answers_is_passed_on(assemble: Assemble) -> None:
    told = Passed(None, "x0", "other", read=False, answered=True)
    context = replace(ENTERS, passes=(told,))
    assert entered(assemble, context, "bl other; mov x9, x1; bl wrapper; ret") == []
    (wrong,) = entered(assemble, context, "bl other; mov x0, x1; bl wrapper; ret")
    assert "what other answers" in wrong
    assert len(entered(assemble, context, "bl other; bl further; bl wrapper; ret")) == 1
    assert len(entered(assemble, context, "b wrapper")) == 1


WORD = "adr x9, wrapper; ldr x8, [x4]; sub x9, x9, x8; blr x9; ret"
"""The wrapper is at 0x10000 and something: a word of memory says how far it is from there."""


def test_code_that_turns_the_mmu_off_is_entered_where_it_lies(assemble: Assemble) -> None:
    physical = replace(ENTERS, physically=True)
    assert entered(assemble, physical, WORD) == []
    assert entered(assemble, replace(physical, sometimes=NOT_ZERO), f"mov x0, #0; {WORD}")
    assert entered(assemble, physical, "bl wrapper; ret")
    assert entered(assemble, physical, "adr x9, wrapper; br x9")
    assert entered(assemble, physical, "br x9") == [], "nobody knows where it goes"
    assert entered(assemble, ENTERS, "bl wrapper; ret") == []


ASKING = CallerContext("asks", None, (), ("SET",), (), ("stub",), WHY, asks_level=True)
EL1 = "mrs x1, CurrentEL; cmp x1, #8;"


def unasked(assemble: Assemble, **functions: str) -> set[str]:
    """Return who goes on to a call without asking for its level."""
    sites = call_sites(assemble, f="mov x1, x0; mov x0, #0; hvc #0; ret", **functions)
    found, _ = sites.wanted(Everything())
    reach = replace(
        reach_of(lambda name: [address_of(sites, name)]),
        level=sites.functions.level_at,
        called=lambda at: sites.functions.called_from(at, InstructionSet.A64),
    )
    said = {site.address: (ASKING,) for site in found}
    return {each.function for each in hold_levels(said, reach, found)}


def test_a_call_of_the_kernel_at_el1_is_made_behind_a_question_for_that_level(
    assemble: Assemble,
) -> None:
    assert unasked(assemble, asks=f"{EL1} b.eq 1f; bl f; 1: ret") == set()
    assert unasked(assemble, asks=f"{EL1} b.ne 1f; bl f; 1: ret") == {"asks"}
    assert unasked(assemble, forgets="bl f; ret") == {"forgets"}


def test_who_is_called_leaves_the_question_to_who_calls(assemble: Assemble) -> None:
    asks = f"{EL1} b.eq 1f; bl inner; 1: ret"
    assert unasked(assemble, inner="bl f; ret", outer=asks) == set()
    assert unasked(assemble, inner="bl f; ret", outer="bl inner; ret") == {"inner"}
    assert unasked(assemble, inner="bl f; ret", outer="b inner") == set(), "nobody says who jumps"
    both = {"outer": asks, "other": "nop; bl inner; ret"}
    assert unasked(assemble, inner="bl f; ret", **both) == {"inner"}


def test_a_call_that_never_gets_to_the_hvc_leads_nowhere(assemble: Assemble) -> None:
    code = "cmp w0, #1; b.ne 1f; mov x0, #3; hvc #0; 1: ret"
    sites = call_sites(assemble, f=code, does="mov x0, #1; bl f; ret", not_="mov x0, #0; bl f; ret")
    found, _ = sites.wanted(Everything())
    calls = {each.function.name: each.address for site in found for each in site.callers}
    assert closed_calls(found) == {calls["not_"]}


BASE = Clause("base", "", Ensures(equal(new("VBAR_EL2"), old("x1"))), WHY)
COPIED = replace(
    REVISION,
    rows=(Row("stub", "SET", Service.SERVED, ALWAYS, (), (), (BASE,), None),),
    moves=(Move("stub", "SET", "stub", copied=True),),
)


@pytest.mark.parametrize(
    ("passed", "copies"),
    [
        (("mov x0, #0x20000",), False),
        (("mov x0, #0x20000", "add x0, x5, #0x800"), True),
        (("mov x0, #0x20000", "mov x0, #0x30000"), True),
    ],
)
def test_a_move_to_a_copy_names_no_table_of_the_program(
    assemble: Assemble, passed: tuple[str, ...], *, copies: bool
) -> None:
    callers = {f"c{number}": f"{each}; bl f; ret" for number, each in enumerate(passed)}
    sites = call_sites(assemble, f="mov x1, x0; mov x0, #0; hvc #0; ret", **callers)
    found, _ = sites.wanted(Everything())
    made = {("stub", "SET"): found}
    checks = list(hold_copies(COPIED, Program.KERNEL, made, [0x20000]))
    assert [isinstance(each.verdict, Violated) for each in checks] == [True] * (not copies)
    plain = replace(COPIED, moves=(Move("stub", "SET", "stub"),))
    assert not list(hold_copies(plain, Program.KERNEL, made, [0x20000]))


HYP = KnownWorld("with HYP", RunsAt.EL1, {"mode": (2,)})
PLAIN = KnownWorld("without", RunsAt.EL1, {"mode": (1,)})
TELLS = "adrp x9, mode; ldr w9, [x9, :lo12:mode]; cmp w9, #2;"


@pytest.mark.parametrize(
    ("body", "violated"),
    [
        (f"{TELLS} b.ne 1f; mov x0, #1; bl wrapper; 1: ret", 0),
        (f"{TELLS} b.eq 1f; mov x0, #1; bl wrapper; 1: ret", 2),
        (f"{TELLS} mov x0, #1; bl wrapper; ret", 1),
        (f"{TELLS} b.ne 1f; mov x0, #0; bl wrapper; 1: ret", 1),
        ("bl other; ret", 1),
    ],
)
def test_who_enters_a_function_in_which_world_is_held_to_the_contract(
    assemble: Assemble, body: str, violated: int
) -> None:
    context = replace(ENTERS, within=(HYP,), never_in=(PLAIN,), always=NOT_ZERO)
    assert len(entered(assemble, context, body)) == violated


def test_who_keeps_out_of_sight_in_which_world_it_is_violates_nothing(assemble: Assemble) -> None:
    asks = "adrp x9, mode; add x9, x9, :lo12:mode; ldr w1, [x9]"
    kept = f"{asks}; str w1, [sp, #8]; ldr w1, [sp, #8]; cbz w1, 1f; bl wrapper; 1: ret"
    context = replace(ENTERS, never_in=(PLAIN,))
    assert entered(assemble, context, kept) == []
    assert entered(assemble, context, kept.replace("str w1, [sp, #8]", "nop"))


def test_a_world_that_the_image_does_not_name_is_left_out(assemble: Assemble) -> None:
    unnamed = replace(PLAIN, words={"nobody": (1,)})
    context = replace(ENTERS, never_in=(unnamed,))
    assert entered(assemble, context, "bl wrapper; ret") == []
    assert entered(assemble, replace(ENTERS, never_in=(PLAIN,)), "bl wrapper; ret")


LEAVES = replace(ENTERS, enters=BY_POINTER, passes=(Passed(None, "x0", "x0", read=False),))


@pytest.mark.parametrize(
    ("body", "violated"),
    [
        ("ldr x1, [x0, #8]; blr x1; brk #0x800", 0),
        ("mov x19, x0; bl other; mov x0, x19; ldr x1, [x19]; blr x1; ret", 0),
        ("ldr x1, [x0, #8]; mov x0, x2; blr x1; brk #0x800", 1),
        ("ldr x1, [x0, #8]; blr x1; bl wrapper; ret", 1),
    ],
)
def test_what_is_passed_to_whom_a_pointer_leads_is_held_to_the_contract(
    assemble: Assemble, body: str, violated: int
) -> None:
    assert len(entered(assemble, LEAVES, body)) == violated


def test_a_number_that_is_passed_is_held_to_the_contract(assemble: Assemble) -> None:
    zero = replace(ENTERS, passes=(Passed(None, "x3", "", read=False, number=0),))
    assert entered(assemble, zero, "mov x3, xzr; bl wrapper; ret") == []
    assert entered(assemble, zero, "mov x3, #1; bl wrapper; ret")
    (left,) = entered(assemble, zero, "bl wrapper; ret")
    assert left == "x3 is x3 at entry, and not 0x0"


def test_another_address_that_is_handed_out_is_told() -> None:
    context = replace(ENTERS, enters=None, hands_out=("wrapper",))
    places = {"relay": [0x1_0000], "wrapper": [0x2_0000]}
    found = HandedOut(named=False, places=(), others=(0x3_0000,))
    reach = replace(reach_of(lambda name: places.get(name, [])), hands_out=lambda *_: found)
    (other,) = hold_handing([context], reach, {"stub"})
    assert isinstance(other.verdict, Violated) and "0x30000" in other.verdict.what
    nothing = replace(reach, hands_out=lambda *_: replace(found, others=()))
    (lost,) = hold_handing([context], nothing, {"stub"})
    assert isinstance(lost.verdict, Undecided)
