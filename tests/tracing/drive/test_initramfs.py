"""The initramfs is an archive as the kernel's documentation has it, and its process is built."""

import subprocess
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture
from hypabi.tracing.drive.initramfs import initramfs
from tests.inputs import find_tool


def entries(archive: bytes) -> dict[str, tuple[int, tuple[int, int], bytes]]:
    """Read ``newc``: fields of eight digits, name and content padded to four bytes."""
    found = {}
    while archive:
        assert archive[:6] == b"070701"
        fields = [int(archive[at : at + 8], 16) for at in range(6, 110, 8)]
        mode, size, device, length = fields[1], fields[6], (fields[9], fields[10]), fields[11]
        name = archive[110 : 110 + length - 1].decode()
        start = (110 + length + 3) & ~3
        found[name] = (mode, device, archive[start : start + size])
        archive = archive[(start + size + 3) & ~3 :]
    return found


@pytest.mark.parametrize(
    ("architecture", "machine"), [(Architecture.ARM64, 183), (Architecture.ARM, 40)]
)
def test_it_holds_a_static_process_and_the_steps(architecture: Architecture, machine: int) -> None:
    found = entries(initramfs(architecture, ("kvm", "off")))
    assert found["drive"][2] == b"kvm\noff\n"
    assert found["dev/console"][:2] == (0o020600, (5, 1))
    mode, _, init = found["init"]
    assert mode == 0o100755
    assert (init[:4], int.from_bytes(init[18:20], "little")) == (b"\x7fELF", machine)
    assert list(found)[-1] == "TRAILER!!!"


@pytest.mark.parametrize("name", ["init-arm64", "init-arm"])
def test_its_process_needs_no_other_file(name: str) -> None:
    readelf = find_tool("aarch64-linux-gnu-readelf")
    path = Path("hypabi/tracing/drive") / name
    said = subprocess.run([readelf, "-lW", path], capture_output=True, text=True, check=True).stdout
    kinds = {
        line.split()[0] for line in said.splitlines() if line.startswith("  ") and line.split()
    }
    assert "LOAD" in kinds
    assert not kinds & {"INTERP", "DYNAMIC"}
