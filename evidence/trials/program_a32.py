"""The program for AArch32: take a record, bring Hyp mode or PL1 into its state, run, write down.

Records and results are of 32-bit words in little-endian order, but for the general registers of a
record, which are loaded last, in the data byte order of the moment.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from evidence.trials.assembler import assemble
from evidence.trials.board import (
    CODE_SIZE,
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
from hypabi.arch import aarch32, aarch32_registers
from hypabi.arch.aarch32 import HYP_MODE, banked_register
from hypabi.arch.aarch32_system import WIDE_REGISTERS
from hypabi.arch.names import Architecture, InstructionSet
from hypabi.machine.qemu.program_a32 import Access, Narrow, Wide
from hypabi.records import frozen

VECTORS: Final = PROGRAM + 0x800
LOWER_VECTORS: Final = PROGRAM + 0x1000
"""PL1's: each is an ``hvc``, which shows which one it was."""
LANDED: Final = PROGRAM + 0x1800
"""Where the landing of A32 goes that stands behind the word."""
LANDED_T32: Final = PROGRAM + 0x1810
GENERAL: Final = tuple(f"r{number}" for number in range(13))
"""As Hyp mode sees them: User mode's copies."""
OWN: Final = ("SP_hyp", "LR_usr", "ELR_hyp", "SPSR_hyp")
LATE: Final = ("HSCTLR",)
BASE_HSCTLR: Final = 0x30C5_0878
HVC: Final = 0xE1400070
UDF: Final = 0xE7F0_00F0
UDF_T32: Final = 0xDE00_DE00
VISIBLE: Final = tuple(
    field
    for field in aarch32.STATUS_FIELDS
    if field.register not in {"CPSR.T", "CPSR.J", "CPSR.IL"}
)
"""Fields of CPSR that the end shows; T and J show in what runs next."""

SCRATCHES: Final = 4
"""How many of them a program needs."""
HEADER: Final = 5 + CODE_SIZE // 4
"""Words before the state: kind, place, window, poke's address and word, code."""
SCRATCH: Final = (
    "TPIDRURO", "TPIDRURW", "TPIDRPRW", "HTPIDR", "DFAR", "IFAR", "HDFAR", "HIFAR",
)  # fmt: skip
"""Registers of 32 bits that nothing else depends on."""


def accesses() -> dict[str, Access]:
    """Return how each system register is reached."""
    found: dict[str, Access] = {}
    for coprocessor, table in (
        (15, aarch32_registers.CP15_STATE),
        (15, aarch32_registers.CP15_CONSTANT),
        (14, aarch32_registers.CP14_STATE),
        (14, aarch32_registers.CP14_CONSTANT),
    ):
        for encoding, name in table.items():
            found.setdefault(name, Narrow(coprocessor, *encoding))
    for wide, name in aarch32_registers.CP15_WIDE_STATE.items():
        found[name] = Wide(15, *wide)
    return found


def banks() -> dict[str, tuple[int, int]]:
    """Return bit R and field SYSm of what banked MRS and MSR reach in Hyp mode, by name."""
    every = ((spsr, number) for spsr in (0, 1) for number in range(32))
    named = ((banked_register(*key), key) for key in every)
    found = {bank.register: key for bank, key in named if bank and bank.modes >> HYP_MODE & 1}
    return {name: key for name, key in found.items() if name not in (*GENERAL, *OWN)}


@frozen
class Layout:
    """Where the words of a record and of a result are, for some system registers."""

    system: tuple[str, ...]
    """The registers, but for those that are late."""
    banks: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The system registers, each half of a wide one by itself."""
        return tuple(
            f"{name} {half}" if half else name for name in self.system for half in halves(name)
        )

    @property
    def state(self) -> tuple[str, ...]:
        """What a record says after its header."""
        return ("CPSR", *OWN, *LATE, *self.banks, *self.words)

    @property
    def record(self) -> int:
        """Words of a record."""
        return HEADER + len(self.state) + len(GENERAL) + 1 + WINDOW_SIZE // 4

    @property
    def result(self) -> int:
        """Words of a result: the slot, the end, and what the system registers held before."""
        return 1 + len(GENERAL) + len(self.state) + len(self.words) + WINDOW_SIZE // 4


def halves(name: str) -> tuple[str, ...]:
    """Return what tells the words of a register apart."""
    return ("low", "high") if name in WIDE_REGISTERS else ("",)


class ProgramA32:
    """A program for one place of the word and some system registers."""

    architecture = Architecture.ARM
    vectors = VECTORS
    lower = range(LOWER_VECTORS, LOWER_VECTORS + 0x20)

    def __init__(
        self, place: int, system: Sequence[str], constant: frozenset[str] = frozenset()
    ) -> None:
        """Take the registers that are set and shown.

        :param place: where the word stands
        :param constant: registers that are shown only
        """
        self.place = place
        self._constant = constant
        self._banks = banks()
        self.layout = Layout(tuple(n for n in system if n not in LATE), tuple(self._banks))
        named = set(system)
        self._scratch = [name for name in SCRATCH if name not in named][:SCRATCHES]
        self._accesses = accesses()

    @cached_property
    def content(self) -> bytes:
        """The program's bytes."""
        return assemble("\n".join(self._text()), self.architecture, self.place)

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of a record and of a result."""
        return 4 * self.layout.record, 4 * self.layout.result

    def record(self, start: Start) -> bytes:
        """Return a start as the program takes it."""
        registers = start.registers
        poke = start.poke
        where = poke.address if poke else 0
        what = int.from_bytes(poke.content, "little") if poke else 0
        words = [2 if start.lower else 1, start.place, start.window, where, what]
        words += struct.unpack("<4I", start.code)
        words += [_word(registers, name) for name in self.layout.state]
        thumb = start.word.instruction_set is InstructionSet.T32
        general = [*(registers[name] for name in GENERAL), start.place | thumb]
        order = "<" if start.lower or not registers["CPSR.E"] else ">"
        return (
            struct.pack(f"<{len(words)}I", *words)
            + struct.pack(f"{order}{len(general)}I", *general)
            + start.content
        )

    def end(self, start: Start, result: bytes) -> tuple[dict[str, int], End]:
        """Return what the system registers held at the start, and the end."""
        layout = self.layout
        words = struct.unpack(f"<{len(result) // 4}I", result)
        slot, words = words[0], words[1:]
        names = (*GENERAL, *layout.state, *(f"before {n}" for n in layout.words))
        found = dict(zip(names, words, strict=False))
        status = found.pop("CPSR")
        before = {n: _joined(found, n, "before ") for n in layout.system}
        shown = {n: v for n, v in found.items() if n not in layout.words and n[:7] != "before "}
        shown |= {n: _joined(found, n, "") for n in layout.system}
        shown |= {f.register: status >> f.low & (1 << f.width) - 1 for f in VISIBLE}
        where = start.landing if slot == DIRECT else VECTORS + slot * 4
        return before, End(where, shown, result[-WINDOW_SIZE:])

    def _text(self) -> Iterator[str]:
        yield ".arm\n.arch_extension virt"
        yield "start:"
        yield f"ldr r10, ={RECORDS:#x}\nldr r11, ={RESULTS:#x}\nb next\n.ltorg"
        yield f".org {VECTORS - PROGRAM:#x}"
        yield from (f"b slot{slot}" for slot in range(8))
        for slot in range(8):
            yield f"slot{slot}:\n{self._set(self._scratch[0], 0)}\nmov r0, #{slot}\nb save"
        yield f".org {LOWER_VECTORS - PROGRAM:#x}"
        yield from (f"hvc #{0x100 + slot:#x}" for slot in range(8))
        yield f".org {LANDED - PROGRAM:#x}\nb direct"
        yield f".org {LANDED_T32 - PROGRAM:#x}\n.thumb\nbx pc\nnop\n.arm\nb direct"
        yield f".org {CURSOR - PROGRAM:#x}\ncursor: .word 0, 0"
        yield from self._next()
        yield from self._save()
        yield "off:\nldr r0, =0x84000008\n.arch_extension sec\nsmc #0\nb .\n.ltorg"

    def _next(self) -> Iterator[str]:
        layout = self.layout
        yield f"next:\nldr r0, ={VECTORS:#x}\n{self._set('HVBAR', 0)}\nisb"
        yield "ldr r9, [r10]\ncmp r9, #0\nbeq off"
        yield "ldr r0, [r10, #4]"
        for index in range(CODE_SIZE // 4):
            yield f"ldr r1, [r10, #{20 + 4 * index}]\nldr r2, [r0, #{4 * index}]"
            yield f"cmp r1, r2\nstrne r1, [r0, #{4 * index}]"
        yield "ldr r0, [r10, #12]\nldr r1, [r10, #16]\ncmp r0, #0\nstrne r1, [r0]"
        yield "mov r0, #0\nmcr p15, 0, r0, c7, c5, 0\ndsb\nisb"
        yield f"ldr r0, [r10, #8]\nldr r1, ={4 * (layout.record - WINDOW_SIZE // 4)}"
        yield f"add r1, r10, r1\nadd r2, r1, #{WINDOW_SIZE}"
        yield "1: ldr r3, [r1], #4\nstr r3, [r0], #4\ncmp r1, r2\nbne 1b"
        at = {name: 4 * (HEADER + index) for index, name in enumerate(layout.state)}
        for name in layout.system:
            if name not in self._constant:
                first = halves(name)[0]
                yield f"ldr r1, [r10, #{at[f'{name} {first}'.strip()]}]"
                yield f"ldr r3, [r10, #{at[f'{name} high']}]" if first else ""
                yield self._set(name, 1)
        yield "isb"
        place = 4 * (1 + len(GENERAL) + len(layout.state))
        yield from self._show(layout.system, place)
        for name in layout.banks:
            yield f"ldr r1, [r10, #{at[name]}]\n{self._bank(name, 1, reads=False)}"
        yield f"ldr sp, [r10, #{at['SP_hyp']}]\nldr lr, [r10, #{at['LR_usr']}]"
        yield f"ldr r1, [r10, #{at['ELR_hyp']}]\nmsr ELR_hyp, r1"
        yield f"ldr r1, [r10, #{at['SPSR_hyp']}]\nmsr SPSR_fsxc, r1"
        yield "ldr r1, =cursor\nstr r10, [r1]\nstr r11, [r1, #4]"
        yield f"ldr r1, [r10, #{at['HSCTLR']}]\n{self._set('HSCTLR', 1)}\nisb"
        yield f"ldr r1, [r10, #{at['CPSR']}]"
        yield f"ldr r0, ={4 * (HEADER + len(layout.state))}\nadd r0, r10, r0"
        yield "tst r9, #2\nbne 2f"
        yield "msr CPSR_fsxc, r1\nldm r0, {r0-r12, pc}"
        yield "2: ldm r0, {r0-r12}\neret\n.ltorg"

    def _save(self) -> Iterator[str]:
        first, second, third, fourth = self._scratch
        layout = self.layout
        yield f"direct:\n{self._set(first, 0)}\nmov r0, #{DIRECT}"
        yield f"save:\n{self._set(second, 1)}\nmrs r1, CPSR\n{self._set(third, 1)}\nsetend le"
        yield f"{self._get('HSCTLR', 1)}\n{self._set(fourth, 1)}"
        yield f"movw r1, #{BASE_HSCTLR & 0xFFFF}\nmovt r1, #{BASE_HSCTLR >> 16}"
        yield f"{self._set('HSCTLR', 1)}\nisb\nldr r1, =cursor\nldr r1, [r1, #4]\nstr r0, [r1]"
        yield from (f"str r{number}, [r1, #{4 * (1 + number)}]" for number in range(2, 13))
        at = {name: 4 * (1 + len(GENERAL) + i) for i, name in enumerate(layout.state)}
        yield f"str sp, [r1, #{at['SP_hyp']}]\nstr lr, [r1, #{at['LR_usr']}]"
        yield "mov r11, r1\nldr r1, =cursor\nldr r10, [r1]"
        yield f"{self._get(first, 1)}\nstr r1, [r11, #4]\n{self._get(second, 1)}\nstr r1, [r11, #8]"
        for name, read in (("CPSR", self._get(third, 1)), ("HSCTLR", self._get(fourth, 1)),
                           ("ELR_hyp", "mrs r1, ELR_hyp"), ("SPSR_hyp", "mrs r1, SPSR"),
                           *((n, self._bank(n, 1, reads=True)) for n in layout.banks)):  # fmt: skip
            yield f"{read}\nstr r1, [r11, #{at[name]}]"
        yield from self._show(
            layout.system, 4 * (1 + len(GENERAL) + len(layout.state) - len(layout.words))
        )
        yield f"ldr r0, [r10, #8]\nldr r1, ={4 * (layout.result - WINDOW_SIZE // 4)}"
        yield f"add r1, r11, r1\nadd r2, r0, #{WINDOW_SIZE}\nmov r4, #0"
        yield "1: ldr r3, [r0]\nstr r4, [r0], #4\nstr r3, [r1], #4\ncmp r0, r2\nbne 1b"
        yield "ldr r0, [r10, #12]\ncmp r0, #0\nstrne r4, [r0]"
        yield f"ldr r1, ={4 * layout.record}\nadd r10, r10, r1"
        yield f"ldr r1, ={4 * layout.result}\nadd r11, r11, r1\nb next\n.ltorg"

    def _show(self, names: Sequence[str], place: int) -> Iterator[str]:
        for name in names:
            yield f"mov r1, #0\n{self._get(name, 1)}\nstr r1, [r11, #{place}]"
            place += 4
            if halves(name)[0]:
                yield f"str r3, [r11, #{place}]"
                place += 4

    def _set(self, name: str, register: int) -> str:
        return f".inst {self._accesses[name].write(register):#x}"

    def _get(self, name: str, register: int) -> str:
        return f".inst {self._accesses[name].read(register):#x}"

    def _bank(self, name: str, register: int, *, reads: bool) -> str:
        spsr, number = self._banks[name]
        fields = spsr << 22 | (number & 15) << 16 | number >> 4 << 8
        word = 0xE1000200 | register << 12 if reads else 0xE120F200 | register
        return f".inst {word | fields:#x}"


def reached(
    names: Sequence[str], most: Mapping[str, int], least: Mapping[str, int], processor: str
) -> dict[str, Reach]:
    """Return which system registers a processor has in Hyp mode, and their bits.

    :param most: what is written to each first
    :param least: what is written after that, and stays
    """
    ways = accesses()
    text = [".arm", ".arch_extension virt", ".arch_extension sec", "b start"]
    text += [f".org {VECTORS + 4 - PROGRAM:#x}", "mov r9, #1", "mrs r8, ELR_hyp"]
    text += ["add r8, r8, #4", "msr ELR_hyp, r8", "eret", f".org {LOWER_VECTORS - PROGRAM:#x}"]
    text += [f"start: ldr r1, ={VECTORS:#x}", f".inst {ways['HVBAR'].write(1):#x}", "isb"]
    text += [f"ldr r2, ={RESULTS:#x}", f"ldr r4, ={RECORDS:#x}", "b 1f", ".ltorg", "1:"]
    for name in names:
        set_, get = f".inst {ways[name].write(1):#x}", f".inst {ways[name].read(1):#x}"
        text += ["mov r9, #0", get, "str r9, [r2], #4", "mov r9, #0"]
        for _ in ("most", "least"):
            text += ["ldr r1, [r4], #4", "ldr r3, [r4], #4", set_, get, "str r1, [r2], #4"]
            text += ["str r3, [r2], #4"]
        text += ["str r9, [r2], #4"]
    text += ["movw r0, #8", "movt r0, #0x8400", "smc #0", "b ."]
    content = assemble("\n".join(text), Architecture.ARM, TEST_PAGES.start)
    given = b"".join(each[n].to_bytes(8, "little") for n in names for each in (most, least))
    said = run(Board(Architecture.ARM, processor), content, given, 24 * len(names))
    found = {}
    for index, name in enumerate(names):
        unread, ones, high_ones, zeros, high_zeros, unwritten = struct.unpack_from(
            "<6I", said, 24 * index
        )
        if name in WIDE_REGISTERS:
            ones, zeros = ones | high_ones << 32, zeros | high_zeros << 32
        found[name] = Reach(not unread, not unwritten, ones, zeros)
    return found


def status(registers: Mapping[str, int]) -> int:
    """Return CPSR as a word; IT is 0."""
    return sum(registers[field.register] << field.low for field in aarch32.STATUS_FIELDS)


def _word(registers: Mapping[str, int], name: str) -> int:
    if name == "CPSR":
        return status(registers) & ~(1 << 5)
    name, _, half = name.partition(" ")
    return registers[name] >> (32 if half == "high" else 0) & 0xFFFF_FFFF


def _joined(found: Mapping[str, int], name: str, before: str) -> int:
    if name in WIDE_REGISTERS:
        return found[f"{before}{name} low"] | found[f"{before}{name} high"] << 32
    return found[f"{before}{name}"]
