"""Where a series comes from: a mailbox, a folder of patches, standard input, commits of a tree."""

import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import replace
from hypabi.regular import read_regular
from hypabi.review.git import git
from hypabi.review.series.mail import Mail, read_mail
from hypabi.review.series.model import Series
from hypabi.review.series.thread import series_of

LARGEST: Final = 32 << 20
"""Bytes of a series with its answers."""
MOST_MAILS: Final = 2000
STDIN: Final = "-"
_MERGES: Final = "merges are no patches, and what they change themselves is not judged"
_COMMIT: Final = re.compile(rb"^From ([0-9a-f]{40,64}) Mon Sep 17 00:00:00 2001$", re.M)
"""How git begins the mail of a commit."""
_FROM: Final = re.compile(rb"^From [^\n]*\n", re.M)
_FORMAT: Final = (
    "--stdout", "--no-signature", "--no-color", "--no-renames", "--no-ext-diff", "--no-attach",
    "--no-cover-letter", "--subject-prefix=PATCH", "--src-prefix=a/", "--dst-prefix=b/",
    "--binary", "--full-index",
)  # fmt: skip
"""Whatever the user's configuration says."""
_GZIP: Final = b"\x1f\x8b"
_ENDINGS: Final = (".patch", ".eml", ".mbox", ".mbx")


def read_series(name: str, tree: Path | None) -> Series:
    """Return the series that a command line names.

    :param name: ``-``, a mailbox, a folder of patches, or ``A..B`` in the tree
    :raises HypabiError: it cannot be read, or is no series
    """
    if name == STDIN:
        return series_of_mails(read_stdin(), "standard input")
    path = Path(name)
    if path.is_dir():
        return _of_folder(path)
    if path.exists():
        return series_of_mails(_file(path), name)
    if ".." in name and tree is not None:
        return _of_commits(name, tree)
    raise HypabiError(name, "no such file, folder or range of commits")


def _of_folder(folder: Path) -> Series:
    found = sorted(each for each in folder.iterdir() if each.suffix in _ENDINGS)
    if not found:
        raise HypabiError(str(folder), "no file in it is a patch", f"they end in {_ENDINGS[0]}")
    total, raw = 0, []
    for each in found[:MOST_MAILS]:
        raw.append(_file(each))
        total += len(raw[-1])
        if total > LARGEST:
            raise HypabiError(str(folder), f"it is larger than {LARGEST >> 20} MB")
    return series_of([m for each in raw for m in _mails(each, str(folder))], str(folder))


def _of_commits(name: str, tree: Path) -> Series:
    first, _, last = name.partition("..")
    if last.startswith("."):
        raise HypabiError(name, "three dots are no series", f"{first}..{last[1:]}")
    mails = git(tree, "format-patch", *_FORMAT, "--end-of-options", name)
    # A topic stands on where it left its A, which may have moved on.
    base = git(tree, "merge-base", "--end-of-options", first or "HEAD", last or "HEAD")
    if not mails:
        raise HypabiError(name, "no commit is in it")
    made = series_of_mails(_bounded(mails, name), name)
    commits = tuple(each.decode() for each in _COMMIT.findall(mails))
    head, *others = made.patches
    patches = (replace(head, base=base.decode().strip()), *others)
    merges = int(git(tree, "rev-list", "--merges", "--count", "--end-of-options", name))
    return replace(
        made,
        patches=patches,
        commits=commits if len(commits) == len(patches) else (),
        notes=(f"{_MERGES}: {merges}",) if merges else (),
    )


def read_stdin() -> bytes:
    """Return standard input.

    :raises HypabiError: it is too large for a series
    """
    return _bounded(sys.stdin.buffer.read(LARGEST + 1), "standard input")


def series_of_mails(raw: bytes, where: str) -> Series:
    """Return the series in a mailbox.

    :param where: what a refusal names
    :raises HypabiError: no series is in it, or more than one
    """
    return series_of(_mails(raw, where), where)


def _mails(raw: bytes, where: str) -> list[Mail]:
    return [read_mail(each) for each in _split(raw, where)]


def _split(raw: bytes, where: str) -> Iterator[bytes]:
    """Yield the mails of a mailbox; a text without a ``From `` line is one."""
    raw = _unpacked(raw, where).replace(b"\r\n", b"\n")
    starts = [m.start() for m in _FROM.finditer(raw) if _begins(raw, m.start(), m.end())]
    if len(starts) > MOST_MAILS:
        raise HypabiError(where, f"it has more than {MOST_MAILS} mails")
    if not starts or raw[: starts[0]].strip():
        starts = [0, *starts]
    for start, end in zip(starts, [*starts[1:], len(raw)], strict=True):
        mail = raw[start:end]
        yield _FROM.sub(b"", mail, count=1) if mail.startswith(b"From ") else mail


def _begins(raw: bytes, start: int, end: int) -> bool:
    """Tell whether a ``From `` line parts two mails: a header follows it, and none is cut by it."""
    blank = raw[max(0, start - 2) : start] == b"\n\n" or not raw[:start].strip()
    return blank and re.match(rb"[!-9;-~]+:", raw[end : end + 80]) is not None


def _unpacked(raw: bytes, where: str) -> bytes:
    """Return a mailbox as public-inbox gives it, which is compressed, or as it is."""
    if not raw.startswith(_GZIP):
        return raw
    try:
        with gzip.open(io.BytesIO(raw)) as file:
            return _bounded(file.read(LARGEST + 1), where)
    except (OSError, EOFError, zlib.error) as failed:
        raise HypabiError(where, f"it cannot be decompressed: {failed}") from None


def _file(path: Path) -> bytes:
    try:
        return _bounded(read_regular(path, LARGEST + 1), str(path))
    except OSError as failed:
        raise HypabiError(str(path), failed.strerror or str(failed)) from None


def _bounded(raw: bytes, where: str) -> bytes:
    if len(raw) > LARGEST:
        raise HypabiError(where, f"it is larger than {LARGEST >> 20} MB")
    return raw
