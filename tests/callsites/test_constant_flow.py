"""Which instructions of a function are reached when registers hold a known number at entry."""

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.callsites.constant_flow import World
from hypabi.callsites.finder import CallSites
from tests.callsites.programs import address_of, call_sites, call_sites_a32
from tests.inputs import Assemble


def skipped(assemble: Assemble, body: str, **known: int) -> set[str]:
    """Return the functions that one does not call then, of ``f`` and ``g``."""
    sites = call_sites(assemble, root=body, f="ret", g="ret")
    return _skipped(sites, InstructionSet.A64, known)


def _skipped(sites: CallSites, state: InstructionSet, known: dict[str, int]) -> set[str]:
    start = address_of(sites, "root")
    body = sites.functions.callee(start, state)
    assert body is not None
    names = {address_of(sites, name): name for name in ("f", "g")}
    unreached = sites.functions.unreached_with(start, known, state)
    targets = {step.target for step in body.turns() if step.address in unreached}
    return {name for address, name in names.items() if address in targets}


SWITCH = "cbz x1, 1f; cmp x1, #2; b.hi 2f; bl f; 2: ret; 1: bl g; ret"


def test_a_branch_that_a_number_decides_goes_one_way(assemble: Assemble) -> None:
    assert skipped(assemble, SWITCH, x1=0) == {"f"}
    assert skipped(assemble, SWITCH, x1=2) == {"g"}
    assert skipped(assemble, SWITCH, x1=3) == {"f", "g"}
    assert skipped(assemble, SWITCH, x2=0) == set()


def test_what_is_computed_from_a_number_is_known_and_what_is_read_is_not(
    assemble: Assemble,
) -> None:
    code = "{}; cbz x3, 1f; bl f; 1: ret"
    assert skipped(assemble, code.format("sub x3, x1, #2"), x1=2) == {"f"}
    assert skipped(assemble, code.format("ldr x3, [x1]"), x1=2) == set()


def test_a_call_loses_scratch_registers_alone(assemble: Assemble) -> None:
    code = "mov x19, x1; bl g; cbz {}, 1f; bl f; 1: ret"
    assert skipped(assemble, code.format("x19"), x1=0) == {"f"}
    assert skipped(assemble, code.format("x1"), x1=0) == set()


def test_behind_a_computed_branch_nothing_is_said(assemble: Assemble) -> None:
    assert skipped(assemble, "cbz x1, 1f; bl f; 1: br x2", x1=0) == set()


def test_ways_that_meet_know_what_both_know(assemble: Assemble) -> None:
    code = "mov x3, #0; cbz x2, 1f; mov x3, #{}; 1: cbz x3, 2f; bl f; 2: ret"
    assert skipped(assemble, code.format(0), x1=0) == {"f"}
    assert skipped(assemble, code.format(1), x1=0) == set()


def test_a32_is_followed_as_a64_is(assemble: Assemble) -> None:
    code = "cmp r1, #0; beq 1f; bl f; bx lr; 1: bl g; bx lr"
    sites = call_sites_a32(assemble, root=code, f="bx lr", g="bx lr")
    assert _skipped(sites, InstructionSet.A32, {"r1": 0}) == {"f"}
    assert _skipped(sites, InstructionSet.A32, {"r1": 1}) == {"g"}


def world(assemble: Assemble, **functions: str) -> CallSites:
    """Return a program that has a word beside its functions, of which a world tells."""
    return call_sites(assemble, **functions, f="ret", g="ret", word=".word 0, 0")


def called_in(sites: CallSites, value: int, level: int | None = 1) -> set[str]:
    """Return which of ``f`` and ``g`` a function calls in a world, by its word and its level."""
    start = address_of(sites, "root")
    word = address_of(sites, "word")
    memory = {word + at: byte for at, byte in enumerate(value.to_bytes(4, "little"))}
    given = World(f"{value} at {level}", level, memory)
    known = sites.functions.known_in(start, given, InstructionSet.A64)
    body = sites.functions.function(start)
    assert known is not None and body is not None
    names = {address_of(sites, name): name for name in ("f", "g")}
    targets = {step.target for step in body.turns() if step.address in known}
    return {name for address, name in names.items() if address in targets}


READS = "adrp x9, word; add x9, x9, :lo12:word; ldr w0, [x9]"
EITHER = f"{READS}; cmp w0, #2; b.eq 1f; bl f; ret; 1: bl g; ret"


def test_a_word_of_the_world_decides_a_branch(assemble: Assemble) -> None:
    sites = world(assemble, root=EITHER)
    assert (called_in(sites, 2), called_in(sites, 3)) == ({"g"}, {"f"})
    elsewhere = EITHER.replace("[x9]", "[x10]")
    sites = world(assemble, root=elsewhere)
    assert called_in(sites, 2) == {"f", "g"}


def lost(assemble: Assemble, root: str, *, by_level: bool = True, **others: str) -> bool:
    """Tell whether a function may know better in which world it is."""
    sites = world(assemble, root=root, **others)
    word = address_of(sites, "word")
    given = World("it", 1, {word + at: 0 for at in range(4)})
    start = address_of(sites, "root")
    return sites.functions.world_lost(start, given, InstructionSet.A64, by_level=by_level)


TELLS = f"{READS}; ret"
DEEP = "stp x29, x30, [sp, #-16]!; bl tells; ldp x29, x30, [sp], #16; cbz w0, 1f; 1: ret"


@pytest.mark.parametrize(
    ("root", "is_lost"),
    [
        (EITHER, False),
        (f"{READS}; str w0, [sp, #8]; ldr w1, [sp, #8]; cbz w1, 1f; bl f; 1: ret", True),
        (f"{READS}; mov w3, w0; stp x3, x4, [x29, #16]; bl f; ret", True),
        ("mrs x3, CurrentEL; stur x3, [sp, #-8]; bl f; ret", True),
        (f"mov w3, #1; str w3, [sp, #8]; {READS}; cbz w0, 1f; bl f; 1: ret", False),
        ("stp x29, x30, [sp, #-16]!; bl tells; cbz w0, 1f; bl f; 1: ret", False),
        ("stp x29, x30, [sp, #-16]!; bl deep; cbz w0, 1f; bl f; 1: ret", True),
        ("bl g; cbz w0, 1f; bl f; 1: ret", False),
    ],
)
def test_who_keeps_the_answer_out_of_sight_may_know_better(
    assemble: Assemble, root: str, *, is_lost: bool
) -> None:
    assert lost(assemble, root, tells=TELLS, deep=DEEP) == is_lost


def test_a_level_that_is_the_same_in_all_worlds_is_no_answer(assemble: Assemble) -> None:
    level = "mrs x3, CurrentEL; stur x3, [sp, #-8]; bl f; ret"
    assert lost(assemble, level) and not lost(assemble, level, by_level=False)


def test_behind_a_bug_the_next_block_is_not_come_to(assemble: Assemble) -> None:
    body = f"{READS}; cmp w0, #2; b.eq 1f; ret; {{}}; 1: bl f; ret"
    jumps = body.replace("ret; {}", "cbz x5, 2f; ret; 2: {}")
    assert called_in(world(assemble, root=jumps.format("brk #0x800")), 3) == set()
    assert called_in(world(assemble, root=jumps.format("nop")), 3) == {"f"}


@pytest.mark.parametrize("between", ["subs x3, x4, x5", "cmp x4, #1", "tst x4, #1", "msr nzcv, x4"])
def test_flags_that_are_set_of_what_is_not_known_decide_nothing(
    assemble: Assemble, between: str
) -> None:
    body = EITHER.replace("b.eq", f"{between}; b.eq")
    sites = world(assemble, root=body)
    assert called_in(sites, 2) == {"f", "g"}
    sites = world(assemble, root=body.replace(between, "add x3, x4, x5"))
    assert called_in(sites, 2) == {"g"}


def test_a_level_stays_over_calls_and_a_flag_does_not(assemble: Assemble) -> None:
    asks = "bl f; mrs x0, CurrentEL; cmp x0, #8; {}b.eq 1f; ret; 1: bl g; ret"
    sites = world(assemble, root=asks.format(""))
    assert (called_in(sites, 2, 1), called_in(sites, 2, 2)) == ({"f"}, {"f", "g"})
    sites = world(assemble, root=asks.format("bl f; "))
    assert called_in(sites, 2, 1) == {"f", "g"}


TOLD = f"{READS}; cmp w0, #2; cset w0, eq; ret"


@pytest.mark.parametrize(
    ("told", "calls"),
    [
        (TOLD, {"f"}),
        (f"mov w0, #0; ret; {READS}", set()),
        ("mov w0, #0; ret", {"f"}),
        (f"{READS}; b f", {"f"}),
        (f"{READS}; cbz x5, 1f; mov w0, #0; ret; 1: mov w0, #1; ret", {"f"}),
        (f"{READS}; mov w0, #0; cbz x5, 1f; ret; 1: ret", set()),
    ],
)
def test_what_a_function_answers_that_tells_the_world_is_known(
    assemble: Assemble, told: str, calls: set[str]
) -> None:
    body = "bl told; cbz w0, 1f; bl f; 1: ret"
    sites = world(assemble, root=body, told=told)
    assert called_in(sites, 2) == calls
    if told is TOLD:
        assert called_in(sites, 3) == set()
