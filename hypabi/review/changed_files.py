"""What a patch touches: which architectures are built from it, and what a build would run of it."""

import re
from collections.abc import Iterable
from typing import Final

from hypabi.arch.names import Architecture

_NOT_BUILT: Final = (
    "Documentation/", "LICENSES/", "block/", "crypto/", "drivers/", "fs/", "io_uring/", "ipc/",
    "net/", "rust/", "samples/", "security/", "sound/",
)  # fmt: skip
"""Folders of which no object of the interface includes anything."""
_RUN: Final = re.compile(
    r"(?:^|/)(?:Makefile|Kbuild|Kconfig)[^/]*$|\.(?:mk|sh|pl|py|awk|sed|include)$"
    r"|^(?:scripts|tools|certs|usr)/|(?:^|/)tools/|(?:^|/)vdso[^/]*/|(?:^|/)gen-[^/]*\.c$"
    r"|(?:^|/)vdsomunge\.c$|(?:^|/)\."
)
"""What a build runs, or reads commands from: makefiles, scripts, programs for the host."""


def architectures_of(files: Iterable[str]) -> frozenset[Architecture]:
    """Return the architectures in whose objects a change of files can show."""
    return frozenset(each for name in files for each in _built_from(name))


def _built_from(name: str) -> Iterable[Architecture]:
    folder, _, rest = name.partition("/")
    if folder == "arch":
        return [each for each in Architecture if rest.startswith(f"{each.value}/")]
    built = bool(rest) and not name.startswith(_NOT_BUILT)
    return tuple(Architecture) if built or name == "Makefile" else ()


def run_by_builds(files: Iterable[str]) -> tuple[str, ...]:
    """Return the files of which a build would run something."""
    return tuple(name for name in files if _RUN.search(name))
