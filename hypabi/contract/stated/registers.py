"""The registers that a stated contract may name: what callers of each architecture can pass.

x86: Intel SDM volume 1, 3.4.1.  s390: z/Architecture Principles of Operation, chapter 2.
PowerPC: Power ISA, book I, 3.2.  An interface whose registers are named by width (``w0``, ``eax``)
is named by their full width here.
"""

import re
from collections.abc import Iterator
from typing import Final, assert_never

from hypabi.contract.architectures import ArchitectureName
from hypabi.decode.place import Place, closest_name

_RANGE: Final = re.compile(r"([a-z]+)(\d{1,2})-([a-z]+)(\d{1,2})")
_X86: Final = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp")


def registers_on(architecture: ArchitectureName) -> tuple[str, ...]:
    """Return the registers of an architecture that a call can use."""
    match architecture:
        case ArchitectureName.ARM:
            return (*_numbered("r", 13), "lr")
        case ArchitectureName.ARM64:
            return _numbered("x", 31)
        case ArchitectureName.X86:
            return (*_X86, *_numbered("r", 16)[8:])
        case ArchitectureName.S390:
            return _numbered("r", 16)
        case ArchitectureName.POWERPC:
            return (*_numbered("r", 32), "cr", "ctr", "lr", "xer")
        case _:
            assert_never(architecture)


def expand(names: tuple[str, ...], architecture: ArchitectureName, place: Place) -> tuple[str, ...]:
    """Spell out ranges: ``("r3-r5",)`` is ``("r3", "r4", "r5")``.

    :raises FileError: the architecture has not these registers
    """
    return tuple(each for name in names for each in _one_or_range(name, architecture, place))


def _one_or_range(name: str, architecture: ArchitectureName, place: Place) -> Iterator[str]:
    match = _RANGE.fullmatch(name)
    if match is None:
        yield known(name, architecture, place)
        return
    kind, first, other, last = match.groups()
    if kind != other or int(first) > int(last):
        raise place.refuse(f"{name!r} is no range of registers", "write it as r3-r10")
    for number in range(int(first), int(last) + 1):
        yield known(f"{kind}{number}", architecture, place)


def known(name: str, architecture: ArchitectureName, place: Place) -> str:
    """Return a register's name.

    :raises FileError: the architecture has no such register
    """
    registers = registers_on(architecture)
    if name not in registers:
        what = f"{architecture.value} has no register {name!r}"
        raise place.refuse(what, closest_name(name, registers))
    return name


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(count))
