"""Find the words of an image that are an ``hvc`` or ``smc``, and who calls a function.

A word is looked for by its encoding: A64 DDI 0487 C6.2.113 and C6.2.377; A32 and T32 DDI 0406C
A8.8.62 and B9.3.14.  A word that only looks so, in a literal pool or in data, is told by flow,
which is not looked at here.

Which instruction set a place holds is what its symbol says; in a program without symbols, what most
of a segment reads as.  Code is what the loader takes for code; in data of an arm64 kernel only
``#0`` among words that all decode is taken, because up to 6.1 the loader cannot tell
``.rodata.text`` from the data around it.
"""

import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from hypabi.arch.names import Architecture, Conduit, InstructionSet
from hypabi.code import register_usage
from hypabi.code.alternatives import Patches
from hypabi.code.t32_words import branch_target, call_target, read_t32
from hypabi.image.model import Access, Image, ImageError, Segment
from hypabi.records import frozen

A64: Final = {Conduit.HVC: 0xD4000002, Conduit.SMC: 0xD4000003}
A64_ZERO: Final = {
    conduit: re.compile(re.escape(word.to_bytes(4, "little"))) for conduit, word in A64.items()
}
EXCEPTIONS: Final = re.compile(rb"\xd4")
"""Top byte of A64's SVC, HVC, SMC, BRK and HLT."""
ONE: Final = re.compile(rb"\x01")
A32: Final = {
    Conduit.HVC: (re.compile(rb"\xe1"), 0x0FF000F0, 0x01400070),
    Conduit.SMC: (re.compile(rb"[\x01-\xe1]"), 0x0FFFFFF0, 0x01600070),
}
"""Of each: what is on top, what is fixed, and how.  HVC has no condition, SMC may have one."""
T32: Final = {Conduit.HVC: (0xF000FFF0, 0x8000F7E0), Conduit.SMC: (0xFFFFFFF0, 0x8000F7F0)}
"""What is fixed, and how; the first halfword is the lower one."""
T32_TOP: Final = re.compile(rb"\xf7")

BEFORE: Final = 12
BEHIND: Final = 5
"""Words on each side of an ``hvc`` in data that have to decode."""
MOST_SITES: Final = 1024
"""Of one program; the largest real one has 130."""


@frozen
class Branch:
    """How one kind of branch is told by its encoding."""

    words: Mapping[Architecture, tuple[int, int, int]]
    """Of A64 and A32: the bits of its distance, how many words on that counts from, and its upper
    half."""
    tops: "re.Pattern[bytes]"
    """Of T32: the upper bytes of its halfwords."""
    target: Callable[[int, int], int | None]
    """Of T32: where it goes, by its word and its place."""


CALLS: Final = Branch(
    {Architecture.ARM64: (26, 0, 0x9400), Architecture.ARM: (24, 2, 0xEB00)},
    re.compile(rb"[\xf0-\xf7](?=[\xd0-\xdf\xf0-\xff])"),
    call_target,
)
"""BL."""
JUMPS: Final = Branch(
    {Architecture.ARM64: (26, 0, 0x1400), Architecture.ARM: (24, 2, 0xEA00)},
    re.compile(rb"[\xe0-\xe7]|[\xf0-\xf7](?=[\x90-\x9f\xb0-\xbf])"),
    branch_target,
)
"""B."""


@frozen
class Word:
    """A word that is an ``hvc``, or ``smc``, if it is code."""

    address: int
    state: InstructionSet
    immediate: int
    in_code: bool
    """Whether the loader takes the place for code."""
    conduit: Conduit = Conduit.HVC


def hvc_words(image: Image, conduit: Conduit = Conduit.HVC) -> tuple[Word, ...]:
    """Return every word of an image that can be an ``hvc``, or ``smc``, by address.

    :raises ImageError: there are more than ``MOST_SITES``
    """
    found: list[Word] = []
    for segment in image.segments:
        for word in _words(image, segment, conduit):
            if len(found) == MOST_SITES:
                what = f"more than {MOST_SITES} words of the program are an {conduit.value}"
                raise ImageError(f"{word.address:#x}", what, "no kernel has as many")
            found.append(word)
    return tuple(found)


def _words(image: Image, segment: Segment, conduit: Conduit) -> Iterator[Word]:
    code = segment.access is Access.CODE
    if image.architecture is Architecture.ARM:
        if code:
            yield from _words_of_arm(image, segment, conduit)
    elif code:
        yield from _words_of_arm64(segment, conduit)
    elif segment.access is Access.WRITABLE:
        for offset, _ in _matches(A64_ZERO[conduit], segment, 4):
            if _among_code(segment, offset):
                address = segment.address + offset
                yield Word(address, InstructionSet.A64, 0, in_code=False, conduit=conduit)


def _words_of_arm64(segment: Segment, conduit: Conduit) -> Iterator[Word]:
    content, wanted = segment.content, A64[conduit]
    for match in EXCEPTIONS.finditer(bytes(content)[3::4]):
        offset = 4 * match.start()
        word = int.from_bytes(content[offset : offset + 4], "little")
        if word & 0xFFE0001F == wanted:
            address, immediate = segment.address + offset, word >> 5 & 0xFFFF
            yield Word(address, InstructionSet.A64, immediate, in_code=True, conduit=conduit)


def _words_of_arm(image: Image, segment: Segment, conduit: Conduit) -> Iterator[Word]:
    content = bytes(segment.content)
    thumb = None if len(image.symbols) else _reading(content)
    second = content[2::4]
    pattern, mask, wanted = A32[conduit]
    tops = [match.start() for match in pattern.finditer(content[3::4])]
    for offset in [4 * at for at in tops if second[at] & mask >> 16 & 0xF0 == wanted >> 16 & 0xF0]:
        word = int.from_bytes(content[offset : offset + 4], "little")
        address = segment.address + offset
        if word & mask == wanted and not _is_thumb(image, address, thumb):
            immediate = word >> 4 & 0xFFF0 | word & 0xF
            yield Word(address, InstructionSet.A32, immediate, in_code=True, conduit=conduit)
    last = content[3::2]
    mask, wanted = T32[conduit]
    tops = [match.start() for match in T32_TOP.finditer(content[1::2])]
    for offset in [2 * at for at in tops if at < len(last) and last[at] & 0xF0 == 0x80]:
        word = int.from_bytes(content[offset : offset + 4], "little")
        address = segment.address + offset
        if word & mask == wanted and _is_thumb(image, address, thumb):
            four, twelve = word & 0xF, word >> 16 & 0xFFF
            immediate = four << 12 | twelve if conduit is Conduit.HVC else four
            yield Word(address, InstructionSet.T32, immediate, in_code=True, conduit=conduit)


def _matches(
    pattern: "re.Pattern[bytes]", segment: Segment, alignment: int
) -> Iterator[tuple[int, int]]:
    """Yield offset and word of each aligned match; matches may overlap unaligned ones."""
    position, content = 0, segment.content
    while (match := pattern.search(content, position)) is not None:
        position = match.start() + 1
        if not (segment.address + match.start()) % alignment:
            yield match.start(), int.from_bytes(match.group(), "little")


def _reading(content: bytes) -> InstructionSet:
    """Tell T32 code without symbols: of A32 most words are executed always, with 0b1110 on top."""
    tops = content[3::4]
    always = sum(map(tops.count, range(0xE0, 0xF0)))
    return InstructionSet.A32 if 4 * always >= len(tops) else InstructionSet.T32


def _is_thumb(image: Image, address: int, whole: InstructionSet | None) -> bool:
    """Tell whether code is T32; ``whole`` is how a program without symbols reads."""
    if whole is not None:
        return whole is InstructionSet.T32
    symbol = image.symbols.around(address)
    return symbol is not None and symbol.thumb


def _among_code(segment: Segment, offset: int) -> bool:
    """Tell code from data by the words around: they all decode as instructions."""
    first, last = max(0, offset - 4 * BEFORE), offset + 4 + 4 * BEHIND
    content = bytes(segment.content[first:last])
    words = [int.from_bytes(content[at : at + 4], "little") for at in range(0, len(content), 4)]
    return all(register_usage.a64(word) is not None for word in words)


def direct_calls(
    image: Image, targets: Iterable[int], most: int, branch: Branch = CALLS
) -> dict[int, list[int]]:
    """Return by target the addresses of the ``bl`` that call it, at most ``most`` for each.

    A jump at the end of a function (``b``) is another branch.
    """
    found: dict[int, list[int]] = {target: [] for target in targets}
    thumb = frozenset(target for target in found if _is_code_of_t32(image, target))
    for segment in image.segments if found else ():
        if segment.access is not Access.CODE:
            continue
        for target, place in itertools.chain(
            _calls(segment, found.keys() - thumb, branch.words[image.architecture]),
            _thumb_calls(segment, thumb, branch) if thumb else (),
        ):
            if len(found[target]) < most:
                found[target].append(place)
    return found


def _is_code_of_t32(image: Image, address: int) -> bool:
    segment = image.segment(address)
    if segment is None or image.architecture is not Architecture.ARM:
        return False
    whole = None if len(image.symbols) else _reading(bytes(segment.content))
    return _is_thumb(image, address, whole)


def _calls(
    segment: Segment, targets: Collection[int], form: tuple[int, int, int]
) -> Iterator[tuple[int, int]]:
    """Yield targets of A32 or A64, each with a branch to it."""
    bits, bias, opcode = form
    mask, sign = (1 << bits) - 1, 1 << (bits - 1)
    first = segment.address // 4 + bias
    distances = {target // 4 - first for target in targets}
    for at, word in _likely_calls(segment, distances, opcode, mask >> 16):
        target = 4 * (first + at + (word & mask ^ sign) - sign)
        if target in targets:
            yield target, segment.address + 4 * at


def _thumb_calls(
    segment: Segment, targets: Collection[int], branch: Branch
) -> Iterator[tuple[int, int]]:
    """Yield targets of T32, each with a branch to it."""
    content = bytes(segment.content)
    for match in branch.tops.finditer(content[1::2]):
        at = 2 * match.start()
        read = read_t32(content, at)
        target = None if read is None else branch.target(read[0], segment.address + at)
        if target is not None and target in targets:
            yield target, segment.address + at


def _likely_calls(
    segment: Segment, distances: Collection[int], opcode: int, mask: int
) -> Iterator[tuple[int, int]]:
    """Yield, with its number, each word whose upper half is that of a call, and some others.

    Of so many words as the lower half can count, calls of one target have two upper halves.

    :param distances: from the first word to each target, in words
    :param opcode: upper half of a call, but for those bits of its distance that ``mask`` has
    """
    size = 1 << 16
    for start in range(0, len(segment.content) // 4, size):
        ways = {d - at >> 16 & mask | opcode for d in distances for at in (start, start + size - 1)}
        block = bytes(segment.content[4 * start : 4 * (start + size)])
        block = block[: len(block) & ~3]
        lower, upper = (
            int.from_bytes(block[place::4].translate(_ones(way >> by & 0xFF for way in ways)))
            for place, by in ((2, 0), (3, 8))
        )
        for match in ONE.finditer((lower & upper).to_bytes(len(block) // 4)):
            at = match.start()
            yield start + at, int.from_bytes(block[4 * at : 4 * at + 4], "little")


def _ones(these: Iterable[int]) -> bytes:
    """Return the table that translates these bytes to one and all others to zero."""
    table = bytearray(256)
    for byte in these:
        table[byte] = 1
    return bytes(table)


def replaced_by(patches: Patches, addresses: Sequence[int]) -> dict[int, int]:
    """Return by address of an instruction in a replacement where the kernel copies it to."""
    wanted = sorted(addresses)
    found: dict[int, int] = {}
    if not wanted:
        return found
    for site in patches:
        if site.callback:
            continue
        at = bisect_right(wanted, site.replacement - 1)
        while at < len(wanted) and wanted[at] < site.replacement + site.size:
            found.setdefault(wanted[at], site.address + wanted[at] - site.replacement)
            at += 1
    return found
