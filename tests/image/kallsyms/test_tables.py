"""The kernel's own symbols are read as the kernel's build wrote them."""

from dataclasses import replace

import pytest

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.containers.arm64_image import arm64_image
from hypabi.image.content import Content
from hypabi.image.digest import Hashing
from hypabi.image.kallsyms.name_tables import walk
from hypabi.image.kallsyms.tables import find_tables
from hypabi.image.kernel import Raw, read_kernel
from hypabi.image.model import Image, ImageError
from tests.image.tiny_kernel import LONG_NAME, VERSION, Layout, TinyKernel, tiny_kernel

KINDS = [
    pytest.param(
        architecture, layout, order, id=f"{architecture.value}-{layout.value}-{order.value}"
    )
    for architecture in Architecture
    for layout in Layout
    for order in ByteOrder
]


def _read(kernel: TinyKernel, architecture: Architecture) -> Image:
    content = Content.whole(kernel.content)
    return read_kernel(
        Raw("tiny", content, kernel.size, architecture, Hashing().start(content.view()))
    )


@pytest.mark.parametrize(("architecture", "layout", "order"), KINDS)
def test_every_symbol_is_read_at_its_address(
    architecture: Architecture, layout: Layout, order: ByteOrder
) -> None:
    kernel = tiny_kernel(architecture, layout, order)
    image = _read(kernel, architecture)
    expected = [(s.letter, s.name, kernel.address + s.offset) for s in kernel.symbols]
    assert [(s.letter, s.name, s.address) for s in image.symbols] == expected
    assert len(image.symbols) == len(expected)
    assert image.version == VERSION


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("digit", b"07")
def test_a_kernel_without_a_digit_in_its_names_is_read(layout: Layout, digit: int) -> None:
    """The compressor takes the number of a character that no name has for another token.

    Here the token of a digit becomes a letter, so that each name with the one has the other.
    """
    kernel = tiny_kernel(Architecture.ARM64, layout)
    digits = b"".join(bytes((each, 0)) for each in b"0123456789")
    place = kernel.content.index(digits) + digits.index(digit)
    content = bytearray(kernel.content)
    content[place] = ord("Q")
    image = _read(replace(kernel, content=bytes(content)), Architecture.ARM64)
    names = [symbol.name.replace(chr(digit), "Q") for symbol in kernel.symbols]
    assert [symbol.name for symbol in image.symbols] == names
    assert any("Q" in name for name in names)


@pytest.mark.parametrize(("architecture", "layout", "order"), KINDS)
def test_every_name_is_found_and_no_other(
    architecture: Architecture, layout: Layout, order: ByteOrder
) -> None:
    kernel = tiny_kernel(architecture, layout, order)
    symbols = _read(kernel, architecture).symbols
    for name in {symbol.name for symbol in kernel.symbols}:
        expected = [kernel.address + s.offset for s in kernel.symbols if s.name == name]
        assert [symbol.address for symbol in symbols.find(name)] == expected
    for name in (
        "",
        "function_",
        "function_9999",
        "twic",
        "twice_",
        "zzz",
        "\0",
        "é",
        "Tfunction_0000",
    ):
        assert symbols.find(name) == ()


@pytest.mark.parametrize(("architecture", "layout", "order"), KINDS)
def test_around_names_the_function_that_holds_an_address(
    architecture: Architecture, layout: Layout, order: ByteOrder
) -> None:
    kernel = tiny_kernel(architecture, layout, order)
    image = _read(kernel, architecture)
    for symbol in kernel.symbols[2:200]:
        found = image.symbols.around(kernel.address + symbol.offset + 4)
        assert found is not None
        assert found.name == symbol.name
    first = next(s for s in kernel.symbols if s.name == "_stext")
    found = image.symbols.around(kernel.address + first.offset)
    assert found is not None
    assert found.name == "function_0000", "a function is named rather than a boundary"
    assert image.symbols.around(kernel.address - 4) is None
    assert image.symbols.around(kernel.address + kernel.size) is not found


def test_a_symbol_of_another_segment_is_not_around() -> None:
    kernel = tiny_kernel()
    image = _read(kernel, Architecture.ARM64)
    data = image.segments[-2]
    assert data.name == "data"
    found = image.symbols.around(data.address + 8)
    assert found is not None
    assert found.name == "_einittext", "the end of one segment is the start of the next"
    bss = image.segments[-1]
    assert bss.name == ".bss"
    assert image.symbols.around(bss.address + 8) is None


def test_a_long_name_takes_two_bytes_of_length() -> None:
    kernel = tiny_kernel(layout=Layout.V6_1)
    tables = find_tables(Content.whole(kernel.content), Architecture.ARM64)
    assert tables is not None
    assert any(byte >= 0x80 for byte in tables.names)
    assert len(_read(kernel, Architecture.ARM64).symbols.find(LONG_NAME)) == 1


@pytest.mark.parametrize(("architecture", "layout", "order"), KINDS)
def test_tables_that_do_not_agree_are_not_believed(
    architecture: Architecture, layout: Layout, order: ByteOrder
) -> None:
    """Break one word in each sixteenth of the tables: either no tables, or the same symbols."""
    kernel = tiny_kernel(architecture, layout, order)
    expected = [s.offset for s in kernel.symbols]
    lost = 0
    for step in range(16):
        at = kernel.tables + (kernel.tables_end - kernel.tables) * step // 16 & -4
        broken = bytearray(kernel.content)
        broken[at : at + 4] = bytes(byte ^ 0x55 for byte in broken[at : at + 4])
        tables = find_tables(Content.whole(bytes(broken)), architecture)
        if tables is None:
            lost += 1
        else:
            assert tables.count == len(expected)
    assert lost >= 3


def test_a_name_without_length_is_not_believed() -> None:
    """``scripts/kallsyms.c`` never writes one; zeros behind the names would pass for a name."""
    assert walk(b"\2Tf\1t", [0], 2)
    assert not walk(b"\2Tf\0", [0], 2)


def test_a_kernel_without_tables_is_refused() -> None:
    kernel = tiny_kernel()
    content = bytearray(kernel.content)
    content[kernel.tables : kernel.tables_end] = bytes(kernel.tables_end - kernel.tables)
    whole = Content.whole(bytes(content))
    raw = arm64_image("tiny", whole, Hashing().start(whole.view()))
    with pytest.raises(ImageError, match="without kallsyms"):
        read_kernel(raw)


def test_an_order_of_names_that_leads_outside_is_refused() -> None:
    kernel = tiny_kernel(layout=Layout.V6_1)
    tables = find_tables(Content.whole(kernel.content), Architecture.ARM64)
    assert tables is not None
    at = kernel.content.index(tables.sequence)
    broken = bytearray(kernel.content)
    for entry in range(0, len(tables.sequence), 3):
        broken[at + entry + 1 : at + entry + 3] = b"\xff\xff"
    with pytest.raises(ImageError, match="order of names"):
        _read(replace(kernel, content=bytes(broken)), Architecture.ARM64)
