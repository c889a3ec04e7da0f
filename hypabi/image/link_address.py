"""Prove where a kernel image is linked, or refuse.

Symbols say what lies where relative to each other; only the image's own pointers say at which
address.  A base counts as proved when it is the only candidate and the functions that the symbols
then name start where code starts.  That also tells a kernel in A32 from one in T32, since
kallsyms does not say what its functions are.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import product
from typing import assert_never

from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.image.content import Content
from hypabi.image.function_starts import meets_code, vectors_stand
from hypabi.image.kallsyms.names import Names
from hypabi.image.kallsyms.tables import OffsetKind
from hypabi.image.model import ImageError
from hypabi.image.relative_relocations import Relative
from hypabi.records import frozen

PAGE = 0x1000
SEGMENT_ALIGN = 0x10000
"""Alignment of an arm64 kernel's link address (arch/arm64/kernel/vmlinux.lds.S)."""
MAX_HEAD = 0x200000
"""Furthest that the first symbol lies from the start of an image (``.head.text`` and padding)."""
MAX_STARTS = 4
"""Most symbols that may name the start of the text; a kernel has one."""
SAMPLES = 512
"""How many functions are looked at."""
FEW = 32
"""How many of them a candidate is tried with first."""
ENOUGH = 0.7
ENOUGH_OF_FEW = 0.5
"""Share of the functions, and of the few, that must meet code."""
VOTERS = 512
"""How many pointers decide a base, where pointers do."""
MIN_VOTES = 64
"""Fewest of them that must meet a function."""
VOTING_CHUNKS = 256
VOTING_CHUNK = 0x1000
"""How many parts of the image are searched for pointers, and how long each is: many short ones,
because pointers to functions stand close together in few places."""


_BEFORE = (0, 8)
"""How far before a function its pointers point: ftrace's list names the two NOPs in front of each
(``-fpatchable-function-entry=4,2``, arch/arm64/Makefile)."""


_STATES = {
    Architecture.ARM64: (InstructionSet.A64,),
    Architecture.ARM: (InstructionSet.A32, InstructionSet.T32),
}
"""What the code of a kernel may be; all of it is one."""


@frozen
class Candidate:
    """Where the first byte of the image may be linked, and what says so.

    ``first`` is what the offsets of kallsyms count from.
    """

    address: int
    first: int
    how: str


@frozen
class Base:
    """Where the first byte of the image is linked, and why that is so.

    ``state`` is the instruction set of its functions.
    """

    address: int
    first: int
    how: str
    state: InstructionSet


@frozen
class Place:
    """A section with the symbol tables and the section with the code, and where they are."""

    tables: int
    content: Content
    text: int
    code: Content


def prove_arm64(where: str, content: Content, size: int, names: Names, relative: Relative) -> Base:
    """Find the link address of an arm64 Image.

    :param size: how long the image is in memory
    :param relative: the relocations found in the image
    :raises ImageError: no address, or more than one, fits
    """
    match names.tables.kind:
        case OffsetKind.PLACE:
            candidates = _by_pointers(content, names, size)
        case OffsetKind.BASE:
            candidates = _by_base_word(content, size, names, relative)
        case OffsetKind.NOTHING:
            candidates = _by_text(where, names, 0, "the addresses in kallsyms")
        case _:
            assert_never(names.tables.kind)
    return _prove(where, content, Architecture.ARM64, names, candidates)


def prove_arm(where: str, content: Content, names: Names) -> Base:
    """Find the link address of a 32-bit kernel; kallsyms has absolute addresses there.

    :raises ImageError: no address, or more than one, fits
    """
    match names.tables.kind:
        case OffsetKind.BASE:
            first = content.integer(names.tables.base_position, 4, names.tables.order) or 0
            how = "kallsyms' relative base word"
        case OffsetKind.NOTHING:
            first, how = 0, "the addresses in kallsyms"
        case OffsetKind.PLACE:
            raise AssertionError("the tables of a 32-bit kernel never count from their place")
        case _:
            assert_never(names.tables.kind)
    candidates = _by_text(where, names, first, how)
    return _prove(where, content, Architecture.ARM, names, candidates)


def place_symbols(
    where: str, names: Names, architecture: Architecture, place: Place, relative: Relative
) -> tuple[int, InstructionSet]:
    """Return what the offsets of kallsyms count from where the sections have addresses.

    The second is the instruction set of the functions.

    :raises ImageError: the functions that they name do not start where code starts
    """
    tables = names.tables
    match tables.kind:
        case OffsetKind.PLACE:
            first = place.tables
        case OffsetKind.NOTHING:
            first = 0
        case OffsetKind.BASE:
            size = architecture.bits // 8
            word = place.content.integer(tables.base_position, size, tables.order)
            first = word or relative.value(place.tables + tables.base_position) or 0
        case _:
            assert_never(tables.kind)
    shift = first - place.text
    functions = [at for at in names.function_offsets(SAMPLES) if 0 <= at + shift < len(place.code)]
    shares = {each: _share(place.code, each, functions, shift) for each in _STATES[architecture]}
    state, share = max(shares.items(), key=lambda item: item[1])
    if share < ENOUGH:
        raise ImageError(
            where, f"kallsyms does not belong to this code: {share:.0%} of its functions meet it"
        )
    return first, state


def _prove(
    where: str,
    content: Content,
    architecture: Architecture,
    names: Names,
    candidates: Iterable[Candidate],
) -> Base:
    """Keep the candidates whose functions meet code; refuse unless there is exactly one."""
    functions = names.function_offsets(SAMPLES)
    few = functions[:: max(1, len(functions) // FEW)]
    proved: list[Base] = []
    for candidate, state in product(candidates, _STATES[architecture]):
        shift = candidate.first - candidate.address
        if _enough(content, state, few, shift):
            share = _share(content, state, functions, shift)
            if share >= ENOUGH:
                met = f"{share:.1%} of {len(functions)} functions meet code there only"
                how = f"{candidate.how}; {met}"
                proved.append(Base(candidate.address, candidate.first, how, state))
    if len(proved) != 1:
        found = " and ".join(f"{base.address:#x}" for base in proved) or "nothing"
        raise ImageError(
            where, f"the load address cannot be proved: {found} fits", "give the ELF vmlinux"
        )
    _check_vectors(where, content, names, proved[0])
    return proved[0]


def _enough(content: Content, state: InstructionSet, few: list[int], shift: int) -> bool:
    """Tell, as soon as it is certain, whether enough of a few functions meet code."""
    missed, allowed = 0, (1 - ENOUGH_OF_FEW) * len(few)
    for at in few:
        missed += not meets_code(content, state, at + shift)
        if missed > allowed:
            return False
    return bool(few)


def _share(content: Content, state: InstructionSet, functions: list[int], shift: int) -> float:
    """Return the share of the functions that start where code starts."""
    met = sum(meets_code(content, state, at + shift) for at in functions)
    return met / len(functions) if functions else 0.0


def _check_vectors(where: str, content: Content, names: Names, base: Base) -> None:
    """Refuse a base at which the vectors of the hyp-stub do not stand at their symbol."""
    for offset in names.offsets("__hyp_stub_vectors"):
        address = base.first + offset
        if not vectors_stand(content, base.state, address - base.address):
            raise ImageError(
                where, f"at {address:#x}, __hyp_stub_vectors, there is no vector table"
            )


def _by_text(where: str, names: Names, first: int, how: str) -> Iterable[Candidate]:
    """Return what the start of the text allows, where kallsyms has addresses."""
    text = [first + at for at in names.offsets("_text")]
    # _text is on a page: KERNEL_OFFSET + TEXT_OFFSET (vmlinux.lds.S); _stext need not be.
    starts = text or [first + at for at in names.offsets("_stext")]
    if len(starts) > MAX_STARTS:
        raise ImageError(where, f"{len(starts)} symbols name the start of the kernel's text")
    heads = range(1) if text else range(0, MAX_HEAD, PAGE)
    return [Candidate((start & -PAGE) - head, first, how) for start in starts for head in heads]


def _by_base_word(
    content: Content, size: int, names: Names, relative: Relative
) -> Iterable[Candidate]:
    """Yield what the relative base word allows: it holds the address of the first symbol."""
    position = names.tables.base_position
    word = content.integer(position, 8, names.tables.order) or 0
    if word:
        # The word holds its value: not relocatable, or relocated through .relr.dyn.
        text = [word + at for at in names.offsets("_text")]
        heads = range(0, MAX_HEAD, PAGE)
        for address in text or [word - head for head in heads]:
            if address % SEGMENT_ALIGN == 0:
                yield Candidate(address, word, "kallsyms' relative base word")
        return
    # Up to 6.3 the word is zero in the file; the one relocation that fits its place has the value.
    for address in _windows(relative.places, size):
        value = relative.value(address + position)
        if value is not None and 0 <= value - address < MAX_HEAD and value % PAGE == 0:
            yield Candidate(address, value, "the relocation of kallsyms' relative base word")


def _by_pointers(content: Content, names: Names, size: int) -> Iterable[Candidate]:
    """Yield the only address at which the pointers that meet the code meet its functions.

    Only pointers into the code vote.  There all of them meet a symbol at the right address and a
    tenth at a wrong one; among data, whose objects stand close together, it is a half and a fifth
    (measured on Debian's 7.0 to 7.3).
    """
    text = [names.offsets(name) for name in ("_stext", "_etext")]
    if not all(len(found) == 1 for found in text):
        return
    pointers = sorted(set(_pointers(content, names.tables.order)))
    sample = _densest(pointers[:: max(1, len(pointers) // VOTERS)], size)
    (first,), (end,) = text
    votes: list[tuple[int, int, int]] = []
    for address in _windows(sample, size):
        low, high = (bisect_left(pointers, address + offset) for offset in (first, end))
        chosen = pointers[low : high : max(1, (high - low) // VOTERS)]
        met = sum(_meets(names.tables.offsets, voter - address) for voter in chosen)
        votes.append((met, len(chosen), address))
    votes.sort(reverse=True)
    if votes and _elected(votes):
        met, voters, address = votes[0]
        how = f"{met} of {voters} pointers to code meet its symbols"
        yield Candidate(address, address, how)


def _elected(votes: list[tuple[int, int, int]]) -> bool:
    """Tell whether the first address has enough votes, and three times as many as any other."""
    met, voters, _ = votes[0]
    alone = all(3 * others < met for others, _, _ in votes[1:])
    return met >= MIN_VOTES and met >= ENOUGH * voters and alone


def _meets(offsets: Sequence[int], distance: int) -> bool:
    """Tell whether a symbol is at this distance, or where ftrace's list points at it."""
    index = bisect_left(offsets, distance)
    for before in _BEFORE:
        index = bisect_left(offsets, distance + before, index)
        if index < len(offsets) and offsets[index] == distance + before:
            return True
    return False


def _densest(pointers: list[int], size: int) -> list[int]:
    """Return the pointers in the window of ``size`` that holds most; others only look like it."""
    within = [bisect_left(pointers, pointer + size) - i for i, pointer in enumerate(pointers)]
    most = max(within, default=0)
    first = within.index(most) if within else 0
    return pointers[first : first + most]


def _windows(pointers: Sequence[int], size: int) -> Iterable[int]:
    """Yield the aligned addresses from which an image of ``size`` holds all the sorted pointers."""
    if pointers:
        lowest = (pointers[-1] - size) // SEGMENT_ALIGN + 1
        for number in range(lowest, pointers[0] // SEGMENT_ALIGN + 1):
            yield number * SEGMENT_ALIGN


def _pointers(content: Content, order: ByteOrder) -> Iterable[int]:
    """Yield the words of some parts of the image that look like kernel addresses."""
    letter = "<" if order is ByteOrder.LITTLE else ">"
    step = max(len(content) // VOTING_CHUNKS & -8, VOTING_CHUNK)
    for start in range(0, len(content), step):
        chunk = content.read(start, VOTING_CHUNK)
        count = len(chunk) // 8
        for word in struct.unpack(f"{letter}{count}Q", chunk[: 8 * count]):
            # The uppermost 4 GiB hold small negative numbers; no kernel is linked there.
            if word >> 48 == 0xFFFF and word >> 32 != 0xFFFF_FFFF:
                yield word
