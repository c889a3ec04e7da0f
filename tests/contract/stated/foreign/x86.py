"""What x86's kernels show of KVM's hypercalls: who makes them, and what KVM does with each number.

Code is run, not only read: a caller up to its VMCALL, VMMCALL or TDCALL, for what the registers
hold there; KVM's ``kvm_emulate_hypercall`` for each number, for what it answers and passes on.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.contract.stated.foreign.kernels import Program
from tests.contract.stated.foreign.paths import X86, Named, Runner, Seen, Value

CALL: Final = re.compile(rb"(?<!\xf3)\x0f\x01[\xc1\xd9]")
"""VMCALL and VMMCALL; with F3 in front it is VMGEXIT, by which AMD's encrypted guests ask."""
FOREIGN: Final = re.compile("hv_|hyperv|__send_ipi_(one|mask_ex)|vmware|vmw|xen|sev_|snp|svsm|ghcb")
"""Functions that call other hypervisors, or that of AMD's encrypted guests; they are not run."""
VMMCALL: Final = b"\x0f\x01\xd9"
LARGEST: Final = 0xFF
"""Largest number that is taken for one of KVM's; VMware's is 0x564d5868."""
PASSED: Final = ("rbx", "rcx", "rdx", "rsi")
KEPT: Final = {"rax": 0, "rcx": 8, "rdx": 16, "rbx": 24, "rsi": 48}
"""Where KVM keeps a guest's registers, from the first on: in the order of their encodings."""
INNER: Final = frozenset(
    {"__kvm_emulate_hypercall", "____kvm_emulate_hypercall", "complete_hypercall_exit"}
    | {"kvm_sched_yield"}
)
"""Functions of KVM's that are followed."""
ANSWERING: Final = "kvm_pv_send_ipi"
"""One whose answer is the guest's."""
NOBODY: Final = 0x7FFF
"""A number that nobody has given out."""
TRIED: Final = range(16)
TDX_ARGUMENTS: Final = ("r11", "r12", "r13", "r14")
TDX: Final = "tdx_kvm_hypercall"
SHORT: Final = 20_000
"""Instructions of a caller that are run."""


@dataclass
class Asked:
    """What callers pass with a number."""

    callers: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=lambda: set(PASSED))
    """Argument registers that every caller has set."""
    sites: set[int] = field(default_factory=set)
    by_tdx: set[str] = field(default_factory=set)
    """Callers that make it by TDCALL where they run in TDX's guests."""


def calls(program: Program) -> dict[int, Asked]:
    """Return the numbers that code of a program puts into rax in front of a hypercall."""
    found: dict[int, Asked] = {}
    runner, closer = Runner(program, X86), Runner(program, X86, apart=X86.watched)
    for start in callers(program):
        seen = runner.run(start, {}, most=SHORT)
        if not any(_is_number(registers["RAX"]) for _, registers in seen.asked):
            # What ends a loop may differ from one round to the next.
            seen = closer.run(start, {}, most=SHORT)
        for at, registers in seen.asked:
            number = registers["RAX"]
            if isinstance(number, int) and _is_number(number):
                asked = found.setdefault(number, Asked())
                asked.callers.add(program.names[start])
                asked.sites.add(at)
                asked.passed &= {each for each in PASSED if _is_set(each, registers[each.upper()])}
        for name, arguments in seen.called:
            if name == TDX and isinstance(arguments[0], int):
                found.setdefault(arguments[0], Asked()).by_tdx.add(program.names[start])
    return found


def callers(program: Program) -> Iterable[int]:
    """Return where the functions start that have a hypercall instruction among their bytes."""
    starts = {
        program.around(part.address + match.start())[0]
        for part in program.parts
        if part.code and not part.name.startswith(".altinstr")
        for match in CALL.finditer(part.content)
    }
    return sorted(each for each in starts if not FOREIGN.search(program.names.get(each, "hv_")))


def _is_number(value: Value) -> bool:
    return isinstance(value, int) and 0 < value <= LARGEST


def replaced(program: Program, sites: Iterable[int]) -> set[int]:
    """Return the VMCALLs that the kernel's table of alternatives replaces by VMMCALL.

    A record starts with the distances of the two, whatever follows (``struct alt_instr``).
    """
    wanted, found = set(sites), set[int]()
    for part in (each for each in program.parts if each.name == ".altinstructions"):
        for at in range(len(part.content) - 7):
            first, second = struct.unpack_from("<ii", part.content, at)
            place = part.address + at
            if place + first in wanted and program.read(place + 4 + second, 3) == VMMCALL:
                found.add(place + first)
    return found


def _is_set(register: str, value: Value) -> bool:
    """Tell whether a register no longer holds what it did at the function's entry."""
    whole, half = register.upper(), f"E{register[1:].upper()}"
    left = isinstance(value, Named) and value.name.startswith("lost by ")
    return value not in (Named(whole), Named(half)) and not left


@dataclass(frozen=True)
class Served:
    """What KVM does with a number."""

    errors: frozenset[int]
    """What it may answer that is below zero."""
    used: frozenset[str]
    """Argument registers that it passes on or keeps."""
    answered: frozenset[str]
    """Registers of the guest that it writes."""


def served(kvm: Program) -> dict[int, Served]:
    """Return what KVM does with each number that it does not treat as one that nobody has."""
    function = kvm.function("kvm_emulate_hypercall")
    assert function is not None
    runner = Runner(kvm, X86, lambda name: name in INNER, X86.watched)
    registers = registers_at(runner.run(function[0], {}))
    runs = {
        number: runner.run(function[0], {}, {Named("RDI", registers): number})
        for number in (NOBODY, *TRIED)
    }
    unknown = _done(runs[NOBODY])
    sent = kvm.function(ANSWERING)
    within = Runner(kvm, X86, lambda name: "pv_send_ipi" in name, X86.watched)
    further = _errors(within.run(sent[0], {})) if sent else frozenset[int]()
    return {
        number: Served(
            _errors(seen) | (further if ANSWERING in dict(seen.called) else frozenset()),
            _used(seen, registers) - _used(runs[NOBODY], registers),
            _answered(seen, registers),
        )
        for number, seen in runs.items()
        if number == NOBODY or _done(seen) != unknown
    }


def registers_at(seen: Seen) -> int:
    """Return how far into its argument KVM has the guest's registers: it reads just these five."""
    read = {each.distance for each in seen.loads if each.name == "RDI"}
    (first,) = [each for each in sorted(read) if {each + far for far in KEPT.values()} <= read]
    return first


def _done(seen: Seen) -> tuple[set[int], set[str]]:
    return _answers(seen), {name for name, _ in seen.called}


def _answers(seen: Seen) -> set[int]:
    stored = {value for _, value in seen.stores if isinstance(value, int)}
    answered = {value for value in seen.answers if isinstance(value, int)}
    return {_signed(each) for each in stored | answered}


def _errors(seen: Seen) -> frozenset[int]:
    return frozenset(each for each in _answers(seen) if -4096 < each < 0)


def _signed(value: int) -> int:
    """Return what a register of 64 or of 32 bits means."""
    if value >> 63:
        return value - (1 << 64)
    return value - (1 << 32) if value >> 31 == 1 else value


def _used(seen: Seen, registers: int) -> frozenset[str]:
    kept = {f"[{Named('RDI', registers + KEPT[each])}]": each for each in PASSED}
    given = {each for _, arguments in seen.called for each in arguments}
    stored = {value for _, value in seen.stores}
    names = {each.name for each in given | stored if isinstance(each, Named)}
    return frozenset(kept[each] for each in names if each in kept)


def _answered(seen: Seen, registers: int) -> frozenset[str]:
    places = {Named("RDI", registers + far): name for name, far in KEPT.items()}
    return frozenset(places[at] for at, _ in seen.stores if at in places)


def tdx(kernel: Program) -> dict[str, str] | None:
    """Return what a TDCALL is given by the function that stands for a hypercall in TDX's guests."""
    function = kernel.function(TDX)
    if function is None:
        return None
    runner = Runner(kernel, X86, lambda name: "td" in name)
    seen = runner.run(function[0], {})
    ((_, registers), *_) = seen.asked
    said = {name: str(registers[name.upper()]) for name in ("rax", "rcx", *TDX_ARGUMENTS)}
    return said | {"answer": str(seen.answers[0])}
