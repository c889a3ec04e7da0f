"""The meaning of A64 code, held against QEMU: an implementation that we did not write."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hypabi.arch.names import ByteOrder
from hypabi.lifter.instruction import Instruction, Opcode, Register
from tests.inputs import Assemble
from tests.semantics.a64_machine import Machine, Refused, lift, lifter
from tests.semantics.a64_oracle import REGISTERS, STACK, WINDOW, Before, Trial, ask, before

MIDDLE = WINDOW + 64
PER_MNEMONIC = 12


def ours(trial: Trial, order: ByteOrder) -> tuple[tuple[int, ...], int, int, bytes]:
    """Return registers, flags, stack pointer and memory as our semantics leave them."""
    state = trial.before
    machine = Machine({f"x{n}": value for n, value in enumerate(state.registers)}, order=order)
    machine.registers |= {
        f: state.flags >> b & 1 for f, b in zip("NZCV", (31, 30, 29, 28), strict=True)
    }
    machine.registers |= {"SP_EL2": STACK, "x30": trial.address}
    machine.memory = {WINDOW + n: byte for n, byte in enumerate(state.memory)}
    machine.run(trial.code, trial.address)
    values = machine.registers
    flags = sum(_number(values[f]) << b for f, b in zip("NZCV", (31, 30, 29, 28), strict=True))
    registers = tuple(_number(values[f"x{n}"]) for n in range(REGISTERS))
    return registers, flags, _number(values["SP_EL2"]), bytes(machine.memory.values())


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def difference(trial: Trial, order: ByteOrder = ByteOrder.LITTLE) -> str:
    """Return what we say otherwise than QEMU, empty where nothing.

    :raises Refused: we say nothing
    """
    registers, flags, stack, memory = ours(trial, order)
    theirs = trial.after
    what = [
        f"x{n} {mine:#x} and not {other:#x}"
        for n, (mine, other) in enumerate(zip(registers, theirs.registers, strict=True))
        if mine != other
    ]
    if flags != theirs.flags:
        what.append(f"flags {flags >> 28:04b} and not {theirs.flags >> 28:04b}")
    if stack != theirs.stack:
        what.append(f"sp {stack:#x} and not {theirs.stack:#x}")
    if memory != theirs.memory:
        what.append(f"memory {memory.hex()} and not {theirs.memory.hex()}")
    text = lifter().text(trial.address, trial.code)
    return f"{trial.source} ({text}): {', '.join(what)}" if what else ""


# Words of the two encoding groups "data processing", by their fixed bits (DDI 0487, C4.1): fields
# that name registers are confined to x0 to x15, where they do; 31 is tried too.
GROUPS = ((0x10000000, 0x1C000000), (0x0A000000, 0x0E000000))


def random_words(source: random.Random) -> Iterator[tuple[str, int]]:
    """Yield mnemonics and words that we give a meaning to, a few of each mnemonic."""
    seen: Counter[str] = Counter()
    for _ in range(25_000):
        fixed, mask = source.choice(GROUPS)
        word = source.getrandbits(32) & ~mask | fixed
        for low in (0, 5, 10, 16):
            if source.randrange(16):
                word &= ~(0x10 << low)
        instruction = lift(word)
        if not isinstance(instruction, Instruction) or not _is_arithmetic(instruction):
            continue
        mnemonic = lifter().text(0x1000, word.to_bytes(4, "little")).split()[0]
        seen[mnemonic] += 1
        if seen[mnemonic] <= PER_MNEMONIC:
            yield mnemonic, word


def _is_arithmetic(instruction: Instruction) -> bool:
    """Return whether an instruction only computes, on registers that the oracle shows."""
    for op in instruction.ops:
        if op.opcode in (Opcode.USER, Opcode.UNDEFINED, Opcode.LOAD, Opcode.STORE):
            return False
        for operand in (op.output, *op.inputs):
            if isinstance(operand, Register) and not _is_shown(operand.name):
                return False
    return True


def _is_shown(name: str) -> bool:
    return name in ("N", "Z", "C", "V", "sp") or (name[0] == "x" and int(name[1:]) < REGISTERS)


@dataclass(frozen=True)
class Agreement:
    """Snippets that do what QEMU does, and the mnemonics that one of us does not know."""

    agreed: frozenset[str]
    refused: frozenset[str]
    unknown_to_qemu: frozenset[str]


def agree(
    snippets: list[tuple[str, Before]],
    assemble: Assemble,
    order: ByteOrder = ByteOrder.LITTLE,
) -> Agreement:
    """Demand of every snippet that both know that both do the same."""
    agreed, refused, unknown, wrong = set(), set(), set(), []
    for trial in ask(snippets, assemble, order):
        mnemonic = trial.source.split()[0]
        if trial.after.illegal:
            unknown.add(mnemonic)
            continue
        try:
            wrong.append(difference(trial, order))
            agreed.add(trial.source)
        except Refused:
            refused.add(mnemonic)
    assert "\n".join(filter(None, wrong)) == ""
    return Agreement(frozenset(agreed), frozenset(refused), frozenset(unknown))


def test_arithmetic_words_do_what_qemu_does(assemble: Assemble) -> None:
    source = random.Random(64)
    words = list(random_words(source))
    assert len({mnemonic for mnemonic, _ in words}) > 50
    snippets = [(f".inst {word:#010x}", before(source)) for _, word in words for _ in range(3)]
    found = agree(snippets, assemble)
    assert len(found.agreed) > 0.9 * len(words)


ONE_SOURCE = ("rev", "rbit", "clz", "cls", "neg", "negs", "mvn", "ngc", "ngcs")
TWO_SOURCES = (
    "udiv", "sdiv", "lsl", "lsr", "asr", "ror", "mul", "mneg", "adc", "adcs", "sbc", "sbcs",
    "adds", "subs", "ands", "bics", "orn", "eon",
)  # fmt: skip
CONDITIONS = (
    "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
)  # fmt: skip


def arithmetic(source: random.Random) -> Iterator[str]:
    """Yield forms that random words hardly hit."""
    for size in "wx":
        a, b, c, d = (f"{size}{n}" for n in (3, 4, 5, 6))
        yield from (f"{name} {a}, {b}" for name in ONE_SOURCE)
        yield from (f"{name} {a}, {b}, {c}" for name in TWO_SOURCES)
        yield from (f"rev16 {a}, {b}", f"extr {a}, {b}, {c}, #{source.randrange(32)}")
        for condition in CONDITIONS:
            yield f"ccmp {a}, {b}, #{source.randrange(16)}, {condition}"
            yield f"ccmn {a}, #{source.randrange(32)}, #{source.randrange(16)}, {condition}"
            for name in ("csel", "csinc", "csinv", "csneg"):
                yield f"{name} {a}, {b}, {c}, {condition}"
        yield from (f"{name} {a}, {b}, {c}, {d}" for name in ("madd", "msub"))
    yield from ("rev32 x3, x4", "setf8 w3", "setf16 w3", "cfinv", "mrs x3, nzcv", "msr nzcv, x3")
    yield from (f"{name} x3, w4, w5, x6" for name in ("smaddl", "umaddl", "smsubl", "umsubl"))
    yield from (
        "smulh x3, x4, x5",
        "umulh x3, x4, x5",
        "add x3, sp, #16",
        "add sp, sp, w4, uxtb #2",
    )
    yield from ("sub sp, sp, #32", "mov w3, wsp", "and sp, x4, #0xfffffffffffffff0")


EDGES = (0, 1, -1, 1 << 63, 1 << 31, -(1 << 31), 7)


def divisions(source: random.Random) -> Iterator[tuple[str, Before]]:
    for name, size in itertools.product(("udiv", "sdiv"), "wx"):
        for x4, x5 in itertools.product(EDGES, repeat=2):
            yield f"{name} {size}3, {size}4, {size}5", before(source, x4=x4, x5=x5)


def test_rare_arithmetic_does_what_qemu_does(assemble: Assemble) -> None:
    source = random.Random(65)
    snippets = [(line, before(source)) for line in arithmetic(source) for _ in range(8)]
    snippets += divisions(source)
    found = agree(snippets, assemble)
    assert len(found.agreed) > 200
    assert found.refused == {"cfinv", "setf8", "setf16"}
    assert not found.unknown_to_qemu


def accesses(source: random.Random) -> Iterator[tuple[str, Before]]:
    """Yield loads, stores and atomic operations in every addressing mode, on the window."""
    for name, register, size in PLAIN:
        for where in (
            "[x1]", f"[x1, #{size * source.randrange(1, 3)}]", "[x1, #-5]", "[x1, #-9]!",
            "[x1], #13", "[x1, x2]", "[x1, w2, sxtw]", "[x1, w2, uxtw]",
            f"[x1, x2, lsl #{size.bit_length() - 1}]",
            f"[x1, w2, sxtw #{size.bit_length() - 1}]",
        ):  # fmt: skip
            offset = source.randrange(3) if "uxtw" in where else source.randrange(-3, 3)
            yield f"{name} {register}3, {where}", before(source, x1=MIDDLE, x2=offset)
    for name, register in (("ldp", "w"), ("ldp", "x"), ("stp", "w"), ("stp", "x"), ("ldpsw", "x")):
        for where in ("[x1]", "[x1, #-16]", "[x1, #16]!", "[x1, #-24]!", "[x1], #8", "[x1], #-32"):
            yield f"{name} {register}3, {register}4, {where}", before(source, x1=MIDDLE)
    for name in ("ldnp", "stnp"):
        yield f"{name} x3, x4, [x1, #8]", before(source, x1=MIDDLE)
    for name, register in UNSCALED:
        yield f"{name} {register}3, [x1, #{source.randrange(-9, 9)}]", before(source, x1=MIDDLE)
    for name, register in OFFSET_AND_ORDERED:
        yield f"{name} {register}3, [x1, #{8 * source.randrange(-3, 3)}]", before(source, x1=MIDDLE)
    for name, register in ORDERED:
        yield f"{name} {register}3, [x1]", before(source, x1=MIDDLE)
    yield from atomics(source)


PLAIN = (
    ("ldr", "x", 8), ("ldr", "w", 4), ("ldrh", "w", 2), ("ldrb", "w", 1), ("ldrsw", "x", 4),
    ("ldrsh", "x", 2), ("ldrsh", "w", 2), ("ldrsb", "x", 1), ("ldrsb", "w", 1),
    ("str", "x", 8), ("str", "w", 4), ("strh", "w", 2), ("strb", "w", 1),
)  # fmt: skip
UNSCALED = tuple((f"{name[:2]}u{name[2:]}", register) for name, register, _ in PLAIN)
OFFSET_AND_ORDERED = (
    ("ldapur", "x"), ("ldapur", "w"), ("ldapurb", "w"), ("ldapursb", "w"), ("ldapursb", "x"),
    ("ldapursh", "w"), ("ldapursh", "x"), ("ldapursw", "x"), ("stlur", "w"), ("stlurh", "w"),
)  # fmt: skip
ORDERED = (
    ("ldar", "x"), ("ldar", "w"), ("ldarh", "w"), ("ldarb", "w"), ("stlr", "x"), ("stlr", "w"),
    ("stlrh", "w"), ("stlrb", "w"), ("ldxr", "x"), ("ldxr", "w"), ("ldxrh", "w"), ("ldxrb", "w"),
    ("ldaxr", "x"), ("ldaxr", "w"), ("ldaxrh", "w"), ("ldaxrb", "w"), ("ldlar", "w"),
    ("stllr", "x"), ("ldapr", "w"), ("ldxp", "x4, x"), ("ldxp", "w4, w"), ("ldaxp", "w4, w"),
)  # fmt: skip


def atomics(source: random.Random) -> Iterator[tuple[str, Before]]:
    for name in ("ldadd", "ldclr", "ldeor", "ldset", "ldsmax", "ldsmin", "ldumax", "ldumin", "swp"):
        for suffix in ("", "a", "al", "l"):
            for width, register in (("", "x"), ("", "w"), ("h", "w"), ("b", "w")):
                line = f"{name}{suffix}{width} {register}3, {register}4, [x1]"
                yield line, before(source, x1=MIDDLE)
    for suffix in ("", "a", "al", "l"):
        for width, register in (("", "x"), ("", "w"), ("h", "w"), ("b", "w")):
            line = f"cas{suffix}{width} {register}3, {register}4, [x1]"
            yield line, before(source, x1=MIDDLE)
            bits = {"x": 64, "w": 32}[register] if not width else {"h": 16, "b": 8}[width]
            state = before(source, x1=MIDDLE)
            held = int.from_bytes(state.memory[64 : 64 + bits // 8], "little")
            yield line, before(source, x1=MIDDLE, x3=held)


ATOMIC = ("ldadd", "ldclr", "ldeor", "ldset", "ldsm", "ldum", "swp", "cas")
"""Of these SLEIGH has the plain W and X forms only; kernels have none in their EL2 assembly."""

REFUSED_ACCESSES = {
    "ldpsw", "ldrsb", "ldrsh", "ldursb", "ldursh", "ldapursb", "ldapursh",  # SLEIGH is wrong
    "stlurh",  # it works on a part of a register
}  # fmt: skip


@pytest.mark.parametrize("order", list(ByteOrder))
def test_accesses_to_memory_do_what_qemu_does(order: ByteOrder, assemble: Assemble) -> None:
    snippets = list(accesses(random.Random(66)))
    found = agree(snippets, assemble, order)
    assert len(found.agreed) > 200
    atomic = {name for name in found.refused if name.startswith(ATOMIC)}
    assert found.refused - atomic == REFUSED_ACCESSES
    assert not found.unknown_to_qemu


def branches(source: random.Random) -> Iterator[tuple[str, Before]]:
    """Yield snippets in which x15 tells which way control went."""
    for condition in CONDITIONS:
        for _ in range(8):
            yield f"b.{condition} 1f\nadd x15, x15, #1\n1:", before(source)
    for size in "wx":
        for name in ("cbz", "cbnz"):
            for value in (0, 1, 1 << 32, 1 << 63):
                yield f"{name} {size}3, 1f\nadd x15, x15, #1\n1:", before(source, x3=value)
    for name in ("tbz", "tbnz"):
        for bit in (0, 5, 31, 32, 63):
            for value in (1 << bit, ~(1 << bit)):
                yield f"{name} x3, #{bit}, 1f\nadd x15, x15, #1\n1:", before(source, x3=value)
    yield "b 1f\nadd x15, x15, #1\n1:", before(source)
    yield "adr x3, 1f\nbr x3\nadd x15, x15, #1\n1: adr x4, .", before(source)
    yield "adr x3, 1f\nblr x3\nadd x15, x15, #1\n1: mov x4, x30", before(source)
    yield "adr x30, 1f\nblr x30\nadd x15, x15, #1\n1: mov x4, x30", before(source)
    yield "bl 1f\nadd x15, x15, #1\nb 2f\n1: mov x4, x30\nret\n2:", before(source)
    yield "adr x3, 1f\nret x3\nadd x15, x15, #1\n1:", before(source)
    yield "mov x3, #3\n1: add x15, x15, x3\nsubs x3, x3, #1\nb.ne 1b", before(source)
    yield "ldr x3, 1f\nb 2f\n1: .quad 0x8877665544332211\n2: ldrsw x4, 1b", before(source)


def test_branches_go_where_qemu_goes(assemble: Assemble) -> None:
    snippets = list(branches(random.Random(67)))
    found = agree(snippets, assemble)
    assert found.agreed == frozenset(line for line, _ in snippets)


def test_a_wrong_meaning_is_told_apart(assemble: Assemble, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail: with addition turned into subtraction it does."""
    source = random.Random(68)
    (trial,) = ask([("add x3, x4, x5", before(source, x4=1, x5=2))], assemble)
    assert not difference(trial)
    monkeypatch.setattr("hypabi.smt.terms.add", lambda a, b, width: (a - b) % (1 << width))
    assert "x3 0xffffffffffffffff and not 0x3" in difference(trial)
