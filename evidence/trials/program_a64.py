"""The program for AArch64: take a record, bring EL2 or EL1 into its state, run, write down the end.

Records and results are of 64-bit words in little-endian order, but for the general registers of a
record, which are loaded last, in the data byte order of the state.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from evidence.trials.assembler import assemble
from evidence.trials.board import (
    CURSOR,
    PROGRAM,
    RECORDS,
    RESULTS,
    TEST_PAGES,
    WINDOW_SIZE,
    Board,
    run,
)
from evidence.trials.start import DIRECT, End, Reach, Start
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from hypabi.arch.names import Architecture, ByteOrder
from hypabi.records import frozen

VECTORS: Final = PROGRAM + 0x800
LOWER_VECTORS: Final = PROGRAM + 0x1000
"""EL1's: each slot is an ``hvc``, which shows which one it was."""
LANDED: Final = PROGRAM + 0x1800
"""Where the landing goes that stands behind the word."""
GENERAL: Final = tuple(f"x{number}" for number in range(31))
STATUS: Final = ("NZCV", "DAIF", "SPSel")
STACKS: Final = ("SP_EL0", "SP_EL1", "SP_EL2")
LATE: Final = ("HCR_EL2", "SCTLR_EL2")
"""Set last and taken back first: names of registers and the byte order depend on them."""
BASE_HCR: Final = 1 << 31
BASE_SCTLR: Final = 0x30C5_0830
FLAGS: Final[Mapping[str, int]] = {"N": 31, "Z": 30, "C": 29, "V": 28}

SCRATCHES: Final = 4
"""How many of them a program needs."""
HEADER: Final = 5
"""Words before the state: kind, place, two of code, window."""
SCRATCH: Final = (
    "TPIDRRO_EL0", "TPIDR_EL0", "TPIDR_EL1", "PAR_EL1", "FAR_EL2", "CNTHP_CVAL_EL2", "TPIDR_EL2",
    "SCXTNUM_EL2", "CNTHV_CVAL_EL2", "SCXTNUM_EL0",
)  # fmt: skip
"""Registers of 64 bits that nothing else depends on, and that E2H does not rename."""


def encodings() -> dict[str, int]:
    """Return op0:op1:CRn:CRm:op2 of each system register."""
    found: dict[str, int] = {}
    for key, name in SYSTEM_REGISTERS.items():
        found.setdefault(name, key)
    return found


def spelled(key: int) -> str:
    """Return a system register as an assembler takes it, by its encoding."""
    op0, op1, crn, crm, op2 = key >> 14, key >> 11 & 7, key >> 7 & 15, key >> 3 & 15, key & 7
    return f"S{op0}_{op1}_C{crn}_C{crm}_{op2}"


@frozen
class Layout:
    """Where the words of a record and of a result are, for some system registers."""

    system: tuple[str, ...]
    """The registers, but for those that are late."""

    @property
    def state(self) -> tuple[str, ...]:
        """What a record says after its header."""
        return (*STATUS, *STACKS, *LATE, *self.system)

    @property
    def record(self) -> int:
        """Words of a record."""
        return HEADER + len(self.state) + len(GENERAL) + WINDOW_SIZE // 8

    @property
    def result(self) -> int:
        """Words of a result: the slot, the end, and what the system registers held before."""
        return 1 + len(GENERAL) + len(self.state) + len(self.system) + WINDOW_SIZE // 8


class ProgramA64:
    """A program for one place of the word and some system registers."""

    architecture = Architecture.ARM64
    vectors = VECTORS
    lower = range(LOWER_VECTORS, LOWER_VECTORS + 0x800)

    def __init__(
        self, place: int, system: Sequence[str], constant: frozenset[str] = frozenset()
    ) -> None:
        """Take the registers that are set and shown.

        :param place: where the word stands
        :param constant: registers that are shown only
        """
        self._constant = constant
        self.place = place
        self.layout = Layout(tuple(name for name in system if name not in LATE))
        named = set(system)
        self._scratch = [name for name in SCRATCH if name not in named][:SCRATCHES]
        self._keys = encodings()
        self._shown = (*GENERAL, *self.layout.state)

    @cached_property
    def content(self) -> bytes:
        """The program's bytes."""
        return assemble("\n".join(self._text()), self.architecture, self.place)

    def record(self, start: Start) -> bytes:
        """Return a start as the program takes it."""
        registers = start.registers
        words = [2 if start.lower else 1, start.place]
        code = start.code.ljust(16, b"\0")
        words += [int.from_bytes(code[:8], "little"), int.from_bytes(code[8:], "little")]
        words.append(start.window)
        words += [_status(registers, name) for name in self.layout.state]
        order = ">" if start.order is ByteOrder.BIG else "<"
        general = struct.pack(f"{order}31Q", *(registers[name] for name in GENERAL))
        return struct.pack(f"<{len(words)}Q", *words) + general + start.content

    def end(self, start: Start, result: bytes) -> tuple[dict[str, int], End]:
        """Return what the system registers held at the start, and the end."""
        slot, *words = struct.unpack(f"<{len(result) // 8}Q", result)
        found = dict(zip(self._shown, words, strict=False))
        flags = found.pop("NZCV")
        found |= {name: flags >> bit & 1 for name, bit in FLAGS.items()}
        held = words[len(self._shown) :]
        before = dict(zip(self.layout.system, held, strict=False))
        where = start.landing if slot == DIRECT else VECTORS + slot * 0x80
        return before, End(where, found, result[-WINDOW_SIZE:])

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of a record and of a result."""
        return 8 * self.layout.record, 8 * self.layout.result

    def _mrs(self, register: str, name: str) -> str:
        return f"mrs {register}, {self._spelled(name)}"

    def _msr(self, name: str, register: str) -> str:
        return f"msr {self._spelled(name)}, {register}"

    def _spelled(self, name: str) -> str:
        return spelled(self._keys[name.upper() if name in STATUS else name])

    def _text(self) -> Iterator[str]:
        yield "start:"
        yield f"ldr x20, ={RECORDS:#x}\nldr x21, ={RESULTS:#x}\nb next\n.ltorg"
        yield f".org {VECTORS - PROGRAM:#x}"
        for slot in range(16):
            yield f".balign 0x80\n{self._msr(self._scratch[0], 'x0')}\nmov x0, #{slot}\nb save"
        yield f".org {LOWER_VECTORS - PROGRAM:#x}"
        for slot in range(16):
            yield f".balign 0x80\nhvc #{0x100 + slot:#x}"
        yield f".org {LANDED - PROGRAM:#x}\nb direct"
        yield f".org {CURSOR - PROGRAM:#x}\ncursor: .quad 0, 0"
        yield from self._next()
        yield from self._save()
        yield "off:\nldr x0, =0x84000008\nsmc #0\nb .\n.ltorg"

    def _next(self) -> Iterator[str]:
        yield "next:"
        yield f"ldr x1, ={VECTORS:#x}\nmsr vbar_el2, x1\nisb"
        yield "ldr x6, [x20]\ncbz x6, off"
        for half in (0, 8):
            yield f"ldr x1, [x20, #8]\nldr x2, [x20, #{16 + half}]\nldr x3, [x1, #{half}]"
            yield f"cmp x2, x3\nb.eq 1f\nstr x2, [x1, #{half}]\n1:"
        yield "ic iallu\ndsb sy\nisb"
        yield f"ldr x1, [x20, #32]\nldr x2, ={8 * (self.layout.record - WINDOW_SIZE // 8)}"
        yield f"add x2, x20, x2\nmov x3, #{WINDOW_SIZE}"
        yield "1: ldp x4, x5, [x2], #16\nstp x4, x5, [x1], #16\nsubs x3, x3, #16\nb.ne 1b"
        at = {name: 8 * (HEADER + index) for index, name in enumerate(self.layout.state)}
        for name in self.layout.system:
            if name not in self._constant:
                yield f"ldr x1, [x20, #{at[name]}]\n{self._msr(name, 'x1')}"
        yield "isb"
        place = 8 * (1 + len(GENERAL) + len(self.layout.state))
        for index, name in enumerate(self.layout.system):
            yield f"{self._mrs('x1', name)}\nstr x1, [x21, #{place + 8 * index}]"
        yield f"ldr x1, [x20, #{at['SP_EL0']}]\nmsr sp_el0, x1"
        yield f"ldr x1, [x20, #{at['SP_EL1']}]\nmsr sp_el1, x1"
        yield f"ldr x1, [x20, #{at['SP_EL2']}]\nmov sp, x1"
        yield "adr x1, cursor\nstp x20, x21, [x1]"
        for register, name in (("x1", "HCR_EL2"), ("x2", "SCTLR_EL2"), ("x3", "NZCV"),
                               ("x4", "DAIF"), ("x5", "SPSel")):  # fmt: skip
            yield f"ldr {register}, [x20, #{at[name]}]"
        general = 8 * (HEADER + len(self.layout.state))
        yield f"ldr x0, ={general}\nadd x0, x20, x0"
        yield "msr hcr_el2, x1\nmsr sctlr_el2, x2\nisb"
        yield "tbnz x6, #1, 2f"
        yield "msr nzcv, x3\nmsr daif, x4\nmsr spsel, x5"
        yield from _load_general()
        yield "b place\n2:"
        yield from _load_general()
        yield "eret"
        yield ".ltorg"

    def _save(self) -> Iterator[str]:
        first, second, third, fourth = self._scratch
        layout = self.layout
        yield f"direct:\n{self._msr(first, 'x0')}\nmov x0, #{DIRECT}"
        yield f"save:\n{self._msr(second, 'x1')}"
        yield f"mrs x1, sctlr_el2\n{self._msr(third, 'x1')}"
        yield f"mrs x1, hcr_el2\n{self._msr(fourth, 'x1')}"
        yield f"mov x1, #{BASE_SCTLR & 0xFFFF}\nmovk x1, #{BASE_SCTLR >> 16}, lsl #16"
        yield "msr sctlr_el2, x1"
        yield f"mov x1, #{BASE_HCR}\nmsr hcr_el2, x1\nisb"
        yield "adr x1, cursor\nldr x1, [x1, #8]\nstr x0, [x1]"
        for number in range(2, 31):
            yield f"str x{number}, [x1, #{8 * (1 + number)}]"
        yield "mov x21, x1\nadr x1, cursor\nldr x20, [x1]"
        yield f"{self._mrs('x2', first)}\n{self._mrs('x3', second)}\nstp x2, x3, [x21, #8]"
        at = {name: 8 * (1 + len(GENERAL) + i) for i, name in enumerate(layout.state)}
        for name in STATUS:
            yield f"{self._mrs('x2', name)}\nstr x2, [x21, #{at[name]}]"
        yield "msr spsel, #1"
        for name, read in (("SP_EL0", "mrs x2, sp_el0"), ("SP_EL1", "mrs x2, sp_el1"),
                           ("SP_EL2", "mov x2, sp"), ("SCTLR_EL2", self._mrs("x2", third)),
                           ("HCR_EL2", self._mrs("x2", fourth))):  # fmt: skip
            yield f"{read}\nstr x2, [x21, #{at[name]}]"
        for name in layout.system:
            yield f"{self._mrs('x2', name)}\nstr x2, [x21, #{at[name]}]"
        yield f"ldr x1, [x20, #32]\nldr x2, ={8 * (layout.result - WINDOW_SIZE // 8)}"
        yield f"add x2, x21, x2\nmov x3, #{WINDOW_SIZE}"
        yield "1: ldp x4, x5, [x1]\nstp xzr, xzr, [x1], #16\nstp x4, x5, [x2], #16"
        yield "subs x3, x3, #16\nb.ne 1b"
        yield f"ldr x1, ={8 * layout.record}\nadd x20, x20, x1"
        yield f"ldr x1, ={8 * layout.result}\nadd x21, x21, x1\nb next\n.ltorg"


def reached(
    names: Sequence[str], most: Mapping[str, int], least: Mapping[str, int], processor: str
) -> dict[str, Reach]:
    """Return which system registers a processor has, and which of their bits can be written.

    :param most: what is written to each first
    :param least: what is written after that, and stays
    """
    keys = encodings()
    text = ["b start", f".org {VECTORS + 0x200 - PROGRAM:#x}"]
    text += ["mov x9, #1", "mrs x8, elr_el2", "add x8, x8, #4", "msr elr_el2, x8", "eret"]
    text += [f".org {LOWER_VECTORS - PROGRAM:#x}", "start:", f"ldr x0, ={VECTORS:#x}"]
    text += ["msr vbar_el2, x0", "isb", f"ldr x2, ={RESULTS:#x}", f"ldr x3, ={RECORDS:#x}"]
    for name in names:
        register = spelled(keys[name])
        # QEMU has some registers that do nothing: what was in x1 stays there.
        text += ["mov x9, #0", "mov x1, #1", f"mrs x1, {register}", "mov x4, #2"]
        text += [f"mrs x4, {register}", "eor x4, x4, x1", "cmp x4, #3", "cset x4, eq"]
        text += ["orr x9, x9, x4", "str x9, [x2], #8", "mov x9, #0"]
        for _ in ("most", "least"):
            text += ["ldr x1, [x3], #8", f"msr {register}, x1", f"mrs x1, {register}"]
            text += ["str x1, [x2], #8"]
        text += ["str x9, [x2], #8"]
    text += ["ldr x0, =0x84000008", "smc #0", "b .", ".ltorg"]
    content = assemble("\n".join(text), Architecture.ARM64, TEST_PAGES.start)
    given = b"".join(each[name].to_bytes(8, "little") for name in names for each in (most, least))
    said = run(Board(Architecture.ARM64, processor), content, given, 32 * len(names))
    found = {}
    for index, name in enumerate(names):
        unread, ones, zeros, unwritten = struct.unpack_from("<4Q", said, 32 * index)
        found[name] = Reach(not unread, not unwritten, ones, zeros)
    return found


def _load_general() -> Iterator[str]:
    yield from (f"ldp x{n}, x{n + 1}, [x0, #{8 * n}]" for n in range(2, 30, 2))
    yield "ldr x30, [x0, #240]\nldp x0, x1, [x0]"


def _status(registers: Mapping[str, int], name: str) -> int:
    if name == "NZCV":
        return sum(registers[flag] << bit for flag, bit in FLAGS.items())
    return registers[name]
