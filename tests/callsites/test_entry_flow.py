"""What registers hold within a function, of what it was entered with."""

from collections.abc import Callable

from hypabi.arch.names import InstructionSet
from hypabi.callsites.entry_flow import Answered, AtEntry, Else, Held, Lost, ReadBy
from hypabi.callsites.finder import CallSites
from tests.callsites.programs import address_of, call_sites, call_sites_a32
from tests.inputs import Assemble

Programs = Callable[..., CallSites]


def held(
    assemble: Assemble, body: str, register: int, made: Programs = call_sites, **others: str
) -> Held:
    """Return what a register holds at the one ``hvc`` of a function."""
    sites = made(assemble, f=body, **others)
    state = InstructionSet.A64 if made is call_sites else InstructionSet.A32
    (site,) = (each for each in sites.find() if each.function.name == "f")
    flow = sites.functions.entry_flow(address_of(sites, "f"), state)
    assert flow is not None
    return flow[site.address].registers[register]


LOOP = "{}; 1: ldr x9, [x8], #8; {}; cbnz x9, 1b; mov x1, x28; hvc #0; ret"


def test_what_is_copied_round_a_loop_is_what_was_at_entry(assemble: Assemble) -> None:
    assert held(assemble, LOOP.format("mov x28, x4", "nop"), 1) == AtEntry("x4")
    assert held(assemble, LOOP.format("mov x28, x4", "mov x28, x9"), 1) == Else()
    assert held(assemble, LOOP.format("nop", "nop"), 1) == AtEntry("x28")


def test_a_word_read_by_an_argument_is_told_by_its_place(assemble: Assemble) -> None:
    assert held(assemble, LOOP.format("ldr x28, [x0, #16]", "nop"), 1) == ReadBy("x0", 16)
    assert held(assemble, LOOP.format("ldp x27, x28, [x0, #16]", "nop"), 1) == ReadBy("x0", 24)
    assert held(assemble, LOOP.format("ldr w28, [x0, #16]", "nop"), 1) == Else()


def test_a_word_read_when_memory_may_have_been_written_is_something_else(
    assemble: Assemble,
) -> None:
    late = "1: str x5, [x8], #8; cbnz x5, 1b; ldr x1, [x0, #16]; hvc #0; ret"
    assert held(assemble, late, 1) == Else()
    called = "mov x19, x0; bl g; ldr x1, [x19, #16]; hvc #0; ret"
    assert held(assemble, called, 1, g="ret") == Else()
    stack = "stp x29, x30, [sp, #-16]!; ldr x1, [x0, #16]; hvc #0; ret"
    assert held(assemble, stack, 1) == ReadBy("x0", 16)


def test_what_comes_back_from_the_stack_is_not_followed(assemble: Assemble) -> None:
    spilled = "str x1, [sp, #-16]!; ldr x1, [sp], #16; hvc #0; ret"
    assert held(assemble, spilled, 1) == Lost()


def test_two_ways_that_bring_different_things_bring_something_else(assemble: Assemble) -> None:
    ways = "cbz x0, 1f; {}; 1: hvc #0; ret"
    assert held(assemble, ways.format("mov x1, x2"), 1) == Else()
    assert held(assemble, ways.format("mov x1, x1"), 1) == AtEntry("x1")
    assert held(assemble, ways.format("add x1, x1, #0"), 1) == AtEntry("x1")


def test_a_call_loses_what_the_procedure_call_standard_says(assemble: Assemble) -> None:
    code = "mov x19, x1; bl g; {}; hvc #0; ret"
    assert held(assemble, code.format("mov x1, x19"), 1, g="ret") == AtEntry("x1")
    assert held(assemble, code.format("nop"), 1, g="ret") == Else()


def test_what_a_function_answers_is_told_by_the_function(assemble: Assemble) -> None:
    code = "mov x19, x1; {}; mov x20, x0; {}; hvc #0; ret"
    answered = held(assemble, code.format("bl g", "nop"), 20, g="ret", h="ret")
    other = held(assemble, code.format("bl h", "nop"), 20, g="ret", h="ret")
    assert isinstance(answered, Answered) and isinstance(other, Answered)
    assert answered != other
    assert held(assemble, code.format("bl g", "bl h"), 20, g="ret", h="ret") == answered
    assert held(assemble, code.format("blr x2", "nop"), 20) == Else()
    assert held(assemble, code.format("bl g", "mov x20, x1"), 20, g="ret") == Else()


def test_a32_is_followed_as_a64_is(assemble: Assemble) -> None:
    loop = "{}; 1: ldr r5, [r6], #4; cmp r5, #0; bne 1b; mov r1, r4; hvc #0; bx lr"
    assert held(assemble, loop.format("mov r4, r0"), 1, call_sites_a32) == AtEntry("r0")
    assert held(assemble, loop.format("ldr r4, [r0, #8]"), 1, call_sites_a32) == ReadBy("r0", 8)
    conditional = "cmp r2, #0; movne r1, r0; hvc #0; bx lr"
    assert held(assemble, conditional, 1, call_sites_a32) == Else()


def test_what_counts_entries_of_functions_keeps_their_arguments(assemble: Assemble) -> None:
    body = "push {{lr}}; bl {0}; mov r1, r0; hvc #0; bx lr"
    counts = held(
        assemble, body.format("__gnu_mcount_nc"), 1, call_sites_a32, __gnu_mcount_nc="nop"
    )
    other = held(assemble, body.format("other"), 1, call_sites_a32, other="bx lr")
    assert counts == AtEntry("r0") and isinstance(other, Answered)
