"""What s390's kernels show of DIAGNOSE: who makes it, and which codes KVM compares with.

Instructions are read by hand (z/Architecture Principles of Operation, appendix B): their length is
in the first two bits, and the code of DIAGNOSE is its displacement where it names no base register.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.contract.stated.foreign.kernels import UNPACKER, Program

DIAGNOSE: Final = re.compile(rb"(?s)\x83.[\x00-\x0f].")
HYPERCALL: Final = 0x500
"""The code whose subcode is in r1."""
NEAR: Final = 24
"""Bytes in front of a DIAGNOSE in which its subcode is loaded."""


@dataclass(frozen=True, order=True)
class Site:
    """A DIAGNOSE: its code, the registers it names, its function, and r1 if constant."""

    code: int
    first: int
    second: int
    function: str
    subcode: int | None


def sites(program: Program, codes: frozenset[int]) -> list[Site]:
    """Return the DIAGNOSEs of some codes, each decoded from the start of its function."""
    return sorted(set(_sites(program, codes)), key=lambda each: (each.code, each.function, each))


def _sites(program: Program, codes: frozenset[int]) -> Iterator[Site]:
    for part in (each for each in program.parts if each.code):
        for match in DIAGNOSE.finditer(part.content):
            word = int.from_bytes(match.group(), "big")
            if word & 0xFFF not in codes:
                continue
            at = part.address + match.start()
            if part.address == UNPACKER:
                found = _alone(program, at) if word & 0xFFF == HYPERCALL else None
            else:
                found = _inside(program, at)
            if found is not None:
                function, subcode = found
                held = subcode if word & 0xFFF == HYPERCALL else None
                yield Site(word & 0xFFF, word >> 20 & 15, word >> 16 & 15, function, held)


def _inside(program: Program, at: int) -> tuple[str, int | None] | None:
    """Return the function and the subcode of a DIAGNOSE; nothing where none is decoded there."""
    start, _ = program.around(at)
    decoded = dict(_instructions(program, start, at))
    if at not in decoded:
        return None
    loads = [each for where, each in decoded.items() if where < at and _is_r1(each)]
    subcode = int.from_bytes(loads[-1][2:4], "big") if loads else None
    return program.names.get(start, f"{start:#x}"), subcode


def _alone(program: Program, at: int) -> tuple[str, int | None] | None:
    """Return the same of code without symbols, where the subcode is loaded close in front."""
    for start in range(at - 4, at - NEAR, -2):
        decoded = dict(_instructions(program, start, at))
        if at in decoded and _is_r1(decoded[start]):
            return "the decompressor", int.from_bytes(decoded[start][2:4], "big")
    return None


def _is_r1(instruction: bytes) -> bool:
    return instruction[:2] in (b"\xa7\x18", b"\xa7\x19")  # LHI and LGHI of r1


def _instructions(program: Program, start: int, last: int) -> Iterator[tuple[int, bytes]]:
    content = program.read(start, last - start + 6)
    at = 0
    while at + 2 <= len(content):
        size = (2, 4, 4, 6)[content[at] >> 6]
        yield start + at, content[at : at + size]
        at += size


def set_in_front(program: Program, function: str) -> set[int]:
    """Return which of r2 to r7 a function sets between its last call and its hypercall."""
    found = program.function(function)
    assert found is not None
    start, content = found
    written = set[int]()
    for _, each in _instructions(program, start, start + len(content) - 6):
        if each[0] == 0x83 and int.from_bytes(each[2:4], "big") == HYPERCALL:
            return written & set(range(2, 8))
        if (each[0], each[1] & 15) in ((0xC0, 5), (0xA7, 5)) or each[
            0
        ] == 0x0D:  # BRASL, BRAS, BASR
            written.clear()
        register = _loaded(each)
        if register is not None:
            written.add(register)
    return set()


def _loaded(each: bytes) -> int | None:
    """Return the register that an instruction loads, as far as callers need it."""
    if each[0] in (0x18, 0x58, 0x41):  # LR, L, LA
        return each[1] >> 4
    if each[0] == 0xA7 and each[1] & 15 in (8, 9):  # LHI, LGHI
        return each[1] >> 4
    if each[:2] in (b"\xb9\x04", b"\xb9\x14", b"\xb9\x16"):  # LGR, LGFR, LLGFR
        return each[3] >> 4
    if each[0] == 0xE3 and each[5] in (0x04, 0x14, 0x16):  # LG, LGF, LLGF
        return each[1] >> 4
    return None


def fixed(kvm: Program) -> tuple[set[int], set[int]]:
    """Return the guest's registers that KVM's handler of DIAGNOSE reads and writes at fixed places.

    Where they begin shows what it reads with an index: a register that the instruction names.
    """
    found = kvm.function("kvm_s390_handle_diag")
    assert found is not None
    start, content = found
    plain: dict[int, set[int]] = {0x04: set(), 0x24: set()}  # LG, STG
    indexed: list[int] = []
    for _, each in _instructions(kvm, start, start + len(content) - 6):
        if each[0] != 0xE3 or each[5] not in plain:
            continue
        index, base = each[1] & 15, each[2] >> 4
        distance = (each[2] & 15) << 8 | each[3] | each[4] << 12
        if index and base:
            indexed.append(distance)
        elif base not in (0, 15) and index == 0:
            plain[each[5]].add(distance)
    first = max(set(indexed), key=indexed.count)
    read, written = (
        {(each - first) // 8 for each in plain[code] if 0 < each - first < 64}
        for code in (0x04, 0x24)
    )
    return read, written


def compared(kvm: Program) -> set[int]:
    """Return the constants that KVM's handler of DIAGNOSE compares the code with."""
    found = kvm.function("kvm_s390_handle_diag")
    assert found is not None
    start, content = found
    values, loaded = set[int](), dict[int, int]()
    for _, each in _instructions(kvm, start, start + len(content) - 6):
        values.update(_constant(each))
        if each[0] == 0xA7 and each[1] & 15 in (8, 9):  # LHI, LGHI: for a comparison of registers
            loaded[each[1] >> 4] = struct.unpack_from(">h", each, 2)[0]
        elif each[0] == 0xEC and each[5] in (0x64, 0x65, 0x76, 0x77):  # CGRJ, CRJ and kin
            values.update(loaded[e] for e in (each[1] >> 4, each[1] & 15) if e in loaded)
    return values


def _constant(instruction: bytes) -> Iterator[int]:
    operation = (instruction[0], instruction[1] & 15)
    if operation in ((0xA7, 0xE), (0xA7, 0xF)):  # CHI, CGHI
        yield struct.unpack_from(">h", instruction, 2)[0]
    elif operation in (
        (0xC2, 0xD),
        (0xC2, 0xC),
        (0xC2, 0xF),
        (0xC2, 0xE),
    ):  # CFI, CGFI, CLFI, CLGFI
        yield struct.unpack_from(">i", instruction, 2)[0]
    elif instruction[0] == 0xEC and instruction[5] in (0x7C, 0x7D, 0x7E, 0x7F):  # CGIJ, CIJ and kin
        yield instruction[4]
