"""Who is told what takes long."""

from collections.abc import Callable

Progress = Callable[[str], None]
"""Takes a line, as ``arm64: building``."""
