"""Which system registers are read-only or write-only, held against GNU as."""

import re
import subprocess
from pathlib import Path

import pytest

from hypabi.arch.aarch64_access import REAL_TIME, refused_read, refused_write
from hypabi.arch.aarch64_system import SYSTEM_REGISTERS
from tests.inputs import find_tool

AS = "aarch64-linux-gnu-as"
EXTENSIONS = "-march=armv8.8-a+sve2+sme+memtag+rng+sb+profile"


def complaints(lines: list[str], folder: Path) -> dict[int, str]:
    """Return what the assembler says of each line that it does not like."""
    assembler = find_tool(AS)
    source = folder / "moves.s"
    source.write_text("\n".join(lines) + "\n")
    ran = subprocess.run(
        [assembler, EXTENSIONS, str(source), "-o", str(folder / "moves.o")],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r":(\d+): \w+: (.*)", ran.stderr)
    return {int(number) - 1: text for number, text in found}


def test_register_is_refused_in_the_direction_that_the_assembler_warns_of(tmp_path: Path) -> None:
    names = sorted({name for name in SYSTEM_REGISTERS.values() if not REAL_TIME.fullmatch(name)})
    reads = complaints([f"mrs x1, {name.lower()}" for name in names], tmp_path)
    writes = complaints([f"msr {name.lower()}, x1" for name in names], tmp_path)
    unreadable = {n for i, n in enumerate(names) if "cannot be read" in reads.get(i, "")}
    unwritable = {n for i, n in enumerate(names) if "cannot be written" in writes.get(i, "")}
    silent = {n for i, n in enumerate(names) if i not in reads and i not in writes}
    assert len(unwritable) > 200
    assert len(silent) > 400
    assert [n for n in sorted(unreadable) if refused_read(n, 0) is None] == []
    assert [n for n in sorted(unwritable) if refused_write(n, 0) is None] == []
    assert [n for n in sorted(silent) if refused_read(n, 0) or refused_write(n, 0)] == []


@pytest.mark.parametrize(
    ("name", "op1"),
    [("SCR_EL3", 6), ("SP_EL2", 6), ("CNTPS_CTL_EL1", 7), ("S3_4_C9_C9_7", 4), ("PRBAR_EL2", 4)],
)
def test_register_that_is_not_there_is_refused_both_ways(name: str, op1: int) -> None:
    assert refused_read(name, op1) and refused_write(name, op1)


def test_implementation_defined_register_is_left_to_who_runs_it() -> None:
    assert refused_read("S3_0_C15_C2_1", 0) is None
