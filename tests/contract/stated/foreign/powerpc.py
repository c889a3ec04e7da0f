"""What PowerPC's kernels show of its hypercalls: who makes them, and what KVM does with each.

Every ``sc 1`` of a kernel is in a few wrappers, which are run for how arguments travel; the numbers
are what callers put into r3 in front of them.  KVM's ``kvmppc_pseries_do_hcall`` is run for each
number.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.contract.stated.foreign.kernels import Program
from tests.contract.stated.foreign.paths import POWERPC, Named, Runner, Seen, Value

WRAPPER: Final = re.compile("plpar_hcall(9)?(_norets)?(_raw|_notrace)?")
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


def calls(program: Program) -> tuple[dict[int, Asked], int]:
    """Return the numbers that callers of the wrappers pass, and how many callers show none."""
    wrappers = {at: name for at, name in program.names.items() if WRAPPER.fullmatch(name)}
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
            number, passed = in_front(words[max(0, index - BEFORE) : index])
            if number is None:
                unread += 1
                continue
            asked = found.setdefault(number, Asked())
            asked.callers.add(program.names.get(start, f"{start:#x}"))
            moved = 0 if "norets" in name else 1  # behind the number stands where answers go
            asked.passed |= {each - moved for each in passed if each - moved >= 4}
    return found, unread


def in_front(words: tuple[int, ...]) -> tuple[int | None, set[int]]:
    """Return the constant in r3 behind these words, and the argument registers that they write."""
    number, high, written = None, 0, set[int]()
    for word in reversed(words):
        if word >> 26 in (16, 18, 19):  # a branch: what is in front may not lead here
            if word & 1 or word >> 26 != 16:
                break
            continue
        target = writes(word)
        if target == 3 and number is None:
            if word >> 26 == 24 and word >> 21 & 31 == 3:  # ori r3,r3: lis comes in front
                high = word & 0xFFFF
                continue
            if word >> 26 in (14, 15) and not word >> 16 & 31:
                value = (word & 0xFFFF ^ 0x8000) - 0x8000
                number = (value << 16 if word >> 26 == 15 else value) | high
                number &= (1 << 64) - 1
                continue
            break
        if target is not None and 4 <= target <= 10:
            written.add(target)
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
    """What KVM in hypervisor mode does with a number."""

    errors: frozenset[int]
    used: frozenset[int]
    """Registers of the guest that it reads."""


def served(kvm: Program, numbers: Iterable[int]) -> dict[int, Served]:
    """Return what the dispatcher does with each number that it does not treat as one of nobody."""
    function = kvm.function("kvmppc_pseries_do_hcall")
    assert function is not None
    runner = Runner(kvm, POWERPC)
    first = registers_at(runner.run(function[0], {}))
    runs = {
        number: runner.run(function[0], {}, {Named("r3", first): number})
        for number in (NOBODY, *numbers)
    }
    nothing = _done(runs.pop(NOBODY))
    return {
        number: Served(_errors(seen, first), _read(seen, first))
        for number, seen in runs.items()
        if _done(seen) != nothing
    }


def _done(seen: Seen) -> tuple[set[Value], set[str], set[Value]]:
    return set(seen.answers), {name for name, _ in seen.called}, {what for _, what in seen.stores}


def _errors(seen: Seen, first: int) -> frozenset[int]:
    """Return what is put into the guest's r3 that is below zero."""
    stored = (what for where, what in seen.stores if where == Named("r3", first))
    signed = (each - (1 << 64) for each in stored if isinstance(each, int))
    return frozenset(each for each in signed if -4096 < each < 0)


def _read(seen: Seen, first: int) -> frozenset[int]:
    """Return the argument registers of the guest that are read."""
    places = {first + 8 * (each - 3): each for each in range(4, 13)}
    return frozenset(
        places[each.distance]
        for each in seen.loads
        if each.name == "r3" and each.distance in places
    )


def registers_at(seen: Seen) -> int:
    """Return where the guest's r3 is: the first of most that are read one behind the other."""
    read = {each.distance for each in seen.loads if each.name == "r3"}
    runs = {each: next(n for n in range(99) if each + 8 * n not in read) for each in read}
    return max(runs, key=lambda each: (runs[each], -each))
