"""What a patch touches: which architectures are built from it, and what a build would run of it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.review.series.model import Patch

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
_SOURCE: Final = re.compile(r"\.[cS]$")
_APART: Final = re.compile(r"(?:^|/)(?:boot|vdso\w*|pi|nvhe|tools|scripts)/|(?:^|/)efi[^/]*$")
"""What is linked otherwise than a kernel's other objects, or is in one of those already."""
_FILE: Final = re.compile(r"(?:\+\+\+ b|--- a)/([^\t\n]+)")
_CALLS: Final = re.compile(r"\bhvc\b|\b__HVC\b|_hvc\(", re.IGNORECASE)


def architectures_of(files: Iterable[str]) -> frozenset[Architecture]:
    """Return the architectures in whose objects a change of files can show."""
    return frozenset(each for name in files for each in _built_from(name))


def _built_from(name: str) -> Iterable[Architecture]:
    folder, _, rest = name.partition("/")
    if folder == "arch":
        return [each for each in Architecture if rest.startswith(f"{each.value}/")]
    built = bool(rest) and not name.startswith(_NOT_BUILT)
    return tuple(Architecture) if built or name == "Makefile" else ()


def architectures_of_patch(patch: Patch) -> frozenset[Architecture]:
    """Return the architectures in whose objects a patch can show: who calls may be anywhere."""
    return architectures_of(patch.files) | {of for of in Architecture if objects_of((patch,), of)}


def objects_of(patches: Iterable[Patch], architecture: Architecture) -> tuple[str, ...]:
    """Return the objects of sources that patches touch and that callers may be in.

    Those are all of the architecture, and elsewhere those in which a patch writes of ``hvc``.
    """
    own = f"arch/{architecture.value}/"
    touched: set[str] = set()
    for patch in patches:
        touched |= {name for name in patch.files if name.startswith(own)}
        touched |= {name for name in _calling(patch) if not name.startswith("arch/")}
    sources = (name for name in touched if _SOURCE.search(name) and not _APART.search(name))
    return tuple(sorted({f"{name[:-2]}.o" for name in sources}))


def _calling(patch: Patch) -> Iterator[str]:
    """Yield the files to which a patch adds, or of which it removes, a line about ``hvc``."""
    name = ""
    for line in patch.diff.decode("utf-8", "replace").splitlines():
        if (found := _FILE.match(line)) is not None:
            name = found[1]
        elif line.startswith(("+", "-")) and _CALLS.search(line):
            yield name


def speaks_of_interface(files: Iterable[str]) -> bool:
    """Tell whether a document of the interface may be among files."""
    return any(name.startswith("Documentation/virt/") for name in files)


def run_by_builds(files: Iterable[str]) -> tuple[str, ...]:
    """Return the files of which a build would run something."""
    return tuple(name for name in files if _RUN.search(name))
