"""Objects become a program whose missing symbols are there, and hold nothing that is known."""

import shutil
from pathlib import Path
from typing import Literal

import pytest

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.errors import HypabiError
from hypabi.image.load import load_image
from hypabi.image.model import Access
from hypabi.kbuild import toolchain
from hypabi.kbuild.link import link_objects
from hypabi.kbuild.toolchain import Toolchain
from tests.inputs import Assemble, skip_for
from tests.kbuild.machine import TOOLCHAIN

LLVM = Toolchain(Architecture.ARM64, llvm="")

SCRIPT = """SECTIONS {
    . = 0x80000000;
    _text = .;
    .text : { *(.text) }
    .wanted : { *(.wanted) }
    alias_of_missing = missing_too;
    PROVIDE(provided = .);
}
"""
SOURCE = """
    .globl entry, known
entry:
known:
    bl missing
    bl __kvm_nvhe_known
    bl __kvm_nvhe_missing_there
    adrp x0, provided
    adrp x1, _text
    ret
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "image.lds").write_text(SCRIPT)
    return tmp_path / "image.lds"


def test_what_nothing_defines_is_a_stand_in(assemble: Assemble, script: Path) -> None:
    target = script.with_name("program.elf")
    made = assemble(SOURCE, "arm64")
    linked = link_objects(TOOLCHAIN, [made], script, target, ["always"], [".wanted"])
    assert linked.stand_ins == ("__kvm_nvhe_missing_there", "always", "missing", "missing_too")
    (image,) = load_image(linked.path).images
    places = [image.symbols.find(name)[0].address for name in linked.stand_ins]
    assert len(set(places)) == len(places)
    assert all(image.access(place) is Access.WRITABLE for place in places)
    assert image.symbols.find("alias_of_missing")[0].address == places[3]


@pytest.mark.parametrize(
    "claim",
    [
        'ASSERT(entry == 0, "no")',
        'ASSERT((_text - 1) < (_text - 2), "no (missing)")',
        'ASSERT(SIZEOF(.text) == 1 || ADDR(.text) == 0, "no")',
    ],
)
def test_what_a_script_asserts_of_what_is_there_is_asked(
    assemble: Assemble, script: Path, claim: str
) -> None:
    script.write_text(f"{SCRIPT}{claim};\n")
    with pytest.raises(HypabiError, match="no"):
        link_objects(TOOLCHAIN, [assemble(SOURCE, "arm64")], script, script.with_name("p.elf"))


@pytest.mark.parametrize(
    "claim",
    [
        'PROVIDE(here = missing); ASSERT((missing - 1) < (_text - 1), "no")',
        'ASSERT(nowhere == 1, "no")',
    ],
)
def test_what_a_script_asserts_of_what_is_not_there_is_not_asked(
    assemble: Assemble, script: Path, claim: str
) -> None:
    script.write_text(f'{SCRIPT}{claim};\nASSERT(_text == 0x80000000, "text");\n')
    linked = link_objects(TOOLCHAIN, [assemble(SOURCE, "arm64")], script, script.with_name("p.elf"))
    assert "missing" in linked.stand_ins


BIG_SCRIPT = SCRIPT.replace("= missing_too;", "= missing_too + 4;")


@pytest.mark.parametrize("architecture", ["arm", "arm64"])
def test_big_endian_objects_are_linked_as_such(
    assemble: Assemble, script: Path, architecture: Literal["arm", "arm64"]
) -> None:
    script.write_text(BIG_SCRIPT)
    made = assemble(".globl entry\nentry: bl missing\n.word 1", architecture, flags=["-EB"])
    found = toolchain.find_toolchain(Architecture(architecture))
    linked = link_objects(found, [made], script, script.with_name("big.elf"))
    assert linked.stand_ins == ("missing", "missing_too")
    (image,) = load_image(linked.path).images
    assert image.byte_order is ByteOrder.BIG
    (entry,) = image.symbols.find("entry")
    assert image.read(entry.address + 4, 4) == bytes([0, 0, 0, 1])
    assert image.read(entry.address, 4)[3] in (0xEB, 0x94), "instructions are little-endian"


def test_llvm_links_the_same(assemble: Assemble, script: Path) -> None:
    if not all(map(shutil.which, toolchain.LLVM.values())):
        skip_for("clang", "clang is missing, or LLVM's tools: apt-get install clang lld llvm")
    target = script.with_name("program.elf")
    made = assemble(SOURCE, "arm64")
    linked = link_objects(LLVM, [made], script, target, ["always"], [".wanted"])
    assert linked.stand_ins == ("__kvm_nvhe_missing_there", "always", "missing", "missing_too")
    assert linked.functions == {"entry": made, "known": made}
    (image,) = load_image(linked.path).images
    assert image.symbols.find("__kvm_nvhe_known")[0].address == 0x80000000


def test_what_el2_may_use_of_the_kernel_is_the_kernels(assemble: Assemble, script: Path) -> None:
    target = script.with_name("program.elf")
    linked = link_objects(TOOLCHAIN, [assemble(SOURCE, "arm64")], script, target)
    (image,) = load_image(linked.path).images
    (known,) = image.symbols.find("known")
    assert image.symbols.find("__kvm_nvhe_known")[0].address == known.address == 0x80000000


def test_a_function_is_in_the_object_that_has_it_unless_two_have_one_of_its_name(
    assemble: Assemble, script: Path
) -> None:
    one = assemble(".globl a\na: ret\nlocal: ret\ntwice: ret\n", "arm64")
    two = assemble("twice: ret\n.data\nvariable: .word 0\n", "arm64")
    linked = link_objects(TOOLCHAIN, [one, two], script, script.with_name("program.elf"))
    assert linked.functions == {"a": one, "local": one}


def test_what_the_linker_refuses_is_refused_in_a_line(assemble: Assemble, script: Path) -> None:
    one, two = assemble(SOURCE, "arm64"), assemble(SOURCE, "arm64")
    with pytest.raises(HypabiError, match="multiple definition") as refused:
        link_objects(TOOLCHAIN, [one, two], script, script.with_name("program.elf"))
    assert "\n" not in str(refused.value)
