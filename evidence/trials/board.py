"""QEMU's ``virt`` board, with memory that we share, running a program until it powers off."""

import mmap
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
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
CURSOR: Final = PROGRAM + 0x1900
"""Where a program keeps the addresses of the record that it runs, and of its result."""
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

STALL: Final = 20.0
"""Seconds without another record after which a board is given up; a record takes microseconds."""


class BoardError(Exception):
    """The board did not come to its end, and what it said."""

    def __init__(self, what: str, offset: int | None = None) -> None:
        """Say what happened.

        :param offset: of the record that was run, in the records; ``None`` where none was
        """
        super().__init__(what)
        self.offset = offset


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
        _boot(board, path, lambda: _offset(ram))
        return ram[RESULTS - RAM : RESULTS - RAM + size]


def _offset(ram: mmap.mmap) -> int | None:
    """Return where the record that is run stands in the records."""
    address = int.from_bytes(ram[CURSOR - RAM : CURSOR - RAM + 4], "little")
    return None if address < RECORDS else address - RECORDS


def _boot(board: Board, path: Path, offset: Callable[[], int | None]) -> None:
    ram = f"memory-backend-file,id=ram,share=on,size={RAM_SIZE},mem-path={path}"
    command = [
        shutil.which(board.executable) or board.executable,
        *("-M", board.machine, "-cpu", board.processor, "-m", str(RAM_SIZE >> 20)),
        *("-object", ram, "-accel", "tcg", "-nodefaults", "-display", "none", "-no-reboot"),
        *("-device", f"loader,addr={PROGRAM:#x},cpu-num=0"),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        said = _said_at_end(process, offset)
    if process.returncode:
        words = said.decode("utf-8", "replace").strip()
        raise BoardError(
            f"{board.executable} ended with status {process.returncode}: {words}", offset()
        )


def _said_at_end(process: subprocess.Popen[bytes], offset: Callable[[], int | None]) -> bytes:
    """Wait for a board for as long as it takes another record from time to time."""
    before = offset()
    while True:
        try:
            return process.communicate(timeout=STALL)[1]
        except subprocess.TimeoutExpired:
            now = offset()
            if now == before:
                process.kill()
                raise BoardError(f"it takes no other record within {STALL:.0f} s", now) from None
            before = now
