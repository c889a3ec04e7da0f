"""Whatever the bytes are: a program, or a refusal of one line.  Nothing else, and soon."""

import contextlib
import functools
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.load import load_image
from hypabi.image.model import ImageError
from tests.image.containers.made import compress, deb, pe, zboot, zimage
from tests.image.elf.sources import A32, A64, PREFIX
from tests.image.tiny_kernel import Layout, tiny_kernel
from tests.inputs import find_tool

SECONDS = 20
"""Far more than any input of this size takes; a loop without a bound takes for ever."""


def _object(source: str, machine: str, *flags: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "unit.o"
        command = [find_tool(f"{PREFIX[machine]}as"), *flags, "-o", str(unit), "-"]
        subprocess.run(command, input=source.encode(), check=True, capture_output=True)
        return unit.read_bytes()


def _arm64(layout: Layout, order: ByteOrder = ByteOrder.LITTLE) -> bytes:
    return tiny_kernel(Architecture.ARM64, layout, order).content


def _arm(layout: Layout) -> bytes:
    return tiny_kernel(Architecture.ARM, layout).content


SEEDS: dict[str, Callable[[], bytes]] = {
    "arm64 5.10": lambda: _arm64(Layout.V5_10),
    "arm64 6.1": lambda: _arm64(Layout.V6_1),
    "arm64 6.1 big": lambda: _arm64(Layout.V6_1, ByteOrder.BIG),
    "arm64 6.12": lambda: _arm64(Layout.V6_12),
    "arm64 7.2": lambda: _arm64(Layout.V7_2),
    "zImage xz": lambda: zimage("xz", _arm(Layout.V6_1)),
    "zImage lzo": lambda: zimage("lzo", _arm(Layout.V7_2)),
    "zImage lz4": lambda: zimage("lz4", _arm(Layout.V6_12), table=False),
    "lzma": lambda: compress("lzma", _arm64(Layout.V6_1)),
    "zboot": lambda: zboot("zstd", _arm64(Layout.V6_1)),
    "UKI": lambda: pe({".osrel": b"x", ".linux": _arm64(Layout.V6_1)}),
    "deb": lambda: deb(".zst", {"./boot/vmlinuz-1": _arm64(Layout.V6_1)}),
    "object arm64": lambda: _object(A64, "arm64"),
    "object arm big": lambda: _object(A32, "arm", "-march=armv7-a", "-EB"),
}


@functools.cache
def _seed(name: str) -> bytes:
    return SEEDS[name]()


@st.composite
def _changes(draw: st.DrawFn) -> list[tuple[float, bytes]]:
    """Places (as a share of the file, half of them in its head) and what to write there."""
    places = st.one_of(st.floats(0, 0.01), st.floats(0, 1), st.floats(0.9, 1))
    numbers = st.sampled_from(
        [0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, (1 << 64) - 1]
    )
    new = st.one_of(
        st.binary(min_size=1, max_size=8),
        numbers.map(lambda number: struct.pack("<Q", number)[: 4 if number < 1 << 32 else 8]),
    )
    return draw(st.lists(st.tuples(places, new), min_size=1, max_size=6))


def _read_all(path: Path) -> None:
    """Load a file and ask it everything."""
    for image in load_image(path).images:
        image.symbols.find("__hyp_stub_vectors")
        for symbol in list(image.symbols)[:50]:
            image.symbols.around(symbol.address)
        for segment in image.segments:
            assert segment.address < segment.end
            with contextlib.suppress(ImageError):
                image.read(segment.address, min(64, len(segment.content)))
        for first, second in zip(image.segments, image.segments[1:], strict=False):
            assert first.end <= second.address, "segments are sorted and do not overlap"


def _check(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    started = time.monotonic()
    with contextlib.suppress(ImageError):
        _read_all(path)
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("name", list(SEEDS))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=_changes(), keep=st.one_of(st.just(1.0), st.floats(0, 1)))
def test_a_damaged_file_is_read_or_refused(
    tmp_path: Path, name: str, changes: list[tuple[float, bytes]], keep: float
) -> None:
    content = bytearray(_seed(name))
    for place, new in changes:
        at = int(place * (len(content) - 1))
        content[at : at + len(new)] = new
    _check(tmp_path, bytes(content[: max(1, int(len(content) * keep))]))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    magic=st.sampled_from(
        [b"\x7fELF\2\1\1", b"MZ", b"MZ\0\0zimg", b"!<arch>\n", b"\x1f\x8b\x08", b"\xfd7zXZ\0",
        b"]\0\0"]
    ),
    rest=st.binary(max_size=400),
)  # fmt: skip
def test_what_only_begins_like_a_format_is_refused(
    tmp_path: Path, magic: bytes, rest: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(magic + rest)
    with pytest.raises(ImageError):
        load_image(path)
