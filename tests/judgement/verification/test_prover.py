"""Proofs in both directions: what a handler keeps is proved, each way to break it is refuted."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from hypabi.contract.clause import (
    Answer,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Region,
    Returns,
)
from hypabi.contract.expression import (
    Capability,
    Conjunction,
    Negation,
    Operation,
    Operator,
    TableOf,
)
from hypabi.judgement.verification.lowering import Surroundings
from hypabi.judgement.verification.verdict import Proved, Refuted, Undecided, Vacuous, Verdict
from hypabi.semantics.transfer import ExceptionReturn, Goto, Next
from hypabi.smt.solver import Answer as Reply
from hypabi.smt.solver import Feasibility, Unknown
from hypabi.smt.terms import Value
from tests.inputs import Assemble
from tests.judgement.handler_contract import (
    ERROR,
    FAILS,
    NEVER,
    SUCCEEDS,
    Promise,
    aligned,
    all_judged,
    bits,
    equal,
    judged,
    new,
    number,
    old,
)
from tests.semantics.a64_machine import Machine
from tests.symbolic.handler import TEXT, image_of

HANDLER = """
    cmp x0, #0
    b.ne 1f
set:
    msr vbar_el2, x1
    mov x0, xzr
    eret
1:  cmp x0, #1
    b.ne 2f
restart:
    mov x4, x1
    mov x0, x2
    br x4
2:  ldr x0, =0xbadca11
other:
    eret
    .ltorg
"""
SET, RESTART, OTHER = (equal(old("x0"), number(n)) for n in (0, 1, 7))
SCRATCH = tuple(f"x{n}" for n in range(19))
ENTERED = ("ELR_EL2", "SPSR_EL2", "ESR_EL2")

KEPT = {
    "vectors set": Promise(Ensures(equal(new("VBAR_EL2"), old("x1"))), SET, (aligned("x1"),)),
    "success": Promise(Ensures(equal(new("x0"), number(0))), SET),
    "returns": Promise(Returns(None), SET),
    "registers": Promise(KeepsRegisters(SCRATCH), SET),
    "system registers": Promise(KeepsSystemRegisters((*ENTERED, "VBAR_EL2")), SET),
    "memory": Promise(KeepsMemory(()), SET),
    "restarted": Promise(Leaves(old("x1"), "EL2h"), RESTART),
    "argument passed": Promise(Ensures(equal(new("x0"), old("x2"))), RESTART),
    "refused": Promise(Ensures(equal(new("x0"), number(ERROR))), OTHER),
    "registers of any other": Promise(KeepsRegisters(SCRATCH), OTHER),
    "vectors of any other": Promise(KeepsSystemRegisters(ENTERED), OTHER),
    "alignment": Promise(
        Ensures(
            equal(Operation(Operator.REMAINDER, new("VBAR_EL2"), number(2048)), number(0))
        ),
        SET,
        (aligned("x1"),),
    ),
    "only on success": Promise(
        Ensures(equal(new("VBAR_EL2"), old("x1"))), answered=SUCCEEDS,
        requires=(Negation(RESTART),),
    ),
    "only on error": Promise(KeepsSystemRegisters(ENTERED), answered=FAILS),
    "masks at the jump": Promise(
        Ensures(equal(bits(new("PSTATE"), 9, 6), number(0xF, 4))), RESTART
    ),
}  # fmt: skip


def test_what_a_handler_keeps_is_proved(assemble: Assemble) -> None:
    verdicts = all_judged(HANDLER, list(KEPT.values()), assemble)
    wrong = {name: v for name, v in zip(KEPT, verdicts, strict=True) if not isinstance(v, Proved)}
    assert wrong == {}


@dataclass(frozen=True)
class Break:
    """A change of the handler and the promise that it breaks."""

    before: str
    after: str
    broken: str
    violated: Callable[["Run"], bool]
    """Whether a concrete run breaks the promise."""


@dataclass(frozen=True)
class Run:
    """A concrete run of a handler: the state before, the state after, where control went."""

    before: dict[str, int]
    after: dict[str, int]
    target: int
    status: int | None
    stored: bool


def changed(*names: str) -> Callable[[Run], bool]:
    return lambda run: any(run.before[name] != run.after[name] for name in names)


BREAKS = [
    Break("msr vbar_el2, x1", "msr vbar_el2, x2", "vectors set",
          lambda run: run.after["VBAR_EL2"] != run.before["x1"]),
    Break("msr vbar_el2, x1", "cmp x1, #0x800\nb.eq 2f\nmsr vbar_el2, x1\n2:", "vectors set",
          lambda run: run.after["VBAR_EL2"] != run.before["x1"]),
    Break("msr vbar_el2, x1", "orr x1, x1, #0x400\nmsr vbar_el2, x1", "alignment",
          lambda run: run.after["VBAR_EL2"] % 2048 != 0),
    Break("mov x0, xzr", "mov x0, #1", "success", lambda run: run.after["x0"] != 0),
    Break("mov x0, xzr", "mov w0, w2", "success", lambda run: run.after["x0"] != 0),
    Break("set:", "set: mov x19, #0", "registers", changed("x19")),
    Break("set:", "set: cmp x1, #0x5000\nb.ne 2f\nmov w29, w29\n2:", "registers", changed("x29")),
    Break("set:", "set: bl 3f\nb 4f\n3: ret\n4:", "registers", changed("x30")),
    Break("set:", "set: sub sp, sp, #16", "registers", changed("SP_EL2")),
    Break("set:", "set: msr sp_el0, x2", "registers", changed("SP_EL0")),
    Break("set:", "set: msr sctlr_el2, xzr", "system registers", changed("SCTLR_EL2")),
    Break("set:", "set: msr tpidr_el2, x2", "system registers", changed("TPIDR_EL2")),
    Break("other:", "other: msr vbar_el2, x1", "vectors of any other", changed("VBAR_EL2")),
    Break("other:", "other: mov w30, w30", "registers of any other", changed("x30")),
    Break("set:", "set: str x1, [sp, #-16]", "memory", lambda run: run.stored),
    Break("set:", "set: str x19, [x2]\nmov x19, #0\nldr x19, [x2]", "memory",
          lambda run: run.stored),
    Break("mov x0, xzr\n", "mov x0, xzr\nmsr spsr_el2, x1\n", "returns",
          lambda run: run.status != run.before["SPSR_EL2"]),
    Break("mov x0, xzr\n", "mov x0, xzr\nadd x2, x2, #4\nmsr elr_el2, x2\n", "returns",
          lambda run: run.target != run.before["ELR_EL2"]),
    Break("mov x0, xzr\n    eret", "mov x0, xzr\nmrs x2, elr_el2\nbr x2", "returns",
          lambda run: run.status != run.before["SPSR_EL2"]),
    Break("mov x4, x1", "and x4, x1, #~1", "restarted",
          lambda run: run.target != run.before["x1"]),
    Break("br x4", "msr spsel, #0\nbr x4", "restarted", lambda run: run.after["SPSel"] == 0),
    Break("mov x0, x2", "mov x0, x3", "argument passed",
          lambda run: run.after["x0"] != run.before["x2"]),
    Break("br x4", "msr daifclr, #2\nbr x4", "masks at the jump",
          lambda run: run.after["DAIF"] >> 6 & 0xF != 0xF),
    Break("=0xbadca11", "=0xbadca10", "refused", lambda run: run.after["x0"] != ERROR),
    Break("b.ne 2f", "b.ge 2f", "refused", lambda run: run.after["x0"] != ERROR),
]  # fmt: skip


@pytest.mark.parametrize("change", BREAKS, ids=lambda b: f"{b.broken}: {b.after!r}")
def test_each_way_to_break_it_is_refuted_by_inputs_that_break_it(
    change: Break, assemble: Assemble
) -> None:
    assert change.before in HANDLER
    source = HANDLER.replace(change.before, change.after, 1)
    if change.before == "b.ne 2f":
        # Signed: numbers that are negative fall through.
        promise = Promise(KEPT["refused"].statement, equal(old("x0"), number(1 << 63)))
    else:
        promise = KEPT[change.broken]
    verdict = judged(source, promise, assemble)
    assert isinstance(verdict, Refuted)
    run = ran(source, dict(verdict.model), assemble)
    assert change.violated(run), verdict
    for name, before, after in verdict.observed:
        if name in run.before and name not in ("ELR_EL2", "SPSR_EL2"):
            assert (before, after) == (run.before[name], run.after[name])


def ran(source: str, model: dict[str, int], assemble: Assemble) -> Run:
    """Run a handler from the state of a model on our concrete semantics."""
    image = image_of(source, assemble)
    code = bytes(image.segments[0].content)
    names = [f"x{n}" for n in range(31)] + list("NZCV")
    names += ["SP_EL0", "SP_EL2", "VBAR_EL2", "SCTLR_EL2", "TPIDR_EL2"]
    registers = dict.fromkeys(names, 0) | {"DAIF": 0x3C0, "SPSel": 1, "ELR_EL2": 0, "SPSR_EL2": 5}
    registers |= {name: value for name, value in model.items() if not name.startswith("mem[")}
    registers["SPSR_EL2"] = registers["SPSR_EL2"] & ~0x1E | 4
    machine = Machine(dict(registers))
    machine.code, machine.start = code, TEXT
    stored: list[int] = []
    machine.memory = _Recording(stored)
    pc, status = TEXT, None
    while TEXT <= pc < TEXT + len(code) and status is None:
        transfer = machine.step(int.from_bytes(code[pc - TEXT :][:4], "little"), pc)
        if isinstance(transfer, ExceptionReturn):
            pc, status = _number(transfer.target), _number(transfer.status)
        else:
            assert isinstance(transfer, Goto | Next)
            pc = _number(transfer.target) if isinstance(transfer, Goto) else pc + 4
    after = {name: value for name, value in machine.registers.items() if isinstance(value, int)}
    return Run(registers, after, pc, status, bool(stored))


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


class _Recording(dict[int, int]):
    """Memory that is zero everywhere and remembers what was stored."""

    def __init__(self, stored: list[int]) -> None:
        super().__init__()
        self.stored = stored

    def __contains__(self, address: object) -> bool:
        return True

    def get(self, address: int, default: object = None) -> int | None:  # type: ignore[override]
        if TEXT <= address < TEXT + 0x1000:
            return None
        return super().get(address, 0)

    def __setitem__(self, address: int, value: int) -> None:
        self.stored.append(address)
        super().__setitem__(address, value)


HARMLESS = [
    ("set:", "set: mov x5, #1", "registers"),
    ("set:", "set: add x19, x19, #1\nsub x19, x19, #1", "registers"),
    ("set:", "set: eor x19, x19, x2\neor x19, x19, x2", "registers"),
    ("set:", "set: mrs x2, sctlr_el2\nmsr sctlr_el2, x2", "system registers"),
    ("set:", "set: msr daifclr, #2", "returns"),
    ("set:", "set: mov x3, x19\nmov x19, #1\nmov x19, x3", "registers"),
    ("mov x4, x1", "mov x4, x1\nadd x4, x4, x3\nsub x4, x4, x3", "restarted"),
]


@pytest.mark.parametrize(("before", "after", "kept"), HARMLESS)
def test_what_only_looks_different_is_still_proved(
    before: str, after: str, kept: str, assemble: Assemble
) -> None:
    source = HANDLER.replace(before, after, 1)
    assert isinstance(judged(source, KEPT[kept], assemble), Proved)


def test_a_register_saved_in_memory_is_preserved_and_the_memory_is_not(assemble: Assemble) -> None:
    source = HANDLER.replace(
        "set:", "set: stp x19, x20, [sp, #-16]!\nmov x19, #0\nmov x20, #1\nldp x19, x20, [sp], #16"
    )
    room = Region(Operation(Operator.SUBTRACT, old("SP_EL2"), number(16)), 16)
    short = Region(Operation(Operator.SUBTRACT, old("SP_EL2"), number(16)), 15)
    verdicts = all_judged(
        source,
        [
            KEPT["registers"],
            KEPT["memory"],
            Promise(KeepsMemory((room,)), SET),
            Promise(KeepsMemory((short,)), SET),
        ],
        assemble,
    )
    assert [type(v) for v in verdicts] == [Proved, Refuted, Proved, Refuted]


MUTATED = {
    "another register": Promise(Ensures(equal(new("VBAR_EL2"), old("x2"))), SET, (aligned("x1"),)),
    "another moment": Promise(Ensures(equal(new("VBAR_EL2"), old("VBAR_EL2"))), SET),
    "another value": Promise(Ensures(equal(new("x0"), number(1))), SET),
    "another end": Promise(Leaves(old("x1"), "EL2h"), SET),
    "another mode": Promise(Leaves(old("x1"), "EL1h"), RESTART),
    "a mode to return to": Promise(Returns("EL2h"), SET),
    "fewer may change": Promise(KeepsRegisters(SCRATCH[1:]), RESTART),
    "fewer system registers": Promise(KeepsSystemRegisters(ENTERED), SET),
    "no precondition": Promise(KEPT["alignment"].statement, SET),
    "another call": Promise(KEPT["vectors set"].statement, OTHER),
    "handed to C": Promise(HandedTo("handle_trap"), SET),
}


@pytest.mark.parametrize("name", MUTATED)
def test_each_change_of_the_contract_is_refuted(name: str, assemble: Assemble) -> None:
    assert isinstance(judged(HANDLER, MUTATED[name], assemble), Refuted)


BAD_END = {
    "unmodelled": ".arch armv8.3-a\nautia x5, x6\neret",
    "calls C": "bl handle_trap\neret",
    "faults": "brk #1",
}
C_FUNCTION = "\n.globl handle_trap\nhandle_trap: stp x29, x30, [sp, #-16]!\nret\n"
LATER = [
    Promise(Ensures(equal(new("x0"), old("x0")))),
    Promise(KeepsRegisters(SCRATCH)),
    Promise(KeepsSystemRegisters(ENTERED)),
    Promise(KeepsMemory(())),
    Promise(Ensures(equal(new("x0"), old("x0"))), answered=FAILS),
    Promise(KeepsMemory(()), answered=SUCCEEDS),
]


@pytest.mark.parametrize("end", BAD_END)
def test_nothing_is_proved_of_a_path_that_is_not_followed_to_its_end(
    end: str, assemble: Assemble
) -> None:
    verdicts = all_judged(BAD_END[end] + C_FUNCTION, LATER, assemble)
    assert {type(v) for v in verdicts} == {Undecided}


@pytest.mark.parametrize("end", BAD_END)
def test_one_path_that_is_not_followed_is_enough(end: str, assemble: Assemble) -> None:
    source = f"cbz x7, 1f\neret\n1: {BAD_END[end]}{C_FUNCTION}"
    verdicts = all_judged(source, LATER, assemble)
    assert {type(v) for v in verdicts} == {Undecided}
    elsewhere = [Promise(p.statement, equal(old("x7"), number(1))) for p in LATER]
    assert {type(v) for v in all_judged(source, elsewhere, assemble)} == {Proved}


def test_a_postcondition_of_a_call_that_never_ends_is_vacuous(assemble: Assemble) -> None:
    verdicts = all_judged("mov x19, #1\nb .", LATER, assemble)
    assert {type(v) for v in verdicts} == {Vacuous}
    assert isinstance(judged("b .", Promise(Returns(None)), assemble), Refuted)


def test_a_clause_that_nothing_can_meet_is_vacuous(assemble: Assemble) -> None:
    both = Conjunction((SET, RESTART))
    statement = Ensures(equal(new("x0"), number(99)))
    for promise in (
        Promise(statement, both),
        Promise(statement, SET, (NEVER,)),
        Promise(statement, SET, when=RESTART),
        Promise(statement, SET, answered=FAILS),
    ):
        assert isinstance(judged(HANDLER, promise, assemble), Vacuous)


def test_what_a_clause_says_when_it_speaks_is_judged_there_only(assemble: Assemble) -> None:
    odd = equal(bits(old("x1"), 0, 0), number(1, 1))
    source = "tbz x1, #0, 1f\nmov x2, #5\n1: eret"
    statement = Ensures(equal(new("x2"), number(5)))
    assert isinstance(judged(source, Promise(statement, when=odd), assemble), Proved)
    assert isinstance(judged(source, Promise(statement, when=Negation(odd)), assemble), Refuted)
    assert isinstance(judged(source, Promise(statement), assemble), Refuted)


def test_control_handed_to_a_function_is_told_by_its_name(assemble: Assemble) -> None:
    for source, expected in (
        ("b handle_trap\nnop", Proved),
        ("cbz x0, 1f\nb handle_trap\n1: eret", Refuted),
        ("b other_function\nnop\nother_function: stp x29, x30, [sp, #-16]!\nret", Refuted),
        ("b 1f\nnop\n1: stp x29, x30, [sp, #-16]!\nret", Refuted),
    ):
        verdict = judged(source + C_FUNCTION, Promise(HandedTo("handle_trap")), assemble)
        assert isinstance(verdict, expected), source


def test_what_the_image_does_not_tell_is_undecided(assemble: Assemble) -> None:
    table = Promise(Ensures(equal(new("VBAR_EL2"), TableOf("nobody", 64))), SET)
    capability = Promise(Returns(None), SET, party_when=Capability("SOME"))
    assert isinstance(judged(HANDLER, table, assemble), Undecided)
    assert isinstance(judged(HANDLER, capability, assemble), Undecided)
    known = Surroundings({"nobody": 0x1000}, lambda _: 3, lambda _: False)
    assert isinstance(judged(HANDLER, table, assemble, surroundings=known), Refuted)
    assert isinstance(judged(HANDLER, capability, assemble, surroundings=known), Proved)


class Clueless:
    """A solver that never knows."""

    def add(self, condition: Value) -> None: ...
    def push(self) -> None: ...
    def pop(self) -> None: ...

    def check(self, *assumptions: Value) -> Reply:
        return Unknown("it never knows")

    def feasibility(self, *assumptions: Value) -> Feasibility:
        return Unknown("it never knows")


def test_a_solver_that_gives_up_proves_and_refutes_nothing(assemble: Assemble) -> None:
    # Of the others, every case says without a solver that there is nothing to break.
    names = ("vectors set", "success", "restarted", "argument passed", "refused", "alignment")
    verdicts = all_judged(HANDLER, [KEPT[name] for name in names], assemble, Clueless)
    assert {type(v) for v in verdicts} == {Undecided}
    vacuous = Promise(Ensures(equal(new("x0"), number(99))), Conjunction((SET, RESTART)))
    assert isinstance(judged(HANDLER, vacuous, assemble, Clueless), Undecided)


def test_a_verdict_has_no_truth_value(assemble: Assemble) -> None:
    verdict: Verdict = judged("eret", Promise(Returns(None)), assemble)
    with pytest.raises(TypeError):
        bool(verdict)


def test_returning_to_a_level_that_is_switched_off_is_refuted(assemble: Assemble) -> None:
    off = "mrs x1, hcr_el2\norr x1, x1, #(1 << 27)\nmsr hcr_el2, x1\neret"
    assert isinstance(judged(off, Promise(Returns(None)), assemble), Refuted)
    on = "mrs x1, hcr_el2\norr x1, x1, #(1 << 34)\nmsr hcr_el2, x1\neret"
    assert isinstance(judged(on, Promise(Returns(None)), assemble), Proved)


def test_a_register_that_the_host_extension_redirects_is_the_other_one(assemble: Assemble) -> None:
    source = "msr vbar_el1, x1\neret"
    host = equal(bits(old("HCR_EL2"), 34, 34), number(1, 1))
    el2, el1 = (Ensures(equal(new(f"VBAR_EL{n}"), old("x1"))) for n in (2, 1))
    for promise, expected in (
        (Promise(el2, host), Proved),
        (Promise(el1, host), Refuted),
        (Promise(el1, Negation(host)), Proved),
        (Promise(el2, Negation(host)), Refuted),
    ):
        assert isinstance(judged(source, promise, assemble), expected)


def test_what_was_just_written_may_read_otherwise_where_a_higher_level_can_lock_it(
    assemble: Assemble,
) -> None:
    source = (
        "mov x1, #9\nmsr icc_sre_el2, x1\nmrs x1, icc_sre_el2\ntbz x1, #0, 1f\nmov x2, #1\n1: eret"
    )
    promise = Promise(Ensures(equal(new("x2"), number(1))))
    assert isinstance(judged(".arch_extension pan\n" + source, promise, assemble), Refuted)


@pytest.mark.parametrize("answer", [SUCCEEDS, FAILS])
def test_whatever_it_may_answer_a_call_that_never_ends_does_not_return(
    answer: Answer, assemble: Assemble
) -> None:
    promise = Promise(Returns(None), answered=answer)
    answers = f"ldr x0, ={answer.value}\neret"
    assert isinstance(judged(f"cbz x1, .\n{answers}", promise, assemble), Refuted)
    assert isinstance(judged(f"cbz x1, 1f\n1: {answers}", promise, assemble), Proved)
