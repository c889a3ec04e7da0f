"""The bytes we were given: containers opened, symbols read, read-only told from writable.

``load`` turns a file into :class:`~hypabi.image.model.Image` values: immutable segments with
addresses, byte order, symbols, SHA-256 and kernel version.  It guarantees that every loop over
untrusted bytes has a bound and that a base address is proved or refused, never guessed.  What
cannot be read is refused with :class:`~hypabi.image.model.ImageError`: the format it looked like
and the offset where that stopped being true.
"""

__all__ = [
    "containers.compression",
    "content",
    "load",
    "model",
    "parts",
    "script_regions",
    "symbolizer",
    "undefined",
    "version",
]
