"""Read the kernel version from the banner that every kernel carries."""

import re

from hypabi.image.content import Content

MAX_BANNERS = 16
_BANNER = b"Linux version "


def linux_version(content: Content) -> str:
    """Return ``Linux version`` up to the first space, empty where there is no banner."""
    for position in content.occurrences(_BANNER, MAX_BANNERS):
        found = re.match(rb"[0-9][!-~]{0,127}(?= )", content.read(position + len(_BANNER), 129))
        if found:
            return found.group().decode("ascii")
    return ""
