"""Read ``ar`` archives of objects: ``built-in.a``, ``lib.a`` and their like.

The format is GNU's: a member's name ends with ``/``, a long one stands in the member ``//`` and is
referred to by its position; ``/`` and ``/SYM64/`` are indexes.  BSD's names (``#1/LENGTH``) are
read too.  A thin archive holds no member, only where each lies, counted from the archive's folder.
"""

import re
from collections.abc import Iterator

from hypabi.image.content import Content
from hypabi.image.model import ImageError
from hypabi.records import frozen

MAGIC = b"!<arch>\n"
THIN = b"!<thin>\n"
MAX_MEMBERS = 1 << 14
"""Most members of an archive; that of a whole arm64 kernel has about four thousand."""
MAX_NAME = 4096

_HEADER = 60
_PACKAGE = (b"debian-binary", b"control.tar", b"data.tar")
"""What a member of a Debian package may be called (deb(5))."""
_INDEXES = ("/", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED")
_DECIMAL = re.compile(rb"[0-9]{1,10} *")
_LONG = re.compile(r"/([0-9]{1,10})")
_INLINE = re.compile(r"#1/([0-9]{1,4})")


@frozen
class Member:
    """A member of an archive: its name, and its content where the archive holds it."""

    name: str
    content: Content | None
    """``None`` in a thin archive: ``name`` is a path from the archive's folder."""


def is_archive(content: Content) -> bool:
    """Tell an archive of objects; a Debian package is one of something else."""
    if content.read(0, len(THIN)) == THIN:
        return True
    start = content.read(0, len(MAGIC) + _HEADER)
    return start.startswith(MAGIC) and not start[len(MAGIC) :].startswith(_PACKAGE)


def members(where: str, content: Content) -> Iterator[Member]:
    """Yield the members of an archive that are no index.

    :raises ImageError: it is cut short, or has too many
    """
    thin = content.read(0, len(THIN)) == THIN
    position, names = len(MAGIC), b""
    for _ in range(MAX_MEMBERS):
        if position >= len(content):
            return
        header = content.read(position, _HEADER)
        size = _size(header)
        start = position + _HEADER
        if size is None:
            raise ImageError(f"{where}: offset {position:#x}", "ar archive cut short, or corrupt")
        short = header[:16].decode("latin-1").rstrip()
        held = not thin or short in ("/", "//", "/SYM64/")
        if held and start + size > len(content):
            what = "ar archive cut short: a member ends after the file"
            raise ImageError(f"{where}: offset {position:#x}", what)
        part = content.part(start, start + size) if held else None
        if short == "//":
            names = content.read(start, size)
        else:
            member = _member(f"{where}: offset {position:#x}", short, part, names)
            if member.name not in _INDEXES:
                yield member
        position = start + (size + size % 2 if held else 0)
    raise ImageError(where, f"ar archive of more than {MAX_MEMBERS} members")


def _size(header: bytes) -> int | None:
    """Return the size that a member's header says, ``None`` where it is no header."""
    if len(header) < _HEADER or header[58:] != b"`\n" or not _DECIMAL.fullmatch(header[48:58]):
        return None
    return int(header[48:58])


def _member(where: str, short: str, part: Content | None, names: bytes) -> Member:
    if long := _LONG.fullmatch(short):
        start = int(long[1])
        end = names.find(b"\n", start, start + MAX_NAME)
        if end < 0:
            raise ImageError(where, f"ar archive whose member {short} has no name")
        return Member(names[start:end].decode("utf-8", "surrogateescape").removesuffix("/"), part)
    if short.startswith("/") and short not in _INDEXES:
        raise ImageError(where, f"ar archive whose member {short} is in another archive")
    if (inline := _INLINE.fullmatch(short)) and part is not None:
        length = int(inline[1])
        name = part.read(0, length).rstrip(b"\0").decode("utf-8", "surrogateescape")
        return Member(name, part.part(length, len(part)))
    return Member(short if short in _INDEXES else short.removesuffix("/"), part)
