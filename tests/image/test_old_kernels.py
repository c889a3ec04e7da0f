"""Kernels before 5.10 are read as their ``vmlinux`` says, where a user has some."""

from pathlib import Path

import pytest

from hypabi.image.load import load_image
from hypabi.image.model import Image
from tests.inputs import OLD_KERNELS, old_kernels, skip_for


@pytest.mark.parametrize("path", old_kernels() or [None], ids=str)
def test_an_old_kernel_is_read_as_its_vmlinux_says(path: Path | None) -> None:
    """Every function has its address, its bytes and its instruction set."""
    if path is None:
        skip_for("old-kernels", f"${OLD_KERNELS} names no folder of images with their vmlinux")
    raw = load_image(path).images[-1]
    (linked,) = load_image(path.with_name(path.name + ".elf")).images
    assert (raw.version, raw.byte_order) == (linked.version, linked.byte_order)
    read = {(each.name, each.address) for each in raw.symbols if each.letter in "Tt"}
    functions = [each for each in linked.symbols if (each.name, each.address) in read]
    assert len(functions) >= 0.99 * len(read)
    held = [each for each in functions if all(_holds(of, each.address) for of in (raw, linked))]
    assert len(held) >= 0.99 * len(functions)
    differ = [e.name for e in held if raw.read(e.address, 4) != linked.read(e.address, 4)]
    assert not differ
    state = [each.thumb for each in functions]
    (one,) = raw.symbols.find("printk") or raw.symbols.find("_printk")
    assert one.thumb == (state.count(True) > state.count(False))


def _holds(image: Image, address: int) -> bool:
    """Tell whether an instruction stands at an address; an end of code may be named, too."""
    segment = image.segment(address)
    return segment is not None and address + 4 <= segment.end - segment.unheld
