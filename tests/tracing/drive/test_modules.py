"""Modules of a kernel as its package holds them: plain or compressed, and nothing else."""

import lzma
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.tracing.drive.modules import read_module

MODULE = b"\x7fELF and so on"


@pytest.mark.parametrize("content", [MODULE, lzma.compress(MODULE)])
def test_a_module_is_read_as_the_kernel_loads_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "brd.ko"
    path.write_bytes(content)
    assert read_module(str(path)) == MODULE


@pytest.mark.parametrize("content", [b"", b"MZ", lzma.compress(b"MZ"), lzma.compress(MODULE)[:20]])
def test_what_is_no_module_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "brd.ko"
    path.write_bytes(content)
    with pytest.raises(HypabiError):
        read_module(str(path))
