"""Read the kernel version: from the banner of a kernel, or from what a module was built for."""

import re
from collections.abc import Iterable

from hypabi.image.content import Content
from hypabi.image.model import Image

MAX_BANNERS = 16
_BANNER = b"Linux version "
_WHOLE_BANNER = re.compile(rb"Linux version [0-9][ -~]{0,500}(?=\n)")
_VERMAGIC = b"vermagic="
"""Of a module, in its .modinfo (include/linux/vermagic.h): the version is what comes first."""


def linux_version(content: Content) -> str:
    """Return ``Linux version`` up to the first space, empty where there is no banner."""
    return _version_behind(_BANNER, content)


def banner_of(image: Image) -> str:
    """Return what a kernel calls itself, up to its line end; empty where it has no banner."""
    found = (_WHOLE_BANNER.search(segment.content) for segment in image.segments)
    return next((match.group().decode("ascii") for match in found if match), "")


def version_in(parts: Iterable[Content]) -> str:
    """Return the version that a banner in some parts of a program says, or else a module's."""
    parts = tuple(parts)
    found = (_version_behind(mark, part) for mark in (_BANNER, _VERMAGIC) for part in parts)
    return next(filter(None, found), "")


def _version_behind(mark: bytes, content: Content) -> str:
    for position in content.occurrences(mark, MAX_BANNERS):
        found = re.match(rb"[0-9][!-~]{0,127}(?= )", content.read(position + len(mark), 129))
        if found:
            return found.group().decode("ascii")
    return ""
