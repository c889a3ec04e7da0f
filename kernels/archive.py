"""The Debian archive that this machine's apt is configured for.

apt itself does every download, so that proxies, certificates and mirrors are those of the machine.
Works without root: all state of apt that is written lies in a scratch folder.
A pinned package is asked for by its path below the archive's root and known by its hash, so that no
index has to come first; only a search for newer packages reads one.
"""

import functools
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kernels.cache import FetchError
from kernels.pins import Pin

_APT_HELPER = "/usr/lib/apt/apt-helper"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_OPTIONS = (
    "-o", "APT::Sandbox::User=root",  # the scratch folders are ours, not _apt's
    "-o", "Acquire::Retries=1",
    "-o", "Acquire::http::Timeout=30",
    "-o", "Acquire::https::Timeout=30",
    "-o", "Acquire::Languages=none",
)  # fmt: skip


class GoneError(FetchError):
    """The archive answers, but has no such file any more."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One of the archives that Debian spreads a release over."""

    root: str
    suffix: str
    """What follows a release's name: ``-security`` in the archive of security updates."""


def archives() -> tuple[Archive, ...]:
    """Return the configured Debian archives, the main one first.

    :raises FetchError: there is no apt, or it knows no archive of Debian's
    """
    listing = _targets()
    if not listing:
        # apt lists only what it has an index of, and a fresh container has none.
        with tempfile.TemporaryDirectory(prefix="hypabi-apt-") as scratch:
            state = ("-o", f"Dir::State::Lists={_lists(Path(scratch))}")
            _apt("apt-get", "update", *state)
            listing = _targets(*state)
    found = {
        Archive(root, "-security" if label == "Debian-Security" else "") for root, label in listing
    }
    if not found:
        raise FetchError("apt has no archive of Debian's configured, or cannot reach it")
    return tuple(sorted(found, key=lambda archive: (archive.suffix, archive.root)))


def download(pin: Pin, roots: Sequence[Archive], target: Path) -> None:
    """Bring the pinned package to ``target``, continuing what an earlier attempt left there.

    :raises GoneError: no archive has the package any more
    :raises FetchError: no archive can be reached, or one sends something else
    """
    messages = []
    for archive in roots:
        url = archive.root.rstrip("/") + "/" + pin.file
        ran = _run(
            _APT_HELPER, "-q", *_OPTIONS, "download-file", url, str(target),
            f"SHA256:{pin.package_sha256}",
        )  # fmt: skip
        if ran.returncode == 0:
            return
        messages.append(ran.stdout + ran.stderr)
    if all("404" in message for message in messages):
        raise GoneError(
            f"{pin.package} {pin.version} is no longer in the archive; "
            f"`kernels/fetch --newest {pin.name}` pins what is there now"
        )
    if any("Hash Sum mismatch" in message for message in messages):
        target.unlink(missing_ok=True)
        raise FetchError(f"{pin.package}: the archive sent something other than what is pinned")
    raise FetchError(f"{pin.package}: the archive cannot be reached")


def successors(pin: Pin, roots: Sequence[Archive]) -> list[Pin]:
    """Return pins of the packages that may follow ``pin``, newest first; their image hash is empty.

    :raises GoneError: no such package is left
    """
    with tempfile.TemporaryDirectory(prefix="hypabi-apt-") as folder:
        options = _scratch_apt(Path(folder), pin, roots)
        # Not every archive has every architecture; what did arrive decides.
        _apt("apt-get", "update", *options)
        names = _apt("apt-cache", "search", "--names-only", f"^{pin.newest}$", *options)
        packages = sorted({line.split(" - ")[0] for line in names.splitlines()})
        shown = _apt("apt-cache", "show", *packages, *options) if packages else ""
    candidates = list(_stanzas(shown))
    if not candidates:
        raise GoneError(f"{pin.suite} has no package {pin.newest} for {pin.architecture}")
    candidates.sort(key=functools.cmp_to_key(_compare), reverse=True)
    return [_pin(pin, stanza) for stanza in candidates]


def _pin(pin: Pin, stanza: dict[str, str]) -> Pin:
    return replace(
        pin,
        package=stanza["Package"],
        version=stanza["Version"],
        file=stanza["Filename"],
        size=int(stanza["Size"]),
        package_sha256=stanza["SHA256"],
        image_sha256="",
    )


def _targets(*options: str) -> list[tuple[str, str]]:
    columns = "$(ORIGIN)|$(REPO_URI)|$(LABEL)"
    listing = _apt("apt-get", "indextargets", "--format", columns, *options)
    rows = [line.split("|") for line in listing.splitlines()]
    return [(row[1], row[2]) for row in rows if len(row) == 3 and row[0] == "Debian"]


def _scratch_apt(folder: Path, pin: Pin, roots: Sequence[Archive]) -> tuple[str, ...]:
    """Lay out an apt of its own for the suite and architecture of ``pin``; return its options."""
    signed = f"[signed-by={_KEYRING}] " if _KEYRING.exists() else ""
    sources = folder / "sources.list"
    # The development release has no security archive.
    wanted = [archive for archive in roots if pin.suite != "sid" or not archive.suffix]
    sources.write_text(
        "".join(f"deb {signed}{a.root} {pin.suite}{a.suffix} main\n" for a in wanted),
        encoding="utf-8",
    )
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    settings = {
        "Dir::Etc::SourceList": str(sources),
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": str(_lists(folder)),
        "Dir::State::status": "/dev/null",
        "Dir::Cache": str(folder / "cache"),
        "APT::Architecture": pin.architecture,
        "APT::Architectures": pin.architecture,
    }
    return tuple(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))


def _lists(folder: Path) -> Path:
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    return lists


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    for stanza in re.split(r"\n\n+", text):
        fields = dict(re.findall(r"^(Package|Version|Filename|Size|SHA256): (\S+)$", stanza, re.M))
        if len(fields) == 5:
            yield fields


def _compare(one: dict[str, str], other: dict[str, str]) -> int:
    if one["Version"] == other["Version"]:
        return 0
    older = _run("dpkg", "--compare-versions", one["Version"], "lt", other["Version"])
    return -1 if older.returncode == 0 else 1


def _apt(tool: str, *arguments: str) -> str:
    return _run(tool, "-q", *_OPTIONS, *arguments).stdout


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except FileNotFoundError:
        raise FetchError(f"{command[0]} is missing; kernels come through Debian's apt") from None
    except subprocess.TimeoutExpired:
        raise FetchError(f"{Path(command[0]).name} took more than ten minutes") from None
