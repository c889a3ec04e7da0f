"""Call sites of small programs, of the references against their index, and of real kernels."""

import random
from typing import Any

import pytest

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.callsites.finder import CallSites
from hypabi.callsites.hvc_words import hvc_words
from hypabi.callsites.model import CallSite, Function, Origin, Reached, ResultUse, Start, Why, after
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, Role, Segment, Symbol
from hypabi.smt import terms
from hypabi.symbolic.setup import explorer_for
from tests.callsites.sources import FUNCTION
from tests.code.images import image as made_image
from tests.inputs import Assemble, Kernel
from tests.reference.library import library
from tests.reference.references import CALLERS


def program(assemble: Assemble, **functions: str) -> CallSites:
    """Return the call sites of functions in A64."""
    source = "".join(FUNCTION.format(name=name, body=body) for name, body in functions.items())
    return CallSites(explorer_for(load_image(assemble(source, "arm64", text=0x10000)).images[-1]))


def only(assemble: Assemble, **functions: str) -> CallSite:
    (site,) = program(assemble, **functions).find()
    return site


def test_arguments_are_terms_over_the_entry_of_the_function(assemble: Assemble) -> None:
    site = only(assemble, f="lsl x1, x1, #12; mov x2, x5; mov x0, #3; hvc #0; ret")
    (way,) = site.paths
    assert way.start is Start.ENTRY
    registers = way.request.registers
    assert registers["x0"] == 3
    assert registers["x1"] is terms.shl(terms.symbol("x1", 64), 12, 64)
    assert registers["x2"] is terms.symbol("x5", 64)
    assert way.sources["x5"].origin is Origin.ARGUMENT


def test_a_branch_on_the_way_is_a_condition(assemble: Assemble) -> None:
    site = only(assemble, f="cbz x1, 1f; mov x0, #2; hvc #0; 1: ret")
    (condition,) = site.paths[0].request.guard
    assert condition.term is terms.lnot(terms.eq(terms.symbol("x1", 64), 0, 64))


def test_what_a_call_leaves_in_a_scratch_register_is_chance(assemble: Assemble) -> None:
    site = only(assemble, f="mov x0, x9; hvc #0; ret")
    source = site.paths[0].source("x0")
    assert source is not None and (source.origin, source.register) == (Origin.UNINITIALISED, "x9")
    site = only(assemble, f="mov x19, x0; bl g; mov x0, x4; mov x1, x19; hvc #0; ret", g="ret")
    (way,) = site.paths
    source = way.source("x0")
    assert source is not None and (source.origin, source.register) == (Origin.UNINITIALISED, "x4")
    # What is callee-saved comes through the call.
    assert way.request.registers["x1"] is terms.symbol("x0", 64)
    assert way.calls == (0x10004,)


def test_the_result_of_a_call_is_no_chance(assemble: Assemble) -> None:
    site = only(assemble, f="bl g; hvc #0; ret", g="ret")
    source = site.paths[0].source("x0")
    assert source is not None and source.origin is Origin.RESULT


def test_an_earlier_hvc_leaves_its_answer_and_not_the_old_identifier(assemble: Assemble) -> None:
    first, second = program(assemble, f="mov x0, #2; hvc #0; hvc #0; ret").find()
    assert first.paths[0].request.registers["x0"] == 2
    source = second.paths[0].source("x0")
    assert source is not None and source.origin is Origin.RESULT


def test_memory_written_on_the_way_is_read_back_and_forgotten_at_a_call(
    assemble: Assemble,
) -> None:
    site = only(assemble, f="mov x1, #5; str x1, [sp]; ldr x0, [sp]; hvc #0; ret")
    assert site.paths[0].request.registers["x0"] == 5
    site = only(assemble, f="mov x1, #5; str x1, [sp]; bl g; ldr x0, [sp]; hvc #0; ret", g="ret")
    value = site.paths[0].request.registers["x0"]
    assert isinstance(value, terms.Term) and value.op == "symbol"


def test_an_address_that_walked_memory_is_told_from_an_identifier(assemble: Assemble) -> None:
    walked = "1: ldp x2, x3, [x0]; add x0, x0, #16; cmp x0, x1; b.ne 1b; hvc #0; ret"
    (way,) = only(assemble, f=walked).paths
    assert way.pointers["x0"] == 0x10004
    (way,) = only(assemble, f=walked.replace("hvc", "mov x0, #2; hvc")).paths
    assert "x0" not in way.pointers


def test_what_is_read_behind_is_told_from_what_others_may_read(assemble: Assemble) -> None:
    site = only(assemble, f="mov x0, #0; hvc #0; add x0, x19, x5; mov x1, x20; ret")
    reads = {read.register: read.address for read in site.reliance.reads}
    assert set(reads) == {"x19", "x5", "x20", "x30"}
    assert reads["x5"] == 0x10008
    kept = {m.register for m in site.reliance.may_read if m.why is Why.KEPT}
    assert kept == {f"x{n}" for n in range(18, 30)}
    # x0 and x1 are written before the return, and x6 is nobody's.
    assert not {"x0", "x1", "x6"} & site.reliance.live


def test_a_call_behind_reads_what_its_function_reads(assemble: Assemble) -> None:
    site = only(assemble, f="mov x0, #0; hvc #0; bl g; ret", g="add x0, x3, #1; ret")
    callee = {m.register for m in site.reliance.may_read if m.why is Why.CALLEE}
    assert callee == {"x3"}
    site = only(assemble, f="mov x0, #0; hvc #0; blr x9; ret")
    passed = {m.register for m in site.reliance.may_read if m.why is Why.ARGUMENT}
    assert passed == {f"x{n}" for n in range(8)}
    assert "x9" in {read.register for read in site.reliance.reads}


def test_a_branch_that_asks_for_the_answer_is_a_test_of_it(assemble: Assemble) -> None:
    site = only(assemble, f="mov x0, #0; hvc #0; cmn x0, #1; b.eq 1f; nop; 1: mov x0, #0; ret")
    answer = site.answers[0]
    (test,) = answer.tests
    x0 = terms.symbol(after("x0"), 64)
    assert (test.address, test.function) == (0x1000C, None)
    assert test.condition is terms.eq(x0, (1 << 64) - 1, 64)
    assert site.answers[1].uses == (ResultUse.RETURNED,)


def test_an_answer_that_is_overwritten_is_ignored(assemble: Assemble) -> None:
    site = only(assemble, f="mov x0, #0; hvc #0; mov x0, #0; mov x1, #0; ret")
    assert [answer.uses for answer in site.answers] == [(ResultUse.OVERWRITTEN,)] * 4
    assert not any(answer.tests for answer in site.answers)


def test_a_caller_asks_through_a_function_that_passes_its_argument_on(assemble: Assemble) -> None:
    saves, restores = "stp x29, x30, [sp, #-16]!", "ldp x29, x30, [sp], #16"
    asks = f"{saves}; mov x0, #2; bl f; cbnz x0, 1f; nop; 1: {restores}; ret"
    site = only(assemble, f="hvc #0; ret", g=asks)
    source = site.paths[0].source("x0")
    assert source is not None and source.origin is Origin.ARGUMENT
    (caller,) = site.callers
    assert caller.function.name == "g"
    assert caller.paths[0].request.registers["x0"] == 2
    # And what becomes of the answer there is known, too.
    (test,) = site.answers[0].tests
    assert test.function == caller.function


def test_xen_is_asked_by_its_own_register(assemble: Assemble) -> None:
    site = only(assemble, f="mov x16, #17; hvc #0xea1; ret")
    assert site.identifier == "x16"
    assert site.paths[0].request.registers["x16"] == 17


def test_a_literal_that_looks_like_an_hvc_is_not_shown_to_be_one(assemble: Assemble) -> None:
    source = FUNCTION.format(name="f", body="ldr r0, 1f; hvc #0; bx lr; 1: .long 0xe1400070")
    found = load_image(assemble(f".arch armv7ve\n.arm\n{source}", "arm", text=0x10000)).images[-1]
    site, literal = CallSites(explorer_for(found)).find()
    assert (site.reached, literal.reached) == (Reached.FLOW, Reached.NOT_SHOWN)


def thumb(assemble: Assemble, body: str) -> CallSite:
    source = FUNCTION.format(name="f", body=body)
    header = ".arch armv7ve\n.syntax unified\n.thumb\n"
    found = load_image(assemble(header + source, "arm", text=0x10000)).images[-1]
    (site,) = CallSites(explorer_for(found)).find()
    return site


def test_an_instruction_of_an_it_block_writes_under_its_condition_only(assemble: Assemble) -> None:
    site = thumb(assemble, "mov r0, #2; cmp r1, #0; it eq; moveq r0, #1; hvc #0; bx lr")
    value = site.paths[0].request.registers["r0"]
    zero = terms.eq(terms.symbol("r1", 32), 0, 32)
    assert isinstance(zero, terms.Term)
    assert terms.substitute(value, {zero: 1}) == 1
    assert terms.substitute(value, {zero: 0}) == 2
    site = thumb(assemble, "cmp r1, #0; ite ne; movne r0, #2; moveq r0, #1; hvc #0; bx lr")
    value = site.paths[0].request.registers["r0"]
    assert not isinstance(value, int)
    site = thumb(assemble, "cmp r1, #0; it eq; moveq r0, #1; mov r0, #2; hvc #0; bx lr")
    assert site.paths[0].request.registers["r0"] == 2


@pytest.mark.parametrize(("name", "form", "function", "registers"), CALLERS)
def test_every_reference_caller_is_found_with_what_the_index_says(
    name: str, form: str, function: str, registers: dict[str, Any]
) -> None:
    opened = library()
    found = next(each for each in opened.index.references if each.name == name)
    image = opened.open(found, next(each for each in found.forms if each.name == form))
    (site,) = CallSites(image.explorer).find(function)
    width = image.image.architecture.bits
    letter = "x" if width == 64 else "r"
    assert site.reached is Reached.FLOW and not site.undecided
    (way,) = site.paths
    own = 0
    for register, value in registers.items():
        if register == "call":
            continue
        if isinstance(value, int):
            assert way.request.registers[register] == value % (1 << width)
        else:
            assert way.request.registers[register] is terms.symbol(f"{letter}{own}", width)
            own += 1


def first(sites: tuple[CallSite, ...], name: str) -> CallSite:
    return next(site for site in sites if site.function.name == name)


@pytest.mark.parametrize(
    ("name", "to_chance"), [("6.1-arm64", 1), ("6.12-arm64", 1), ("7.2-arm64", 0)]
)
def test_stub_callers_of_real_kernels_ask_for_what_their_source_says(
    kernel: Kernel, name: str, to_chance: int
) -> None:
    """hyp-stub.S, cpu-reset.S and hibernate-asm.S of these kernels, read by hand."""
    image = load_image(kernel(name)).images[-1]
    sites = CallSites(explorer_for(image)).find()
    asked = {
        "__hyp_set_vectors": 0, "__hyp_reset_vectors": 2, "finalise_el2": 3, "cpu_soft_restart": 1,
    }  # fmt: skip
    for function, number in asked.items():
        site = first(sites, function)
        assert [way.request.registers["x0"] for way in site.paths] == [number]
        assert site.reached is Reached.FLOW
    # arm64_relocate_new_kernel and swsusp_arch_suspend_exit have no symbol in 6.1.
    restart = [s for s in sites if any(w.request.registers["x0"] == 1 for w in s.paths)]
    assert len(restart) == 2
    left = [s for s in sites if any("x0" in way.pointers for way in s.paths)]
    assert len(left) == to_chance


def test_the_decompressor_asks_three_times(kernel: Kernel) -> None:
    """compressed/head.S of 6.1: SET_VECTORS, SOFT_RESTART, and one bare hvc to bounce to HYP."""
    decompressor = load_image(kernel("6.1-armmp")).images[0]
    assert decompressor.role is Role.DECOMPRESSOR
    bounce, *stub = CallSites(explorer_for(decompressor)).find()
    assert [site.paths[0].request.registers["r0"] for site in stub] == [0, 1]
    source = bounce.paths[0].source("r0")
    assert source is not None and source.origin is Origin.RESULT
    assert all(site.reached is Reached.FLOW for site in (bounce, *stub))


@pytest.mark.parametrize("architecture", list(Architecture))
def test_random_bytes_as_code_are_read_to_the_end(architecture: Architecture) -> None:
    chance = random.Random(24)
    for _ in range(6):
        words = [chance.getrandbits(32) for _ in range(1500)]
        for at in range(0, 1500, 50):
            words[at] = 0xD4000002 if architecture is Architecture.ARM64 else 0xE1400070
        content = b"".join(word.to_bytes(4, "little") for word in words)
        image = random_image(architecture, content)
        # One into which another function runs on is listed for each.
        places = {site.address for site in CallSites(explorer_for(image)).find()}
        assert places == {word.address for word in hvc_words(image)}


def random_image(architecture: Architecture, content: bytes) -> Image:
    segment = Segment(0x10000, content, Access.CODE, ".text")
    symbols = tuple(Symbol(f"f{n}", 0x10000 + 400 * n) for n in range(15))
    template = made_image(segment, symbols=symbols)
    return Image(
        Role.KERNEL,
        architecture,
        ByteOrder.LITTLE,
        (segment,),
        0x10000,
        template.symbols,
        template.sha256,
        "",
        "made",
    )


def test_a_stub_call_of_7_2_relies_on_a_register_that_the_document_lets_it_lose(
    kernel: Kernel,
) -> None:
    """can_trap_icv_dir_el1 asks by SMCCC 1.1, which keeps x4; hyp-abi.rst keeps it of no call.

    cpufeature.c tests the answer for HVC_STUB_ERR; what it returns then is in w4 across the call.
    """
    image = load_image(kernel("7.2-arm64")).images[-1]
    (site,) = CallSites(explorer_for(image)).find("can_trap_icv_dir_el1")
    reads = {read.register for read in site.reliance.reads}
    assert reads == {"x0", "x1", "x4"}
    x0 = terms.symbol(after("x0"), 64)
    assert [test.condition for test in site.answers[0].tests] == [terms.eq(x0, 0xBADCA11, 64)]
    assert ResultUse.RETURNED in site.answers[1].uses


def arm(assemble: Assemble, **functions: str) -> CallSite:
    source = "".join(FUNCTION.format(name=name, body=body) for name, body in functions.items())
    path = assemble(f".arm\n{source}", "arm", flags=("-march=armv7ve",), text=0x10000)
    (site,) = CallSites(explorer_for(load_image(path).images[-1])).find()
    return site


def test_a_call_under_a_condition_may_leave_everything_as_it_was(assemble: Assemble) -> None:
    body = "mov r0, #0; hvc #0; cmp r4, #0; {call} g; b h"
    leaves = {"g": "mov r2, #0; mov pc, lr", "h": "add r0, r2, #1; mov pc, lr"}
    site = arm(assemble, f=body.format(call="bleq"), **leaves)
    assert "r2" in {may.register for may in site.reliance.may_read if may.why is Why.CALLEE}
    site = arm(assemble, f=body.format(call="bl"), **leaves)
    assert "r2" not in {may.register for may in site.reliance.may_read if may.why is Why.CALLEE}


def test_what_all_sites_may_cost_together_is_bounded_and_said(
    assemble: Assemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = {f"f{n}": "cbz x1, 1f; nop; 1: nop; nop; hvc #0; mov x1, x4; ret" for n in range(8)}
    whole = program(assemble, **bodies).find()
    assert not any(site.undecided or site.reliance.undecided for site in whole)
    monkeypatch.setattr("hypabi.callsites.call_ways.MOST_BEFORE", 20)
    sites = program(assemble, **bodies).find()
    assert not sites[0].undecided
    assert "than are looked at" in sites[-1].undecided[-1]
    monkeypatch.setattr("hypabi.callsites.call_ways.MOST_BEHIND", 8)
    assert program(assemble, **bodies).find()[-1].reliance.undecided
    monkeypatch.setattr("hypabi.callsites.functions.MOST_READ", 64)
    last = program(assemble, **bodies).find()[-1]
    assert not last.paths and "in all" in last.undecided[0]
    assert last.reliance.undecided


class Listed:
    """Lists two numbers of ``hvc #0``, and one function that passes on."""

    def has_immediate(self, immediate: int) -> bool:
        return immediate == 0

    def has_number(self, identifier: int) -> bool:
        return identifier in (1, 0x80000000)

    def passes_on(self, function: Function) -> bool:
        return function.plain == "passes"


def strange(assemble: Assemble, judged: frozenset[int] = frozenset(), **code: str) -> list[str]:
    return [each.why for each in program(assemble, **code).strangers(Listed(), judged)]


def test_what_nobody_lists_is_strange_and_its_neighbours_are_not(assemble: Assemble) -> None:
    assert strange(assemble, f="mov x0, #1; hvc #0; ret", g="mov x0, #1; hvc #0; ret") == []
    assert strange(assemble, f="mov w0, #0x80000000; hvc #0; ret") == []
    (why,) = strange(assemble, f="mov x0, #2; hvc #0; ret")
    assert "identifier 0x2" in why
    (why,) = strange(assemble, f="mov x0, #1; hvc #7; ret")
    assert "immediate 0x7" in why
    (why,) = strange(
        assemble, f="cmp x1, #0; mov x0, #1; mov x2, #2; csel x0, x0, x2, eq; hvc #0; ret"
    )
    assert "identifier 0x2" in why


def test_only_who_is_said_to_pass_on_may_leave_the_number_to_its_callers(
    assemble: Assemble,
) -> None:
    assert strange(assemble, passes="hvc #0; ret") == []
    (why,) = strange(assemble, other="hvc #0; ret")
    assert "x0 is no constant" in why
    assert strange(assemble, passes="mov x0, #2; hvc #0; ret")
    assert strange(assemble, passes="hvc #7; ret")


def test_a_site_that_is_judged_otherwise_or_that_no_flow_reaches_is_no_stranger(
    assemble: Assemble,
) -> None:
    assert strange(assemble, frozenset({0x10004}), f="mov x0, #2; hvc #0; ret") == []
    assert strange(assemble, f="ret; .inst 0xd40000e2; ret") == []


@pytest.mark.parametrize(
    ("behind", "warns"),
    [
        ("cbnz x0, 1f; ret; 1: brk #0x800; ret", True),
        ("cbnz x0, 1f; brk #0x800; 1: ret", False),
        ("cbnz x0, 1f; ret; 1: ret", None),
        ("cbnz x0, 1f; brk #0x800; 1: brk #0x800", None),
        ("cbnz x0, 1f; ret; 1: cbz x1, 2f; 2: brk #0x800; ret", None),
    ],
)
def test_a_test_of_the_answer_tells_which_side_warns(
    assemble: Assemble, behind: str, *, warns: bool | None
) -> None:
    site = only(assemble, f=f"mov x0, #1; hvc #0; {behind}")
    (answer,) = (each for each in site.answers if each.register == "x0")
    assert [test.warns for test in answer.tests] == [warns]


def test_a_way_that_is_not_taken_at_el1_is_taken_at_el2(assemble: Assemble) -> None:
    asks = "mrs x0, CurrentEL; cmp x0, #{}; b.{} 1f; mov x0, #3; hvc #0; 1: ret"

    def shown(level: int, condition: str) -> bool:
        (way,) = only(assemble, f=asks.format(level, condition)).paths
        return way.privileged is not None

    assert shown(4, "eq") and shown(8, "ne")
    assert not shown(4, "ne") and not shown(8, "eq")
