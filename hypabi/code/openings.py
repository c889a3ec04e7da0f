"""Where the code that a CPU starts with in HYP mode has installed the stub and dropped to SVC.

A kernel of 32-bit Arm, its decompressor and what EFI enters open alike: they read the mode that
they were entered in, call the installer and change their mode; where they are of T32 they are
entered in A32 and go on in T32 at once.  The opening ends in front of the first instruction that
does anything else: one that uses memory, calls another function or asks for an identity of the CPU.
"""

import re
from collections.abc import Iterator
from typing import Final

from hypabi.arch.names import InstructionSet
from hypabi.code.opening_forms import MRS_CPSR, Ends, Onward, Place, has_form, step, word_at
from hypabi.image.model import Access, Image
from hypabi.records import frozen

MOST: Final = 160
"""Instructions of an opening."""
MOST_BEFORE: Final = 64
"""Instructions of a function in front of where it reads its mode."""

READS_HSCTLR: Final = {
    InstructionSet.A32: re.compile(rb"\x10[\x0f-\xef]\x91\xee"),
    InstructionSet.T32: re.compile(rb"\x91\xee\x10[\x0f-\xef]"),
}
"""MRC p15, 4, <Rt>, c1, c0, 0, always, as little-endian words and halfwords."""
NEAR: Final = 16
"""Instructions between the two, of four bytes each."""
SETEND: Final = (0xFFFFFDFF, 0xF1010000)
"""A32 ``setend`` (DDI 0406C, A8.8.157)."""
ALIGNMENT: Final = {InstructionSet.A32: 4, InstructionSet.T32: 2}


@frozen
class Opening:
    """Addresses of its first instruction, and of the first behind it."""

    start: int
    end: int


def opening_at(
    image: Image, address: int, state: InstructionSet, installers: frozenset[int]
) -> Opening | None:
    """Return the opening of code, ``None`` where it does not read as one.

    :param address: of the code's first instruction
    :param state: in which that is
    :param installers: functions that it may call
    """
    place = Place(address, state)
    for _ in range(MOST):
        match step(image, place, installers):
            case Onward(to):
                place = to
            case Ends():
                return Opening(address, place.address)
            case _:
                return None
    return None


def mode_read_in(image: Image, function: int, state: InstructionSet) -> int | None:
    """Return where a function first reads CPSR, ``None`` where it does not soon."""
    place = function
    for _ in range(MOST_BEFORE):
        read = word_at(image, Place(place, state))
        if read is None:
            return None
        word, size = read
        if has_form(word, MRS_CPSR[state]):
            return place
        place += size
    return None


def find_looks_at_hyp(image: Image, state: InstructionSet) -> frozenset[int]:
    """Return where CPSR is read and, in the same opening and close behind, HSCTLR."""
    found = set()
    for place in _reads_of_hsctlr(image, state):
        before = range(place - 4, place - 4 * NEAR, -ALIGNMENT[state])
        read = next((each for each in before if _reads_cpsr(image, Place(each, state))), None)
        opening = None if read is None else opening_at(image, read, state, frozenset())
        if opening is not None and place < opening.end:
            found.add(opening.start)
    return frozenset(found)


def switch_to_t32(image: Image, function: int) -> int | None:
    """Return where a function goes on in T32 that begins in A32 with ``add rN, pc, #1; bx rN``.

    As the entry of a Thumb-2 kernel does, which a boot loader enters in A32; a big-endian one
    says ``setend be`` before.
    """
    words = [word_at(image, Place(function + at, InstructionSet.A32)) for at in (0, 4, 8)]
    skipped = int(words[0] is not None and has_form(words[0][0], SETEND))
    match words[skipped : skipped + 2]:
        case [(first, _), (second, _)] if first & 0xFFFF0FFF == 0xE28F0001:
            goes = second == 0xE12FFF10 | first >> 12 & 15
            return function + 8 + 4 * skipped if goes else None
        case _:
            return None


def enters_t32(image: Image) -> bool:
    """Tell whether the code that an image of 32-bit Arm is entered at, in A32, goes on in T32."""
    place = Place(image.entry, InstructionSet.A32)
    for _ in range(NEAR):
        match step(image, place, frozenset()):
            case Onward(to) if to.state is InstructionSet.T32:
                return True
            case Onward(to):
                place = to
            case _:
                return False
    return False


def _reads_cpsr(image: Image, place: Place) -> bool:
    read = word_at(image, place)
    return read is not None and has_form(read[0], MRS_CPSR[place.state])


def _reads_of_hsctlr(image: Image, state: InstructionSet) -> Iterator[int]:
    for segment in image.segments:
        if segment.access is not Access.CODE:
            continue
        for found in READS_HSCTLR[state].finditer(segment.content):
            place = segment.address + found.start()
            if place % ALIGNMENT[state] == 0:
                yield place
