"""SHA-256 of what is read, computed while it is being read.

Hashing leaves the interpreter to others, so the tens of milliseconds that a kernel takes pass on a
second processor.  No hashing outlives the reading: a mapped file that shrinks later must not be
touched any more.
"""

import hashlib
import threading
from types import TracebackType

SMALL = 1 << 20
"""Below this, starting a thread takes longer than hashing."""


class Hashing:
    """The hashing that goes on beside one reading; leaving it waits for all."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Hashing":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for thread in self._threads:
            thread.join()

    def start(self, content: memoryview) -> "Digest":
        """Start to hash ``content``."""
        found = hashlib.sha256()
        thread = threading.Thread(target=found.update, args=(content,))
        if len(content) < SMALL:
            thread.run()
            return Digest(self, found, None)
        thread.start()
        self._threads.append(thread)
        return Digest(self, found, thread)


class Digest:
    """The SHA-256 of some bytes, or of what is in them."""

    def __init__(
        self, hashing: Hashing, found: "hashlib._Hash", thread: threading.Thread | None
    ) -> None:
        self._hashing = hashing
        self._found = found
        self._thread = thread

    def of(self, content: memoryview) -> "Digest":
        """Start to hash something that was found inside."""
        return self._hashing.start(content)

    def hex(self) -> str:
        """Return the digest, as soon as it is known."""
        if self._thread is not None:
            self._thread.join()
        return self._found.hexdigest()
