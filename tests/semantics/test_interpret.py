"""One lifted instruction: each operation's meaning, merging under guards, order of effects."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.arch.names import InstructionSet
from hypabi.lifter.instruction import (
    Constant,
    Instruction,
    Label,
    Memory,
    Op,
    Opcode,
    Operand,
    Register,
    Temporary,
)
from hypabi.semantics.aarch64 import AArch64
from hypabi.semantics.domain import Domain, Unmodelled
from hypabi.semantics.interpret import run_instruction
from hypabi.semantics.transfer import Goto, Jump, Next, Transfer
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.smt.terms import Term, Value
from tests.semantics.a64_machine import EL2, Machine, Refused, lift

HERE = 0x1000


def instruction(*ops: Op) -> Instruction:
    return Instruction(HERE, bytes(4), InstructionSet.A64, ops)


def op(opcode: Opcode, output: Operand | None, *inputs: Operand) -> Op:
    return Op(opcode, output, inputs)


@dataclass
class Symbolic:
    """A context over terms that forks nowhere: an open decision is an error."""

    registers: dict[str, Value] = field(default_factory=dict)
    stores: list[tuple[Value, int, Value]] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    decided: list[Value] = field(default_factory=list)
    marked: tuple[Value | None, int] = (None, 0)

    def __post_init__(self) -> None:
        self.registers = {"CURRENTEL": EL2, "SPSel": 1, **self.registers}
        self.profile: AArch64[Term] = AArch64()

    @property
    def domain(self) -> Domain[Term]:
        return cast(Domain[Term], terms)

    def read(self, name: str) -> Value:
        return self.registers.get(name, terms.symbol(name, self.profile.width(name)))

    def write(self, name: str, value: Value) -> None:
        self.registers[name] = value

    def load(self, address: Value, size: int) -> Value:
        return terms.symbol(f"loaded{size}", 8 * size)

    def store(self, address: Value, size: int, value: Value) -> None:
        self.stores.append((address, size, value))

    def decide(self, condition: Value) -> bool:
        if isinstance(condition, int):
            return bool(condition)
        self.decided.append(condition)
        return True

    def havoc(self, reason: str, width: int) -> Value:
        return terms.symbol(reason, width)

    def sign(self, pointer: Value, with_: Sequence[Value]) -> Value:
        raise AssertionError("the test signs no pointer")

    authenticate = sign

    def mark(self, address: Value | None, size: int) -> None:
        self.marked = (address, size)

    def exclusive(self, address: Value, size: int) -> Value:
        return int(self.marked == (address, size))

    def effect(self, name: str, operands: Sequence[Value]) -> None:
        self.effects.append(name)

    def run(self, *ops: Op) -> Transfer[Term]:
        return run_instruction(instruction(*ops), self, self.profile)


def signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


Meaning = Callable[[int, int, int], int]
BINARY: dict[Opcode, Meaning] = {
    Opcode.INT_ADD: lambda a, b, w: a + b,
    Opcode.INT_SUB: lambda a, b, w: a - b,
    Opcode.INT_MULT: lambda a, b, w: a * b,
    Opcode.INT_AND: lambda a, b, w: a & b,
    Opcode.INT_OR: lambda a, b, w: a | b,
    Opcode.INT_XOR: lambda a, b, w: a ^ b,
    Opcode.INT_LEFT: lambda a, b, w: a << b if b < w else 0,
    Opcode.INT_RIGHT: lambda a, b, w: a >> b if b < w else 0,
    Opcode.INT_SRIGHT: lambda a, b, w: signed(a, w) >> min(b, w),
}
TESTS: dict[Opcode, Meaning] = {
    Opcode.INT_EQUAL: lambda a, b, w: a == b,
    Opcode.INT_NOTEQUAL: lambda a, b, w: a != b,
    Opcode.INT_LESS: lambda a, b, w: a < b,
    Opcode.INT_LESSEQUAL: lambda a, b, w: a <= b,
    Opcode.INT_SLESS: lambda a, b, w: signed(a, w) < signed(b, w),
    Opcode.INT_SLESSEQUAL: lambda a, b, w: signed(a, w) <= signed(b, w),
    Opcode.INT_CARRY: lambda a, b, w: a + b >= 1 << w,
    Opcode.INT_SCARRY: lambda a, b, w: (
        not -(1 << w - 1) <= signed(a, w) + signed(b, w) < 1 << w - 1
    ),
    Opcode.INT_SBORROW: lambda a, b, w: (
        not -(1 << w - 1) <= signed(a, w) - signed(b, w) < 1 << w - 1
    ),
}
UNARY: dict[Opcode, Callable[[int, int, int], int]] = {
    Opcode.INT_NEGATE: lambda a, w, to: ~a,
    Opcode.INT_2COMP: lambda a, w, to: -a,
    Opcode.COPY: lambda a, w, to: a,
}
RESIZING: dict[Opcode, Callable[[int, int, int], int]] = {
    Opcode.INT_ZEXT: lambda a, w, to: a,
    Opcode.INT_SEXT: lambda a, w, to: signed(a, w),
    Opcode.POPCOUNT: lambda a, w, to: a.bit_count(),
    Opcode.LZCOUNT: lambda a, w, to: w - a.bit_length(),
}
SIZES = st.sampled_from((1, 2, 4, 8, 16))
NUMBERS = st.one_of(st.integers(0, (1 << 128) - 1), st.integers(0, 130), st.integers(-3, -1))


def computed(opcode: Opcode, size: int, *inputs: Operand) -> int:
    """Return what an operation gives, in a temporary of ``size`` bytes that nothing truncates."""
    context = Symbolic()
    context.run(
        op(opcode, Temporary(0, size), *inputs),
        op(Opcode.STORE, None, Constant(0, 8), Temporary(0, size)),
    )
    ((_, _, value),) = context.stores
    assert isinstance(value, int)
    return value


@given(st.sampled_from(sorted(BINARY, key=str)), SIZES, SIZES, NUMBERS, NUMBERS)
def test_arithmetic_is_modular_and_shifts_saturate(
    opcode: Opcode, size: int, amount_size: int, a: int, b: int
) -> None:
    shifts = (Opcode.INT_LEFT, Opcode.INT_RIGHT, Opcode.INT_SRIGHT)
    second = amount_size if opcode in shifts else size
    a, b = a % (1 << 8 * size), b % (1 << 8 * second)
    found = computed(opcode, size, Constant(a, size), Constant(b, second))
    assert found == BINARY[opcode](a, b, 8 * size) % (1 << 8 * size)


@given(st.sampled_from(sorted(TESTS, key=str)), SIZES, NUMBERS, NUMBERS)
def test_comparisons_and_flags_are_one_byte_booleans(
    opcode: Opcode, size: int, a: int, b: int
) -> None:
    a, b = a % (1 << 8 * size), b % (1 << 8 * size)
    found = computed(opcode, 1, Constant(a, size), Constant(b, size))
    assert found == int(TESTS[opcode](a, b, 8 * size))


@given(st.sampled_from(sorted(UNARY | RESIZING, key=str)), SIZES, SIZES, NUMBERS)
def test_one_operand(opcode: Opcode, size: int, larger: int, a: int) -> None:
    to = max(size, larger) if opcode in RESIZING else size
    a %= 1 << 8 * size
    found = computed(opcode, to, Constant(a, size))
    assert found == (UNARY | RESIZING)[opcode](a, 8 * size, 8 * to) % (1 << 8 * to)


@given(SIZES, st.integers(0, 15), SIZES, NUMBERS)
def test_a_piece_of_a_value(size: int, position: int, part: int, a: int) -> None:
    a %= 1 << 8 * size
    position %= size
    found = computed(Opcode.SUBPIECE, part, Constant(a, size), Constant(position, 4))
    assert found == a >> 8 * position & (1 << 8 * part) - 1


@given(SIZES, SIZES, NUMBERS, NUMBERS)
def test_two_pieces_joined(high: int, low: int, a: int, b: int) -> None:
    a, b = a % (1 << 8 * high), b % (1 << 8 * low)
    found = computed(Opcode.PIECE, high + low, Constant(a, high), Constant(b, low))
    assert found == a << 8 * low | b


@given(st.sampled_from((0, 1)), st.sampled_from((0, 1)))
def test_booleans(a: int, b: int) -> None:
    both = Constant(a, 1), Constant(b, 1)
    assert computed(Opcode.BOOL_AND, 1, *both) == a & b
    assert computed(Opcode.BOOL_OR, 1, *both) == a | b
    assert computed(Opcode.BOOL_XOR, 1, *both) == a ^ b
    assert computed(Opcode.BOOL_NEGATE, 1, Constant(a, 1)) == 1 - a


X1, X2, X3 = (Register(f"x{n}", 0, 8) for n in (1, 2, 3))
FLAG = Register("Z", 0, 1)


def test_what_a_guard_skips_keeps_its_value() -> None:
    context = Symbolic()
    context.run(
        op(Opcode.CBRANCH, None, Label(3), FLAG),
        op(Opcode.COPY, X1, Constant(1, 8)),
        op(Opcode.STORE, None, X3, X2),
        op(Opcode.COPY, X2, Constant(2, 8)),
    )
    for zero in (0, 1):
        model = {"Z": zero, "x1": 7, "x2": 9, "loaded8": 5, "x3": 0}
        assert evaluate(context.registers["x1"], model) == (7 if zero else 1)
        assert evaluate(context.registers["x2"], model) == 2
        ((_, _, stored),) = context.stores
        assert evaluate(stored, model) == (5 if zero else 9)
    assert context.decided == []


def test_either_of_two_ways_is_taken_and_they_meet() -> None:
    context = Symbolic()
    context.run(
        op(Opcode.CBRANCH, None, Label(3), FLAG),
        op(Opcode.COPY, Temporary(0, 8), Constant(1, 8)),
        op(Opcode.BRANCH, None, Label(4)),
        op(Opcode.COPY, Temporary(0, 8), Constant(2, 8)),
        op(Opcode.COPY, X1, Temporary(0, 8)),
    )
    assert [evaluate(context.registers["x1"], {"Z": z}) for z in (0, 1)] == [1, 2]


def test_an_instruction_that_also_jumps_is_decided_and_not_merged() -> None:
    context = Symbolic()
    transfer = context.run(
        op(Opcode.CBRANCH, None, Label(2), FLAG),
        op(Opcode.BRANCH, None, Memory(0x2000, 8)),
        op(Opcode.COPY, X1, Constant(1, 8)),
    )
    assert context.decided == [terms.symbol("Z", 1)]
    assert isinstance(transfer, Next)
    assert context.registers["x1"] == 1


def test_an_effect_under_a_guard_is_decided_and_not_merged() -> None:
    context = Symbolic()
    context.run(op(Opcode.CBRANCH, None, Label(2), FLAG), Op(Opcode.USER, None, (), "ISB"))
    assert context.effects == [] and len(context.decided) == 1


@pytest.mark.parametrize(
    ("opcode", "why"),
    [
        (Opcode.BRANCHIND, Jump.BRANCH),
        (Opcode.CALLIND, Jump.CALL),
        (Opcode.RETURN, Jump.RETURN),
    ],
)
def test_jumps_go_where_the_operand_says(opcode: Opcode, why: Jump) -> None:
    context = Symbolic()
    assert context.run(op(opcode, None, X1)) == Goto(terms.symbol("x1", 64), why)


@pytest.mark.parametrize(
    "ops",
    [
        (op(Opcode.COPY, X1, Temporary(9, 8)),),
        (op(Opcode.BRANCH, None, Label(0)),),
        (Op(Opcode.USER, None, (), "SVE_cntb"),),
        (Op(Opcode.UNDEFINED, X1, (X2,), "FLOAT_ADD"),),
        (op(Opcode.COPY, Constant(0, 8), X1),),
        (op(Opcode.CBRANCH, None, X1, FLAG),),
    ],
)
def test_what_has_no_meaning_is_refused(ops: tuple[Op, ...]) -> None:
    with pytest.raises(Unmodelled):
        Symbolic().run(*ops)


def test_a_write_of_a_w_register_zeroes_the_rest_and_one_of_a_byte_does_not() -> None:
    machine = Machine({"x1": 0x1122334455667788, "x2": 0xFFFFFFFFFFFFFFFF})
    low = op(Opcode.COPY, Register("x1", 0, 4), Register("x2", 0, 4))
    run_instruction(instruction(low), machine, machine.profile)
    assert machine.registers["x1"] == 0xFFFFFFFF
    byte = op(Opcode.COPY, Register("x2", 8, 1), Constant(0, 1))
    run_instruction(instruction(byte), machine, machine.profile)
    assert machine.registers["x2"] == 0xFFFFFFFFFFFF00FF


def test_terms_under_a_model_are_what_integers_give() -> None:
    """The symbolic meaning of random words, evaluated, is the concrete one."""
    source = random.Random(11)
    compared = 0
    while compared < 1500:
        word = source.getrandbits(32) & ~0x1C000000 | source.choice((0x10000000, 0x0A000000))
        found = lift(word)
        if not isinstance(found, Instruction) or not _computes(found):
            continue
        model = {f"x{n}": source.getrandbits(64) for n in range(31)}
        model |= {flag: source.getrandbits(1) for flag in "NZCV"} | {"SP_EL2": 0x1000}
        concrete, symbolic = Machine(dict(model)), Symbolic()
        try:
            run_instruction(found, concrete, concrete.profile)
        except (Refused, Unmodelled):
            continue
        run_instruction(found, symbolic, symbolic.profile)
        for name in model:
            assert evaluate(symbolic.read(name), model) == concrete.registers[name], hex(word)
        compared += 1


def _computes(found: Instruction) -> bool:
    apart = (Opcode.USER, Opcode.LOAD, Opcode.STORE, Opcode.UNDEFINED)
    registers = [
        o.name for each in found.ops for o in (each.output, *each.inputs) if isinstance(o, Register)
    ]
    plain = all(name[0] == "x" or name in ("sp", *"NZCV") for name in registers)
    return plain and not any(each.opcode in apart for each in found.ops)
