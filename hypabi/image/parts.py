"""Tell the parts of a program from whole ones, by the first bytes of a file."""

import os
from typing import Final

from hypabi.image.containers.archive import is_archive
from hypabi.image.content import Content
from hypabi.regular import read_regular

_START: Final = 80
_RELOCATABLE: Final = (b"\x01\x00", b"\x00\x01")
"""``ET_REL`` at ``e_type`` (ELF-64 2.4), in the byte order that ``EI_DATA`` 1 and 2 say."""


def is_part(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is an object, or an archive of some; one that cannot be read is not."""
    try:
        start = read_regular(path, _START)
    except OSError:
        return False
    if start.startswith(b"\x7fELF"):
        order = start[5:6]
        return order in (b"\x01", b"\x02") and start[16:18] == _RELOCATABLE[order[0] - 1]
    return is_archive(Content.whole(start))
