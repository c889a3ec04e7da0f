"""Whether a configuration builds an object, as far as the makefiles of its folders say so.

A kernel's makefile lists what is built: ``obj-y += a.o``, ``obj-$(CONFIG_X) += b.o c/``, and what
others are made of: ``c-y := d.o``.  ``make`` itself would build whatever it is asked for.
"""

import re
from collections.abc import Iterator
from posixpath import split
from typing import Final

from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers

LARGEST: Final = 1 << 20
"""Bytes of a makefile, and of a configuration, that are read."""
NAMES: Final = ("Kbuild", "Makefile")
_LIST: Final = re.compile(r"^[ \t]*[\w.-]+-(\S+?)[ \t]*[:+]?=([^#\n]*)", re.M)
_OPTION: Final = re.compile(r"\$[({](CONFIG_\w+)[)}]$")
_SET: Final = re.compile(r"^(CONFIG_\w+)=[ym]$", re.M)


def is_left_out(layers: Layers, name: str) -> bool:
    """Tell whether makefiles list an object, or its folder, for options alone that are unset.

    What none of them lists is not known to be left out.
    """
    options = frozenset(_SET.findall(_read(layers, ".config")))
    folder, listed = split(name)
    while folder:
        conditions = list(_conditions(layers, folder, listed))
        if conditions and not any(each is None or each in options for each in conditions):
            return True
        folder, last = split(folder)
        listed = f"{last}/"
    return False


def is_dropped(layers: Layers, name: str) -> bool:
    """Tell whether the makefile of an object's folder, where it has one, lists it no longer."""
    folder, listed = split(name)
    has_makefile = any(layers.has(f"{folder}/{each}") for each in NAMES)
    return has_makefile and not any(True for _ in _conditions(layers, folder, listed))


def _conditions(layers: Layers, folder: str, listed: str) -> Iterator[str | None]:
    """Yield the option that each list of a name in a folder's makefile is for, if it is for one."""
    for makefile in NAMES:
        text = _read(layers, f"{folder}/{makefile}").replace("\\\n", " ")
        for found in _LIST.finditer(text):
            if listed in found[2].split():
                option = _OPTION.match(found[1])
                yield None if option is None else option[1]


def _read(layers: Layers, name: str) -> str:
    try:
        path = layers.file(name)
    except HypabiError:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")[:LARGEST]
