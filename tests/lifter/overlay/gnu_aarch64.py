"""The GNU disassembler as an oracle for A64."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.inputs import find_tool

OBJDUMP = "aarch64-linux-gnu-objdump"


def disassemble(words: Sequence[int]) -> list[str]:
    """Return objdump's text of A64 words, without comments, one space between its parts."""
    objdump = find_tool(OBJDUMP)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words"
        path.write_bytes(b"".join(word.to_bytes(4, "little") for word in words))
        arguments = ["-D", "-z", "-b", "binary", "-m", "aarch64", str(path)]
        done = subprocess.run([objdump, *arguments], check=True, capture_output=True, text=True)
    lines = re.findall(r"^ *[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$", done.stdout, re.MULTILINE)
    assert len(lines) == len(words)
    return [" ".join(line.split("//")[0].split()) for line in lines]
