"""GNU binutils, which turn the programs' assembly into bytes."""

import subprocess
import tempfile
from pathlib import Path

from evidence.trials.board import PROGRAM
from hypabi.arch.names import Architecture

PREFIX = {Architecture.ARM64: "aarch64-linux-gnu-", Architecture.ARM: "arm-linux-gnueabihf-"}
MARCH = {Architecture.ARM64: "-march=armv8.5-a", Architecture.ARM: "-march=armv7ve"}


def assemble(source: str, architecture: Architecture, place: int) -> bytes:
    """Return a program as it lies in memory; its symbol ``place`` is where the word stands."""
    prefix = PREFIX[architecture]
    with tempfile.TemporaryDirectory(prefix="hypabi-") as folder:
        text, made, linked, plain = (Path(folder, name) for name in ("s.s", "s.o", "s", "s.bin"))
        text.write_text(f"{source}\n")
        for command in (
            (f"{prefix}as", MARCH[architecture], "-o", made, text),
            (
                f"{prefix}ld",
                f"-Ttext={PROGRAM:#x}",
                f"--defsym=place={place:#x}",
                "-e",
                "0",
                "-o",
                linked,
                made,
            ),
            (f"{prefix}objcopy", "-O", "binary", "-j", ".text", linked, plain),
        ):
            subprocess.run([str(word) for word in command], check=True)
        return plain.read_bytes()
