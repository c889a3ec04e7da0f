"""The kernel of a flattened image tree is found as U-Boot would choose it."""

import struct
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture
from hypabi.image.load import load_image
from hypabi.image.model import ImageError
from tests.image.containers.made import compress
from tests.image.tiny_kernel import VERSION, Layout, tiny_kernel

ARM64 = tiny_kernel(Architecture.ARM64, Layout.V6_1).content
Tree = dict[str, "Tree | bytes"]


def devicetree(tree: Tree) -> bytes:
    """Flatten a tree (Devicetree Specification, chapter 5)."""
    strings = bytearray()

    def node(name: str, content: Tree) -> bytes:
        made = struct.pack(">I", 1) + padded(name.encode() + b"\0")
        for key, value in content.items():
            if isinstance(value, bytes):
                made += struct.pack(">III", 3, len(value), len(strings)) + padded(value)
                strings.extend(key.encode() + b"\0")
        for key, value in content.items():
            if not isinstance(value, bytes):
                made += node(key, value)
        return made + struct.pack(">I", 2)

    def padded(content: bytes) -> bytes:
        return content + bytes(-len(content) % 4)

    structure = node("", tree) + struct.pack(">I", 9)
    start = 56
    end = start + len(structure)
    total = end + len(strings)
    sizes = (len(strings), len(structure))
    head = struct.pack(">10I", 0xD00DFEED, total, start, end, 40, 17, 16, 0, *sizes)
    return head + bytes(16) + structure + bytes(strings)


def kernel(content: bytes, **more: bytes) -> Tree:
    """Make the node of a kernel that holds it."""
    return {"type": b"kernel\0", "data": content, **more}


def _load(tmp_path: Path, content: bytes) -> tuple[str, tuple[str, ...]]:
    path = tmp_path / "fit"
    path.write_bytes(content)
    loaded = load_image(path)
    return loaded.images[0].version, loaded.formats


def test_the_only_kernel_is_taken(tmp_path: Path) -> None:
    tree: Tree = {"images": {"fdt": {"type": b"flat_dt\0", "data": b"x"}, "k": kernel(ARM64)}}
    assert _load(tmp_path, devicetree(tree)) == (VERSION, ("FIT image", "arm64 Image"))


def test_of_several_kernels_the_default_one_is_taken(tmp_path: Path) -> None:
    images: Tree = {"a": kernel(b"other"), "b": kernel(compress("gzip", ARM64))}
    chosen: Tree = {"default": b"conf\0", "conf": {"kernel": b"b\0"}}
    found = _load(tmp_path, devicetree({"images": images, "configurations": chosen}))
    assert found == (VERSION, ("FIT image", "gzip", "arm64 Image"))
    with pytest.raises(ImageError, match="FIT image that holds 2 kernels, none by default"):
        _load(tmp_path, devicetree({"images": images}))


def test_a_kernel_may_lie_behind_the_tree(tmp_path: Path) -> None:
    outside: Tree = {
        "type": b"kernel\0",
        "data-offset": struct.pack(">I", 8),
        "data-size": struct.pack(">I", len(ARM64)),
    }
    tree = devicetree({"images": {"k": outside}})
    tree += bytes(-len(tree) % 4 + 8)
    assert _load(tmp_path, tree + ARM64)[0] == VERSION
    with pytest.raises(ImageError, match="kernel k is not all in the file"):
        _load(tmp_path, tree + ARM64[:-1])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (devicetree({"model": b"a board\0"}), "devicetree, which holds no kernel"),
        (devicetree({"images": {}}), "FIT image that holds 0 kernels"),
        (devicetree({"images": {"k": kernel(b"")}}), "image k of the FIT: is empty"),
        (
            devicetree({"images": {"k": kernel(ARM64)}})[:200],
            "devicetree with a name that has no end",
        ),
        (b"\xd0\x0d\xfe\xed" + b"\xff" * 100, "devicetree cut short, or corrupt"),
        (
            struct.pack(">10I", 0xD00DFEED, 99, 40, 40, 40, 17, 16, 0, 0, 99)
            + struct.pack(">I", 4) * (1 << 17),
            "devicetree of more than 131072 tokens",
        ),
        (
            struct.pack(">10I", 0xD00DFEED, 99, 40, 40, 40, 17, 16, 0, 0, 99)
            + struct.pack(">II", 1, 0) * 64,
            "devicetree of more than 32 levels",
        ),
    ],
)
def test_what_has_no_kernel_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ImageError) as refused:
        _load(tmp_path, content)
    assert said in str(refused.value)
