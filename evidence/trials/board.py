"""QEMU's ``virt`` board, with memory that we share, running a program until it powers off."""

import mmap
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.records import frozen

RAM: Final = 0x4000_0000
"""Where RAM of ``virt`` starts; QEMU puts its device tree there."""
RAM_SIZE: Final = 0x2000_0000
NEAR: Final = range(0x4020_0000, 0x5600_0000)
"""Nothing but zeros around the word and the program, so that a direct branch finds room."""
PROGRAM: Final = 0x4D80_0000
PROGRAM_SIZE: Final = 0x2_0000
TEST_PAGES: Final = range(0x4DC0_0000, 0x4E60_0000, 0x1000)
"""Where the word may stand: no further from the program than a branch of T32 reaches."""
RECORDS: Final = NEAR.stop
RESULTS: Final = 0x5900_0000
WINDOWS: Final = range(0x5C80_0000, 0x5E00_0000, 0x40)
"""Where the memory may lie that a word loads and stores."""
TARGETS: Final = range(0x5E00_0000, 0x5FFF_F000, 4)
"""Where a register may send control."""
WINDOW_SIZE: Final = 256
CODE_SIZE: Final = 16
"""Bytes of the word with what stands before and behind it."""

SECONDS: Final = 300.0
"""After which a board that did not power off is given up."""


class BoardError(Exception):
    """The board did not come to its end, and what it said."""


@frozen
class Board:
    """A processor of QEMU's by its name, and the architecture of its program."""

    architecture: Architecture
    processor: str

    @property
    def executable(self) -> str:
        """The QEMU that has it."""
        wide = self.architecture is Architecture.ARM64
        return "qemu-system-aarch64" if wide else "qemu-system-arm"

    @property
    def machine(self) -> str:
        """The board, with EL2 and without EL3."""
        gic = ",gic-version=3" if self.architecture is Architecture.ARM64 else ""
        return f"virt,virtualization=on{gic},memory-backend=ram"


@contextmanager
def memory() -> Iterator[tuple[Path, mmap.mmap]]:
    """Give the board's memory: a file of zeros, and the same as bytes."""
    with tempfile.TemporaryDirectory(prefix="hypabi-") as folder:
        path = Path(folder, "ram")
        with path.open("w+b") as file:
            file.truncate(RAM_SIZE)
            with mmap.mmap(file.fileno(), RAM_SIZE) as ram:
                yield path, ram


def run(board: Board, program: bytes, records: bytes, size: int) -> bytes:
    """Run a program over records and return ``size`` bytes of results.

    :raises BoardError: it does not power off in time
    """
    assert len(program) <= PROGRAM_SIZE and len(records) <= RESULTS - RECORDS
    assert size <= WINDOWS.start - RESULTS
    with memory() as (path, ram):
        ram[PROGRAM - RAM : PROGRAM - RAM + len(program)] = program
        ram[RECORDS - RAM : RECORDS - RAM + len(records)] = records
        _boot(board, path)
        return ram[RESULTS - RAM : RESULTS - RAM + size]


def _boot(board: Board, path: Path) -> None:
    ram = f"memory-backend-file,id=ram,share=on,size={RAM_SIZE},mem-path={path}"
    command = [
        shutil.which(board.executable) or board.executable,
        *("-M", board.machine, "-cpu", board.processor, "-m", str(RAM_SIZE >> 20)),
        *("-object", ram, "-accel", "tcg", "-nodefaults", "-display", "none", "-no-reboot"),
        *("-device", f"loader,addr={PROGRAM:#x},cpu-num=0"),
    ]
    try:
        ran = subprocess.run(
            command, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise BoardError(f"{board.executable} is not done within {SECONDS} s") from None
    if ran.returncode:
        words = ran.stderr.decode("utf-8", "replace").strip()
        raise BoardError(f"{board.executable} ended with status {ran.returncode}: {words}")
