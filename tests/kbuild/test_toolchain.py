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


GNU = {f"{PREFIXES[Architecture.ARM64]}{name}" for name in toolchain.COMPILER}
CLANG = {f"{name}-14" for name in toolchain.LLVM.values()}


def test_clang_is_taken_where_it_is_named_and_where_there_is_no_gcc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {*toolchain.HOST, *GNU, *CLANG, *toolchain.LLVM.values()}
    monkeypatch.setattr("shutil.which", lambda name: name in there or None)
    assert find_toolchain(Architecture.ARM64).llvm is None
    named = find_toolchain(Architecture.ARM64, None, "clang-14")
    assert (named.program("ld"), named.program("gcc")) == ("ld.lld-14", "clang-14")
    assert "LLVM=-14" in named.makes
    there -= GNU
    assert find_toolchain(Architecture.ARM64).makes[0] == "LLVM=1"
    with pytest.raises(HypabiError, match="gcc-aarch64-linux-gnu"):
        find_toolchain(Architecture.ARM64, None, "gcc")
    with pytest.raises(HypabiError, match=r"own-gcc, own-as, .*: not installed"):
        find_toolchain(Architecture.ARM64, "own-")
    there -= {"ld.lld-14"}
    with pytest.raises(HypabiError) as refused:
        find_toolchain(Architecture.ARM64, None, "clang-14")
    assert str(refused.value) == "ld.lld-14: not installed; Debian: apt install lld-14"


@pytest.mark.parametrize(
    ("prefix", "compiler", "says"),
    [
        (None, "icc", "'icc' builds no kernels"),
        (None, "clang -x", "builds no kernels"),
        ("own-", "clang", "clang has no prefix"),
    ],
)
def test_what_names_no_compiler_is_refused(prefix: str | None, compiler: str, says: str) -> None:
    with pytest.raises(HypabiError, match=says):
        find_toolchain(Architecture.ARM64, prefix, compiler)


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
