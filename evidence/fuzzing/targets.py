"""What is fuzzed: each reader of bytes that somebody else wrote, and whole commands."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from evidence.fuzzing.answer import Target
from hypabi import api
from hypabi.analysis.witness_files import read_witness
from hypabi.behaviour.saved.reader import parse_saved
from hypabi.contract.file.load import parse_any
from hypabi.image.containers.compression import MAGICS, Compression, decompress
from hypabi.image.load import load_image
from hypabi.judgement.drift.rst_reader import read_document
from hypabi.judgement.suppression import parse_suppressions
from hypabi.machine.qemu.gdb import Stub, StubError

PACKAGES: Final = ("hypabi",)
"""What is instrumented and imported whole, before the first input."""
TODAY: Final = date(2026, 1, 1)
VERSION: Final = "6.1"
"""Kernel version at which an image is held against the default contract."""
MOST_DECOMPRESSED: Final = 16 << 20
KINDS: Final = tuple(dict.fromkeys(kind for kind, _ in MAGICS))
PATIENCE: Final = 0.05
"""Seconds that a reply may take which is not there."""


@contextlib.contextmanager
def as_file(content: bytes) -> Iterator[str]:
    """Give a file that holds the bytes, in memory where there is such a place."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hypabi-", dir=shared) as folder:
        path = Path(folder, "input")
        path.write_bytes(content)
        yield str(path)


def image(content: bytes) -> None:
    """Read a file as an image: containers, ELF, kallsyms, link address, regions."""
    with as_file(content) as path:
        for each in load_image(path).images:
            each.symbols.around(each.entry)


def stream(content: bytes) -> None:
    """Decompress a stream; its first byte says in which format."""
    kind: Compression = KINDS[content[0] % len(KINDS)] if content else KINDS[0]
    decompress("input", kind, memoryview(content)[1:], MOST_DECOMPRESSED)


def contract(content: bytes) -> None:
    """Read a contract."""
    parse_any(content, "input")


def suppressions(content: bytes) -> None:
    """Read a file of suppressions."""
    parse_suppressions(content, "input", TODAY)


def saved(content: bytes) -> None:
    """Read a saved form."""
    parse_saved(content, "input")


def witness(content: bytes) -> None:
    """Read a witness."""
    with as_file(content) as path:
        read_witness(path)


def document(content: bytes) -> None:
    """Read a kernel document."""
    with as_file(content) as path:
        read_document(path)


def check(content: bytes) -> None:
    """Hold a file against the contract."""
    with as_file(content) as path:
        api.check(path, kernel_version=VERSION)


def callers(content: bytes) -> None:
    """List the call sites of a file."""
    with as_file(content) as path:
        api.callers(path, kernel_version=VERSION)


def gdb(content: bytes) -> None:
    """Talk to a GDB stub that answers with the bytes, and then hangs up."""
    reading, answering = os.pipe()
    unread, writing = os.pipe()
    try:
        os.set_blocking(answering, False)
        with contextlib.suppress(BlockingIOError):
            os.write(answering, content)
        os.close(answering)
        stub = Stub(reading, writing, PATIENCE)
        for ask in (
            lambda: stub.ask("qSupported"),
            lambda: stub.document("target.xml"),
            stub.registers,
            lambda: stub.register(0),
            lambda: stub.read(0, 2048),
            lambda: stub.write(0, b"12"),
            lambda: stub.resume(PATIENCE),
        ):
            with contextlib.suppress(StubError):
                ask()
    finally:
        for descriptor in (reading, unread, writing):
            os.close(descriptor)


TARGETS: Final[Mapping[str, Target]] = {
    "image": image,
    "stream": stream,
    "contract": contract,
    "suppressions": suppressions,
    "saved": saved,
    "witness": witness,
    "document": document,
    "check": check,
    "callers": callers,
    "raw": check,
    "gdb": gdb,
}
"""By name.  ``raw`` is ``check`` again, from 32-bit kernels that are no ELF."""
