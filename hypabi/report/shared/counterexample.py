"""What the symbols of a counterexample stand for."""

import enum
import re
from collections.abc import Callable, Mapping
from typing import Final

from hypabi.unknowns import (
    AddressOf,
    Capability,
    General,
    Havoc,
    MemoryWord,
    Named,
    unknown_of,
)

_CAPABILITY: Final = re.compile(r"\bcpucap\.(\d+)\b")
_BANKED: Final = re.compile(r"[xr]\d+_[a-z]{3}|(SP|LR)_\w+")


class Kind(enum.IntEnum):
    """What a symbol of a model stands for, in the order in which a report prints it."""

    GENERAL = 0
    SYSTEM = 1
    MEMORY = 2
    PATCHED = 3
    """A capability for which the kernel patched itself, or did not."""
    ANY = 4
    """Something that the code does not set or that was not followed."""


def kind(name: str) -> Kind:
    """Return what a symbol stands for."""
    match unknown_of(name):
        case General():
            return Kind.GENERAL
        case MemoryWord():
            return Kind.MEMORY
        case Capability() as found:
            return Kind.SYSTEM if found.number is None else Kind.PATCHED
        case Havoc():
            return Kind.ANY
        case Named(register):
            return Kind.GENERAL if _BANKED.fullmatch(register) else Kind.SYSTEM
        case AddressOf():
            return Kind.SYSTEM


def with_capabilities(capabilities: Mapping[str, int]) -> Callable[[str], str]:
    """Return a function that names the capabilities in a text, as far as the image names them."""
    names = {number: name for name, number in capabilities.items()}

    def named(match: re.Match[str]) -> str:
        return names.get(int(match[1]), match[0])

    return lambda text: _CAPABILITY.sub(named, text)
