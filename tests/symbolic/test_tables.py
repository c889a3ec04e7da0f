"""Dispatchers: a constant table is read entry by entry under the bounds of its index."""

from collections.abc import Callable

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.behaviour.case import Behaviour
from hypabi.behaviour.derive import derive_behaviour
from hypabi.behaviour.outcome import Left, Returned, Undecided
from hypabi.image.load import load_image
from hypabi.smt import terms
from hypabi.smt.terms import Term
from hypabi.symbolic.choices import MOST_ENTRIES, trailing_zeros
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble

TEXT, DATA = 0x80000000, 0x80010000
HANDLERS = "".join(f"h{n}: mov x0, #{10 + n}\n{{}}\n" for n in range(4)) + "out: {}\n"
A64 = HANDLERS.format(*["eret"] * 5)
CALLED = HANDLERS.format(*["ret"] * 4, "eret")
A32 = A64.replace("x0", "r0")
BOUND = "cmp x0, #4\nb.hs out\n"
HEAD = ".arch armv7-a\n.arch_extension virt\n.syntax unified\n"
Derive = Callable[..., Behaviour]

DISPATCHERS = {
    "addresses": (BOUND + "adr x9, tab\nldr x9, [x9, x0, lsl #3]\nbr x9\n" + A64
                  + ".balign 8\ntab: .quad h0, h1, h2, h3"),
    "addresses in read-only data": (
        BOUND + "ldr x9, =tab\nldr x9, [x9, x0, lsl #3]\nbr x9\n" + A64
        + '.section .rodata, "a"\n.balign 8\ntab: .quad h0, h1, h2, h3'),
    "functions": (BOUND + "adr x9, tab\nldr x9, [x9, x0, lsl #3]\nblr x9\neret\n" + CALLED
                  + ".balign 8\ntab: .quad h0, h1, h2, h3"),
    "distances of 4 bytes": (
        BOUND + "adr x9, tab\nldrsw x10, [x9, w0, uxtw #2]\nadd x9, x9, x10\nbr x9\n" + A64
        + "tab: .word h0 - tab, h1 - tab, h2 - tab, h3 - tab"),
    "distances of 2 bytes": (
        BOUND + "adr x9, tab\nldrh w10, [x9, x0, lsl #1]\nadr x9, h0\n"
        "add x9, x9, w10, uxth #2\nbr x9\n" + A64
        + "tab: .hword 0, (h1 - h0) / 4, (h2 - h0) / 4, (h3 - h0) / 4"),
    "distances of 1 byte": (
        BOUND + "adr x9, tab\nldrb w10, [x9, x0]\nadr x9, h0\nadd x9, x9, w10, sxtb #2\nbr x9\n"
        + A64 + "tab: .byte 0, (h1 - h0) / 4, (h2 - h0) / 4, (h3 - h0) / 4"),
    "steps": BOUND + "adr x9, h0\nadd x9, x9, x0, lsl #3\nbr x9\n" + A64,
}  # fmt: skip
DISPATCHERS_32 = {
    "ldr pc": ("arm", "cmp r0, #4\nbhs out\nldr pc, [pc, r0, lsl #2]\nnop\n"
               ".word h0, h1, h2, h3\n" + A32),
    "ldrls pc": ("arm", "cmp r0, #3\nldrls pc, [pc, r0, lsl #2]\nb out\n"
                 ".word h0, h1, h2, h3\n" + A32),
    "tbb": ("thumb", "cmp r0, #4\nbhs out\ntbb [pc, r0]\n"
            "b0: .byte (h0-b0)/2, (h1-b0)/2, (h2-b0)/2, (h3-b0)/2\n" + A32),
    "tbh": ("thumb", "cmp r0, #4\nbhs out\ntbh [pc, r0, lsl #1]\n"
            "b0: .hword (h0-b0)/2, (h1-b0)/2, (h2-b0)/2, (h3-b0)/2\n" + A32),
}  # fmt: skip


@pytest.fixture
def derived(assemble: Assemble) -> Derive:
    """Return what an assembled handler does."""

    def make(source: str, state: InstructionSet = InstructionSet.A64) -> Behaviour:
        link = [f"-Tdata={DATA:#x}"]
        a64 = state is InstructionSet.A64
        built = assemble(source, "arm64" if a64 else "arm", text=TEXT, link=link)
        image = load_image(built).images[0]
        return derive_behaviour(explorer_for(image), TEXT, 0, state)

    return make


def answers(behaviour: Behaviour, register: str) -> list[int]:
    assert all(isinstance(case.outcome, Returned) for case in behaviour.cases)
    values = [c.registers[register] for c in behaviour.cases if register in c.registers]
    return sorted(value for value in values if isinstance(value, int))


@pytest.mark.parametrize("name", DISPATCHERS)
def test_every_entry_is_followed(name: str, derived: Derive) -> None:
    assert answers(derived(DISPATCHERS[name]), "x0") == [10, 11, 12, 13]


@pytest.mark.parametrize("name", DISPATCHERS_32)
def test_every_entry_is_followed_in_aarch32(name: str, derived: Derive) -> None:
    code, body = DISPATCHERS_32[name]
    state = InstructionSet.T32 if code == "thumb" else InstructionSet.A32
    assert answers(derived(f"{HEAD}.{code}\n{body}", state), "r0") == [10, 11, 12, 13]


def test_an_entry_beyond_the_table_is_undecided(derived: Derive) -> None:
    source = DISPATCHERS["addresses"].replace("#4", "#5")
    assert sum(isinstance(case.outcome, Undecided) for case in derived(source).cases) == 1


def test_a_table_that_the_kernel_may_write_is_undecided(derived: Derive) -> None:
    source = DISPATCHERS["addresses in read-only data"].replace('.section .rodata, "a"', ".data")
    kinds = {type(case.outcome) for case in derived(source).cases}
    assert kinds == {Returned, Undecided}


def test_values_of_a_table_are_those_that_it_holds(derived: Derive) -> None:
    source = "and x0, x0, #3\nadr x9, tab\nldrb w0, [x9, x0]\neret\ntab: .byte 5, 6, 7, 8"
    (case,) = derived(source).cases
    value = case.registers["x0"]
    assert not any(s.name.startswith("mem[") for s in terms.symbols_of(value))


def test_a_caller_s_address_is_left_to(derived: Derive) -> None:
    (case,) = derived("br x1").cases
    assert isinstance(case.outcome, Left)


def test_more_entries_than_are_read_stay_one_word(derived: Derive) -> None:
    body = "adr x9, tab\nldrb w0, [x9, x0]\neret\ntab:\n.rept 2048\n.byte 1\n.endr"
    for bound, unknown in ((MOST_ENTRIES, False), (2 * MOST_ENTRIES, True)):
        (case,) = derived(f"and x0, x0, #{bound - 1}\n{body}").cases
        names = {symbol.name for symbol in terms.symbols_of(case.registers["x0"])}
        assert any(name.startswith("mem[") for name in names) is unknown


def test_low_bits_that_are_zero_are_seen() -> None:
    x0 = terms.symbol("x0", 64)
    assert trailing_zeros(x0) == 0
    for shift in (1, 3, 7):
        shifted = terms.shl(x0, shift, 64)
        assert isinstance(shifted, Term)
        assert trailing_zeros(terms.add(shifted, 1 << shift, 64)) == shift
        assert trailing_zeros(terms.add(shifted, 1, 64)) == 0
