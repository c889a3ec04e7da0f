"""What does not lie where the contract has it is said, of the symbols that an image has."""

from pathlib import Path

import pytest

from hypabi.analysis.placement import Placed, judge_places
from hypabi.analysis.session import open_image
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.version import Version
from tests.inputs import Assemble, Kernel

CONTRACT = shipped_contract("linux-hyp-abi")
VERSION = Version.exact("6.12")

PROGRAM = """
    .arch armv8.5-a
    .text
    .globl __idmap_text_start, __idmap_text_end, init_kernel_el, enter_vhe, secondary_startup
    .globl trans_pgd_stub_vectors, __trans_pgd_stub_vectors_end, __hyp_stub_vectors
__idmap_text_start:
    .type init_kernel_el, %function
init_kernel_el:
    bti c
    eret
    .type secondary_startup, %function
secondary_startup:
LANDING
    ret
INSIDE
__idmap_text_end:
    nop
OUTSIDE
    .align 11
trans_pgd_stub_vectors:
    .rept 16
    .align 7
    b 1f
    .endr
    .align 11
1:  COPIED
    eret
    .align 11
__trans_pgd_stub_vectors_end:
    .align 11
__hyp_stub_vectors:
    .rept 16
    .align 7
    eret
    .endr
"""
MMU = "    .type enter_vhe, %function\nenter_vhe:\n    eret"


def program(
    assemble: Assemble,
    landing: str = "bti j",
    inside: str = MMU,
    outside: str = "",
    copied: str = "nop",
) -> Path:
    return assemble(filled(PROGRAM, landing, inside, outside, copied), "arm64", text=0x40200000)


def filled(
    source: str, landing: str = "bti j", inside: str = MMU, outside: str = "", copied: str = "nop"
) -> str:
    source = source.replace("LANDING", f"    {landing}").replace("INSIDE", inside)
    return source.replace("OUTSIDE", outside).replace("COPIED", copied)


def placed(path: Path) -> dict[str, Placed]:
    examined = open_image(path).examine(CONTRACT, VERSION)
    return {each.place.name: each for each in judge_places(examined.revision, examined.programs)}


def test_what_lies_where_it_has_to_is_not_told(assemble: Assemble) -> None:
    found = placed(program(assemble))
    assert {name for name, each in found.items() if each.judged} >= {
        "identity-map",
        "copied-vectors",
        "landing",
    }
    assert not [each for each in found.values() if each.wrong]


def test_code_that_turns_the_mmu_on_outside_the_identity_map_is_told(assemble: Assemble) -> None:
    found = placed(program(assemble, inside="", outside=MMU))
    (what,) = found["identity-map"].wrong
    assert what.startswith("enter_vhe is at ")


def test_a_copy_that_goes_back_to_the_original_is_told(assemble: Assemble) -> None:
    found = placed(program(assemble, copied="bl init_kernel_el"))
    (what,) = found["copied-vectors"].wrong
    assert "which is not copied with it" in what


def test_a_branch_target_without_a_landing_word_is_told(assemble: Assemble) -> None:
    found = placed(program(assemble, landing="nop"))
    (what,) = found["landing"].wrong
    assert what.startswith("secondary_startup at ")


def test_a_table_that_is_not_aligned_is_told(assemble: Assemble) -> None:
    assert placed(program(assemble))["tables"].judged == ("__hyp_stub_vectors",)
    moved = PROGRAM.replace("__hyp_stub_vectors:\n", "    .space 16\n__hyp_stub_vectors:\n")
    found = placed(assemble(filled(moved), "arm64", text=0x40200000))
    (what,) = found["tables"].wrong
    assert what.endswith("is not aligned to 0x800")


def test_code_of_a_region_in_which_nothing_lies_is_outside(assemble: Assemble) -> None:
    text = filled(PROGRAM).replace("__idmap_text_end:\n", "")
    empty = text.replace("__idmap_text_start:\n", "__idmap_text_start:\n__idmap_text_end:\n")
    found = placed(assemble(empty, "arm64", text=0x40200000))
    assert [what.split()[0] for what in found["identity-map"].wrong] == [
        "init_kernel_el",
        "secondary_startup",
        "enter_vhe",
    ]


HANDS_ON = """    .type cpu_resume, %function
cpu_resume:
    mrs x0, NAME
    brk #0x800
    msr tpidr_el2, x0
"""


@pytest.mark.parametrize(("name", "told"), [("vbar_el1", False), ("vbar_el2", True)])
def test_code_of_el1_that_names_a_register_of_el2_is_told(
    assemble: Assemble, name: str, *, told: bool
) -> None:
    found = placed(program(assemble, inside=HANDS_ON.replace("NAME", name)))["below-el2"]
    assert "cpu_resume" in found.judged
    assert bool(found.wrong) is told and all("of cpu_resume" in each for each in found.wrong)


@pytest.mark.parametrize(("first", "second", "told"), [(0xE12, 0xE11, False), (0xE11, 0xE12, True)])
def test_words_that_do_not_stand_there_at_first_are_told(
    assemble: Assemble, first: int, second: int, *, told: bool
) -> None:
    data = f"    .globl __boot_cpu_mode\n__boot_cpu_mode: .word {first:#x}, {second:#x}"
    found = placed(program(assemble, outside=data))["boot-mode-at-first"]
    assert bool(found.wrong) is told


def test_of_symbols_that_an_image_lacks_nothing_is_told(assemble: Assemble) -> None:
    assert not placed(program(assemble))["kvm-identity-map"].judged


@pytest.mark.parametrize("name", ["5.10-arm64", "6.1-arm64", "6.12-arm64-16k", "7.2-arm64"])
def test_real_kernels_lie_as_they_have_to(kernel: Kernel, name: str) -> None:
    examined = open_image(kernel(name)).examine(CONTRACT)
    found = judge_places(examined.revision, examined.programs)
    assert any(each.judged for each in found)
    assert not [each.wrong for each in found if each.wrong]


def test_a_placement_that_nothing_tells_names_what_is_missing(assemble: Assemble) -> None:
    found = placed(program(assemble))
    assert "__relocate_new_kernel_start" in found["copied-relocation"].untold
    assert "__hyp_idmap_text_start" in found["kvm-identity-map"].untold
    assert not any(each.untold for each in found.values() if each.judged)
    assert all(each.untold for each in found.values() if not each.judged)


def test_a_kernel_without_landing_words_says_so(assemble: Assemble) -> None:
    source = (
        PROGRAM.replace("    bti c\n", "    nop\n").replace("LANDING", "").replace("COPIED", "nop")
    )
    path = assemble(source.replace("INSIDE", MMU).replace("OUTSIDE", ""), "arm64", text=0x40200000)
    assert "init_kernel_el that starts with a landing word" in placed(path)["landing"].untold


OBJECT = """
    .arch armv8.5-a
    .section {}, "ax"
    .globl init_kernel_el, secondary_startup
    .type init_kernel_el, %function
init_kernel_el:
    bti c
    eret
    .section .idmap.text, "ax"
    .type secondary_startup, %function
secondary_startup:
    bti j
    ret
"""


@pytest.mark.parametrize(
    ("section", "wrong"), [(".idmap.text", 0), (".init.text", 1), (".text.hot", 1)]
)
def test_of_an_object_the_section_tells_where_its_code_will_lie(
    assemble: Assemble, section: str, wrong: int
) -> None:
    path = assemble(OBJECT.format(section), "arm64")
    found = placed(path)["identity-map"]
    assert set(found.judged) == {"init_kernel_el", "secondary_startup"}
    assert len(found.wrong) == wrong
    assert all("init_kernel_el" in line and section in line for line in found.wrong)


@pytest.mark.parametrize(
    ("section", "judged", "wrong"),
    [(".text.stub", 1, 0), (".init.text", 1, 1), (".of.its.own", 0, 0)],
)
def test_of_a_section_that_nobody_knows_nothing_is_told(
    assemble: Assemble, section: str, judged: int, wrong: int
) -> None:
    source = f"""
    .section {section}, "ax"
    .globl __hyp_stub_vectors
__hyp_stub_vectors: b .
    .text
    nop
"""
    kept = placed(assemble(source, "arm", flags=["-march=armv7-a"]))["kept-text-of-arm"]
    assert (len(kept.judged), len(kept.wrong)) == (judged, wrong)


@pytest.mark.parametrize(
    ("refers", "judged", "wrong"), [("b 1f", 2, 0), ("b outside", 2, 1), ("b elsewhere", 0, 0)]
)
def test_a_copy_in_an_object_is_judged_by_what_it_refers_to(
    assemble: Assemble, refers: str, judged: int, wrong: int
) -> None:
    source = f"""
    .text
outside:
    ret
    .section .kexec_relocate.text, "ax"
    {refers}
1:  ret
"""
    copied = placed(assemble(source, "arm64"))["copied-relocation"]
    assert (len(copied.judged), len(copied.wrong)) == (judged, wrong)
    assert ("refers to elsewhere" in copied.untold) == (not judged)
