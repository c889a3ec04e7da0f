"""The kernel's own sources, and what it takes to build some of them."""

from evidence.edits import sources
from hypabi.errors import HypabiError
from tests.inputs import find_tool, skip_for
from tests.kbuild.machine import need_layers


def need_sources() -> None:
    """Skip where the kernel's sources are not there, or what they are built with."""
    need_layers()
    compilers = ("aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc", "cc")
    for each in (*compilers, "make", "flex", "bison", "bc"):
        find_tool(each)
    try:
        sources.tree()
    except HypabiError as missing:
        skip_for(sources.SOURCE, str(missing))
