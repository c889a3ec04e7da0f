"""What no file defines is an unknown address: told by name, and never a number."""

from typing import Literal

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.image.elf.relocations import Open, Unresolved
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, ImageError
from hypabi.lifter.instruction import AddressOf, Instruction
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Assemble


def _one(assemble: Assemble, source: str, machine: str) -> Image:
    flags = ["-march=armv7-a"] if machine == "arm" else []
    path = assemble(source, machine, flags=flags)  # type: ignore[arg-type]
    return load_image(path).images[0]


WHOLE = (1 << 64) - 1


@pytest.mark.parametrize(
    ("source", "machine", "addend", "mask"),
    [
        ("adrp x0, there", "arm64", 0, WHOLE & ~0xFFF),
        ("adrp x0, there + 0x1234", "arm64", 0x1234, WHOLE & ~0xFFF),
        ("adr x0, there", "arm64", 0, WHOLE),
        ("add x0, x1, :lo12:there", "arm64", 0, 0xFFF),
        ("ldr x0, [x1, :lo12:there + 8]", "arm64", 8, 0xFF8),
        ("strb w0, [x1, :lo12:there]", "arm64", 0, 0xFFF),
        ("movk x0, #:abs_g2_nc:there", "arm64", 0, 0xFFFF << 32),
        ("movz x0, #:abs_g3:there", "arm64", 0, 0xFFFF << 48),
        ("movw r0, #:lower16:there", "arm", 0, 0xFFFF),
        ("movt r0, #:upper16:there", "arm", 0, 0xFFFF << 16),
        (".thumb\nmovw r0, #:lower16:there", "arm", 0, 0xFFFF),
        (".thumb\nmovt r0, #:upper16:there", "arm", 0, 0xFFFF << 16),
    ],
)
def test_an_instruction_computes_with_an_unknown(
    assemble: Assemble, source: str, machine: str, addend: int, mask: int
) -> None:
    image = _one(assemble, f"{source}\n", machine)
    start = image.segments[0].address
    reference = image.references[start]
    assert (reference.symbol, reference.addend, reference.mask) == ("there", addend, mask)
    state = InstructionSet.T32 if "thumb" in source else None
    found = explorer_for(image).instruction(start, state)
    assert isinstance(found, Instruction)
    unknown = [each for op in found.ops for each in op.inputs if isinstance(each, AddressOf)]
    assert {(each.symbol, each.addend, each.mask) for each in unknown} == {("there", addend, mask)}


@pytest.mark.parametrize(
    ("source", "machine"),
    [
        ("bl there", "arm64"),
        ("b there", "arm64"),
        ("b.ne there", "arm64"),
        ("bl there", "arm"),
        ("bne there", "arm"),
        (".thumb\nbl there", "arm"),
        (".syntax unified\n.thumb\nb.w there", "arm"),
        (".weak there\nbl there", "arm64"),
    ],
)
def test_a_branch_goes_to_a_place_of_its_own(assemble: Assemble, source: str, machine: str) -> None:
    image = _one(assemble, f"{source}\n", machine)
    ((address, name),) = image.stand_ins.items()
    assert name == "there"
    assert image.segment(address) is None
    assert not image.references


@pytest.mark.parametrize(
    ("source", "machine"), [(".xword there + 8", "arm64"), (".word there + 8", "arm")]
)
def test_a_word_of_data_is_refused_by_name(assemble: Assemble, source: str, machine: str) -> None:
    image = _one(assemble, f"nop\n{source}\n", machine)
    start = image.segments[0].address
    assert len(image.read(start, 4)) == 4
    assert image.references[start + 4].symbol == "there"
    for address, size in ((start + 4, 4), (start, 8), (start + 2, 4), (start + 7, 1)):
        with pytest.raises(ImageError, match="refers to there, which no file here defines"):
            image.read(address, size)


def test_two_symbols_have_two_places(assemble: Assemble) -> None:
    calls = "\n".join(f"bl f{number}" for number in range(300))
    image = _one(assemble, calls, "arm64")
    assert len(image.stand_ins) == 300


def test_an_open_place_covers_all_its_bytes() -> None:
    unresolved = Unresolved((Open(8, 4, "refers to x"),))
    assert unresolved.apply(4, b"abcd") == b"abcd"
    assert unresolved.apply(12, b"abcd") == b"abcd"
    for address in range(5, 12):
        with pytest.raises(ImageError, match="refers to x; link the object first"):
            unresolved.apply(address, b"abcd")


def _field(word: int, high: int, low: int) -> int:
    return word >> low & (1 << high - low + 1) - 1


def _entry_of(image: Image, at: int) -> int:
    """Return the address of the word that ADRP and LDR (immediate) load (DDI 0487, C6.2)."""
    adrp, ldr = (int.from_bytes(image.read(at + n, 4), "little") for n in (0, 4))
    pages = _field(adrp, 23, 5) << 2 | _field(adrp, 30, 29)
    page = (at >> 12) + (pages - (pages >> 20 << 21)) << 12
    return page + 8 * _field(ldr, 21, 10)


@pytest.mark.parametrize("flags", [(), ("-EB",)])
def test_an_address_behind_the_offset_table_is_that_of_its_symbol(
    assemble: Assemble, flags: tuple[str, ...]
) -> None:
    source = """
    .globl here, more
    adrp x0, :got:here
    ldr x0, [x0, :got_lo12:here]
    adrp x1, :got:more
    ldr x1, [x1, :got_lo12:more]
    adrp x1, :got:here
    ldr x1, [x1, :got_lo12:here]
    adrp x0, _GLOBAL_OFFSET_TABLE_
    ldr x0, [x0, :gotpage_lo15:more]
    .data
    nop
here: .quad 0
more: .quad 0
"""
    image = load_image(assemble(source, "arm64", flags=flags)).images[0]
    start = image.segments[0].address
    here, more, again, more_again = (_entry_of(image, start + 8 * n) for n in range(4))
    assert (here, more) == (again, more_again)
    assert here != more
    data = image.symbols.find("here")[0].address
    order: Literal["big", "little"] = "big" if flags else "little"
    assert image.read(here, 8) == data.to_bytes(8, order)
    assert image.read(more, 8) == (data + 8).to_bytes(8, order)


@pytest.mark.parametrize("flags", [(), ("-EB",)])
def test_an_address_behind_the_offset_table_of_arm_is_that_of_its_symbol(
    assemble: Assemble, flags: tuple[str, ...]
) -> None:
    """The operations of AAELF32, 5.6.1.4, by hand: GOT_ORG + GOT_BREL is the entry, and so on."""
    source = """
    .syntax unified
    .data
here: .word 0
    .globl more, thumb
more: .word 0
    .text
    .arm
to_table: .word _GLOBAL_OFFSET_TABLE_ - .
    .word more(GOT)
    .word more(GOT_PREL)
    .word here(GOTOFF)
    .word thumb(GOT)
    .thumb
    .type thumb, %function
thumb: bx lr
"""
    image = load_image(assemble(source, "arm", flags=flags)).images[0]
    order: Literal["big", "little"] = "big" if flags else "little"

    def word(at: int) -> int:
        return int.from_bytes(image.read(at & 0xFFFFFFFF, 4), order)

    start = image.symbols.find("to_table")[0].address
    table = start + word(start)
    more, thumb = (image.symbols.find(name)[0].address for name in ("more", "thumb"))
    assert word(table + word(start + 4)) == more
    assert start + 8 + word(start + 8) == table + word(start + 4)
    assert (table + word(start + 12)) & 0xFFFFFFFF == image.symbols.find("here")[0].address
    assert word(table + word(start + 16)) == thumb | 1


def test_an_entry_of_what_no_file_defines_is_refused_by_name(assemble: Assemble) -> None:
    image = _one(assemble, "adrp x0, :got:there\nldr x0, [x0, :got_lo12:there]", "arm64")
    entry = _entry_of(image, image.segments[0].address)
    assert image.references[entry].symbol == "there"
    with pytest.raises(ImageError, match="refers to there, which no file here defines"):
        image.read(entry, 8)


@pytest.mark.parametrize(
    ("defined", "meant"),
    [
        (("there",), "there"),
        (("__kvm_nvhe___pi_there",), "__kvm_nvhe___pi_there"),
        (("there", "__kvm_nvhe___pi_there"), "__kvm_nvhe___pi_there"),
    ],
)
def test_a_name_of_el2_is_the_kernels_own(
    assemble: Assemble, defined: tuple[str, ...], meant: str
) -> None:
    """image-vars.h has KVM_NVHE_ALIAS(there) or KVM_NVHE_ALIAS_HYP(there, __pi_there)."""
    functions = "".join(f".globl {name}\n{name}: ret\n" for name in defined)
    image = _one(assemble, f"bl __kvm_nvhe_there\n{functions}", "arm64")
    start = image.segments[0].address
    assert not image.stand_ins
    call = int.from_bytes(image.read(start, 4), "little")
    assert start + 4 * _field(call, 25, 0) == image.symbols.find(meant)[0].address
    assert "as the kernel links" in image.base


@pytest.mark.parametrize("source", ["bl __kvm_nvhe_there", "bl there\n.globl f\nf: ret"])
def test_a_name_that_nothing_defines_stays_unknown(assemble: Assemble, source: str) -> None:
    image = _one(assemble, f"{source}\n", "arm64")
    assert len(image.stand_ins) == 1
    assert "as the kernel links" not in image.base


@pytest.mark.parametrize(("kind", "access"), [(2, Access.READ_ONLY), (3, Access.WRITABLE)])
def test_the_table_that_a_linker_has_filled_stays_as_it_is(
    assemble: Assemble, kind: int, access: Access
) -> None:
    """``e_type`` is at 16: 2 is a program that stays where it is linked, 3 one that is moved."""
    source = '.section .got, "aw"\n.word 7\n.data\n.word 8\n.text\n nop\n'
    path = assemble(source, "arm", text=0x10000)
    content = bytearray(path.read_bytes())
    content[16] = kind
    path.write_bytes(content)
    image = load_image(path).images[-1]
    found = {segment.name: segment.access for segment in image.segments}
    assert (found[".got"], found[".data"]) == (access, Access.WRITABLE)
