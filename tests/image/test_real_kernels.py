"""Debian's kernels are read right: held against what their own code and tables say.

The counts were published with the task; everything else is derived from the image in a second way.
"""

import functools
import re
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content
from hypabi.image.kallsyms.tables import find_tables
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, ImageError, Loaded, Role
from tests.inputs import Kernel


@dataclass(frozen=True, slots=True)
class Expected:
    """What a kernel is known to have."""

    symbols: int
    base: int
    version: str


KERNELS = {
    "5.10-arm64": Expected(44_294, 0xFFFF_8000_1000_0000, "5.10.0-32-arm64"),
    "6.1-arm64": Expected(50_218, 0xFFFF_8000_0800_0000, "6.1.0-50-arm64"),
    "6.12-arm64": Expected(151_245, 0xFFFF_8000_8000_0000, "6.12.94+deb13-arm64"),
    "6.12-arm64-16k": Expected(151_196, 0xFFFF_C000_8000_0000, "6.12.94+deb13-arm64-16k"),
    "7.2-arm64": Expected(209_893, 0xFFFF_8000_8000_0000, "7.2.13+deb14-arm64"),
    "5.10-armmp": Expected(43_274, 0xC020_8000, "5.10.0-32-armmp"),
    "6.1-armmp": Expected(45_665, 0xC020_8000, "6.1.0-50-armmp"),
    "6.1-armmp-lpae": Expected(46_071, 0xC020_8000, "6.1.0-50-armmp-lpae"),
    "6.12-armmp": Expected(50_526, 0xC020_8000, "6.12.94+deb13-armmp"),
    "7.2-armmp": Expected(55_460, 0xC020_8000, "7.2.13+deb14-armmp"),
}
ALL_DATA = ("6.12-arm64", "6.12-arm64-16k", "7.2-arm64")
"""Built with KALLSYMS_ALL: the tables name themselves."""
RELA = ("5.10-arm64", "6.1-arm64")
ARM64 = [name for name in KERNELS if "arm64" in name]
ARM = [name for name in KERNELS if name not in ARM64]
"""The kernels with a decompressor; an arm64 Image has none."""


@pytest.fixture(params=list(KERNELS))
def name(request: pytest.FixtureRequest) -> str:
    found = request.param
    assert isinstance(found, str)
    return found


@functools.cache
def _load(path: Path) -> Loaded:
    return load_image(path)


@pytest.fixture
def image(kernel: Kernel, name: str) -> Image:
    return _load(kernel(name)).images[-1]


def _address(image: Image, name: str) -> int:
    (symbol,) = image.symbols.find(name)
    return symbol.address


def test_it_has_the_symbols_and_the_base_that_are_known(image: Image, name: str) -> None:
    expected = KERNELS[name]
    assert len(image.symbols) == expected.symbols
    assert image.segments[0].address == image.entry == expected.base
    assert image.version == expected.version
    assert image.role is Role.KERNEL
    assert image.byte_order is ByteOrder.LITTLE
    assert "functions meet code there only" in image.base


def test_calls_meet_function_symbols(image: Image) -> None:
    """A second proof of the base: BL counts from itself, and kallsyms is not asked where code
    is."""
    text = next(segment for segment in image.segments if segment.name == ".text")
    addresses = {symbol.address for symbol in image.symbols if symbol.letter in "TtW"}
    content = bytes(text.content[: 4 << 20])
    met = missed = 0
    for index, (word,) in enumerate(struct.iter_unpack("<I", content)):
        if image.architecture is Architecture.ARM64:
            is_call, bits, ahead = word >> 26 == 0b100101, 26, 0
        else:
            is_call, bits, ahead = word >> 24 == 0xEB, 24, 8
        if is_call:
            sign = 1 << (bits - 1)
            distance = ((word & ((1 << bits) - 1)) ^ sign) - sign
            target = text.address + 4 * index + ahead + 4 * distance
            met, missed = (met + 1, missed) if target in addresses else (met, missed + 1)
    assert met > 50_000
    assert missed < met / 100, f"{missed} of {met + missed} calls lead to no function"


def test_every_vector_is_in_code_at_its_symbol(image: Image) -> None:
    for name in ("__hyp_stub_vectors", "__hyp_set_vectors"):
        address = _address(image, name)
        assert image.access(address) is Access.CODE
        around = image.symbols.around(address + 4)
        assert around is not None
    vectors = _address(image, "__hyp_stub_vectors")
    match image.architecture:
        case Architecture.ARM64:
            # hyp-stub.S: the slot for an exception from a lower level is one branch.
            assert vectors % 0x800 == 0
            assert image.read(vectors + 0x403, 1)[0] >> 2 == 0b000101
        case Architecture.ARM:
            assert vectors % 32 == 0
            assert image.read(vectors, 32)[3::4] == b"\xea" * 8


def test_names_found_are_the_names_of_a_full_reading(image: Image) -> None:
    """The search by name and the whole table agree, duplicates included."""
    addresses: dict[str, list[int]] = {}
    for symbol in image.symbols:
        addresses.setdefault(symbol.name, []).append(symbol.address)
    by_count = Counter({name: len(found) for name, found in addresses.items()})
    sample = [*sorted(addresses)[::997], *(name for name, _ in by_count.most_common(20))]
    for name in sample:
        assert [symbol.address for symbol in image.symbols.find(name)] == addresses[name]
    assert image.symbols.find("no_function_has_this_name") == ()


def test_the_banner_is_read_only_and_what_is_behind_the_file_is_not_known(image: Image) -> None:
    whole = b"".join(bytes(segment.content) for segment in image.segments)
    banner = image.entry + whole.index(b"Linux version " + image.version.encode())
    assert image.access(banner) is Access.READ_ONLY
    last = image.segments[-1]
    assert (last.name, last.access, len(last.content)) == (".bss", Access.WRITABLE, 0)
    assert image.access(last.end - 1) is Access.WRITABLE
    assert image.access(last.end) is None
    with pytest.raises(ImageError, match="not held by the file"):
        image.read(last.address, 4)


def test_segments_cover_the_image_without_gaps(image: Image) -> None:
    for first, second in zip(image.segments, image.segments[1:], strict=False):
        assert first.end == second.address
    assert {segment.access for segment in image.segments} >= {
        Access.CODE,
        Access.READ_ONLY,
        Access.WRITABLE,
    }


def test_kallsyms_stands_before_what_is_written_at_boot(image: Image) -> None:
    """Without data symbols, ``.rodata`` is taken to reach to the end of kallsyms: where a kernel
    names the start of ``.data..ro_after_init``, that is so."""
    whole = b"".join(bytes(segment.content) for segment in image.segments)
    tables = find_tables(Content.whole(whole), image.architecture)
    assert tables is not None
    assert _address(image, "_etext") <= image.entry + tables.start
    assert image.access(image.entry + tables.end - 1) is Access.READ_ONLY
    for start in image.symbols.find("__start_ro_after_init"):
        assert image.entry + tables.end <= start.address


@pytest.mark.parametrize("name", ALL_DATA)
def test_the_linker_script_agrees_with_the_header(image: Image) -> None:
    """Symbols that no step of the reading used say the same as the header and the file do."""
    text = _address(image, "_text")
    assert _address(image, "_end") == image.segments[-1].end
    assert _address(image, "_edata") == image.segments[-1].address
    assert _address(image, "kallsyms_num_syms") < _address(image, "kallsyms_names")
    count = image.read(_address(image, "kallsyms_num_syms"), 4)
    assert int.from_bytes(count, "little") == len(image.symbols)
    assert text == image.entry


@pytest.mark.parametrize("name", ALL_DATA)
def test_what_is_written_is_not_called_read_only(image: Image) -> None:
    for symbol, expected in {
        "linux_banner": Access.READ_ONLY,
        "sys_call_table": Access.READ_ONLY,
        "__boot_cpu_mode": Access.WRITABLE,
        "jiffies_64": Access.WRITABLE,
        "swapper_pg_dir": Access.WRITABLE,
        "idmap_pg_dir": Access.WRITABLE,
        "kimage_voffset": Access.INITIAL,
        "__kvm_nvhe_hyp_physvirt_offset": Access.INITIAL,
        "__kvm_nvhe_host_hcall": Access.READ_ONLY,
        "cpu_soft_restart": Access.CODE,
        "init_kernel_el": Access.CODE,
        "__kvm_nvhe___kvm_hyp_init": Access.CODE,
        "__bss_start": Access.WRITABLE,
    }.items():
        assert image.access(_address(image, symbol)) is expected, symbol


@pytest.mark.parametrize("name", RELA)
def test_pointers_that_the_kernel_relocates_are_read_as_it_writes_them(image: Image) -> None:
    """The file holds zero for them; the kernel's own symbols say what they must be."""
    rodata = next(segment for segment in image.segments if segment.access is Access.READ_ONLY)
    raw = bytes(rodata.content)
    read = image.read(rodata.address, len(raw))
    written = [
        (at, value)
        for at, (value,) in zip(
            range(0, len(read), 8), struct.iter_unpack("<Q", read[: len(read) & -8]), strict=False
        )
        if raw[at : at + 8] == bytes(8) and value
    ]
    assert len(written) > 10_000
    functions = {symbol.address for symbol in image.symbols}
    into_text = [value for _, value in written if image.access(value) is Access.CODE]
    assert sum(value in functions for value in into_text) > 0.9 * len(into_text)
    at, value = written[0]
    for size in (1, 4, 8, 12):
        assert image.read(rodata.address + at, size) == read[at : at + size]
    assert image.read(rodata.address + at + 3, 3) == read[at + 3 : at + 6]
    assert rodata.address + at in image.fixups.places_of(value)


@pytest.mark.parametrize("name", ARM)
def test_the_decompressor_is_the_front_of_the_file(kernel: Kernel, name: str) -> None:
    loaded = _load(kernel(name))
    front, inside = loaded.images
    assert loaded.formats == ("arm zImage", "xz")
    assert (front.role, inside.role) == (Role.DECOMPRESSOR, Role.KERNEL)
    assert front.entry == front.segments[0].address == 0
    assert [segment.access for segment in front.segments] == [
        Access.CODE,
        Access.READ_ONLY,
        Access.WRITABLE,
    ]
    whole = b"".join(bytes(segment.content) for segment in front.segments)
    assert whole == kernel(name).read_bytes()
    assert whole[front.segments[1].address :].startswith(b"\xfd7zXZ\0")


@pytest.mark.parametrize("name", ["6.1-arm64", "6.1-armmp", "7.2-arm64"])
def test_the_kernel_in_its_package_is_the_same_kernel(
    kernel: Kernel, kernel_package: Kernel, name: str
) -> None:
    outside, inside = load_image(kernel(name)), load_image(kernel_package(name))
    assert inside.formats == ("deb", *outside.formats)
    assert [image.sha256 for image in inside.images] == [image.sha256 for image in outside.images]
    assert [image.base for image in inside.images] == [image.base for image in outside.images]


@pytest.mark.parametrize("name", ["6.1-arm64", "6.1-armmp"])
def test_a_kernel_cut_short_is_refused(
    kernel: Kernel, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = kernel(name).read_bytes()
    path = tmp_path_factory.mktemp("cut") / "vmlinuz"
    for share in (0.2, 0.6, 0.999):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ImageError, match=re.compile("cut short")):
            load_image(path)
