"""Prove where a kernel image is linked, or refuse.

Symbols say what lies where relative to each other; only the image's own pointers say at which address.
A base counts as proved when it is the only candidate and the functions that the symbols then name
start where code starts.
"""

import struct
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.code_shape import meets_code
from hypabi.image.content import Content
from hypabi.image.kallsyms import OffsetKind, Tables
from hypabi.image.model import ImageError
from hypabi.image.relocations import Relative
from hypabi.image.symbols import function_offsets

PAGE = 0x1000
SEGMENT_ALIGN = 0x10000
"""Alignment of an arm64 kernel's link address (arch/arm64/kernel/vmlinux.lds.S)."""
MAX_HEAD = 0x200000
"""Furthest that the first symbol lies from the start of an arm64 Image."""
SAMPLES = 512
"""How many functions are looked at."""
ENOUGH = 0.9
"""Share of the functions that must meet code."""
VOTERS = 1024
"""How many pointers decide a base, where pointers do."""
MIN_VOTES = 64
"""Fewest of them that must meet a symbol."""
VOTING_CHUNKS = 32
VOTING_CHUNK = 0x8000
"""How many parts of the image are searched for pointers, and how long each is."""


_BEFORE = (0, 8)
"""How far before a function its pointers point: ftrace's list names the two NOPs in front of each
(``-fpatchable-function-entry=4,2``, arch/arm64/Makefile)."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where the first byte of the image is linked, where its symbols are, and why that is so."""

    address: int
    symbols: list[int]
    how: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    address: int
    first_symbol: int
    """What the offsets of kallsyms are relative to."""
    how: str


def prove_arm64(
    where: str, content: Content, size: int, tables: Tables, relative: Relative
) -> Base:
    """Find the link address of an arm64 Image.

    :param size: how long the image is in memory
    :param relative: the relocations found in the image
    :raises ImageError: no address, or more than one, fits
    """
    match tables.kind:
        case OffsetKind.PLACE:
            candidates = list(_by_pointers(content, tables, size))
        case OffsetKind.BASE:
            candidates = list(_by_base_word(content, tables, relative))
        case OffsetKind.NOTHING:
            raise ImageError(where, "kallsyms of an arm64 Image holds 32-bit addresses")
    functions = function_offsets(tables, SAMPLES)
    proved = []
    for candidate in candidates:
        shift = candidate.first_symbol - candidate.address
        share = _share(content, Architecture.ARM64, (at + shift for at in functions))
        if share >= ENOUGH:
            how = f"{candidate.how}; {share:.1%} of {len(functions)} functions meet code"
            proved.append((candidate, how))
    if len(proved) != 1:
        found = ", ".join(f"{candidate.address:#x}" for candidate, _ in proved) or "none"
        raise ImageError(
            where, f"the load address cannot be proved: {found} fits", "give the ELF vmlinux"
        )
    candidate, how = proved[0]
    return Base(candidate.address, [candidate.first_symbol + at for at in tables.offsets], how)


def _share(content: Content, architecture: Architecture, positions: Iterable[int]) -> float:
    """Return the share of the functions that start where code starts."""
    met = [meets_code(content, architecture, position) for position in positions]
    return sum(met) / len(met) if met else 0.0


def _by_base_word(
    content: Content, tables: Tables, relative: Relative
) -> Iterable[_Candidate]:
    """Yield what the relative base word allows: it holds the address of the first symbol."""
    position = tables.base_position
    word = content.integer(position, 8, tables.order) or 0
    if word:
        # The word holds its value: not relocatable, or relocated through .relr.dyn.
        for head in range(0, MAX_HEAD, PAGE):
            if (word - head) % SEGMENT_ALIGN == 0:
                yield _Candidate(word - head, word, "kallsyms' relative base word")
        return
    # Up to 6.3 the word is zero in the file; the one relocation that fits its place has the value.
    for place, value in zip(relative.places, relative.values, strict=True):
        address = place - position
        if address % PAGE == 0 and 0 <= value - address < MAX_HEAD and value % PAGE == 0:
            yield _Candidate(address, value, "the relocation of kallsyms' relative base word")


def _by_pointers(content: Content, tables: Tables, size: int) -> Iterable[_Candidate]:
    """Yield the only address at which the image's pointers lie in it and meet its symbols."""
    pointers = sorted(set(_pointers(content, tables.order)))
    sample = pointers[:: max(1, len(pointers) // VOTERS)]
    met = {offset - before for offset in tables.offsets for before in _BEFORE}
    scores: list[tuple[int, int]] = []
    for address in _windows(sample, size):
        score = sum(pointer - address in met for pointer in sample)
        scores.append((score, address))
    scores.sort(reverse=True)
    if scores and scores[0][0] >= MIN_VOTES and all(3 * s < scores[0][0] for s, _ in scores[1:]):
        score, address = scores[0]
        how = f"{score} of {len(sample)} pointers of the image meet its symbols"
        yield _Candidate(address, address, how)


def _windows(pointers: list[int], size: int) -> Iterable[int]:
    """Yield the aligned addresses from which an image of ``size`` holds the most pointers."""
    within = [bisect_left(pointers, pointer + size) - i for i, pointer in enumerate(pointers)]
    if not within:
        return
    most = max(within)
    first = within.index(most)
    low, high = pointers[first], pointers[first + most - 1]
    for number in range((high - size) // SEGMENT_ALIGN + 1, low // SEGMENT_ALIGN + 1):
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
