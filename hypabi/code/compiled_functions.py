"""Where compiled code starts: the functions that assembler calls and that are not followed."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.code.a64_words import branch_target, goes_on, word_at
from hypabi.image.model import Access, Image

PROLOGUE: Final = 4
"""Instructions in which a compiled function sets its frame up, if it has one."""

PACIASP: Final = 0xD503233F
STP_FRAME_RECORD: Final = (0xFFC07FFF, 0xA9807BFD)
"""``stp x29, x30, [sp, #-n]!`` (AAPCS64 6.4.6, the frame record)."""
SUB_SP: Final = (0xFF8003FF, 0xD10003FF)
"""``sub sp, sp, #n``."""
PASSED_OVER: Final = frozenset({0xD503201F, 0xD503245F, 0xD503233F})
"""``nop`` and ``bti c``, where tracers and branch targets leave their room."""

HANDED_TO: Final = frozenset({"handle_trap"})
"""C functions that the kernel's assembler hands a call to (nvhe/host.S), where no contract says."""
SERVING: Final = "handle_"
"""What the names of C functions begin with that serve a call (nvhe/hyp-main.c)."""
NVHE_PREFIX: Final = "__kvm_nvhe_"

MOST_FOLLOWED: Final = 1024
"""Instructions of a function, and of those it calls directly, that are followed as assembler is."""


def is_compiled(
    image: Image,
    handed_to: frozenset[str] = HANDED_TO,
    followed: frozenset[str] = frozenset(),
) -> Callable[[int], str | None]:
    """Return a function that names the compiled function at an address, ``None`` where none starts.

    Only a kernel is too large to be followed from its handlers into C; of any other program all is
    followed, compiled or not.  Assembler makes frames as well, so a frame alone tells nothing.  A
    function of a kernel that makes one, as the procedure-call standard says, is compiled if a
    contract ends at it, if it signs its return address, or if it leads to more code than a handler
    in assembler has; one without a symbol goes by its address.  Taking assembler for compiled code
    would end a path early, as ``Called``; it could never prove anything.

    :param handed_to: functions at which a contract ends; of those that it names itself, also ones
        without a frame
    :param followed: compiled functions that are followed all the same, by symbol or address; what
        they call to serve a number ends the path then (``handle_...`` of nvhe/hyp-main.c)
    """
    known: dict[int, str | None] = {}
    ends = cache(lambda: _ends(image, handed_to - HANDED_TO) | _undefined(image, handed_to))

    into = cache(lambda: _addresses(image, followed))

    is_kernel = cache(lambda: bool(image.version) or bool(_ends(image, handed_to | HANDED_TO)))

    def name_at(address: int) -> str | None:
        if followed and address in into():
            return None
        if followed and (served := _serving(image, address)):
            return served
        if address in ends():
            return ends()[address]
        if image.architecture is not Architecture.ARM64 or not is_kernel():
            return None
        if address not in known:
            known[address] = _compiled_at(image, address, handed_to)
        return known[address]

    return name_at


def _addresses(image: Image, functions: frozenset[str]) -> frozenset[int]:
    """Return where functions start that are named by symbol or address."""
    numbers = {int(name, 16) for name in functions if name.startswith("0x")}
    return frozenset(numbers | set(_ends(image, functions)))


def _serving(image: Image, address: int) -> str | None:
    """Return the name of a function that serves a number, ``None`` where none starts."""
    symbol = image.symbols.around(address)
    if symbol is None or symbol.address != address:
        return None
    plain = symbol.name.removeprefix(NVHE_PREFIX)
    return symbol.name if plain.startswith(SERVING) else None


def _ends(image: Image, functions: frozenset[str]) -> dict[int, str]:
    """Return the functions of these names, by address."""
    return {
        symbol.address: symbol.name
        for name in functions
        for spelled in (name, NVHE_PREFIX + name)
        for symbol in image.symbols.find(spelled)
    }


def _undefined(image: Image, functions: frozenset[str]) -> dict[int, str]:
    """Return those of these functions that no file defines, by the address of a branch to them."""
    return {
        address: name
        for address, name in image.stand_ins.items()
        if name.removeprefix(NVHE_PREFIX) in functions
    }


def _compiled_at(image: Image, address: int, handed_to: frozenset[str]) -> str | None:
    if not _makes_a_frame(image, address):
        return None
    symbol = image.symbols.around(address)
    name = f"{address:#x}" if symbol is None or symbol.address != address else symbol.name
    if name.removeprefix(NVHE_PREFIX) in handed_to or _is_large(image, address):
        return name
    return None


def _makes_a_frame(image: Image, address: int) -> bool:
    for position in range(PROLOGUE):
        word = _word(image, address + 4 * position)
        if word is None:
            return False
        if word == PACIASP or any(word & m == v for m, v in (STP_FRAME_RECORD, SUB_SP)):
            return True
        if word not in PASSED_OVER:
            return False
    return False


def _is_large(image: Image, address: int) -> bool:
    """Tell whether a function leads directly to more code than is followed, or to signed returns.

    No assembler of a kernel's handlers signs a return address; its C does throughout.
    """
    seen = {address}
    waiting = [address]
    while waiting:
        if len(seen) > MOST_FOLLOWED:
            return True
        place = waiting.pop()
        word = _word(image, place)
        if word is None:
            continue
        if word == PACIASP:
            return True
        for target in _following(word, place):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return False


def _following(word: int, place: int) -> Iterator[int]:
    """Yield where control goes directly from an instruction."""
    target = branch_target(word, place)
    if target is not None:
        yield target
    if goes_on(word):
        yield place + 4


def _word(image: Image, address: int) -> int | None:
    return word_at(image, address) if image.access(address) is Access.CODE else None
