"""ELF files are read as GNU's linker, GNU's nm and pyelftools read them."""

import io
import struct
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.content import Content
from hypabi.image.elf.headers import read_elf
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, ImageError
from tests.image.elf.sources import A32, A64, PREFIX
from tests.image.tiny_kernel import VERSION, Layout, TinyKernel, tiny_kernel
from tests.inputs import Assemble

CASES = [
    pytest.param(A64, "arm64", [], [], id="arm64-little"),
    pytest.param(A64, "arm64", ["-EB"], ["-EB"], id="arm64-big"),
    pytest.param(A32, "arm", ["-march=armv7-a"], [], id="arm-little"),
    pytest.param(A32, "arm", ["-march=armv7-a", "-EB"], ["-EB", "--be8"], id="arm-big"),
]


def _one(path: Path) -> Image:
    (image,) = load_image(path).images
    return image


def _link(unit: Path, image: Image, machine: str, flags: list[str]) -> Path:
    """Link an object with its sections where we placed them."""
    program = unit.with_suffix(".linked")
    places = [f"--section-start={s.name}={s.address:#x}" for s in image.segments]
    tool = f"{PREFIX[machine]}ld"
    command = [
        tool,
        *flags,
        "-e",
        "0",
        "--no-warn-rwx-segments",
        *places,
        "-o",
        str(program),
        str(unit),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return program


@pytest.mark.parametrize(("source", "machine", "flags", "link"), CASES)
def test_an_object_is_resolved_as_the_linker_does(
    assemble: Assemble, source: str, machine: str, flags: list[str], link: list[str]
) -> None:
    unit = assemble(source, machine, flags=flags)  # type: ignore[arg-type]
    ours = _one(unit)
    theirs = _one(_link(unit, ours, machine, link))
    compared = 0
    for segment in ours.segments:
        size = len(segment.content)
        assert ours.read(segment.address, size) == theirs.read(segment.address, size), segment.name
        compared += size
        assert theirs.access(segment.address) is segment.access
    assert compared > 100
    for name in ("f", "f2", "g", "d", "t", "t2", "inside"):
        found = theirs.symbols.find(name)
        assert [(s.address, s.thumb) for s in found] == [
            (s.address, s.thumb) for s in ours.symbols.find(name)
        ]


@pytest.mark.parametrize(("source", "machine", "flags", "link"), CASES)
def test_symbols_are_those_of_nm(
    assemble: Assemble, source: str, machine: str, flags: list[str], link: list[str]
) -> None:
    unit = assemble(source, machine, flags=flags)  # type: ignore[arg-type]
    program = _link(unit, _one(unit), machine, link)
    ran = subprocess.run(
        [f"{PREFIX[machine]}nm", str(program)], check=True, capture_output=True, text=True
    )
    expected = sorted(
        (int(address, 16), letter, name)
        for address, letter, name in (line.split() for line in ran.stdout.splitlines())
    )
    assert sorted((s.address, s.letter, s.name) for s in _one(program).symbols) == expected


@pytest.mark.parametrize("count", [3, 40])
def test_names_that_end_alike_are_told_apart(assemble: Assemble, count: int) -> None:
    """The strings of names may share their ends; two functions of one name are both found."""
    names = ["end", *(f"{'x' * number}_end" for number in range(count))]
    source = "\n".join(f".globl {name}\n{name}: ret" for name in names)
    image = _one(assemble(source, "arm64"))
    start = image.segments[0].address
    for number, name in enumerate(names):
        assert [s.address for s in image.symbols.find(name)] == [start + 4 * number], name
    for name in ("nd", "", "d", "end\0", "_en"):
        assert image.symbols.find(name) == ()


@pytest.mark.parametrize(("source", "machine", "flags", "link"), CASES)
def test_headers_are_those_of_pyelftools(
    assemble: Assemble, source: str, machine: str, flags: list[str], link: list[str]
) -> None:
    unit = assemble(source, machine, flags=flags)  # type: ignore[arg-type]
    for path in (unit, _link(unit, _one(unit), machine, link)):
        content = path.read_bytes()
        ours, theirs = read_elf("x", Content.whole(content)), ELFFile(io.BytesIO(content))
        assert ours.entry == theirs["e_entry"]
        assert (ours.order is ByteOrder.LITTLE) == theirs.little_endian
        assert [
            (s.name, s.flags, s.address, s.offset, s.size, s.link, s.info, s.alignment)
            for s in ours.sections
        ] == [(s.name, *(s[f"sh_{field}"] for field in _FIELDS)) for s in theirs.iter_sections()]
        assert [(p.offset, p.address, p.held, p.size) for p in ours.program_headers] == [
            (p["p_offset"], p["p_vaddr"], p["p_filesz"], p["p_memsz"])
            for p in theirs.iter_segments()
        ]


_FIELDS = ("flags", "addr", "offset", "size", "link", "info", "addralign")


def test_a_relocation_that_is_not_known_stays_open(assemble: Assemble) -> None:
    image = _one(assemble("f: nop\n .word f(SBREL)\n nop", "arm", flags=["-march=armv7-a"]))
    start = image.segments[0].address
    with pytest.raises(ImageError, match="relocation of kind 9 is not known"):
        image.read(start + 4, 4)
    assert len(image.read(start + 8, 4)) == 4


def test_a_branch_that_needs_a_veneer_stays_open(assemble: Assemble) -> None:
    source = ".arm\nf: b t\n.thumb\n.globl t\n.type t,%function\n.thumb_func\nt: bx lr"
    image = _one(assemble(source, "arm", flags=["-march=armv7-a"]))
    with pytest.raises(ImageError, match="veneer"):
        image.read(image.segments[0].address, 4)


def test_bss_is_writable_and_not_held(assemble: Assemble) -> None:
    image = _one(assemble(A64, "arm64"))
    (room,) = image.symbols.find("room")
    assert image.access(room.address) is Access.WRITABLE
    with pytest.raises(ImageError, match="not held by the file"):
        image.read(room.address, 8)


def test_access_follows_the_flags_of_the_sections(assemble: Assemble) -> None:
    image = _one(assemble(A64, "arm64"))
    assert {segment.name: segment.access for segment in image.segments} == {
        ".text": Access.CODE,
        ".data": Access.WRITABLE,
        ".bss": Access.WRITABLE,
        ".text2": Access.CODE,
        ".rodata": Access.READ_ONLY,
        ".hyp.data..ro_after_init": Access.INITIAL,
    }


def test_kernel_symbols_say_more_than_the_flags(assemble: Assemble) -> None:
    """In a vmlinux ``.rodata`` is flagged writable, because of what is written at boot in it."""
    source = """
    .text
    .globl _stext, _etext
    _stext: ret
    _etext:
    .section .rodata, "aw"
    .globl __start_rodata, __start_ro_after_init, __end_ro_after_init, __end_rodata
    __start_rodata: .quad 1
    __start_ro_after_init: .quad 2
    __end_ro_after_init: .quad 3
    __end_rodata:
    .quad 4
    """
    image = _one(assemble(source, "arm64", text=0x400000))
    (start,) = image.symbols.find("__start_rodata")
    found = [image.access(start.address + 8 * index) for index in range(4)]
    assert found == [Access.READ_ONLY, Access.INITIAL, Access.READ_ONLY, Access.WRITABLE]


def test_a_program_without_sections_is_read_by_its_segments(
    assemble: Assemble, tmp_path: Path
) -> None:
    program = assemble(A64, "arm64", text=0x400000)
    content = bytearray(program.read_bytes())
    content[0x28:0x30] = bytes(8)  # e_shoff
    content[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    stripped = tmp_path / "stripped"
    stripped.write_bytes(content)
    image, full = _one(stripped), _one(program)
    assert image.read(0x400000, 16) == full.read(0x400000, 16)
    assert image.access(0x400000) is Access.CODE
    assert len(image.symbols) == 0


def _vmlinux(kernel: TinyKernel, architecture: Architecture) -> bytes:
    """Wrap a kernel into a stripped ELF file: one section of code, one of everything after it."""
    etext = next(s.offset for s in kernel.symbols if s.name == "_etext")
    bits = architecture.bits
    head = {64: "<16sHHIQQQIHHHHHH", 32: "<16sHHIIIIIHHHHHH"}[bits]
    row = {64: "<IIQQQQIIQQ", 32: "<IIIIIIIIII"}[bits]
    names = b"\0.text\0.rodata\0.shstrtab\0"
    start = 0x1000
    after = start + len(kernel.content)
    machine = {Architecture.ARM64: 183, Architecture.ARM: 40}[architecture]
    header = struct.pack(
        head, b"\x7fELF" + bytes((bits // 32, 1, 1)), 2, machine, 1, kernel.address, 0,
        after + len(names), 0, struct.calcsize(head), 0, 0, struct.calcsize(row), 4, 3,
    )  # fmt: skip
    rows = [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (1, 1, 6, kernel.address, start, etext, 0, 0, 4, 0),
        (7, 1, 3, kernel.address + etext, start + etext, len(kernel.content) - etext, 0, 0, 4, 0),
        (15, 3, 0, 0, after, len(names), 0, 0, 1, 0),
    ]
    body = header.ljust(start, b"\0") + kernel.content + names
    return body + b"".join(struct.pack(row, *fields) for fields in rows)


@pytest.mark.parametrize("architecture", list(Architecture))
@pytest.mark.parametrize("layout", [Layout.V6_12, Layout.V7_2])
def test_a_stripped_kernel_has_its_own_symbols(
    tmp_path: Path, architecture: Architecture, layout: Layout
) -> None:
    kernel = tiny_kernel(architecture, layout)
    path = tmp_path / "vmlinux"
    path.write_bytes(_vmlinux(kernel, architecture))
    image = _one(path)
    assert image.version == VERSION
    assert [(s.name, s.address) for s in image.symbols] == [
        (s.name, kernel.address + s.offset) for s in kernel.symbols
    ]


def test_symbols_that_do_not_belong_to_the_code_are_refused(tmp_path: Path) -> None:
    kernel = tiny_kernel(Architecture.ARM, Layout.V7_2)
    content = bytearray(_vmlinux(kernel, Architecture.ARM))
    # Move both sections by a page, but not the addresses in kallsyms.
    rows = len(content) - 4 * 40
    for row in (1, 2):
        at = rows + 40 * row + 12
        moved = int.from_bytes(content[at : at + 4], "little") + 0x1000
        content[at : at + 4] = moved.to_bytes(4, "little")
    path = tmp_path / "vmlinux"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="kallsyms does not belong to this code"):
        load_image(path)


def test_the_decompressor_is_known_by_its_symbols(assemble: Assemble) -> None:
    source = (
        ".globl decompress_kernel, input_data\ndecompress_kernel: bx lr\n.data\ninput_data: .word 1"
    )
    assert _one(assemble(source, "arm", text=0x8000)).role.value == "decompressor"


def test_big_endian_instructions_are_refused(assemble: Assemble) -> None:
    program = assemble(A32, "arm", flags=["-march=armv7-a", "-EB"], text=0x8000, link=["-EB"])
    with pytest.raises(ImageError, match="not BE8"):
        load_image(program)
