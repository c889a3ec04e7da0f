"""Where fetched kernels live, and whether one is there as pinned.

``HYPABI_KERNELS`` names the folder, else ``hypabi/kernels`` in the user's cache.  In it, ``NAME``
is the kernel and ``SUITE-ARCHITECTURE/PACKAGE.deb`` the package it came in.
"""

import hashlib
import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from kernels.pins import KERNEL, Pin


class FetchError(Exception):
    """A kernel cannot be provided; the message says why in one line."""


def folder() -> Path:
    """Return the cache's folder, which may not exist yet."""
    chosen = os.environ.get("HYPABI_KERNELS")
    if chosen:
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "hypabi" / "kernels"


def image_path(pin: Pin) -> Path:
    """Return where the kernel lies once it is fetched."""
    return folder() / pin.name


def package_path(pin: Pin) -> Path:
    """Return where the package lies once it is fetched."""
    return folder() / f"{pin.suite}-{pin.architecture}" / pin.file.rpartition("/")[2]


def holds(path: Path, sha256: str) -> bool:
    """Tell whether ``path`` is a file with this hash."""
    return path.is_file() and digest(path) == sha256


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(package: Path, image: Path, pin: Pin) -> None:
    """Place what is wanted of a package: its one file, or a tar file of several."""
    if pin.members:
        collect(package, image, pin.members)
    else:
        extract(package, image, pin.member)


def collect(package: Path, image: Path, members: str) -> None:
    """Place a tar file of what matches at ``image``: by name alone, sorted, of no time or owner.

    :param members: regular expression over paths in the package
    :raises FetchError: there is nothing of the kind in the package, or the same name twice
    """
    found: dict[str, bytes] = {}
    for name, content in _matching(package, members):
        if found.setdefault(name.rpartition("/")[2], content) is not content:
            raise FetchError(f"{package.name} has two files called {name.rpartition('/')[2]}")
    if not found:
        raise FetchError(f"{package.name} holds no such file")
    partial = image.with_name(image.name + ".partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as collected:
        for name, content in sorted(found.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            collected.addfile(member, io.BytesIO(content))
    partial.replace(image)


def _matching(package: Path, wanted: str) -> Iterator[tuple[str, bytes]]:
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpacking:
        assert unpacking.stdout is not None
        try:
            with tarfile.open(fileobj=unpacking.stdout, mode="r|") as members:
                for member in members:
                    content = members.extractfile(member) if member.isfile() else None
                    if content is not None and re.fullmatch(wanted, member.name):
                        yield member.name, content.read()
        except (tarfile.TarError, EOFError) as error:
            raise FetchError(f"{package.name} cannot be unpacked: {error}") from error


def extract(package: Path, image: Path, member: str = KERNEL) -> None:
    """Place the kernel or document that ``package`` holds at ``image``, whole or not at all.

    :param member: regular expression over paths in the package
    :raises FetchError: there is no such file in the package
    """
    partial = image.with_name(image.name + ".partial")
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as unpacking:
        try:
            _copy(unpacking, partial, member)
        except (tarfile.TarError, EOFError) as error:
            raise FetchError(f"{package.name} cannot be unpacked: {error}") from error
        finally:
            # The kernel comes before the modules: what follows is not worth decompressing.
            unpacking.kill()
    partial.replace(image)


def _copy(unpacking: subprocess.Popen[bytes], target: Path, wanted: str) -> None:
    assert unpacking.stdout is not None
    with tarfile.open(fileobj=unpacking.stdout, mode="r|") as members:
        for member in members:
            if member.isfile() and re.fullmatch(wanted, member.name):
                content = members.extractfile(member)
                assert content is not None
                with target.open("wb") as file:
                    while piece := content.read(1 << 20):
                        file.write(piece)
                return
    raise FetchError(f"the package holds no {'kernel' if wanted == KERNEL else 'such document'}")
