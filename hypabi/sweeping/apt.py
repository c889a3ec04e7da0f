"""The Debian archive that this machine's apt is configured for.

apt itself does every download, so that proxies, certificates and mirrors are those of the machine.
Works without root: all state of apt that is written lies in a scratch folder.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import frozen

APT_HELPER: Final = "/usr/lib/apt/apt-helper"
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OPTIONS: Final = (
    "-o", "APT::Sandbox::User=root",  # the scratch folders are ours, not _apt's
    "-o", "Acquire::Retries=1",
    "-o", "Acquire::http::Timeout=30",
    "-o", "Acquire::https::Timeout=30",
    "-o", "Acquire::Languages=none",
)  # fmt: skip
LONGEST: Final = 600
"""Seconds that one call of apt may take."""


class FetchError(HypabiError):
    """Something cannot be had from the archive."""


class GoneError(FetchError):
    """The archive answers, but has no such file any more."""


class CorruptError(FetchError):
    """The archive sends something else than it was asked for."""


@frozen
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
            apt("apt-get", "update", *state)
            listing = _targets(*state)
    found = {
        Archive(root, "-security" if label == "Debian-Security" else "") for root, label in listing
    }
    if not found:
        raise FetchError("apt", "it has no archive of Debian's configured, or cannot reach it")
    return tuple(sorted(found, key=lambda archive: (archive.suffix, archive.root)))


def download(file: str, sha256: str, roots: Sequence[Archive], target: Path) -> None:
    """Bring a file to ``target``, continuing what an earlier attempt left there.

    :param file: path below an archive's root
    :raises GoneError: no archive has it any more
    :raises CorruptError: what was sent is not what the hash says; nothing is left of it
    :raises FetchError: no archive can be reached
    """
    messages = []
    for archive in roots:
        url = archive.root.rstrip("/") + "/" + file
        ran = run(
            APT_HELPER, "-q", *OPTIONS, "download-file", url, str(target), f"SHA256:{sha256}"
        )  # fmt: skip
        if ran.returncode == 0:
            return
        messages.append(ran.stdout + ran.stderr)
    name = file.rpartition("/")[2]
    if all("404" in message for message in messages):
        raise GoneError(name, "it is no longer in the archive")
    if any("Hash Sum mismatch" in message for message in messages):
        target.unlink(missing_ok=True)
        raise CorruptError(name, "the archive sent something else than its index says")
    raise FetchError(name, "the archive cannot be reached")


def scratch_apt(
    folder: Path, lines: Sequence[str], architecture: str, roots: Sequence[Archive]
) -> tuple[str, ...]:
    """Lay out an apt of its own; return its options.

    :param lines: what follows the root in each line of its sources: suite and components, with
        ``{suffix}`` where the archive's belongs; an archive of which one has none is left out
    """
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    sources = folder / "sources.list"
    written = [
        f"deb {signed}{archive.root} {line.format(suffix=archive.suffix)}\n"
        for archive in roots
        for line in lines
        if not archive.suffix or "{suffix}" in line
    ]
    sources.write_text("".join(written), encoding="utf-8")
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    settings = {
        "Dir::Etc::SourceList": str(sources),
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": str(_lists(folder)),
        "Dir::State::status": "/dev/null",
        "Dir::Cache": str(folder / "cache"),
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
    }
    return tuple(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))


def show(names: str, *options: str) -> str:
    """Return what apt knows of every package whose name fits a regular expression."""
    found = apt("apt-cache", "search", "--names-only", names, *options)
    packages = sorted({line.split(" - ")[0] for line in found.splitlines()})
    return apt("apt-cache", "show", *packages, *options) if packages else ""


def stanzas(text: str) -> Iterator[Mapping[str, str]]:
    """Yield the packages that apt-cache prints: name, version, file, size, hash."""
    for stanza in re.split(r"\n\n+", text):
        fields = dict(re.findall(r"^(Package|Version|Filename|Size|SHA256): (\S+)$", stanza, re.M))
        if len(fields) == 5:
            yield fields


def apt(tool: str, *arguments: str) -> str:
    """Return what a tool of apt prints."""
    return run(tool, "-q", *OPTIONS, *arguments).stdout


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command.

    :raises FetchError: it is not there, or does not come to an end
    """
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST, check=False
        )  # fmt: skip
    except FileNotFoundError:
        what = "it is missing; kernels come through Debian's apt"
        raise FetchError(command[0], what) from None
    except subprocess.TimeoutExpired:
        raise FetchError(Path(command[0]).name, "it took more than ten minutes") from None


def _targets(*options: str) -> list[tuple[str, str]]:
    columns = "$(ORIGIN)|$(REPO_URI)|$(LABEL)"
    listing = apt("apt-get", "indextargets", "--format", columns, *options)
    rows = [line.split("|") for line in listing.splitlines()]
    return [(row[1], row[2]) for row in rows if len(row) == 3 and row[0] == "Debian"]


def _lists(folder: Path) -> Path:
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    return lists
