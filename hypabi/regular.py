"""Read a regular file, and never wait for anything that only looks like one.

A pipe without a writer blocks whoever opens it, a device may have no end; a name from a command
line may be either.
"""

import errno
import os
import stat
from typing import Final

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def read_regular(path: str | os.PathLike[str], most: int, start: int = 0) -> bytes:
    """Return at most ``most`` bytes of a regular file, from ``start`` on.

    :raises OSError: it cannot be read, or is no regular file
    """
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
