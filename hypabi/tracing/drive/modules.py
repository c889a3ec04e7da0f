"""A module of the kernel, as its package holds it: an ELF object, compressed perhaps."""

from pathlib import Path
from typing import Final

from hypabi.decode.bounds import Bounds, read_bounded
from hypabi.decode.place import Place
from hypabi.image.containers.compression import decompress, recognise

BOUNDS: Final = Bounds(bytes=1 << 26, parts=1, depth=1)
ELF: Final = b"\x7fELF"


def read_module(path: str) -> bytes:
    """Return a module as the kernel loads it.

    :raises HypabiError: the file cannot be read, or is none
    """
    content = read_bounded(Path(path), BOUNDS)
    kind = recognise(content[:16])
    if kind is not None:
        content = decompress(path, kind, memoryview(content), BOUNDS.bytes).content
    if not content.startswith(ELF):
        hint = "name a file of the kernel's package that ends in .ko or .ko.xz"
        raise Place(path, 0, "").refuse("this is no module of a kernel", hint)
    return content
