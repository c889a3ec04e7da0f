"""Tables as kernels until 4.19 have them are read, and only where all the room between is empty."""

import pytest

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content
from hypabi.image.kallsyms.tables import MAX_SEARCH, OffsetKind, Tables, find_tables
from hypabi.image.work import Work
from tests.image.tiny_kernel import Layout, tiny_kernel

KINDS = [(architecture, order) for architecture in Architecture for order in ByteOrder]


def _tables(content: bytes, architecture: Architecture) -> Tables | None:
    return find_tables(Content.whole(content), architecture)


@pytest.mark.parametrize(("architecture", "order"), KINDS)
def test_addresses_stand_there_until_4_5(architecture: Architecture, order: ByteOrder) -> None:
    kernel = tiny_kernel(architecture, Layout.V4_4, order)
    tables = _tables(kernel.content, architecture)
    assert tables is not None
    assert (tables.kind, tables.base_position) == (OffsetKind.NOTHING, -1)
    assert tables.order is order
    assert list(tables.offsets) == [kernel.address + symbol.offset for symbol in kernel.symbols]


@pytest.mark.parametrize(("architecture", "order"), KINDS)
def test_offsets_and_their_base_stand_there_from_4_6(
    architecture: Architecture, order: ByteOrder
) -> None:
    kernel = tiny_kernel(architecture, Layout.V4_9, order)
    tables = _tables(kernel.content, architecture)
    assert tables is not None
    assert tables.kind is OffsetKind.BASE
    first = kernel.symbols[0].offset
    assert list(tables.offsets) == [symbol.offset - first for symbol in kernel.symbols]
    assert tables.base_position % {Architecture.ARM: 16, Architecture.ARM64: 256}[architecture] == 0


@pytest.mark.parametrize("layout", [Layout.V4_4, Layout.V4_9])
@pytest.mark.parametrize("architecture", list(Architecture))
def test_what_stands_between_two_tables_is_zero(architecture: Architecture, layout: Layout) -> None:
    """The count takes a word; behind it the names start on 16 bytes or on 256."""
    kernel = tiny_kernel(architecture, layout)
    tables = _tables(kernel.content, architecture)
    assert tables is not None
    count = (
        kernel.content.index(tables.names)
        - {Architecture.ARM: 4, Architecture.ARM64: 8}[architecture]
    )
    assert kernel.content[count] == 0
    broken = bytearray(kernel.content)
    broken[count] = 1
    assert _tables(bytes(broken), architecture) is None


@pytest.mark.parametrize("architecture", list(Architecture))
def test_addresses_that_do_not_ascend_are_not_believed(architecture: Architecture) -> None:
    kernel = tiny_kernel(architecture, Layout.V4_4)
    word = architecture.bits // 8
    at = kernel.tables + -kernel.tables % (16 if architecture is Architecture.ARM else 256)
    swapped = bytearray(kernel.content)
    here, there = (slice(at + word * n, at + word * (n + 1)) for n in (3, 300))
    swapped[here], swapped[there] = swapped[there], swapped[here]
    assert _tables(kernel.content, architecture) is not None
    assert _tables(bytes(swapped), architecture) is None


@pytest.mark.parametrize("architecture", list(Architecture))
def test_the_search_for_padded_tables_is_cheap(architecture: Architecture) -> None:
    kernel = tiny_kernel(architecture, Layout.V4_9)
    work = Work(MAX_SEARCH)
    assert find_tables(Content.whole(kernel.content), architecture, work) is not None
    assert work.left > MAX_SEARCH // 2
