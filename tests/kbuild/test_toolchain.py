"""A compiler is found, or what is missing is said."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.kbuild import toolchain
from hypabi.kbuild.toolchain import PREFIXES, find_toolchain


def test_programs_are_named_by_their_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    found = find_toolchain(Architecture.ARM64)
    assert found.program("ld") == "aarch64-linux-gnu-ld"
    assert find_toolchain(Architecture.ARM, "arm-none-eabi-").program("ld") == "arm-none-eabi-ld"


@pytest.mark.parametrize("architecture", list(Architecture))
def test_what_is_missing_is_said_with_its_package(
    architecture: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = PREFIXES[architecture]
    there = {f"{prefix}{name}" for name in toolchain.COMPILER} | set(toolchain.HOST)
    missing = {f"{prefix}ld", "bison"}
    monkeypatch.setattr("shutil.which", lambda name: name in there - missing or None)
    with pytest.raises(HypabiError) as refused:
        find_toolchain(architecture)
    assert str(refused.value) == (
        f"bison, {prefix}ld: not installed; Debian: apt install bison gcc-{prefix[:-1]}"
    )
