"""The last resort against an input that takes all memory: a limit of address space.

What is read and reasoned about is bounded by counting; this is for what was not thought of, and
says *out of memory* where a machine would otherwise start to swap.
"""

import resource
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MOST: Final = 2 << 30
"""Address space besides that of the files that are read; half of it is libraries and stacks."""


def bounded_memory(arguments: Sequence[str]) -> None:
    """Limit the address space of this process, and leave room to map the files that it is given.

    The hard limit stays as it is, so that a machine in a process of its own can have more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MOST + sum(map(_size, arguments))
    for existing in (soft, hard):
        if existing != resource.RLIM_INFINITY:
            limit = min(limit, existing)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _size(argument: str) -> int:
    """Return how large a file is that an argument names, 0 where it names none."""
    try:
        found = Path(argument).stat()
    except (OSError, ValueError):
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
