"""What is not shown to be read-only counts as writable."""

from hypothesis import given
from hypothesis import strategies as st

from hypabi.arch.names import Architecture
from hypabi.image.content import Content
from hypabi.image.digest import Hashing
from hypabi.image.kernel import Raw, read_kernel
from hypabi.image.model import Access, Image, Segment
from hypabi.image.regions import Region, cut, split
from tests.image.tiny_kernel import Layout, TinyKernel, tiny_kernel

BASE = 0x1000
_ACCESSES = st.sampled_from([Access.CODE, Access.READ_ONLY, Access.INITIAL])
_REGIONS = st.lists(
    st.builds(
        lambda start, size, access: Region(BASE + start, BASE + start + size, access, "x"),
        st.integers(-20, 120),
        st.integers(1, 60),
        _ACCESSES,
    ),
    max_size=5,
)


def _allowed(address: int, regions: list[Region]) -> set[Access]:
    found = {region.access for region in regions if region.start <= address < region.end}
    return found or {Access.WRITABLE}


@given(content=st.binary(max_size=80), bss=st.integers(0, 40), regions=_REGIONS)
def test_a_cut_image_has_every_byte_once(content: bytes, bss: int, regions: list[Region]) -> None:
    segments = cut(BASE, memoryview(content), len(content) + bss, regions)
    assert b"".join(bytes(segment.content) for segment in segments) == content
    position = BASE
    for segment in segments:
        assert segment.address == position < segment.end
        position = segment.end
        for address in range(segment.address, segment.end):
            allowed = _allowed(address, regions)
            # A region over another's start begins behind it; .bss is writable whatever it says.
            assert segment.access in allowed | {Access.WRITABLE}
            if len(allowed) == 1 and address < BASE + len(content):
                assert segment.access in allowed
    assert position == BASE + len(content) + bss


@given(content=st.binary(min_size=1, max_size=80), bss=st.integers(0, 40), regions=_REGIONS)
def test_a_split_segment_has_every_byte_once(
    content: bytes, bss: int, regions: list[Region]
) -> None:
    whole = Segment(BASE, content, Access.WRITABLE, ".rodata", bss)
    pieces = split(whole, regions)
    assert b"".join(bytes(piece.content) for piece in pieces) == content
    position = BASE
    for piece in pieces:
        assert piece.address == position < piece.end
        position = piece.end
        for address in range(piece.address, piece.end):
            assert piece.access in _allowed(address, regions) | {Access.WRITABLE}
    assert position == whole.end


def _read(kernel: TinyKernel) -> Image:
    content = Content.whole(kernel.content)
    digest = Hashing().start(content.view())
    raw = Raw("tiny", content, kernel.size, Architecture.ARM64, digest)
    return read_kernel(raw)


def test_without_data_symbols_only_what_kallsyms_shows_is_read_only() -> None:
    kernel = tiny_kernel(layout=Layout.V6_1)
    image = _read(kernel)
    base = image.entry
    assert image.access(base + kernel.tables) is Access.READ_ONLY
    assert image.access(base + kernel.tables_end - 1) is Access.READ_ONLY
    assert image.access(base + kernel.tables_end + 8) is Access.WRITABLE
    assert image.access(base + kernel.pointer) is Access.WRITABLE
    assert image.access(base + 0x10000) is Access.CODE
    assert image.access(base + len(kernel.content)) is Access.WRITABLE
    assert image.access(base - 1) is None


def test_regions_are_those_of_the_linker_script() -> None:
    image = _read(tiny_kernel(layout=Layout.V6_12))
    assert [(segment.name, segment.access) for segment in image.segments] == [
        (".head.text", Access.CODE),
        (".text", Access.CODE),
        (".rodata up to kallsyms", Access.READ_ONLY),
        ("data", Access.WRITABLE),
        (".init.text", Access.CODE),
        ("data", Access.WRITABLE),
        (".bss", Access.WRITABLE),
    ]
