"""The GNU cross assembler and disassembler as oracles for A32 and T32."""

import functools
import pathlib
import re
import subprocess
import tempfile

from tests.inputs import find_tool

PREFIX = "arm-linux-gnueabihf-"


def _run(tool: str, *arguments: str) -> str:
    command = [find_tool(PREFIX + tool), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


@functools.cache
def assemble(source: str, mode: str = "arm") -> bytes:
    """Return the machine code of a few lines of assembly; ``mode`` is ``arm`` or ``thumb``."""
    head = ".syntax unified\n.arch armv8-a\n.arch_extension virt\n.arch_extension sec\n"
    head += f".arch_extension mp\n.fpu neon-vfpv4\n.{mode}\n"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "in.s").write_text(f"{head}{source}\n")
        _run("as", "-o", str(path / "out.o"), str(path / "in.s"))
        _run("objcopy", "-O", "binary", "-j", ".text", str(path / "out.o"), str(path / "out.bin"))
        return (path / "out.bin").read_bytes()


def words(source: str) -> list[int]:
    """Return the A32 words of a few lines of assembly."""
    code = assemble(source)
    return [int.from_bytes(code[i : i + 4], "little") for i in range(0, len(code), 4)]


@functools.cache
def word(line: str) -> int:
    """Return the A32 word of one line of assembly."""
    (one,) = words(line)
    return one


def disassemble(instructions: list[int]) -> list[str]:
    """Return objdump's text of A32 words, mnemonic and operands, without comments."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "words"
        path.write_bytes(b"".join(one.to_bytes(4, "little") for one in instructions))
        text = _run("objdump", "-D", "-z", "-b", "binary", "-m", "armv8-a", str(path))
    lines = re.findall(r"^ *[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$", text, re.MULTILINE)
    assert len(lines) == len(instructions)
    return [line.strip() for line in lines]


def disassemble_thumb(instructions: list[tuple[int, int]]) -> list[str]:
    """Return objdump's text of T32 instructions, each an integer and its size, each on its own.

    Between any two stand two ``movs r0, r0``, so that neither an IT block nor a truncated
    instruction reaches the next one.
    """
    filler = bytes(4)
    raw = b"".join(one.to_bytes(size, "little") + filler + filler for one, size in instructions)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "code"
        path.write_bytes(raw)
        arguments = ["-D", "-z", "-b", "binary", "-m", "armv8-a", "-M", "force-thumb", str(path)]
        text = _run("objdump", *arguments)
    found = dict(re.findall(r"^ *([0-9a-f]+):\t[0-9a-f ]+\t(.*)$", text, re.MULTILINE))
    lines, at = [], 0
    for _, size in instructions:
        lines.append(found[f"{at:x}"].strip())
        at += size + 2 * len(filler)
    return lines
