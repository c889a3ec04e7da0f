"""What arm64 kernels show of the calls that their KVM serves: of their host, and of their guests.

Code is run on p-code by the same means as that of other architectures, and not by hypabi's: KVM's
handlers of the host's calls at EL2, and its dispatchers of a guest's calls for each number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hypabi.image.model import Access, Image
from tests.contract.stated.foreign.dispatchers import (
    Dispatcher,
    Place,
    Served,
    may_be_answered,
    signed,
)
from tests.contract.stated.foreign.kernels import Part, Program
from tests.contract.stated.foreign.paths import ARM64, Named, Runner, Seen, Value

HANDLER: Final = "__kvm_nvhe_handle_"
DISPATCHERS: Final = ("kvm_smccc_call_handler", "kvm_hvc_call_handler")
"""KVM's function for all calls of guests, as it is called from 6.6 on and before."""
CARRYING: Final = tuple(f"x{n}" for n in (*range(9), *range(19, 29)))
"""Registers in which compilers keep what is to be answered."""


def open_arm64(image: Image) -> Program:
    """Return a kernel as a program."""
    parts = tuple(
        Part(each.address, bytes(each.content), each.access is Access.CODE)
        for each in image.segments
    )
    starts: dict[str, list[int]] = {}
    for symbol in image.symbols:
        starts.setdefault(symbol.name, []).append(symbol.address)
    return Program("kernel", parts, {name: tuple(found) for name, found in starts.items()})


def answered(kernel: Program, numbers: Iterable[int]) -> dict[int, set[Value]]:
    """Return what the dispatcher of the host's calls puts into the host's x0, by number."""
    runner = Runner(kernel, ARM64, apart=CARRYING, tells=may_be_answered)
    function = kernel.function("__kvm_nvhe_handle_trap")
    assert function is not None
    found = {}
    for number in numbers:
        seen = runner.run(function[0], {}, {Named("x0"): number})
        stored = (what for at, what in seen.stores if at == Named("x0"))
        found[number] = {signed(each) if isinstance(each, int) else each for each in stored}
    return found


@dataclass(frozen=True)
class Handled:
    """What a handler of a host's call does with the registers of the host."""

    read: frozenset[int]
    written: frozenset[int]


def handlers(kernel: Program) -> dict[str, Handled]:
    """Return what each handler of the host's calls reads and writes of the host's registers.

    It is given where they are: x0 first (``struct kvm_cpu_context``).
    """
    runner = Runner(kernel, ARM64)
    found = {}
    for name in kernel.starts:
        if name.startswith(HANDLER):
            function = kernel.function(name)
            assert function is not None
            seen = runner.run(function[0], {})
            written = (at for at, _ in seen.stores)
            found[name.removeprefix(HANDLER)] = Handled(_of(seen.loads), _of(written))
    return found


def _of(places: Iterable[Value]) -> frozenset[int]:
    inside = (e for e in places if isinstance(e, Named) and e.name == "x0" and e.distance >= 0)
    return frozenset(each.distance // 8 for each in inside if each.distance < 8 * 18)


class Guests:
    """KVM's dispatchers of its guests' calls."""

    def __init__(self, kernel: Program) -> None:
        self.dispatcher = Dispatcher([kernel], ARM64, CARRYING, _is_inner)
        self.name = next(name for name in DISPATCHERS if name in kernel.starts)
        seen = self.dispatcher.run("kvm_psci_call", None)
        self.dispatcher.place = Place(registers_at(seen), range(8))

    def psci(self, numbers: Iterable[int]) -> dict[int, Served]:
        """Return what KVM does with numbers of PSCI."""
        return self.dispatcher.served("kvm_psci_call", numbers)

    def all(self, numbers: Iterable[int]) -> dict[int, Served]:
        """Return what KVM does with any numbers."""
        return self.dispatcher.served(self.name, numbers)

    def answers(self, name: str, number: int) -> dict[int, set[int | str]]:
        """Return what a dispatcher puts into the registers of the guest."""
        found: dict[int, set[int | str]] = {}
        for at, what in self.dispatcher.run(name, number).stores:
            register = self.dispatcher.register(at)
            if register is not None:
                value = signed(what) if isinstance(what, int) else str(what)
                found.setdefault(register, set()).add(value)
        return found


def _is_inner(name: str) -> bool:
    """Tell whether a function is a part of the dispatcher of PSCI's calls."""
    return name.startswith(("kvm_psci_0_", "kvm_psci_1_x", "kvm_psci_check"))


def registers_at(seen: Seen) -> int:
    """Return where a guest's x0 is: four registers are written one behind the other."""
    written: Sequence[int] = sorted(
        at.distance for at, _ in seen.stores if isinstance(at, Named) and at.name == "x0"
    )
    return next(at for at in written if {at + 8, at + 16, at + 24} <= set(written))
