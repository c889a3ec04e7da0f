"""The kernel packages of a Debian suite, and how one comes."""

import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.store.line import series_and_flavour, version_key
from hypabi.sweeping import apt
from hypabi.sweeping.records import Candidate, Missing, Package

ARCHITECTURES: Final = ("arm64", "armhf")
"""Debian's names of the architectures whose kernels can enter HYP or EL2."""
COMPONENT: Final = "main"
SMALLEST: Final = 4 << 20
"""Bytes of a package below which it holds no kernel: it only depends on one that does."""
NAMES: Final = "^linux-(image|binary)-[0-9]"
"""What packages of kernels are called, as apt-cache(8) takes it."""
PAUSE: Final = 2.0
"""Seconds before something is asked for again; twice as long each time."""

_SOURCE: Final = re.compile(r"debian:([a-z][a-z0-9-]*)(?:/([a-z][a-z-]*))?")
_UPDATES: Final = ("-security", "-updates", "-backports", "-proposed-updates")
_WITHOUT_UPDATES: Final = ("sid", "experimental", "unstable", "rc-buggy")


def suite_of(source: str) -> tuple[str, str]:
    """Return suite and component that a source names.

    :raises HypabiError: it is none
    """
    found = _SOURCE.fullmatch(source)
    if found is None:
        raise HypabiError(source, "this names no suite", "write it as debian:bookworm/main")
    return found[1], found[2] or COMPONENT


def packages(source: str) -> Iterator[Candidate | Missing]:
    """Yield the kernel packages of a suite, of both architectures, with its security updates.

    A suite that the archive has not is one thing that could not be had.
    """
    suite, component = suite_of(source)
    try:
        roots = apt.archives()
        found = [each for name in ARCHITECTURES for each in _listed(suite, component, name, roots)]
    except apt.FetchError as failed:
        yield Missing(source, str(failed))
        return
    if not found:
        yield Missing(source, "the archive lists no kernel for arm or arm64 there")
    yield from found


def _listed(
    suite: str, component: str, architecture: str, roots: tuple[apt.Archive, ...]
) -> Iterator[Candidate]:
    with tempfile.TemporaryDirectory(prefix="hypabi-apt-") as folder:
        own = suite in _WITHOUT_UPDATES or suite.endswith(_UPDATES)
        named = suite.removesuffix("-security")
        suffix = "" if own and named == suite else "{suffix}"
        line = f"{named}{suffix} {component}"
        chosen = [each for each in roots if each.suffix or named == suite]
        options = apt.scratch_apt(Path(folder), (line,), architecture, chosen)
        # Not every archive has every architecture; what did arrive decides.
        apt.apt("apt-get", "update", *options)
        listing = apt.show(NAMES, *options)
    kernels = [
        each
        for each in apt.stanzas(listing)
        if not each["Package"].endswith("-dbg") and int(each["Size"]) >= SMALLEST
    ]
    for each in _newest_first(kernels):
        name = f"debian:{suite}/{each['Package']}_{each['Version']}_{architecture}"
        package = Package(each["Filename"], each["SHA256"], int(each["Size"]))
        yield Candidate(name, each["SHA256"], "", package)


def _newest_first(kernels: Iterable[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    """Yield the newest package of each series and flavour, then the one before of each, and so on.

    A sweep that is ended early has then met every line.
    """
    lines: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for each in sorted(kernels, key=lambda each: (version_key(each["Version"]), each["Package"])):
        release = each["Package"].split("-", 2)[2]
        lines.setdefault(series_and_flavour(release), []).append(each)
    while lines:
        for line in sorted(lines, reverse=True):
            yield lines[line].pop()
        lines = {line: left for line, left in lines.items() if left}


def fetch(package: Package, target: Path, retries: int) -> None:
    """Bring a package to ``target``, and ask again where it does not come.

    :raises FetchError: it cannot be had; what the archive has no more is not asked for again
    """
    for left in range(retries, -1, -1):
        try:
            apt.download(package.file, package.sha256, _archives(), target)
        except apt.GoneError:
            raise
        except apt.FetchError:
            if not left:
                raise
            time.sleep(PAUSE * 2 ** (retries - left))
        else:
            return


@cache
def _archives() -> tuple[apt.Archive, ...]:
    return apt.archives()
