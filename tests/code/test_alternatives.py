"""The table of alternatives: found in real kernels, whole, and never where there is none."""

import random
import struct
from dataclasses import replace

import pytest

from hypabi.analysis.displacement import displaced
from hypabi.arch.names import Architecture, ByteOrder
from hypabi.code.alternatives import (
    BOUNDS,
    ENTRY,
    NO_PATCHES,
    SECTION,
    SHORTEST_TABLE,
    PatchSite,
    find_alternatives,
)
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, Segment, Symbol
from tests.code.images import Names, image
from tests.inputs import Kernel

KERNELS = ("5.10-arm64", "6.1-arm64", "6.12-arm64", "6.12-arm64-16k", "7.2-arm64")
CODE, TABLE = 0x10000, 0x40000
SITES = SHORTEST_TABLE + 20


@pytest.mark.parametrize("name", KERNELS)
def test_every_site_of_a_real_kernel_is_code_and_so_is_what_replaces_it(
    kernel: Kernel, name: str
) -> None:
    found = load_image(kernel(name)).images[-1]
    patches = find_alternatives(found)
    assert len(patches) > 10_000
    callbacks = set()
    outside = sorted((s for s in patches if found.access(s.address) is not Access.CODE), key=key)
    # Text that stands in .rodata (trampolines, hibernation) is data to us without its symbols.
    assert all(site.address - outside[0].address < 0x10000 for site in outside)
    for site in patches:
        assert site.size % 4 == 0 and site.address % 4 == 0
        assert found.segment(site.replacement) is not None
        if site.callback:
            callbacks.add(site.replacement)
        elif site.size:
            original, new = (found.read(a, site.size) for a in (site.address, site.replacement))
            assert len(original) == len(new)
    # A callback is a function of the kernel, and there are a few of them.
    assert 0 < len(callbacks) < 40
    for address in callbacks:
        symbol = found.symbols.around(address)
        assert symbol is not None and symbol.address == address


@pytest.mark.parametrize("name", KERNELS)
def test_no_word_of_a_real_kernel_is_patched_twice(kernel: Kernel, name: str) -> None:
    patches = find_alternatives(load_image(kernel(name)).images[-1])
    words = [w for site in patches for w in range(site.address, site.address + site.size, 4)]
    assert len(words) == len(set(words))


def test_the_table_is_the_one_between_the_linkers_symbols(kernel: Kernel) -> None:
    found = load_image(kernel("7.2-arm64")).images[-1]
    (start,) = found.symbols.find("__alt_instructions")
    (end,) = found.symbols.find("__alt_instructions_end")
    expected = list(entries(found.read(start.address, end.address - start.address), start.address))
    for told in (found, replace(found, symbols=Names(()))):
        assert sorted(find_alternatives(told), key=key) == sorted(expected, key=key)


def key(site: PatchSite) -> tuple[int, int, int, int, bool]:
    return site.address, site.size, site.capability, site.replacement, site.callback


def entries(content: bytes, place: int, order: str = "<") -> list[PatchSite]:
    """Read a table as asm/alternative.h declares it."""
    sites = []
    for at, (original, new, capability, size, new_size) in enumerate(
        struct.iter_unpack(f"{order}iiHBB", content)
    ):
        here = place + ENTRY * at
        callback = size > 0 and new_size == 0
        sites.append(
            PatchSite(here + original, size, capability & 0x7FFF, here + 4 + new, callback)
        )
    return sites


def table(order: ByteOrder = ByteOrder.LITTLE, count: int = SITES) -> bytes:
    """Make a table whose sites are 4 or 8 bytes of the code, each with its own replacement."""
    rows = []
    for n in range(count):
        place = TABLE + 64 + ENTRY * n
        size = 4 + 4 * (n % 2)
        new_size = 0 if n % 7 == 0 else size
        original, new = CODE + 16 * n, CODE + 0x8000 + 16 * n
        sign = "<" if order is ByteOrder.LITTLE else ">"
        capability = n % 5 | (0x8000 if new_size == 0 else 0)
        rows.append(
            struct.pack(
                f"{sign}iiHBB", original - place, new - place - 4, capability, size, new_size
            )
        )
    return b"".join(rows)


def with_data(content: bytes, order: ByteOrder = ByteOrder.LITTLE) -> Image:
    code = Segment(CODE, bytes(0x10000), Access.CODE, ".text")
    data = Segment(TABLE, bytes(64) + content + bytes(4096), Access.INITIAL, "data")
    return replace(image(code, data), byte_order=order)


@pytest.mark.parametrize("order", list(ByteOrder))
def test_a_table_is_found_whole_in_either_byte_order(order: ByteOrder) -> None:
    content = table(order)
    found = find_alternatives(with_data(content, order))
    sign = "<" if order is ByteOrder.LITTLE else ">"
    assert list(found) == entries(content, TABLE + 64, sign)
    assert sum(site.callback for site in found) > 10


def test_sites_are_found_by_every_word_they_cover_and_no_other() -> None:
    found = find_alternatives(with_data(table()))
    covered = {w: site for site in found for w in range(site.address, site.address + site.size, 4)}
    for word in range(CODE - 64, CODE + 16 * SITES + 64, 4):
        assert found.at(word) == ((covered[word],) if word in covered else ())


def test_a_table_too_short_to_be_told_from_chance_is_none() -> None:
    assert len(find_alternatives(with_data(table(count=SHORTEST_TABLE - 1)))) == 0


def test_a_table_between_the_linkers_symbols_is_taken_as_it_is_however_short() -> None:
    short = with_data(table(count=3))
    bounds = (Symbol(BOUNDS[0], TABLE + 64), Symbol(BOUNDS[1], TABLE + 64 + 3 * ENTRY))
    assert len(find_alternatives(short)) == 0
    found = find_alternatives(replace(short, symbols=Names(bounds)))
    assert list(found) == entries(table(count=3), TABLE + 64)


def test_the_tables_of_objects_are_their_sections_however_short() -> None:
    one = Segment(TABLE + 64, table(count=3), Access.READ_ONLY, SECTION)
    other = replace(one, address=one.address + 0x1000)
    code = Segment(CODE, bytes(0x10000), Access.CODE, ".text")
    found = find_alternatives(image(code, one, other))
    expected = entries(table(count=3), one.address) + entries(table(count=3), other.address)
    assert sorted(found, key=key) == sorted(expected, key=key)
    assert len(find_alternatives(image(code, replace(one, name=".data")))) == 0


def test_data_that_is_no_table_is_not_taken_for_one() -> None:
    source = random.Random(3)
    offsets = b"".join(
        struct.pack("<iii", *(source.randrange(-0x20000, -0x100) & ~3 for _ in range(3)))
        for _ in range(4000)
    )
    for content in (
        source.randbytes(100_000),
        bytes(100_000),
        struct.pack("<Q", CODE + 64) * 10_000,
        b"".join(struct.pack("<i", -4 * n - 64) for n in range(20_000)),
        offsets,
        b"some text, and more text. " * 4000,
    ):
        assert len(find_alternatives(with_data(content))) == 0


def test_a_table_whose_sites_are_no_code_is_none() -> None:
    whole = with_data(table())
    code, data = whole.segments
    far = replace(code, address=0x1000000)
    assert len(find_alternatives(replace(whole, segments=(data, far)))) == 0


@pytest.mark.parametrize("by", [0x4000_0000, (1 << 64) - 0x8000])
def test_the_sites_of_an_image_that_stands_elsewhere_are_those_moved(by: int) -> None:
    whole = with_data(table())
    moved = find_alternatives(whole).moved(by, 64)
    assert list(moved) == list(find_alternatives(displaced(whole, by)))
    (site,) = moved.at(CODE + 16 + by & (1 << 64) - 1)
    assert site.address - by & (1 << 64) - 1 == CODE + 16


def test_a_32_bit_image_has_no_such_table() -> None:
    whole = replace(with_data(table()), architecture=Architecture.ARM)
    assert find_alternatives(whole) is NO_PATCHES
