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

from tests.contract.stated.foreign.kernels import Program
from tests.contract.stated.foreign.paths import POWERPC, Named, Runner, Seen, Value

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


@dataclass(frozen=True)
class Served:
    """What KVM does with a number."""

    errors: frozenset[int]
    """What it may answer that is below zero."""
    used: frozenset[int]
    """Argument registers of the guest that it reads."""
    answered: frozenset[int]
    """Registers of the guest that it writes, or has written by address."""


@dataclass(frozen=True)
class Told:
    """What a function does, with those that it gives the vCPU to."""

    loads: frozenset[Named] = frozenset()
    stores: frozenset[Named] = frozenset()
    answers: frozenset[Value] = frozenset()


BEHIND: Final = ("kvm-hv", "kvm", "kernel")
"""Programs in which the functions are that serve calls."""
DEPTH: Final = 2
"""Functions within each other, behind the dispatcher."""
BRIEF: Final = 20_000
"""Instructions of such a function that are run."""
CARRYING: Final = ("r3", *(f"r{n}" for n in range(14, 32)))
"""Registers in which compilers keep what is to be answered."""


def _may_be_answered(value: Value) -> bool:
    if isinstance(value, Named):
        return value.name.endswith("()")
    return value is not None and value - (1 << 64) > -4096


class Hypervisor:
    """KVM in hypervisor mode, as far as an image has it."""

    def __init__(self, held: Mapping[str, Program]) -> None:
        self.runners = [
            Runner(held[name], POWERPC, apart=CARRYING, tells=_may_be_answered)
            for name in BEHIND
            if name in held
        ]
        self.told: dict[object, Told] = {}
        runner, start = self._function("kvmppc_pseries_do_hcall")
        self.first = registers_at(runner.run(start, {}))

    def served(self, numbers: Iterable[int]) -> dict[int, Served]:
        """Return what the dispatcher does with each number that is not one of nobody to it."""
        runs = {each: self._run("kvmppc_pseries_do_hcall", each) for each in (NOBODY, *numbers)}
        nothing = _done(runs.pop(NOBODY))
        return {
            each: self._served(self._told(seen, each, DEPTH))
            for each, seen in runs.items()
            if _done(seen) != nothing
        }

    def paravirtual(self, numbers: Iterable[int]) -> dict[int, list[str]]:
        """Return what the dispatcher of ePAPR's calls does with each number, and with another.

        It returns what the guest finds in r3, and puts the rest where the guest's registers are.
        """
        found: dict[int, list[str]] = {}
        for number in (NOBODY, *numbers):
            seen = self._run("kvmppc_kvm_pv", number, register=11)
            read = {self._register(each) for each in seen.loads} & set(range(3, 11))
            second = {str(what) for at, what in seen.stores if self._register(at) == 4}
            found[number] = [
                f"reads {' '.join(f'r{each}' for each in sorted(read))}",
                f"r3 = {' '.join(sorted({str(each) for each in seen.answers}))}",
                f"r4 = {' '.join(sorted(second))}",
                *sorted({f"{name}()" for name, _ in seen.called}),
            ]
        return found

    def _served(self, told: Told) -> Served:
        signed = (each - (1 << 64) for each in told.answers if isinstance(each, int))
        return Served(
            frozenset(each for each in signed if -4096 < each < 0),
            frozenset(map(self._register, told.loads)) & frozenset(range(4, 13)),
            frozenset(map(self._register, told.stores)) & frozenset(range(3, 13)),
        )

    def _register(self, place: Value) -> int:
        """Return which register of the guest is at a place; 0 for none."""
        if not isinstance(place, Named) or place.name != "r3":
            return 0
        number = (place.distance - self.first) // 8 + 3
        return number if 3 <= number <= 12 else 0

    def _function(self, name: str) -> tuple[Runner, int]:
        found = self._find(name)
        assert found is not None
        return found

    def _find(self, name: str) -> tuple[Runner, int] | None:
        for runner in self.runners:
            found = runner.program.function(name)
            part = runner.program.part(found[0]) if found else None
            if found is not None and part is not None and part.code:
                return runner, found[0]
        return None

    def _run(
        self, name: str, number: int, given: Iterable[Value] = (Named("r3"),), register: int = 3
    ) -> Seen:
        """Run a function for a vCPU whose register holds a number."""
        runner, start = self._function(name)
        selected = {Named("r3", self.first + 8 * (register - 3)): number}
        arguments = dict(zip(POWERPC.arguments, given, strict=False))
        return runner.run(start, arguments, selected, BRIEF)

    def _told(self, seen: Seen, number: int, depth: int) -> Told:
        """Return what a run does, with the functions that it gives the vCPU or a part of it to."""
        loads, answers = set(seen.loads), set(seen.answers)
        stores = {at for at, _ in seen.stores if isinstance(at, Named)}
        answers |= {what for at, what in seen.stores if self._register(at) == 3}
        for name, given in seen.called:
            parts = {each for each in given if isinstance(each, Named) and each.name == "r3"}
            stores |= {each for each in parts if self._register(each)}
            told = Told()
            if parts or Named(f"{name}()") in answers:
                told = self._behind(name, given, number if parts else NOBODY, depth)
            if parts:
                loads |= told.loads
                stores |= told.stores
            if Named(f"{name}()") in answers:
                answers |= told.answers
        return Told(frozenset(loads), frozenset(stores), frozenset(answers))

    def _behind(self, name: str, given: tuple[Value, ...], number: int, depth: int) -> Told:
        if depth == 0 or self._find(name) is None:
            return Told()
        key = name, given, number
        if key not in self.told:
            self.told[key] = Told()  # for one that comes back to itself
            self.told[key] = self._told(self._run(name, number, given), number, depth - 1)
        return self.told[key]


def _done(seen: Seen) -> tuple[set[Value], set[str], set[Value]]:
    return set(seen.answers), {name for name, _ in seen.called}, {what for _, what in seen.stores}


def registers_at(seen: Seen) -> int:
    """Return where the guest's r3 is: the first of most that are read one behind the other."""
    read = {each.distance for each in seen.loads if each.name == "r3"}
    runs = {each: next(n for n in range(99) if each + 8 * n not in read) for each in read}
    return max(runs, key=lambda each: (runs[each], -each))
