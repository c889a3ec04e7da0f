"""What a kernel follows: its architecture, series and flavour make a line, its version a place."""

import re
from typing import Final

from hypabi.store.records import Kernel

_RELEASE: Final = re.compile(
    r"(?P<series>\d{1,4}\.\d{1,4})(?:\.\d{1,5})*"  # 6.1.0
    r"(?:-rc\d+)?(?:[-+~]\d[0-9a-z.~]*|\+deb\d+\w*|\.\d[0-9.]*)*"  # -50, -0.deb11.7, +deb13
    r"[-+]?(?P<flavour>.*)"
)
_OF_A_COMMIT: Final = re.compile(r"g[0-9a-f]{7,40}|dirty|next|[0-9]*")
"""What a build from git puts between the hyphens of a release (scripts/setlocalversion)."""
_BUILD: Final = re.compile(r"#\d* .*\bDebian (\d[0-9A-Za-z.+~:-]*)")
"""What Debian writes into the banner: ``#1 SMP Debian 6.1.176-1 (2026-06-01)``."""


def kernel_of(sha256: str, architecture: str, banner: str, size: int, release: str) -> Kernel:
    """Return a kernel by what its image says of itself.

    :param banner: ``Linux version ...`` up to the line end
    """
    series, flavour = series_and_flavour(release)
    build = _BUILD.search(banner)
    version = build[1] if build else release
    return Kernel(sha256, architecture, release, version, series, flavour, banner, size)


def series_and_flavour(release: str) -> tuple[str, str]:
    """Return what a release belongs to, and what it ends in: ``6.1`` and ``arm64-16k``."""
    told = _RELEASE.fullmatch(release)
    if told is None:
        return "", ""
    parts = told["flavour"].rstrip("+").split("-")
    return told["series"], "-".join(p for p in parts if not _OF_A_COMMIT.fullmatch(p))


def place_of(kernel: Kernel) -> tuple[object, ...]:
    """Return a key that sorts kernels by line and, within it, by version.

    Two builds of one version have the same.
    """
    return (*line_of(kernel), version_key(kernel.version), kernel.release)


def line_of(kernel: Kernel) -> tuple[str, tuple[int, ...], str]:
    """Return a key that is the same for all kernels of a line, and sorts series by number."""
    numbers = tuple(int(part) for part in kernel.series.split(".") if part)
    return (kernel.architecture, numbers, kernel.flavour)


def version_key(version: str) -> tuple[object, ...]:
    """Return a key that sorts versions as Debian does (deb-version(7)): ``~`` before the end.

    Digits compare as numbers; of other characters letters come before the rest.  The kernel's own
    ``6.18-rc3`` comes before ``6.18``.
    """
    version = re.sub(r"-rc(?=[0-9])", "~rc", version)
    epoch, colon, rest = version.rpartition(":")
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, "0"
    return (_part_key(epoch if colon else "0"), _part_key(upstream), _part_key(revision))


def _part_key(text: str) -> tuple[tuple[int, ...], ...]:
    parts: list[tuple[int, ...]] = []
    for other, digits in re.findall(r"(\D*)(\d*)", text):
        parts.append((*(_order(character) for character in other), 0))
        parts.append((int(digits or "0"),))
    return tuple(parts)


def _order(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 0x110000
