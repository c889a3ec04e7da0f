"""Prove where a kernel image is linked, or refuse.

Symbols say what lies where relative to each other; only the image's own pointers say at which address.
A base counts as proved when it is the only candidate and the functions that the symbols then name
start where code starts.
"""

import struct
from collections import Counter
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
MIN_VOTES = 64
"""Fewest pointers that must agree where pointers decide the base."""
VOTING_CHUNKS = 32
VOTING_CHUNK = 0x8000
"""How many parts of the image are searched for pointers, and how long each is."""


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


def prove_arm64(where: str, content: Content, tables: Tables, relative: Relative) -> Base:
    """Find the link address of an arm64 Image.

    :param relative: the relocations found in the image
    :raises ImageError: no address, or more than one, fits
    """
    match tables.kind:
        case OffsetKind.PLACE:
            candidates = list(_by_pointers(content, tables))
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


def _by_pointers(content: Content, tables: Tables) -> Iterable[_Candidate]:
    """Yield the address at which most of the image's pointers point at symbols."""
    votes = Counter[int]()
    by_low: dict[int, list[int]] = {}
    for offset in sorted(set(function_offsets(tables, 16 * SAMPLES))):
        by_low.setdefault(offset % SEGMENT_ALIGN, []).append(offset)
    for pointer in _pointers(content, tables.order):
        for offset in by_low.get(pointer % SEGMENT_ALIGN, ()):
            votes[pointer - offset] += 1
    ranked = votes.most_common(2)
    if ranked and ranked[0][1] >= MIN_VOTES and (len(ranked) == 1 or ranked[0][1] >= 4 * ranked[1][1]):
        address, count = ranked[0]
        yield _Candidate(address, address, f"{count} of the image's pointers meet its symbols")


def _pointers(content: Content, order: ByteOrder) -> Iterable[int]:
    """Yield the words of some parts of the image that look like kernel addresses."""
    letter = "<" if order is ByteOrder.LITTLE else ">"
    step = max(len(content) // VOTING_CHUNKS & -8, VOTING_CHUNK)
    for start in range(0, len(content), step):
        chunk = content.read(start, VOTING_CHUNK)
        count = len(chunk) // 8
        for word in struct.unpack(f"{letter}{count}Q", chunk[: 8 * count]):
            if word >> 48 == 0xFFFF and word != 0xFFFF_FFFF_FFFF_FFFF:
                yield word
