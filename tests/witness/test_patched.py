"""A replacement that is copied is what the assembler makes of the same code over there."""

import pytest
from elftools.elf.elffile import ELFFile

from hypabi.witness.model import Patched, WitnessError
from hypabi.witness.patched import replacement
from tests.inputs import Assemble

BASE = 0x4020_0000
SITE = BASE
THERE = 0x8000
"""Of the replacement, from BASE."""

AIMED = (
    *("b 1f", "bl 1f", "b.ne 1f", "cbz x3, 1f", "cbnz w3, 1f", "tbz x4, #33, 1f"),
    *("tbnz w4, #3, 1f", "adrp x5, 1f", "nop", "mrs x0, vbar_el2", "add x0, x1, x2"),
)
OUTSIDE = "\n".join(AIMED)


def code(assemble: Assemble, source: str, text: int = BASE) -> bytes:
    path = assemble(source, "arm64", text=text)
    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".text")
        assert section is not None
        content: bytes = section.data()
        return content


def test_branches_that_leave_are_aimed_anew(assemble: Assemble) -> None:
    size = 4 * len(AIMED)
    target = ".org 0x4000\n1: nop"
    here = code(assemble, f"{OUTSIDE}\n{target}")
    there = code(assemble, f"{target}\n.org {THERE:#x}\n{OUTSIDE.replace('1f', '1b')}")

    def read(address: int, count: int) -> bytes:
        return there[address - BASE : address - BASE + count]

    patched = Patched(SITE, size, BASE + THERE, 26)
    assert replacement(patched, read) == here[:size]
    assert read(BASE + THERE, size) != here[:size]


def test_branches_within_the_replacement_stay(assemble: Assemble) -> None:
    content = code(assemble, "b 2f\n1: cbz x0, 1b\n nop\n2: b.eq 3f\n3:")
    patched = Patched(BASE + 0x9000, len(content), BASE, 26)
    assert replacement(patched, lambda address, size: content[address - BASE :][:size]) == content


@pytest.mark.parametrize("instruction", ["adr x0, .", "ldr x0, ."])
def test_what_depends_on_its_place_is_refused(assemble: Assemble, instruction: str) -> None:
    content = code(assemble, instruction)
    with pytest.raises(WitnessError, match="depends on where it stands"):
        replacement(Patched(BASE + 0x9000, 4, BASE, 26), lambda _address, _size: content)


def test_a_target_out_of_reach_is_refused(assemble: Assemble) -> None:
    content = code(assemble, "tbz x0, #1, .+64")
    with pytest.raises(WitnessError, match="does not reach"):
        replacement(Patched(BASE + 0x100_0000, 4, BASE, 26), lambda _address, _size: content)
