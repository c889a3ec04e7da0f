"""Numbers that stated contracts give, against the code and tables of Debian's kernels."""

import functools
import re
import struct
from collections.abc import Iterator

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, Role, Symbol
from tests.contract.stated.neighbours import marked, stated
from tests.inputs import Kernel

HANDLER = "__kvm_nvhe_handle_"
FIRST = 0xC6000000
"""The identifier of place 0 in the table of handlers."""


@functools.lru_cache(maxsize=2)
def program(path: object) -> Image:
    """Return the kernel of a file."""
    return next(image for image in load_image(str(path)).images if image.role is Role.KERNEL)


def version_of(kernel: str) -> Version:
    version = Version.exact(kernel.split("-", maxsplit=1)[0])
    assert version is not None
    return version


# --------------------------------------------------------------------------------- Xen's callers


def stub(image: Image, symbol: Symbol) -> tuple[int, int]:
    """Return the number that a stub of Linux loads, and the immediate of its hvc."""
    words = struct.unpack("<32I", image.read(symbol.address, 128))
    if image.architecture is Architecture.ARM64:
        # MOVZ X16, #imm16 and HVC #imm16: DDI 0487 C6.2.226, C6.2.132.
        loads = [word >> 5 & 0xFFFF for word in words if word & 0xFFE0001F == 0xD2800010]
        calls = [word >> 5 & 0xFFFF for word in words if word & 0xFFE0001F == 0xD4000002]
    else:
        # MOV R12, #imm8 and HVC #imm16, A1: DDI 0406C A8.8.102, B9.3.4.
        loads = [word & 0xFF for word in words if word & 0xFFFFFF00 == 0xE3A0C000]
        calls = [(word >> 4 & 0xFFF0) | word & 0xF for word in words if word >> 20 == 0xE14]
    return loads[0], calls[0]


STUBBED = stated("xen-arm").checks["stubs"].images


@pytest.mark.parametrize("name", STUBBED)
def test_the_stubs_of_linux_load_these_numbers(name: str, kernel: Kernel) -> None:
    contract, image = stated("xen-arm"), program(kernel(name))
    promised = {each: call.number for _, call in marked(contract, "stubs") for each in call.callers}
    conduit = contract.conduits["hvc"]
    assert "stubs" in conduit.checked_by
    seen = {
        symbol.name: stub(image, symbol)
        for symbol in image.symbols
        if symbol.name.startswith("HYPERVISOR_") and image.access(symbol.address) is Access.CODE
    }
    assert len(seen) >= 13
    for function, (number, immediate) in seen.items():
        assert (promised[function], conduit.immediate) == (number, immediate), function
    missing = set(promised) - set(seen)
    assert missing == (
        {"HYPERVISOR_tmem_op"} if name.split("-", maxsplit=1)[0] != "5.10" else set()
    )


# ------------------------------------------------------------------------------ KVM's host calls


def handlers(image: Image) -> list[str]:
    """Return the names of the handlers in the table at EL2, from place 1 on."""
    names = {
        symbol.address: symbol.name.removeprefix(HANDLER)
        for symbol in image.symbols
        if symbol.name.startswith(HANDLER)
    }
    first = table(image, names)
    found: list[str] = []
    while (name := names.get(pointer(image, first + 8 * (1 + len(found))))) is not None:
        found.append(name)
    return found


def table(image: Image, names: dict[int, str]) -> int:
    """Return where the table is; kallsyms of 6.1 does not name it, so a handler's address must."""
    named = image.symbols.find("__kvm_nvhe_host_hcall")
    if named:
        return named[0].address
    places = sorted(place for address in names for place in image.fixups.places_of(address))
    first = places[0] - 8
    assert places == [first + 8 * number for number in range(1, len(places) + 1)]
    return first


def pointer(image: Image, address: int) -> int:
    (value,) = struct.unpack("<Q", image.read(address, 8))
    assert isinstance(value, int)
    return value


TABLED = stated("kvm-arm64-host").checks["table"].images


@pytest.mark.parametrize("name", TABLED)
def test_the_handlers_at_el2_stand_in_this_order(name: str, kernel: Kernel) -> None:
    contract, image = stated("kvm-arm64-host"), program(kernel(name))
    check = "table"
    numbers = {
        call: each.value
        for call, found in marked(contract, check)
        for each in contract.numbers_of(found, ArchitectureName.ARM64, version_of(name))
    }
    listed = handlers(image)
    assert numbers == {call: FIRST + place for place, call in enumerate(listed, 1)}
    assert pointer(image, table(image, {address(image, each): each for each in listed})) == 0
    # What is stated of this kernel and not marked is the call that the table has no place for.
    stated_of_it = set(contract.calls_at(ArchitectureName.ARM64, version_of(name)))
    assert stated_of_it - set(numbers) == {"__kvm_hyp_init"}


def address(image: Image, handler: str) -> int:
    return image.symbols.find(HANDLER + handler)[0].address


def test_the_host_of_6_1_calls_the_first_handler_by_number_1(kernel: Kernel) -> None:
    # Where the table starts is not named in 6.1; a caller says which number its first handler has.
    called = dict(issued(program(kernel("6.1-arm64"))))
    assert called["kvm_arm_init_debug"] == FIRST + 1
    contract = stated("kvm-arm64-host")
    at = version_of("6.1-arm64")
    found = contract.find("hvc", FIRST + 1, ArchitectureName.ARM64, at)
    assert found == ("__kvm_get_mdcr_el2",)


def issued(image: Image) -> Iterator[tuple[str, int]]:
    """Yield the functions that load a host call's identifier into x0 in front of an hvc #0."""
    for segment in image.segments:
        content = bytes(segment.content) if segment.access is Access.CODE else b""
        for match in re.finditer(b"\x02\x00\x00\xd4", content):
            before = struct.unpack_from("<16I", content, match.start() - 64)
            low = [word >> 5 & 0xFFFF for word in before if word & 0xFFE0001F == 0xD2800000]
            high = [word >> 5 & 0xFFFF for word in before if word & 0xFFE0001F == 0xF2A00000]
            symbol = image.symbols.around(segment.address + match.start())
            if symbol is not None and low and high and high[-1] == FIRST >> 16:
                yield symbol.name, FIRST | low[-1]


def test_the_host_of_5_10_calls_by_these_numbers(kernel: Kernel) -> None:
    contract, image = stated("kvm-arm64-host"), program(kernel("5.10-arm64"))
    promised = {
        (caller, each.value)
        for _, call in marked(contract, "callers")
        for each in contract.numbers_of(call, ArchitectureName.ARM64, version_of("5.10-arm64"))
        for caller in call.callers
    }
    assert set(issued(image)) == promised
    stated_of_it = set(contract.calls_at(ArchitectureName.ARM64, version_of("5.10-arm64")))
    assert stated_of_it - {name for name, _ in marked(contract, "callers")} == {"__kvm_hyp_init"}
