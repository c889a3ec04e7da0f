"""Read a regular file, and never wait for anything that only looks like one.

A pipe without a writer blocks whoever opens it, a device may have no end; a name from a command
line may be either.
"""

import errno
import os
import stat
import sys
from typing import BinaryIO, Final

STANDARD: Final = "-"
"""Names standard input where a file is read, and standard output where one is written."""

_PIECE: Final = 1 << 20
"""Bytes asked for at once: a stream makes room for all of them."""

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


_READ: Final[dict[BinaryIO, bytes]] = {}
"""What was read of standard input; who asks again gets the same, as of a file."""


def standard_input(most: int) -> bytes:
    """Return at least the first ``most`` bytes of standard input, or all where it has fewer.

    :raises OSError: it is closed
    """
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed")
    stream = sys.stdin.buffer
    read = bytearray(_READ.get(stream, b""))
    while len(read) < most and (piece := stream.read(min(_PIECE, most - len(read)))):
        read += piece
    _READ.clear()
    _READ[stream] = bytes(read)
    return _READ[stream]


def read_regular(path: str | os.PathLike[str], most: int, start: int = 0) -> bytes:
    """Return at most ``most`` bytes of a regular file, or of standard input, from ``start`` on.

    :raises OSError: it cannot be read, or is no regular file
    """
    if os.fspath(path) == STANDARD:
        return standard_input(start + most)[start : start + most]
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, str(error)) from None
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        file.seek(start)
        return file.read(most)
