"""Numbers of capabilities: the image tells them itself, or they are not told."""

import struct

import pytest

from hypabi.code.alternatives import find_alternatives
from hypabi.code.cpu_capabilities import DESCRIPTIONS, Capabilities
from hypabi.image.load import load_image
from hypabi.image.model import Access, Segment
from tests.code.images import image
from tests.inputs import Kernel

NAME = "ARM64_HAS_VIRT_HOST_EXTN"
TEXT = DESCRIPTIONS[NAME].encode()
DATA = 0x20000


def told(*pairs: tuple[int, int], text: bytes = b"\0" + TEXT + b"\0") -> int | None:
    """Return the number told by an image with a text and pairs of a pointer and a number."""
    content = text.ljust(64, b"\0") + b"".join(struct.pack("<QHxxxxxx", *pair) for pair in pairs)
    return Capabilities(image(Segment(DATA, content, Access.WRITABLE))).number(NAME)


def test_a_number_stands_behind_the_pointer_to_its_description() -> None:
    assert told((DATA + 1, 37)) == 37
    assert told((0x99, 5), (DATA + 1, 37), (DATA + 9, 6)) == 37


def test_a_number_told_twice_is_told_once_if_it_is_the_same() -> None:
    assert told((DATA + 1, 37), (DATA + 1, 37)) == 37
    assert told((DATA + 1, 37), (DATA + 1, 38)) is None


def test_what_does_not_tell_is_not_told() -> None:
    assert told() is None
    assert told((DATA + 1, 60_000)) is None
    assert told((DATA + 2, 37)) is None
    assert told((DATA + 1, 37), text=b"\0" + TEXT + b" too\0") is None
    assert told((DATA + 1, 37), text=b"no" + TEXT + b"\0") is None


@pytest.mark.parametrize("name", ["6.1-arm64", "6.12-arm64", "7.2-arm64"])
def test_the_kernel_patches_code_for_each_number_that_it_tells(kernel: Kernel, name: str) -> None:
    found = load_image(kernel(name)).images[-1]
    capabilities = Capabilities(found)
    patched = {site.capability for site in find_alternatives(found)}
    numbers = {each: capabilities.number(each) for each in DESCRIPTIONS}
    known = [number for number in numbers.values() if number is not None]
    assert numbers[NAME] is not None and numbers["ARM64_KVM_PROTECTED_MODE"] is not None
    assert len(set(known)) == len(known)
    assert set(known) <= patched
