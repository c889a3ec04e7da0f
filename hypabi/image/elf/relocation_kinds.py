"""What each relocation writes, for the kinds that kernel objects have.

S is the symbol, A the addend, P the place, T one if the symbol is a Thumb function (AAELF32, 4.6.1;
AAELF64, 5.7).  On arm the addend stands in the place itself.
"""

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.records import frozen


class Unfit(Exception):
    """A relocation cannot be applied: how many bytes stay open, and why."""

    def __init__(self, size: int, why: str) -> None:
        super().__init__(size, why)
        self.size = size
        self.why = why


@frozen
class Patch:
    """One place and what its symbol is."""

    content: bytearray
    offset: int
    place: int
    symbol: int
    thumb: bool
    order: ByteOrder

    def read(self, size: int, order: ByteOrder) -> int:
        """Return the word at the place."""
        if self.offset + size > len(self.content):
            raise Unfit(size, "a relocation reaches over the end of its section")
        raw = self.content[self.offset : self.offset + size]
        return int.from_bytes(raw, "little" if order is ByteOrder.LITTLE else "big")

    def write(self, size: int, value: int, order: ByteOrder) -> None:
        """Put a word at the place."""
        raw = (value & (1 << 8 * size) - 1).to_bytes(
            size, "little" if order is ByteOrder.LITTLE else "big"
        )
        self.content[self.offset : self.offset + size] = raw

    def halves(self) -> tuple[int, int]:
        """Return the two halfwords of a 32-bit Thumb instruction."""
        word = self.read(4, self.order)
        if self.order is ByteOrder.LITTLE:
            return word & 0xFFFF, word >> 16
        return word >> 16, word & 0xFFFF

    def write_halves(self, first: int, second: int) -> None:
        """Put a 32-bit Thumb instruction at the place."""
        little = self.order is ByteOrder.LITTLE
        self.write(4, first | second << 16 if little else first << 16 | second, self.order)


def _signed(value: int, bits: int) -> int:
    sign = 1 << (bits - 1)
    return ((value & (1 << bits) - 1) ^ sign) - sign


def _fits(value: int, bits: int, size: int) -> int:
    """Return ``value`` as a signed field of ``bits``.

    :raises Unfit: it is too far
    """
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise Unfit(size, f"a reference of {value:#x} bytes does not fit its {bits} bits")
    return value & (1 << bits) - 1


def _scaled(value: int, scale: int) -> int:
    """Drop the low bits that a field does not hold.

    :raises Unfit: they are not zero
    """
    if value & (1 << scale) - 1:
        raise Unfit(4, f"a reference to {value:#x} is not aligned to {1 << scale} bytes")
    return value >> scale


# AAELF64: code -> (bytes, whether P is subtracted).
_A64_DATA = {
    257: (8, False),
    258: (4, False),
    259: (2, False),
    260: (8, True),
    261: (4, True),
    262: (2, True),
}
# Code -> (bits of the field, its position, scale) of what is relative to P.
_A64_RELATIVE = {
    273: (19, 5, 2),
    279: (14, 5, 2),
    280: (19, 5, 2),
    282: (26, 0, 2),
    283: (26, 0, 2),
}
# Code -> scale of the twelve bits at 10: ADD and LDST8 to LDST128.
_A64_LOW = {277: 0, 278: 0, 284: 1, 285: 2, 286: 3, 299: 4}
# Code -> which sixteen bits of S + A a MOVZ or MOVK takes (MOVW_UABS_G0 to G3).
_A64_WIDE = {263: 0, 264: 0, 265: 16, 266: 16, 267: 32, 268: 32, 269: 48}
_A64_NONE = (0, 256)
_A64_PAGE = (275, 276)
"""R_AARCH64_ADR_PREL_PG_HI21, and without a check."""

ABS32, REL32 = 2, 3
"""R_ARM_ABS32 and R_ARM_REL32."""
GOTOFF32, BASE_PREL, GOT_BREL, GOT_PREL = 24, 25, 26, 96
"""Those of AArch32 that count from the global offset table, or go to it (AAELF32, 5.6.1.4)."""
OF_GOT_ARM = {GOTOFF32: ABS32, BASE_PREL: REL32, GOT_BREL: ABS32, GOT_PREL: REL32}
"""Each with the kind that is like it, once the table is known."""
LD64_GOTPAGE_LO15 = 313
# Code -> the kind that the same instruction has without a table of addresses between.
THROUGH_GOT = {
    309: 273,  # R_AARCH64_GOT_LD_PREL19, as R_AARCH64_LD_PREL_LO19
    311: 275,  # R_AARCH64_ADR_GOT_PAGE, as R_AARCH64_ADR_PREL_PG_HI21
    312: 286,  # R_AARCH64_LD64_GOT_LO12_NC, as R_AARCH64_LDST64_ABS_LO12_NC
    LD64_GOTPAGE_LO15: LD64_GOTPAGE_LO15,  # which counts from the table
}
"""Kinds of AArch64 that mean the entry of a symbol in the global offset table (AAELF64, 5.7.8)."""

_WORD = 0xFFFFFFFF

BRANCHES = {
    Architecture.ARM64: frozenset({279, 280, 282, 283}),
    Architecture.ARM: frozenset({1, 10, 28, 29, 30}),
}
"""What only goes to the symbol."""
DATA = {
    Architecture.ARM64: {257: 8, 258: 4, 260: 8, 261: 4},
    Architecture.ARM: {2: 4, 3: 4, 38: 4},
}
"""Bytes of a whole word that holds an address, or a distance."""


THUMB_BRANCHES = frozenset({10, 30})
"""Those of T32."""
MARK = 0x7B7C
"""Sixteen bits that tell a half of an address from whatever else an instruction holds."""


@frozen
class Computed:
    """What a word with a relocation computes: ``(S + addend) & mask``."""

    addend: int
    mask: int
    shift: int | None = None
    """Where the sixteen bits are that an instruction takes, where it takes so few."""


def computed_arm64(code: int, place: int, addend: int) -> Computed | None:
    """Return what an instruction or a word of AArch64 makes of a symbol, where that is told here.

    :param addend: A
    """
    whole = (1 << 64) - 1
    if code in _A64_LOW:
        # A linker refuses an address of which the field cannot hold every bit.
        return Computed(addend, 0xFFF & -1 << _A64_LOW[code])
    if code in _A64_PAGE:
        return Computed(addend, whole & ~0xFFF)
    if code in _A64_WIDE:
        shift = _A64_WIDE[code]
        return Computed(addend, 0xFFFF << shift, shift)
    if code == 274:  # R_AARCH64_ADR_PREL_LO21
        return Computed(addend, whole)
    if code in _A64_DATA:
        size, relative = _A64_DATA[code]
        return Computed(addend - place if relative else addend, (1 << 8 * size) - 1)
    return None


def computed_arm(code: int, place: int, addend: int) -> Computed | None:
    """Return what an instruction or a word of AArch32 makes of a symbol, where that is told here.

    :param addend: A, as the place holds it
    """
    if code in (2, 38):
        return Computed(addend, _WORD)
    if code == 3:
        return Computed(addend - place, _WORD)
    if code in (43, 44, 45, 46, 47, 48, 49, 50):
        kind = (code - 43) % 4
        addend = _signed(addend, 16) - (place if kind in (2, 3) else 0)
        shift = 16 * (kind & 1)
        return Computed(addend, 0xFFFF << shift, shift)
    return None


def addend_arm(patch: Patch, code: int) -> int:
    """Return A of an AArch32 relocation, which stands in the place itself."""
    word = patch.read(4, patch.order)
    if code in (43, 44, 45, 46):
        return word >> 4 & 0xF000 | word & 0xFFF
    return _t32_half(*patch.halves()) if code in (47, 48, 49, 50) else word


def patch_arm64(patch: Patch, code: int, addend: int | None) -> None:
    """Apply an AArch64 relocation.

    :raises Unfit: its kind is not known here, or its value does not fit
    """
    if code in _A64_NONE:
        return
    if addend is None:
        raise Unfit(4, "the relocation has no addend, which AArch64 does not allow")
    value = patch.symbol + _signed(addend, 64)
    if code in _A64_DATA:
        size, relative = _A64_DATA[code]
        number = value - patch.place if relative else value
        if not -(1 << (8 * size - 1)) <= number < 1 << 8 * size:
            raise Unfit(size, f"{number:#x} does not fit {size} bytes")
        patch.write(size, number, patch.order)
        return
    # Instructions are little-endian always (Arm ARM DDI 0487, B2.6.1).
    word = patch.read(4, ByteOrder.LITTLE)
    patch.write(4, _a64_word(patch, code, value, word), ByteOrder.LITTLE)


def _a64_word(patch: Patch, code: int, value: int, word: int) -> int:
    """Return the instruction with its field set."""
    if code in _A64_RELATIVE:
        bits, position, scale = _A64_RELATIVE[code]
        field = _fits(_scaled(value - patch.place, scale), bits, 4)
        return word & ~(((1 << bits) - 1) << position) | field << position
    if code in _A64_LOW:
        low = _scaled(value & 0xFFF, _A64_LOW[code])
        return word & ~(0xFFF << 10) | low << 10
    if code in _A64_WIDE:
        return word & ~(0xFFFF << 5) | (value >> _A64_WIDE[code] & 0xFFFF) << 5
    if code == LD64_GOTPAGE_LO15:
        return word & ~(0xFFF << 10) | _fits(_scaled(value, 3), 13, 4) << 10
    match code:
        case 274:  # R_AARCH64_ADR_PREL_LO21
            field = _fits(value - patch.place, 21, 4)
        case 275 | 276:  # R_AARCH64_ADR_PREL_PG_HI21, _NC
            field = _fits((value >> 12) - (patch.place >> 12), 21, 4)
        case _:
            raise Unfit(4, f"relocation of kind {code} is not known")
    return word & ~(3 << 29 | 0x7FFFF << 5) | (field & 3) << 29 | field >> 2 << 5


def patch_arm(patch: Patch, code: int, addend: int | None) -> None:
    """Apply an AArch32 relocation.

    :raises Unfit: its kind is not known here, or its value does not fit
    """
    if addend is not None:
        raise Unfit(
            4, "the relocation has an addend of its own, which GNU tools do not write for arm"
        )
    match code:
        case 0 | 40:  # R_ARM_NONE, R_ARM_V4BX
            return
        case 2 | 38:  # R_ARM_ABS32, R_ARM_TARGET1
            word = patch.read(4, patch.order)
            patch.write(4, (patch.symbol + word) | patch.thumb, patch.order)
        case 3:  # R_ARM_REL32
            word = patch.read(4, patch.order)
            patch.write(4, ((patch.symbol + word) | patch.thumb) - patch.place, patch.order)
        case 42:  # R_ARM_PREL31
            word = patch.read(4, patch.order)
            number = ((patch.symbol + _signed(word, 31)) | patch.thumb) - patch.place
            patch.write(4, word & 1 << 31 | _fits(number, 31, 4), patch.order)
        case 1 | 28 | 29:  # R_ARM_PC24, R_ARM_CALL, R_ARM_JUMP24
            _a32_branch(patch, code)
        case 43 | 44 | 45 | 46:  # R_ARM_MOVW_ABS_NC, MOVT_ABS, MOVW_PREL_NC, MOVT_PREL
            word = patch.read(4, patch.order)
            half = _half(patch, code - 43, word >> 4 & 0xF000 | word & 0xFFF)
            field = (half & 0xF000) << 4 | half & 0xFFF
            patch.write(4, word & 0xFFF0F000 | field, patch.order)
        case _:
            _patch_t32(patch, code)


def _patch_t32(patch: Patch, code: int) -> None:
    match code:
        case 47 | 48 | 49 | 50:  # R_ARM_THM_MOVW_ABS_NC, MOVT_ABS, MOVW_PREL_NC, MOVT_PREL
            _t32_move(patch, code - 47)
        case 10 | 30:  # R_ARM_THM_CALL, R_ARM_THM_JUMP24
            _t32_branch(patch, code)
        case 51:  # R_ARM_THM_JUMP19
            _t32_conditional(patch)
        case 54:  # R_ARM_THM_PC12
            _t32_literal(patch)
        case _:
            raise Unfit(4, f"relocation of kind {code} is not known")


def _half(patch: Patch, kind: int, addend: int) -> int:
    """Return the half that MOVW (even kinds) or MOVT (odd) takes; kinds 2 and 3 subtract P."""
    value = patch.symbol + _signed(addend, 16)
    if kind in (0, 2):
        value |= patch.thumb
    if kind in (2, 3):
        value -= patch.place
    return (value >> 16 if kind in (1, 3) else value) & 0xFFFF


def _a32_branch(patch: Patch, code: int) -> None:
    """Apply B, BL or BLX; BL and BLX become each other as T asks (AAELF32, 4.6.1.8)."""
    word = patch.read(4, patch.order)
    exchange = word >> 25 == 0x7D
    # Bit 24 of BLX is half a word of the distance (Arm ARM DDI 0406C, A8.8.25, encoding A2).
    addend = _signed(word << 2, 26) | (exchange and word >> 23 & 2)
    value = patch.symbol + addend - patch.place
    field = _fits(value >> 2, 24, 4)
    if patch.thumb and not exchange and (code != 28 or word >> 24 != 0xEB):
        raise Unfit(4, "a branch to Thumb code needs a veneer, which a linker adds")
    if patch.thumb:
        top = 0xFA000000 | (value >> 1 & 1) << 24
    else:
        top = 0xEB000000 if exchange else word & 0xFF000000
    patch.write(4, top | field, patch.order)


def _t32_move(patch: Patch, kind: int) -> None:
    first, second = patch.halves()
    half = _half(patch, kind, _t32_half(first, second))
    patch.write_halves(
        first & 0xFBF0 | half >> 12 | (half >> 11 & 1) << 10,
        second & 0x8F00 | (half >> 8 & 7) << 12 | half & 0xFF,
    )


def _t32_half(first: int, second: int) -> int:
    """Return the sixteen bits that a Thumb MOVW or MOVT holds (DDI 0406C, A8.8.102, T3)."""
    return (first & 0xF) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF


def _t32_branch(patch: Patch, code: int) -> None:
    """Apply BL or B.W (Arm ARM DDI 0406C, A8.8.18 and A8.8.25, encoding T4 and T1)."""
    first, second = patch.halves()
    sign = first >> 10 & 1
    top = (second >> 13 & 1 ^ sign ^ 1) << 23 | (second >> 11 & 1 ^ sign ^ 1) << 22
    addend = _signed(sign << 24 | top | (first & 0x3FF) << 12 | (second & 0x7FF) << 1, 25)
    value = patch.symbol + addend - patch.place
    if not patch.thumb:
        if code == 30:
            raise Unfit(4, "a branch to A32 code needs a veneer, which a linker adds")
        # BL becomes BLX, which counts from the aligned place.
        second &= 0xEFFF
        value = (patch.symbol + addend - (patch.place & -4)) + 3 & -4
    field = _fits(value, 25, 4)
    sign = field >> 24
    first = first & 0xF800 | sign << 10 | field >> 12 & 0x3FF
    bits = (field >> 23 & 1 ^ sign ^ 1) << 13 | (field >> 22 & 1 ^ sign ^ 1) << 11
    patch.write_halves(first, second & 0xD000 | bits | field >> 1 & 0x7FF)


def _t32_conditional(patch: Patch) -> None:
    """Apply B with a condition (DDI 0406C, A8.8.18, encoding T3)."""
    first, second = patch.halves()
    top = (first >> 10 & 1) << 20 | (second >> 11 & 1) << 19 | (second >> 13 & 1) << 18
    addend = _signed(top | (first & 0x3F) << 12 | (second & 0x7FF) << 1, 21)
    if not patch.thumb:
        raise Unfit(4, "a branch to A32 code needs a veneer, which a linker adds")
    field = _fits(patch.symbol + addend - patch.place, 21, 4)
    first = first & 0xFBC0 | (field >> 20) << 10 | field >> 12 & 0x3F
    bits = (field >> 18 & 1) << 13 | (field >> 19 & 1) << 11
    patch.write_halves(first, second & 0xD000 | bits | field >> 1 & 0x7FF)


def _t32_literal(patch: Patch) -> None:
    """Apply LDR from a literal (DDI 0406C, A8.8.64, encoding T2), which counts from P aligned."""
    first, second = patch.halves()
    addend = second & 0xFFF if first >> 7 & 1 else -(second & 0xFFF)
    distance = _signed(patch.symbol + addend - (patch.place & -4), 32)
    if abs(distance) > 0xFFF:
        raise Unfit(4, f"{distance:#x} does not fit into 12 bits and a sign")
    first = first & 0xFF7F | (distance >= 0) << 7
    patch.write_halves(first, second & 0xF000 | abs(distance))
