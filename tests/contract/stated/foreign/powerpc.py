"""What PowerPC's kernels show of its hypercalls: who makes them, and what KVM does with each.

Every ``sc 1`` of a kernel is in a few wrappers, which are run for how arguments travel; the numbers
are what callers put into r3 in front of them, or into r11 in front of what becomes an ePAPR call.
KVM's ``kvmppc_pseries_do_hcall`` and ``kvmppc_kvm_pv`` are run for each number, and so are the
functions that they give the vCPU to.
"""

import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.contract.stated.foreign.dispatchers import Dispatcher, Place, Served
from tests.contract.stated.foreign.kernels import Program
from tests.contract.stated.foreign.paths import POWERPC, Runner, Seen

WRAPPER: Final = re.compile("plpar_hcall(9)?(_norets)?(_raw|_notrace)?")
EPAPR: Final = re.compile("epapr_hypercall_start")
BEFORE: Final = 48
"""Words in front of a call that are read."""
NOBODY: Final = 0x7FC
"""A number of PAPR's that nobody has given out."""
LOADS: Final = frozenset({14, 15, 32, 33, 34, 35, 40, 41, 42, 43, 58})
"""Primary opcodes that write RT: addi, addis, the loads (Power ISA, appendix of opcodes)."""
LOGIC: Final = frozenset({20, 21, 23, 24, 25, 26, 27, 28, 29, 30})
"""Primary opcodes that write RA: rotates, ori and its kin."""
LOGIC_31: Final = frozenset(
    {24, 26, 27, 28, 58, 60, 124, 284, 316, 412, 444, 476, 536, 539, 792, 794}
    | {824, 826, 827, 922, 954, 986}
)
"""Extended opcodes of 31 that do."""


@dataclass
class Asked:
    """Who makes a call, and which argument registers somebody sets for it just in front."""

    callers: set[str] = field(default_factory=set)
    passed: set[int] = field(default_factory=set)


def calls(program: Program, wrapper: re.Pattern[str] = WRAPPER) -> tuple[dict[int, Asked], int]:
    """Return the numbers that callers of the wrappers pass, and how many callers show none."""
    wrappers = {at: name for at, name in program.names.items() if wrapper.fullmatch(name)}
    selector = 3 if wrapper is WRAPPER else 11
    found: dict[int, Asked] = {}
    unread = 0
    for part in (each for each in program.parts if each.code):
        words = struct.unpack(f"<{len(part.content) // 4}I", part.content[: len(part.content) & ~3])
        for index, word in enumerate(words):
            if word >> 26 != 18 or not word & 1:
                continue
            aim = part.address + 4 * index + ((word & 0x3FFFFFC) ^ 0x2000000) - 0x2000000
            name = wrappers.get(aim) or wrappers.get(aim - 8)
            start, _ = program.around(part.address + 4 * index) if name else (0, 0)
            if name is None or program.names.get(start, "") in wrappers.values():
                continue
            number, passed = in_front(words[max(0, index - BEFORE) : index], selector)
            if number is None:
                unread += 1
                continue
            asked = found.setdefault(number, Asked())
            asked.callers.add(program.names.get(start, f"{start:#x}"))
            # Behind the number stands where answers go, and moves the arguments by one register.
            moved = 1 if selector == 3 and "norets" not in name else 0
            asked.passed |= {each - moved for each in passed if each - moved != selector}
    return found, unread


def in_front(words: tuple[int, ...], selector: int) -> tuple[int | None, set[int]]:
    """Return the constant in a register behind these words, and the arguments that they set.

    An argument is a register from r3 on, or one of r11 to r13 for the places on the stack behind
    that of r10 (ELFv2 ABI, 2.2.3.3).
    """
    number, high, written = None, 0, set[int]()
    for word in reversed(words):
        if word >> 26 in (16, 18, 19):  # a branch: what is in front may not lead here
            if word & 1 or word >> 26 != 16:
                break
            continue
        target = writes(word)
        if target == selector and number is None:
            if word >> 26 == 24 and word >> 21 & 31 == selector:  # ori: lis comes in front
                high = word & 0xFFFF
                continue
            if word >> 26 in (14, 15) and not word >> 16 & 31:
                value = (word & 0xFFFF ^ 0x8000) - 0x8000
                number = (value << 16 if word >> 26 == 15 else value) | high
                number &= (1 << 64) - 1
                continue
            break
        if target is not None and 3 <= target <= 10 and target != selector:
            written.add(target)
        if word & 0xFC1F0003 == 0xF8010000 and 96 <= word & 0xFFFC <= 112:  # std RS,96...112(r1)
            written.add(11 + ((word & 0xFFFC) - 96) // 8)
    return number, written


def writes(word: int) -> int | None:
    """Return the general register that an instruction writes, as far as callers need it."""
    opcode = word >> 26
    if opcode in LOADS or (opcode == 31 and word >> 1 & 0x3FF not in LOGIC_31 | {0, 32}):
        return word >> 21 & 31
    if opcode in LOGIC or opcode == 31:
        return word >> 16 & 31
    return None


def wrapped(kernel: Program, name: str) -> dict[str, str]:
    """Return what r3-r12 hold at a wrapper's ``sc 1``, and where it puts what comes back."""
    function = kernel.function(name)
    assert function is not None
    seen = Runner(kernel, POWERPC).run(function[0], {})
    ((_, registers), *_) = seen.asked
    kept = [str(what).removeprefix("answer.") for _, what in seen.stores if "answer" in str(what)]
    held = {each: str(value) for each, value in registers.items()}
    return held | {"kept": " ".join(kept), "returned": str(seen.answers[0])}


BEHIND: Final = ("kvm-hv", "kvm", "kernel")
"""Programs in which the functions are that serve calls."""
CARRYING: Final = ("r3", *(f"r{n}" for n in range(14, 32)))
"""Registers in which compilers keep what is to be answered."""


class Hypervisor:
    """KVM in hypervisor mode, as far as an image has it."""

    def __init__(self, held: Mapping[str, Program]) -> None:
        programs = [held[name] for name in BEHIND if name in held]
        self.dispatcher = Dispatcher(programs, POWERPC, CARRYING)
        seen = self.dispatcher.run("kvmppc_pseries_do_hcall", None)
        self.dispatcher.place = Place(registers_at(seen), range(3, 13))

    def served(self, numbers: Iterable[int]) -> dict[int, Served]:
        """Return what the dispatcher does with each number that is not one of nobody to it."""
        found = self.dispatcher.served("kvmppc_pseries_do_hcall", [NOBODY, *numbers])
        nothing = found.pop(NOBODY)
        return {number: each for number, each in found.items() if not each.does_as(nothing)}

    def paravirtual(self, numbers: Iterable[int]) -> dict[int, list[str]]:
        """Return what the dispatcher of ePAPR's calls does with each number, and with another.

        It returns what the guest finds in r3, and puts the rest where the guest's registers are.
        """
        found: dict[int, list[str]] = {}
        for number in (NOBODY, *numbers):
            seen = self.dispatcher.run("kvmppc_kvm_pv", number, register=11)
            read = self.dispatcher.registers(seen.loads) & set(range(3, 11))
            at = self.dispatcher.register
            found[number] = [
                f"reads {' '.join(f'r{each}' for each in sorted(read))}",
                f"r3 = {' '.join(sorted({str(each) for each in seen.answers}))}",
                f"r4 = {' '.join(sorted({str(what) for to, what in seen.stores if at(to) == 4}))}",
                *sorted({f"{name}()" for name, _ in seen.called}),
            ]
        return found


def registers_at(seen: Seen) -> int:
    """Return where the guest's r3 is: the first of most that are read one behind the other."""
    read = {each.distance for each in seen.loads if each.name == "r3"}
    runs = {each: next(n for n in range(99) if each + 8 * n not in read) for each in read}
    return max(runs, key=lambda each: (runs[each], -each))
