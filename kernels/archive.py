"""Pinned packages in the Debian archive that this machine's apt is configured for.

A pinned package is asked for by its path below the archive's root and known by its hash, so that no
index has to come first; only a search for newer packages reads one.
"""

import functools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hypabi.sweeping import apt
from hypabi.sweeping.apt import Archive
from kernels.cache import FetchError
from kernels.pins import Pin


class GoneError(FetchError):
    """The archive answers, but has no such file any more."""


def archives() -> tuple[Archive, ...]:
    """Return the configured Debian archives, the main one first.

    :raises FetchError: there is no apt, or it knows no archive of Debian's
    """
    try:
        return apt.archives()
    except apt.FetchError as failed:
        raise FetchError(str(failed)) from None


def download(pin: Pin, roots: Sequence[Archive], target: Path) -> None:
    """Bring the pinned package to ``target``, continuing what an earlier attempt left there.

    :raises GoneError: no archive has the package any more
    :raises FetchError: no archive can be reached, or one sends something else
    """
    try:
        apt.download(pin.file, pin.package_sha256, roots, target)
    except apt.GoneError:
        raise GoneError(
            f"{pin.package} {pin.version} is no longer in the archive; "
            f"`kernels/fetch --newest {pin.name}` pins what is there now"
        ) from None
    except apt.CorruptError:
        what = "the archive sent something other than what is pinned"
        raise FetchError(f"{pin.package}: {what}") from None
    except apt.FetchError as failed:
        raise FetchError(f"{pin.package}: {failed.what}") from None


def successors(pin: Pin, roots: Sequence[Archive]) -> list[Pin]:
    """Return pins of the packages that may follow ``pin``, newest first; their image hash is empty.

    :raises GoneError: no such package is left
    """
    with tempfile.TemporaryDirectory(prefix="hypabi-apt-") as folder:
        # The development release has no security archive.
        line = "sid main" if pin.suite == "sid" else f"{pin.suite}{{suffix}} main"
        options = apt.scratch_apt(Path(folder), (line,), pin.architecture, roots)
        # Not every archive has every architecture; what did arrive decides.
        apt.apt("apt-get", "update", *options)
        shown = apt.show(f"^{pin.newest}$", *options)
    candidates = list(apt.stanzas(shown))
    if not candidates:
        raise GoneError(f"{pin.suite} has no package {pin.newest} for {pin.architecture}")
    candidates.sort(key=functools.cmp_to_key(_compare), reverse=True)
    return [_pin(pin, stanza) for stanza in candidates]


def _pin(pin: Pin, stanza: Mapping[str, str]) -> Pin:
    return replace(
        pin,
        package=stanza["Package"],
        version=stanza["Version"],
        file=stanza["Filename"],
        size=int(stanza["Size"]),
        package_sha256=stanza["SHA256"],
        image_sha256="",
    )


def _compare(one: Mapping[str, str], other: Mapping[str, str]) -> int:
    if one["Version"] == other["Version"]:
        return 0
    older = apt.run("dpkg", "--compare-versions", one["Version"], "lt", other["Version"])
    return -1 if older.returncode == 0 else 1
