"""What QEMU's user mode makes of A64 code: one program that runs many snippets and dumps the state.

Every snippet starts from its own sixteen registers, flags and 128 bytes of memory; the program
writes what each of them left.  An instruction that QEMU does not know raises SIGILL, which the
program notes and skips.
"""

import random
import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypabi.arch.names import ByteOrder
from tests.inputs import Assemble, find_tool

REGISTERS = 16
WINDOW = 0x10000000
"""Where the memory of a snippet is; pointers into it are constants."""
WINDOW_SIZE = 128
STACK = WINDOW + 0x18000
TEXT = 0x400000

SIGNS = {ByteOrder.LITTLE: "<", ByteOrder.BIG: ">"}
INPUT = f"{REGISTERS + 1}Q{WINDOW_SIZE}s"
OUTPUT = f"{REGISTERS + 3}Q{WINDOW_SIZE}s"
OUTPUT_SIZE = struct.calcsize(f"<{OUTPUT}")


@dataclass(frozen=True)
class Before:
    """The state a snippet starts from."""

    registers: tuple[int, ...]
    flags: int
    """As NZCV: bits 31 to 28."""
    memory: bytes


@dataclass(frozen=True)
class After:
    """The state it leaves, as QEMU has it."""

    registers: tuple[int, ...]
    flags: int
    stack: int
    illegal: bool
    memory: bytes


@dataclass(frozen=True)
class Trial:
    """A snippet, where it stood, and what happened."""

    source: str
    code: bytes
    address: int
    before: Before
    after: After


def interesting(source: random.Random) -> int:
    """Return a number that is likely to find the edges of an operation."""
    match source.randrange(4):
        case 0:
            return source.getrandbits(64)
        case 1:
            return source.choice((0, 1, 2, 31, 32, 63, 64, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
        case 2:
            return (source.choice((0, 1 << 63, 1 << 31)) - source.randrange(3)) & (1 << 64) - 1
        case _:
            return source.getrandbits(source.choice((8, 16, 32, 33, 63)))


def before(source: random.Random, **fixed: int) -> Before:
    """Return a random state in which some registers are given (``x1=...``)."""
    registers = [interesting(source) for _ in range(REGISTERS)]
    for name, value in fixed.items():
        registers[int(name[1:])] = value & (1 << 64) - 1
    return Before(tuple(registers), source.getrandbits(4) << 28, source.randbytes(WINDOW_SIZE))


def ask(
    snippets: Sequence[tuple[str, Before]],
    assemble: Assemble,
    order: ByteOrder = ByteOrder.LITTLE,
) -> list[Trial]:
    """Run snippets of assembly in QEMU, skipping the test where it is missing."""
    big = order is ByteOrder.BIG
    name = "qemu-aarch64_be" if big else "qemu-aarch64"
    qemu = shutil.which(f"{name}-static") or find_tool(name)
    program = assemble(
        _program(snippets, order),
        "arm64",
        flags=["-march=armv8.7-a", *(["-EB"] if big else [])],
        text=TEXT,
        link=[f"--section-start=.window={WINDOW:#x}", *(["-EB"] if big else [])],
    )
    ran = subprocess.run(
        [qemu, "-cpu", "max", str(program)], capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    places = _places(program)
    trials = []
    for index, (source, state) in enumerate(snippets):
        numbers = struct.unpack_from(SIGNS[order] + OUTPUT, ran.stdout, index * OUTPUT_SIZE)
        *registers, flags, stack, illegal, memory = numbers
        address, code = places[index]
        after = After(tuple(registers), flags, stack, bool(illegal), memory)
        trials.append(Trial(source, code, address, state, after))
    return trials


def _program(snippets: Sequence[tuple[str, Before]], order: ByteOrder) -> str:
    bodies, inputs = [], []
    for index, (source, state) in enumerate(snippets):
        bodies.append(f"bl enter\ns{index}:\n{source}\ne{index}: bl leave\n")
        sign = SIGNS[order]
        packed = struct.pack(sign + INPUT, state.flags, *state.registers, state.memory)
        inputs += [f".quad {word:#x}" for (word,) in struct.iter_unpack(f"{sign}Q", packed)]
    return FRAME.format(
        bodies="".join(bodies),
        inputs="\n".join(inputs),
        room=OUTPUT_SIZE * len(snippets),
        window=WINDOW,
        stack=STACK,
        size=WINDOW_SIZE,
    )


def _places(program: Path) -> list[tuple[int, bytes]]:
    """Return the address and the words of each snippet."""
    from hypabi.image.load import load_image

    image = load_image(program).images[0]
    places: list[tuple[int, bytes]] = []
    while image.symbols.find(f"s{len(places)}"):
        (start,), (end,) = (image.symbols.find(f"{which}{len(places)}") for which in "se")
        size = end.address - start.address
        places.append((start.address, image.read(start.address, size)))
    return places


# x27 the window, x28 the inputs, x29 the outputs; x16 to x26 and x30 are the frame's own.
FRAME = """
.globl _start
_start:
    ldr x27, ={window}
    ldr x28, =inputs
    ldr x29, =outputs
    ldr x26, =illegal
    ldr x16, ={stack}
    mov sp, x16
    mov x0, #4
    ldr x1, =action
    mov x2, #0
    mov x3, #8
    mov x8, #134
    svc #0
    b snippets

enter:
    ldr x16, [x28], #8
    ldp x0, x1, [x28], #16
    ldp x2, x3, [x28], #16
    ldp x4, x5, [x28], #16
    ldp x6, x7, [x28], #16
    ldp x8, x9, [x28], #16
    ldp x10, x11, [x28], #16
    ldp x12, x13, [x28], #16
    ldp x14, x15, [x28], #16
    mov x17, x27
    mov x18, #{size}
1:  ldr x19, [x28], #8
    str x19, [x17], #8
    sub x18, x18, #8
    cbnz x18, 1b
    str xzr, [x26]
    msr nzcv, x16
    ret

leave:
    mrs x16, nzcv
    mov x17, sp
    ldr x18, ={stack}
    mov sp, x18
    stp x0, x1, [x29], #16
    stp x2, x3, [x29], #16
    stp x4, x5, [x29], #16
    stp x6, x7, [x29], #16
    stp x8, x9, [x29], #16
    stp x10, x11, [x29], #16
    stp x12, x13, [x29], #16
    stp x14, x15, [x29], #16
    ldr x18, [x26]
    stp x16, x17, [x29], #16
    str x18, [x29], #8
    mov x17, x27
    mov x18, #{size}
1:  ldr x19, [x17], #8
    str x19, [x29], #8
    sub x18, x18, #8
    cbnz x18, 1b
    ret

on_illegal:
    // ucontext: uc_mcontext at 176; fault_address, regs[31], sp, pc (linux, asm/sigcontext.h)
    ldr x3, [x2, #440]
    add x3, x3, #4
    str x3, [x2, #440]
    ldr x3, =illegal
    mov x4, #1
    str x4, [x3]
    ret
.ltorg

snippets:
{bodies}
    ldr x20, =outputs
2:  mov x0, #1
    mov x1, x20
    sub x2, x29, x20
    mov x8, #64
    svc #0
    add x20, x20, x0
    cmp x20, x29
    b.lo 2b
    mov x0, #0
    mov x8, #93
    svc #0

.data
.balign 8
action: .quad on_illegal, 4, 0, 0
illegal: .quad 0
inputs:
{inputs}
.bss
.balign 8
outputs: .skip {room}
.section .window, "aw"
.skip 0x20000
"""
