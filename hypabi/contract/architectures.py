"""The architectures that a stated contract may speak of, and a value for each of them.

A contract that is held against code speaks of :class:`hypabi.arch.names.Architecture` only: what
hypabi reads images of.  A stated one describes interfaces beside them.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from hypabi.records import field, frozen

T = TypeVar("T")


class ArchitectureName(enum.Enum):
    """An architecture, spelled as its folder in the kernel's tree."""

    ARM = "arm"
    ARM64 = "arm64"
    X86 = "x86"
    S390 = "s390"
    POWERPC = "powerpc"


@frozen
class OnEach(Generic[T]):
    """One value wherever a contract speaks, or one for each architecture that it names."""

    everywhere: T | None
    named: Mapping[ArchitectureName, T] = field(default_factory=lambda: MappingProxyType({}))

    def on(self, architecture: ArchitectureName) -> T | None:
        """Return the value there, ``None`` where the file gives none."""
        return self.named.get(architecture, self.everywhere)
