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
