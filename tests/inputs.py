"""What the fixtures of ``conftest.py`` give a test, as types."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, Protocol

ROOT: Final = Path(__file__).resolve().parents[1]
"""The repository."""

Kernel = Callable[[str], Path]
"""The ``vmlinuz`` of a pinned kernel, by its name in ``kernels/pins.toml``."""


class Assemble(Protocol):
    """Turn assembly into ELF with GNU binutils, an assembler that we did not write."""

    def __call__(
        self,
        source: str,
        architecture: Literal["arm", "arm64"],
        *,
        flags: Sequence[str] = (),
        text: int | None = None,
        link: Sequence[str] = (),
    ) -> Path:
        """Return the relocatable object, or the linked program where ``text`` is given.

        :param flags: for the assembler: ``-march=armv7ve``, ``-EB``
        :param text: address of ``.text``; linking starts there
        :param link: for the linker: ``-EB``, ``--be8``, ``-Tdata=0x...``
        """
        ...
