from pathlib import Path
from typing import Literal

import pytest
from elftools.elf.elffile import ELFFile

from tests.inputs import Assemble


def section(path: Path, name: str) -> tuple[str, int, bytes]:
    with path.open("rb") as file:
        elf = ELFFile(file)
        found = elf.get_section_by_name(name)
        assert found is not None
        return elf.get_machine_arch(), found["sh_addr"], found.data()


@pytest.mark.parametrize(
    ("architecture", "flags", "machine", "code"),
    [
        ("arm64", [], "AArch64", "020000d4"),  # Arm ARM DDI 0487, C6.2: HVC #0 is 0xd4000002
        ("arm", ["-march=armv7ve"], "ARM", "700040e1"),  # DDI 0406C, B9.3.4: HVC #0 is 0xe1400070
    ],
)
def test_object_and_program_hold_the_same_code(
    architecture: Literal["arm", "arm64"],
    flags: list[str],
    machine: str,
    code: str,
    assemble: Assemble,
) -> None:
    unit = assemble("hvc #0\n", architecture, flags=flags)
    assert section(unit, ".text") == (machine, 0, bytes.fromhex(code))
    program = assemble("hvc #0\n", architecture, flags=flags, text=0x80000)
    assert section(program, ".text") == (machine, 0x80000, bytes.fromhex(code))
