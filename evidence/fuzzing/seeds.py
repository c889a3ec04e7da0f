"""What the fuzzer starts from: a few good inputs of each kind."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from evidence.fuzzing.targets import KINDS, VERSION
from hypabi import api
from hypabi.analysis.saved_form import save_behaviours
from hypabi.analysis.session import open_image
from hypabi.arch.names import Architecture
from hypabi.behaviour.saved.writer import write_saved
from hypabi.contract.version import Version
from hypabi.home import CONTRACTS, REFERENCES
from hypabi.image.containers.compression import Compression
from hypabi.judgement.drift.rst_reader import MOST_BYTES
from tests.image.containers.made import compress, deb, pe, zboot, zimage
from tests.image.tiny_kernel import Layout, tiny_kernel

STUBS: Final = (
    "arm64-stub-b8-a64", "arm64-stub-b8-a64be", "arm-stub-a7-a32", "arm-stub-a7-t32",
    "arm-stub-a7-a32be",
)  # fmt: skip
BREAKS: Final = ("arm64-reset-answers-2-a64", "arm-reset-answers-2-t32be")
LIVES: Final = ("arm64-life-b8-kvm-a64", "arm-life-a6-a32", "arm-life-a7-t32")


def references(names: tuple[str, ...]) -> Iterator[bytes]:
    """Yield reference images."""
    for name in names:
        yield (REFERENCES / f"{name}.elf").read_bytes()


def images() -> Iterator[bytes]:
    """Yield an image in each container."""
    yield from references(STUBS)
    arm64 = tiny_kernel(Architecture.ARM64, Layout.V6_1).content
    for layout in Layout:
        yield tiny_kernel(Architecture.ARM64, layout).content
    yield from raw()
    yield compress("gzip", arm64)
    yield zboot("zstd", arm64)
    yield pe({".osrel": b"x", ".linux": arm64})
    yield deb(".xz", {"./boot/vmlinuz-1": arm64})


def raw() -> Iterator[bytes]:
    """Yield 32-bit kernels."""
    for layout in Layout:
        yield zimage("lz4", tiny_kernel(Architecture.ARM, layout).content)


def streams() -> Iterator[bytes]:
    """Yield a stream of each format, behind the byte that names it."""
    for index, kind in enumerate(KINDS):
        name = "lz4" if kind is Compression.LZ4 else kind.value
        yield bytes([index]) + compress(name, b"hypabi " * 64)


def contracts() -> Iterator[bytes]:
    """Yield the shipped contracts."""
    for path in sorted(CONTRACTS.glob("*.yaml")):
        yield path.read_bytes()


def suppressions() -> Iterator[bytes]:
    """Yield a file of suppressions."""
    yield (
        b"suppressions:\n"
        b"- {party: stub, call: HVC_SET_VECTORS, clause: registers, register: x4, "
        b"reason: known, expires: 2027-01-31}\n"
    )


def saved() -> Iterator[bytes]:
    """Yield saved forms of reference images."""
    for name in STUBS[:3]:
        session = open_image(REFERENCES / f"{name}.elf")
        examined = session.examine(None, Version.exact("6.1"))
        yield write_saved(save_behaviours(examined)).encode()


def witnesses() -> Iterator[bytes]:
    """Yield witnesses of what is refuted of a reference image that breaks the contract."""
    with tempfile.TemporaryDirectory(prefix="hypabi-") as folder:
        for name in BREAKS:
            api.check(REFERENCES / f"{name}.elf", kernel_version=VERSION, witnesses=folder)
        yield from (path.read_bytes() for path in sorted(Path(folder).iterdir()))


def documents() -> Iterator[bytes]:
    """Yield the interface's document."""
    folder = Path(__file__).resolve().parents[2] / "docs" / "interface"
    for path in sorted(folder.glob("*.rst")):
        content = path.read_bytes()
        if len(content) <= MOST_BYTES:
            yield content


def replies() -> Iterator[bytes]:
    """Yield answers of a GDB stub."""
    yield b"+$PacketSize=1000;qXfer:features:read+#00+$l<target/>#00"
    words = (
        b"PacketSize=1000",
        b"l<reg name='x'/>",
        b"00" * 68,
        b"0000000000000000",
        b"OK",
        b"T05",
    )
    yield b"".join(b"+$%s#%02x" % (word, sum(word) & 0xFF) for word in words)
    yield b"$0*\x220}\x03#9a"


SEEDS: Final[Mapping[str, Callable[[], Iterator[bytes]]]] = {
    "image": images,
    "stream": streams,
    "contract": contracts,
    "suppressions": suppressions,
    "saved": saved,
    "witness": witnesses,
    "document": documents,
    "check": lambda: references((*STUBS, *LIVES)),
    "callers": lambda: references((*STUBS, *LIVES)),
    "raw": raw,
    "gdb": replies,
}
