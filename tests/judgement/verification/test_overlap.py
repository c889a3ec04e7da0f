"""What is proved of memory does not rest on luck: each handler that may hit itself has a neighbour
that cannot."""

from collections.abc import Mapping

import pytest

from hypabi.contract.clause import Ensures, KeepsMemory, KeepsRegisters, Region, Statement
from hypabi.contract.expression import Comparison, Integer, Predicate, Relation
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided, Verdict
from tests.inputs import Assemble
from tests.judgement.handler_contract import (
    Promise,
    all_judged,
    equal,
    judged,
    new,
    number,
    old,
)
from tests.symbolic.handler import TEXT

FIVE = Ensures(equal(new("x0"), number(5)))
KEPT = KeepsRegisters(("x0", "x9", "x10"))
OUTSIDE = Comparison(Relation.AT_MOST, Integer(0x90000000, 64), old("x1"))
OUTSIDE_TOO = Comparison(Relation.AT_MOST, Integer(0xA0000000, 64), old("x2"))
PASSED = tuple(Comparison(Relation.AT_MOST, number(0), old(f"x{n}")) for n in (1, 2, 3))
"""Says no more than that a caller puts something there."""
BELOW = Comparison(Relation.BELOW, old("x1"), Integer(0x98000000, 64))
TWICE = "ldr x9, [x1]\nldr x10, [x2]\nmov x0, #5\ncmp x1, x2\nb.ne 1f\ncmp x9, x10\n"
DATA_AND_STACK = "\n.data\n.balign 16\ntab: .quad 0,0,0,0,0,0,0\nlimit: .quad 0\n"


def indexed(mask: int, index: str = "and x10, x1, #{}") -> str:
    """A table of seven words, the word behind it, and a store through an index."""
    return f"""
    ldr x9, =limit
    mov x0, #5
    str x0, [x9]
    ldr x9, =tab
    {index.format(mask)}
    str xzr, [x9, x10, lsl #3]
    ldr x9, =limit
    ldr x0, [x9]
    eret
    {DATA_AND_STACK}"""


def compared(most: int) -> str:
    return f"""
    mov x0, #5
    cmp x1, #{most}
    b.hi out
    ldr x9, =limit
    str x0, [x9]
    ldr x9, =tab
    str xzr, [x9, x1, lsl #3]
    ldr x9, =limit
    ldr x0, [x9]
out: eret
    {DATA_AND_STACK}"""


def pushed(store: str) -> str:
    """A frame on the hypervisor's stack, and a store before it is popped."""
    return f"""
    stp x2, x3, [sp, #-16]!
    mov x2, #7
    mov x3, #8
    {store}
    ldp x2, x3, [sp], #16
    eret
    {DATA_AND_STACK}"""


def two(second: str, first: str = "x1") -> str:
    """A store of five through one pointer, of zero through another, and the first read again."""
    return f"""
    mov x0, #5
    str x0, [{first}]
    str xzr, {second}
    ldr x0, [{first}]
    eret
    {DATA_AND_STACK}"""


def verdict(
    source: str, assemble: Assemble, statement: Statement = FIVE, *requires: Predicate
) -> Verdict:
    return judged(source, Promise(statement, requires=requires), assemble)


Stated = tuple[str, Statement, tuple[Predicate, ...]]
REFUTED: Mapping[str, Stated] = {
    "the index reaches the neighbour": (indexed(7), FIVE, ()),
    "the index is compared one too far": (compared(7), FIVE, ()),
    "a pair that begins within the neighbour": (
        indexed(7, "and x10, x1, #{}").replace("str xzr, [x9, x10, lsl #3]",
                                              "add x9, x9, x10, lsl #3\n stp wzr, wzr, [x9, #-4]"),
        FIVE, (),
    ),
    "an index without bounds reaches the stack": (
        pushed("ldr x9, =tab\nstr xzr, [x9, x1, lsl #3]"), KEPT, (),
    ),
    "a pointer of the caller reaches the stack": (pushed("str xzr, [x1]"), KEPT, ()),
    "two pointers of the caller": (two("[x2]"), FIVE, (OUTSIDE,)),
    "two pointers of the caller, another width": (
        two("[x2]").replace("str xzr", "strb wzr"), FIVE, (OUTSIDE,),
    ),
    "a pointer and a fixed word": (
        two("[x1]", "x9").replace("mov x0, #5", "mov x0, #5\nldr x9, =limit"), FIVE, (),
    ),
    "a stack that the caller chose": (
        ("mov x0, #5\nldr x9, =limit\nstr x0, [x9]\nand x10, x1, #-16\nmov sp, x10\n"
         "stp xzr, xzr, [sp, #-16]!\nldr x0, [x9]\neret" + DATA_AND_STACK), FIVE, (),
    ),
    "bytes that are read as a word": (
        "mov x0, #0\nstr x0, [x1]\nmov w9, #5\nstrb w9, [x2]\nldr x0, [x1]\neret", FIVE, (OUTSIDE,),
    ),
    "what is loaded first is loaded again": (
        f"{TWICE}b.ne 1f\nmov x0, #6\n1: eret", FIVE, (),
    ),
}  # fmt: skip

PROVED: Mapping[str, Stated] = {
    "the index stays in its table": (indexed(3), FIVE, ()),
    "the index is compared with its table": (compared(6), FIVE, ()),
    "a table and the stack": (pushed("ldr x9, =tab\nand x10, x1, #3\nstr xzr, [x9, x10, lsl #3]"),
                              KEPT, ()),
    "a pointer of the caller, not into the stack": (
        pushed("str xzr, [x1]"), KEPT,
        (OUTSIDE, Comparison(Relation.AT_MOST, number(0x98000000), old("SP_EL2")),
         Comparison(Relation.BELOW, old("SP_EL2"), number(0x99000000)),
         Comparison(Relation.BELOW, old("x1"), number(0x97000000))),
    ),
    "one pointer of the caller": (two("[x1, #8]"), FIVE, (OUTSIDE, BELOW)),
    "two pointers that the contract has apart": (two("[x2]"), FIVE, (OUTSIDE, BELOW, OUTSIDE_TOO)),
    "a pointer and a fixed word that are apart": (
        two("[x1]", "x9").replace("mov x0, #5", "mov x0, #5\nldr x9, =limit"), FIVE, (OUTSIDE,),
    ),
    "a word of two halves": (
        "mov w9, #5\nstr w9, [x1]\nstr wzr, [x1, #4]\nldr x0, [x1]\neret", FIVE, (OUTSIDE, BELOW),
    ),
    "the same word twice": (
        f"{TWICE}b.eq 1f\nmov x0, #6\n1: eret", FIVE, PASSED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUTED)
def test_memory_that_the_code_can_make_one_is_never_taken_apart(
    case: str, assemble: Assemble
) -> None:
    source, statement, requires = REFUTED[case]
    assert isinstance(verdict(source, assemble, statement, *requires), Refuted)


@pytest.mark.parametrize("case", PROVED)
def test_memory_that_is_apart_is_proved_to_be(case: str, assemble: Assemble) -> None:
    source, statement, requires = PROVED[case]
    assert isinstance(verdict(source, assemble, statement, *requires), Proved)


def test_a_store_that_may_hit_code_is_undecided(assemble: Assemble) -> None:
    source = "mov x0, #5\nstr xzr, [x1]\neret"
    found = verdict(source, assemble, FIVE, *PASSED)
    assert isinstance(found, Undecided) and "may write the code" in found.reason
    assert isinstance(verdict(source, assemble, FIVE, OUTSIDE), Proved)
    below = Comparison(Relation.BELOW, old("x1"), Integer(TEXT - 8, 64))
    assert isinstance(verdict(source, assemble, FIVE, below), Proved)
    within = Comparison(Relation.BELOW, old("x1"), Integer(TEXT - 6, 64))
    assert isinstance(verdict(source, assemble, FIVE, within), Undecided)


def test_memory_that_a_contract_gives_away_is_no_code(assemble: Assemble) -> None:
    source = "mov x0, #5\nstr xzr, [x1]\neret"
    for size, expected in ((8, Proved), (4, Refuted)):
        region = KeepsMemory((Region(old("x1"), size),))
        assert isinstance(verdict(source, assemble, region), expected)


@pytest.mark.parametrize(
    "access", ["ldr x2, [x1]", "ldr x2, [x1, x3, lsl #3]", "ldrb w2, [x1, #1]"]
)
def test_an_address_that_no_caller_passes_may_fault(access: str, assemble: Assemble) -> None:
    source = f"{access}\nmov x0, #5\neret"
    found = verdict(source, assemble)
    assert isinstance(found, Undecided) and "in x1" in found.reason
    assert isinstance(verdict(source, assemble, FIVE, *PASSED), Proved)


def test_an_index_into_the_image_is_no_address(assemble: Assemble) -> None:
    source = f"ldr x9, =tab\nldr x2, [x9, x1, lsl #3]\nmov x0, #5\neret\n{DATA_AND_STACK}"
    assert isinstance(verdict(source, assemble), Proved)


def test_a_stack_pointer_that_a_call_sets_is_no_premise(assemble: Assemble) -> None:
    source = pushed("ldr x9, =tab\nstr xzr, [x9]")
    keeps, sets = Promise(KEPT), "\ncmp x0, #1\nb.ne 1f\nmsr tpidr_el2, x1\neret\n1:"
    through = "mrs x9, tpidr_el2\nstr x0, [x9, #8]\nldr x10, [sp]\n" + source
    assert isinstance(all_judged(through, [keeps], assemble)[0], Proved)
    assert isinstance(all_judged(sets + through, [keeps], assemble)[0], Undecided)


def test_far_from_a_stack_pointer_is_not_its_stack(assemble: Assemble) -> None:
    near = pushed("ldr x9, =tab\nmov x10, sp\nsub x10, x10, #0x3000\nstr xzr, [x10]\nldr x9, [x9]")
    far = near.replace("#0x3000", "#0x300, lsl #12")
    assert isinstance(verdict(near, assemble, KEPT), Proved)
    assert isinstance(verdict(far, assemble, KEPT), Undecided | Refuted)


@pytest.mark.parametrize("frame", ["sub sp, sp, #16", "stp x29, x30, [sp, #-16]!"])
def test_a_handler_that_makes_a_frame_is_followed(frame: str, assemble: Assemble) -> None:
    source = f"b 1f\nnop\n1: {frame}\nstp x2, x3, [sp]\nmov x2, x1\nldp x2, x3, [sp]\n{{}}\neret"
    restored = f"mov x0, #5\n{source.format('add sp, sp, #16')}"
    left = f"mov x0, #5\n{source.format('nop')}"
    promises = [Promise(FIVE), Promise(KEPT)]
    assert all(isinstance(each, Proved) for each in all_judged(restored, promises, assemble))
    five, kept = all_judged(left, promises, assemble)
    assert isinstance(kept, Refuted | Undecided)
    assert not isinstance(five, Refuted)
