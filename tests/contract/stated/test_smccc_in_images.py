"""Identifiers of PSCI and SMCCC calls, against the code of Debian's kernels."""

import functools
import re
import struct
from itertools import pairwise

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, Role
from tests.contract.stated.arm_constants import bitmask, constants
from tests.contract.stated.neighbours import stated
from tests.inputs import Kernel

LONGEST = 4096
"""Bytes of a function that are read."""

CHECKS = (
    ("arm-psci", "callers-arm64"),
    ("arm-psci", "callers-arm"),
    ("arm-smccc", "callers"),
    ("arm-sdei", "callers"),
    ("hyperv-arm64", "callers"),
)
CALLED = sorted(
    (image, contract, check)
    for contract, check in CHECKS
    for image in stated(contract).checks[check].images
)
"""By image, so that each is read once."""


@functools.lru_cache(maxsize=2)
def program(path: object) -> Image:
    """Return the kernel of a file."""
    return next(image for image in load_image(str(path)).images if image.role is Role.KERNEL)


def version_of(kernel: str) -> Version:
    version = Version.exact(kernel.split("-", maxsplit=1)[0])
    assert version is not None
    return version


def made_by(image: Image, function: str, ends: dict[int, int]) -> set[int]:
    """Return the constants that a function makes; none where the image has no such function."""
    found = image.symbols.find(function)
    if not found:
        return set()
    start = found[0].address
    size = min(ends[start] - start, LONGEST) & ~3
    words = struct.unpack(f"<{size // 4}I", image.read(start, size))
    return set(constants(words, image.architecture.bits))


@functools.lru_cache(maxsize=2)
def ends_of(path: object) -> dict[int, int]:
    """Return where the function that starts at an address ends: at the next symbol."""
    starts = sorted({symbol.address for symbol in program(path).symbols})
    return dict(pairwise(starts))


def promised(contract: StatedContract, check: str, image: str) -> dict[str, set[int]]:
    """Return the numbers that a check shows of an image, by call."""
    architecture = ArchitectureName.ARM64 if image.endswith("arm64") else ArchitectureName.ARM
    numbers: dict[str, set[int]] = {}
    for name, call in contract.calls.items():
        for each in contract.numbers_of(call, architecture, version_of(image)):
            if check in (*each.checked_by, *call.checked_by):
                numbers.setdefault(name, set()).add(each.value)
    return numbers


@pytest.mark.parametrize(("name", "contract_name", "check"), CALLED)
def test_the_callers_make_these_numbers(
    name: str, contract_name: str, check: str, kernel: Kernel
) -> None:
    contract, image = stated(contract_name), program(kernel(name))
    ends = ends_of(kernel(name))
    numbers = promised(contract, check, name)
    assert numbers
    for call, values in numbers.items():
        callers = contract.calls[call].callers
        made = set().union(*(made_by(image, caller, ends) for caller in callers))
        assert values <= made, (call, callers)


WRAPPERS = {
    # HVC #0 or SMC #0; STP X0, X1, [X4] and STP X2, X3, [X4, #16]: DDI 0487 C6.2.132, C6.2.341.
    Architecture.ARM64: ({"hvc": 0xD4000002, "smc": 0xD4000003}, {0xA9000480, 0xA9010C82}),
    # HVC #0 or SMC #0; STM R12, {R0-R3}: DDI 0406C B9.3.4, B9.3.14, A8.8.199.
    Architecture.ARM: ({"hvc": 0xE1400070, "smc": 0xE1600070}, {0xE88C000F}),
}


@pytest.mark.parametrize("by", ["hvc", "smc"])
@pytest.mark.parametrize("name", stated("arm-smccc").checks["wrapper"].images)
def test_the_wrapper_makes_the_call_and_stores_what_comes_back(
    name: str, by: str, kernel: Kernel
) -> None:
    image, contracts = program(kernel(name)), [stated("arm-smccc"), stated("arm-psci")]
    if image.architecture is Architecture.ARM64:
        contracts.append(stated("arm-sdei"))
    start = image.symbols.find(f"__arm_smccc_{by}")[0].address
    size = min(ends_of(kernel(name))[start] - start, LONGEST) & ~3
    words = struct.unpack(f"<{size // 4}I", image.read(start, size))
    calls, stores = WRAPPERS[image.architecture]
    call, check = calls[by], "wrapper" if by == "hvc" else "smc-wrapper"
    assert words.count(call) == 1
    assert stores <= set(words[words.index(call) :])
    for contract in contracts:
        conduit = contract.conduits[by]
        assert name in contract.checks[check].images and check in conduit.checked_by
        assert (conduit.instruction, conduit.immediate) == (by, 0)
        architecture = ArchitectureName(image.architecture.value)
        identifier = conduit.identifier and conduit.identifier.on(architecture)
        first = "x" if image.architecture is Architecture.ARM64 else "r"
        assert identifier == f"{first}0"
        results = conduit.results and conduit.results.on(architecture)
        assert results in ((f"{first}0",), (f"{first}0-{first}3",))


@pytest.mark.parametrize("name", stated("arm-smccc").checks["vectors"].images)
def test_the_vectors_know_the_three_workarounds(name: str, kernel: Kernel) -> None:
    contract, image = stated("arm-smccc"), program(kernel(name))
    assert image.architecture is Architecture.ARM64
    calls = [call for call in contract.calls.values() if "vectors" in call.checked_by]
    numbers = {call.number for call in calls}
    assert len(numbers) == 3
    assert all(call.served_by == ("kvm-vectors",) for call in calls)
    assert numbers in compared(image)


def compared(image: Image) -> list[set[int]]:
    """Return the values that code compares w1 with, three in turn, by EOR and CBZ or CBNZ."""
    found = []
    for segment in image.segments:
        content = bytes(segment.content) if segment.access is Access.CODE else b""
        # EOR W1, W1, #imm is 0x52000021 but for its immediate; CBZ W1 0x34000001, CBNZ 0x35000001.
        for match in re.finditer(rb"(?s)(?=(?:[\x21].[\x00-\x3f]\x52.{3}[\x34\x35]){3})", content):
            words = struct.unpack_from("<6I", content, match.start())
            masks = [bitmask(word) for word in words[::2] if word & 0xFFC003FF == 0x52000021]
            if match.start() % 4 == 0 and len(masks) == 3:
                one, two, three = masks
                found.append({one, one ^ two, one ^ two ^ three})
    return found
