"""SHA-256 of what was read, computed while it is being read."""

import hashlib
import threading

SMALL = 1 << 20
"""Below this, starting a thread takes longer than hashing."""


class Digest:
    """The SHA-256 of some bytes.

    Hashing leaves the interpreter to others, so the tens of milliseconds that a kernel takes pass
    on a second processor.
    """

    def __init__(self, content: memoryview) -> None:
        self._hash = hashlib.sha256()
        self._thread: threading.Thread | None = None
        if len(content) < SMALL:
            self._hash.update(content)
        else:
            self._thread = threading.Thread(target=self._hash.update, args=(content,))
            self._thread.start()

    def hex(self) -> str:
        """Return the digest, as soon as it is known."""
        if self._thread is not None:
            self._thread.join()
        return self._hash.hexdigest()
