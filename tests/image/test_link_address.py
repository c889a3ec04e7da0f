"""A load address is proved, or refused; it is never guessed."""

import struct
from dataclasses import replace

import pytest

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.image.content import Content
from hypabi.image.digest import Hashing
from hypabi.image.kernel import Raw, read_kernel
from hypabi.image.model import Image, ImageError
from tests.image.tiny_kernel import (
    FUNCTIONS,
    HEAD,
    OBJECT,
    Layout,
    Lengths,
    TinyKernel,
    tiny_kernel,
)


def _read(kernel: TinyKernel, architecture: Architecture = Architecture.ARM64) -> Image:
    content = Content.whole(kernel.content)
    return read_kernel(
        Raw("tiny", content, kernel.size, architecture, Hashing().start(content.view()))
    )


def _refused(kernel: TinyKernel, architecture: Architecture = Architecture.ARM64) -> str:
    with pytest.raises(ImageError) as refused:
        _read(kernel, architecture)
    return str(refused.value)


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize(
    "link", [0xFFFF_8000_0800_0000, 0xFFFF_8000_8000_0000, 0xFFFF_FFC0_0801_0000]
)
def test_arm64_base_is_where_the_kernel_was_linked(layout: Layout, link: int) -> None:
    kernel = tiny_kernel(Architecture.ARM64, layout, link=link)
    image = _read(kernel)
    assert image.entry == link
    (pointer,) = image.symbols.find("function_0001")
    assert int.from_bytes(image.read(link + kernel.pointer, 8), "little") == pointer.address


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("link", [0xC020_8000, 0xC000_8000, 0x8020_8000])
def test_arm_base_is_where_the_kernel_was_linked(layout: Layout, link: int) -> None:
    kernel = tiny_kernel(Architecture.ARM, layout, link=link)
    image = _read(kernel, Architecture.ARM)
    assert image.entry == link
    (pointer,) = image.symbols.find("function_0001")
    assert int.from_bytes(image.read(link + kernel.pointer, 4), "little") == pointer.address


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("state", [InstructionSet.A32, InstructionSet.T32])
def test_the_instruction_set_of_a_kernel_is_told_by_its_code(
    layout: Layout, state: InstructionSet
) -> None:
    kernel = tiny_kernel(Architecture.ARM, layout, state=state)
    image = _read(kernel, Architecture.ARM)
    assert image.entry == kernel.address
    (function,) = image.symbols.find("function_0001")
    assert function.thumb == (state is InstructionSet.T32)
    (data,) = image.symbols.find("_etext")
    assert not data.thumb, "data has no instruction set"


@pytest.mark.parametrize("architecture", list(Architecture))
@pytest.mark.parametrize("order", list(ByteOrder))
def test_the_byte_order_of_a_kernel_is_that_of_its_tables(
    architecture: Architecture, order: ByteOrder
) -> None:
    """Headers say it since 3.17 only."""
    kernel = tiny_kernel(architecture, Layout.V4_4, order)
    content = bytearray(kernel.content)
    content[24:32] = bytes(8)
    image = _read(replace(kernel, content=bytes(content)), architecture)
    assert image.byte_order is order


def test_two_bases_that_fit_are_both_named_and_refused() -> None:
    """All functions are alike, so the symbols meet code a page further on as well."""
    kernel = tiny_kernel(Architecture.ARM, Layout.V6_1, lengths=Lengths.REGULAR)
    line = _refused(kernel, Architecture.ARM)
    assert "the load address cannot be proved: " in line
    assert "0xc0208000" in line
    assert " and " in line


def test_a_base_word_without_its_relocation_is_refused() -> None:
    kernel = tiny_kernel(Architecture.ARM64, Layout.V6_1)
    info = (0x403).to_bytes(8, "little")
    line = _refused(replace(kernel, content=kernel.content.replace(info, bytes(8))))
    assert "the load address cannot be proved: nothing fits" in line


def test_a_kernel_without_pointers_is_refused_where_only_they_tell_the_base() -> None:
    kernel = tiny_kernel(Architecture.ARM64, Layout.V7_2)
    content = kernel.content[: kernel.pointer] + bytes(len(kernel.content) - kernel.pointer)
    line = _refused(replace(kernel, content=content))
    assert "the load address cannot be proved: nothing fits" in line


def test_pointers_into_data_that_meet_objects_elsewhere_do_not_hide_the_base() -> None:
    """Debian's 7.3: half of all pointers meet a symbol at the right address, a fifth at another."""
    kernel = tiny_kernel(Architecture.ARM64, Layout.V7_2, objects=945)
    # OBJECT - 16 into an object; HEAD further on it is the start of one, as 16 is HEAD % OBJECT.
    inside = range(OBJECT - 16, 315 * OBJECT, OBJECT)
    words = [kernel.address + kernel.objects + offset for offset in inside]
    image = _read(_with_pointers(replace(kernel, size=kernel.size + HEAD), words))
    assert image.entry == kernel.address
    assert "pointers to code meet its symbols" in image.base


def test_an_address_at_which_pointers_to_code_miss_its_functions_is_refused() -> None:
    """Two of five pointers to code are 4 bytes off: the symbols may be another kernel's."""
    kernel = tiny_kernel(Architecture.ARM64, Layout.V7_2)
    at = kernel.pointer + 8
    words = struct.unpack_from(f"<{FUNCTIONS}Q", kernel.content, at)
    moved = [word + 4 if number % 5 < 2 else word for number, word in enumerate(words)]
    content = bytearray(kernel.content)
    struct.pack_into(f"<{FUNCTIONS}Q", content, at, *moved)
    line = _refused(replace(kernel, content=bytes(content)))
    assert "the load address cannot be proved: nothing fits" in line


def _with_pointers(kernel: TinyKernel, words: list[int]) -> TinyKernel:
    """Append pointers to the data of a kernel."""
    content = kernel.content + struct.pack(f"<{len(words)}Q", *words)
    return replace(kernel, content=content, size=kernel.size + 8 * len(words))


@pytest.mark.parametrize("architecture", list(Architecture))
@pytest.mark.parametrize("layout", list(Layout))
def test_symbols_that_do_not_meet_code_are_refused(
    architecture: Architecture, layout: Layout
) -> None:
    """The code is another one: that of the same kernel, 4 bytes further on."""
    kernel = tiny_kernel(architecture, layout)
    text, end = 0x10000, kernel.tables & -0x1000
    moved = kernel.content[:text] + bytes(4) + kernel.content[text : end - 4]
    line = _refused(replace(kernel, content=moved + kernel.content[end:]), architecture)
    assert "the load address cannot be proved" in line


@pytest.mark.parametrize("architecture", list(Architecture))
def test_a_stub_without_vectors_is_refused(architecture: Architecture) -> None:
    kernel = tiny_kernel(architecture, Layout.V6_1)
    at = next(s.offset for s in kernel.symbols if s.name == "__hyp_stub_vectors")
    slot = at + (0x400 if architecture is Architecture.ARM64 else 0x14)
    content = kernel.content[:slot] + b"\x1f\x20\x03\xd5" + kernel.content[slot + 4 :]
    line = _refused(replace(kernel, content=content), architecture)
    assert "__hyp_stub_vectors, there is no vector table" in line
