"""What a symbol of a term stands for: the one place where its name is spelled and read.

Terms know a symbol by its name alone, and so do reports and files.  Whoever makes a symbol of one
of these kinds takes the name from here, and whoever wants to know what it is asks
:func:`unknown_of`; nobody looks at the spelling.  A symbol that is unknown to others in a special
sense (another side's, another moment's) has the name with a mark behind it, and is of one kind with
the symbol that is not marked.
"""

import re
from collections.abc import Callable
from typing import Final

from hypabi.records import frozen

_WORD: Final = "mem["
_ADDRESS: Final = "&"
_CAPABILITY: Final = "cpucap."
_HAVOC: Final = "any"
_OF_THE: Final = " of the "

_NUMBERED: Final = re.compile(r"[rx]\d+")
_NUMBER: Final = re.compile(r"0x[0-9a-f]+")
_FIXED_WORD: Final = re.compile(r"mem\[(0x[0-9a-f]+)\]")
_OF_SYMBOL: Final = re.compile(r"&([\w.$]+)")
_SIGNED: Final = re.compile(r"any signed (0x[0-9a-f]+) with ([0-9a-f]+)")
_NAME: Final = re.compile(r"\w+")
_PLACE_OF_THE_BUILD: Final = re.compile(r"0x[0-9a-f]{6,}|#")
"""An address of code or data, or a digest of a term that is made of such."""
_NEAR_A_REGISTER: Final = re.compile(r"[rx]\d+( [-+] (0x[0-9a-f]+|[rx]\d+))?")


@frozen
class General:
    """A numbered general register as the caller left it: ``x0``, ``r12``."""

    register: str


@frozen
class MemoryWord:
    """An aligned word of memory as entry finds it: ``mem[x1 + 0x8]``."""

    address: str
    """As a reader knows it; with ``#`` in it, it does not tell everything."""
    mark: str = ""

    @property
    def place(self) -> int | None:
        """Return the address, where it is a number."""
        fixed = not self.mark and _NUMBER.fullmatch(self.address)
        return int(self.address, 16) if fixed else None

    @property
    def is_of_the_caller(self) -> bool:
        """Tell whether general registers say where it lies: the same memory, whoever reads it."""
        return not self.mark and _NEAR_A_REGISTER.fullmatch(self.address) is not None

    @property
    def named(self) -> frozenset[str]:
        """Return the names that its address is made of, registers among them."""
        return frozenset(_NAME.findall(self.address))


@frozen
class Capability:
    """Whether a CPU capability was found, for which the kernel patched itself: ``cpucap.5``."""

    of: str
    """Its number in one build of the kernel, or its name in all."""

    @property
    def number(self) -> int | None:
        """Return its number, where it is known by that."""
        return int(self.of) if self.of.isascii() and self.of.isdigit() else None


@frozen
class Havoc:
    """What code does not set, or what was not followed: ``any3@0x80001000.64``."""


@frozen
class AddressOf:
    """An address of one build, by the name that it has in all: ``&symbol+0x10``."""


@frozen
class Named:
    """Any other register, or something else that has a name of its own."""

    name: str


Unknown = General | MemoryWord | Capability | Havoc | AddressOf | Named


def unknown_of(name: str) -> Unknown:
    """Return what a symbol stands for."""
    if name.startswith(_WORD):
        address, _, mark = name[len(_WORD) :].rpartition("]")
        return MemoryWord(address, mark)
    if name.startswith(_CAPABILITY):
        return Capability(name[len(_CAPABILITY) :])
    if name.startswith(_ADDRESS):
        return AddressOf()
    if name.startswith(_HAVOC):
        return Havoc()
    return General(name) if _NUMBERED.fullmatch(name) else Named(name)


def is_general(name: str) -> bool:
    """Tell whether a name is that of a numbered general register."""
    return _NUMBERED.fullmatch(name) is not None


def word_name(address: str) -> str:
    """Return the name of a word of memory."""
    return f"{_WORD}{address.removeprefix(_ADDRESS)}]"


def capability_name(of: int | str) -> str:
    """Return the name of a capability, by its number or by its name in all builds."""
    return f"{_CAPABILITY}{of}"


def havoc_name(count: int, address: int, width: int) -> str:
    """Return the name of what an instruction leaves open.

    :param count: tells it from others of one path
    """
    return f"{_HAVOC}{count}@{address:#x}.{width}"


def signed_name(pointer: int, with_: str) -> str:
    """Return the name of a pointer with its authentication code.

    :param with_: a digest of all that the code depends on
    """
    return f"{_HAVOC} signed {pointer:#x} with {with_}"


def pointer_signed(name: str, with_: str) -> int | None:
    """Return the pointer that was signed with the same; ``None`` where it is not known."""
    found = _SIGNED.fullmatch(name)
    return int(found[1], 16) if found and found[2] == with_ else None


def is_signed(name: str) -> bool:
    """Tell whether a symbol is a pointer with its authentication code."""
    return _SIGNED.fullmatch(name) is not None


def marked(name: str, side: str) -> str:
    """Return the name of an unknown that only one side knows: ``cpucap.5 of the old``."""
    return f"{name}{_OF_THE}{side}"


def is_marked(name: str) -> bool:
    """Tell whether only one side knows an unknown."""
    return _OF_THE in name


def symbol_address(symbol: str) -> str:
    """Return the name of the address of a symbol that no file defines."""
    return f"{_ADDRESS}{symbol}"


def undefined_symbol(name: str) -> str | None:
    """Return the symbol of which a name is the address, ``None`` of any other name."""
    return name.removeprefix(_ADDRESS) if name.startswith(_ADDRESS) else None


def undefined_symbols(name: str) -> tuple[str, ...]:
    """Return the symbols that no file defines and on whose address an unknown depends."""
    return tuple(_OF_SYMBOL.findall(name))


def undefined_text(symbol: str) -> str:
    """Say of a symbol that nobody knows where it is."""
    return f"{symbol}, which no file here defines"


def is_of_one_build(name: str) -> bool:
    """Tell whether a symbol means nothing in another build of a kernel."""
    match unknown_of(name):
        case Havoc():
            return True
        case Capability() as found:
            return found.number is not None
        case General() | MemoryWord() | AddressOf() | Named():
            return _PLACE_OF_THE_BUILD.search(name) is not None


def fixed_words(text: str) -> tuple[int, ...]:
    """Return where the words of memory lie that a text names by their addresses."""
    return tuple(int(found, 16) for found in _FIXED_WORD.findall(text))


def with_fixed_words_moved(name: str, moved: Callable[[int], int]) -> str:
    """Return a name in which each word at a fixed address lies at another one."""
    return _FIXED_WORD.sub(lambda word: word_name(f"{moved(int(word[1], 16)):#x}"), name)
