"""Vector tables: each is found with its symbol and without, and no other level's is taken."""

from dataclasses import replace

import pytest

from hypabi.arch.aarch64 import VECTOR_TABLE_SIZE
from hypabi.arch.names import Architecture, ByteOrder, InstructionSet
from hypabi.code.vector_tables import How, Kind, VectorTable, find_vector_tables
from hypabi.image.load import load_image
from hypabi.image.model import Access, Image, Segment, Symbol
from hypabi.lifter.sleigh import Lifter
from hypabi.symbolic.lifting import image_lifter
from tests.code.images import Names, image
from tests.inputs import Kernel

EXPECTED = {
    "5.10-arm64": {"__hyp_stub_vectors", "__kvm_hyp_vector", "hibernate_el2_vectors"},
    "6.1-arm64": {
        "__hyp_stub_vectors", "__kvm_hyp_vector", "trans_pgd_stub_vectors",
        "__kvm_nvhe___kvm_hyp_init", "__kvm_nvhe___kvm_hyp_host_vector",
        "__kvm_nvhe___kvm_hyp_vector",
    },
    "6.12-arm64": {
        "__hyp_stub_vectors", "__kvm_hyp_vector", "trans_pgd_stub_vectors",
        "__kvm_nvhe___kvm_hyp_init", "__kvm_nvhe___kvm_hyp_host_vector",
        "__kvm_nvhe___kvm_hyp_vector",
    },
    "7.2-arm64": {
        "__hyp_stub_vectors", "__kvm_hyp_vector", "trans_pgd_stub_vectors",
        "__kvm_nvhe___kvm_hyp_init", "__kvm_nvhe___kvm_hyp_host_vector",
        "__kvm_nvhe___kvm_hyp_vector",
    },
}  # fmt: skip
OF_EL1 = ("vectors", "tramp_vectors", "__bp_harden_el1_vectors")


def tables(image: Image, names: tuple[str, ...] = ()) -> tuple[VectorTable, ...]:
    lifter = Lifter(InstructionSet.A64, image.byte_order)
    return find_vector_tables(image, names, image_lifter(image, lifter.lift))


@pytest.mark.parametrize("name", EXPECTED)
def test_each_table_of_a_real_kernel_is_found_by_symbol_and_by_shape_alone(
    kernel: Kernel, name: str
) -> None:
    found = load_image(kernel(name)).images[-1]
    by_symbol = tables(found, tuple(EXPECTED[name]))
    named = {table.name: table for table in by_symbol if table.how is How.SYMBOL}
    assert set(named) == EXPECTED[name]
    bare = replace(found, symbols=Names(()))
    by_shape = tables(bare)
    assert {t.address for t in by_shape} == {t.address for t in by_symbol}
    assert {(t.how, t.name, t.kind) for t in by_shape} == {(How.SHAPE, "", Kind.EL2)}


@pytest.mark.parametrize("name", EXPECTED)
def test_no_table_of_el1_is_taken_for_one_of_el2(kernel: Kernel, name: str) -> None:
    found = load_image(kernel(name)).images[-1]
    of_el1 = {s.address for each in OF_EL1 for s in found.symbols.find(each)}
    assert of_el1, "the kernel has its own vectors"
    assert not of_el1 & {table.address for table in tables(found)}


NOP, ERET = 0xD503201F, 0xD69F03E0
VBAR_EL2_X1, VBAR_EL1_X1 = 0xD51CC001, 0xD518C001


def table(touch: int, *, padding: int = NOP, leave: int = ERET) -> bytes:
    """Make a table each of whose slots writes a register and leaves."""
    slot = [touch, leave] + [padding] * 30
    return b"".join(word.to_bytes(4, "little") for word in slot * 16)


def code(content: bytes, address: int = 0x8000) -> Image:
    return image(Segment(address, content, Access.CODE, ".text"))


def test_a_table_is_told_by_what_its_code_touches() -> None:
    assert [t.address for t in tables(code(table(VBAR_EL2_X1)))] == [0x8000]
    assert tables(code(table(VBAR_EL1_X1))) == ()


def test_a_table_is_where_the_architecture_lets_it_be() -> None:
    content = table(VBAR_EL2_X1)
    assert tables(code(bytes(0x400) + content)) == ()
    shifted = tables(code(NOP.to_bytes(4, "little") * 0x200 + content))
    assert [t.address for t in shifted] == [0x8800]
    assert [t.hvc_entry for t in shifted] == [0x8C00]


@pytest.mark.parametrize("change", ["no way out", "no padding", "cut short"])
def test_what_has_not_the_shape_is_no_table(change: str) -> None:
    content = {
        "no way out": table(VBAR_EL2_X1, leave=NOP),
        "no padding": table(VBAR_EL2_X1, padding=0xAA0103E1),
        "cut short": table(VBAR_EL2_X1)[: VECTOR_TABLE_SIZE - 0x80],
    }[change]
    assert tables(code(content)) == ()


def test_a_symbol_alone_makes_no_table() -> None:
    plain = code(NOP.to_bytes(4, "little") * 0x400)
    named = replace(plain, symbols=Names((Symbol("__hyp_stub_vectors", 0x8000),)))
    assert tables(named, ("__hyp_stub_vectors",)) == ()


def test_data_is_no_table() -> None:
    data = image(Segment(0x8000, table(VBAR_EL2_X1), Access.READ_ONLY, ".rodata"))
    assert tables(data) == ()


def test_instructions_are_little_endian_in_a_big_endian_image() -> None:
    big = replace(code(table(VBAR_EL2_X1)), byte_order=ByteOrder.BIG)
    assert [t.address for t in tables(big)] == [0x8000]


LOOP, ONWARD = "fff7febf", "00f010b8"
"""``b.w .`` and ``b.w . + 36`` of T32 (DDI 0406C, A8.8.18, encoding T4)."""


@pytest.mark.parametrize(
    ("slots", "found"),
    [
        ([LOOP] * 5 + [ONWARD] + [LOOP] * 2, True),
        ([LOOP] * 2 + [ONWARD] + [LOOP] * 2 + [ONWARD] + [LOOP] * 2, True),
        ([LOOP] * 8, False),
        ([LOOP] * 4 + [ONWARD] * 2 + [LOOP] * 2, False),
        ([LOOP] * 5 + ["00bf00bf"] + [LOOP] * 2, False),
    ],
)
def test_a_table_of_t32_without_a_symbol_is_one_that_only_hvc_leaves(
    slots: list[str], *, found: bool
) -> None:
    """As the decompressor of a Thumb-2 kernel has it."""
    content = bytes(0x20) + bytes.fromhex("".join(slots)) + bytes(0x40)
    a32 = replace(code(content), architecture=Architecture.ARM)
    expected = [VectorTable(0x8020, Kind.HYP, How.SHAPE, "", InstructionSet.T32)] if found else []
    assert list(tables(a32)) == expected
    shifted = replace(code(bytes(4) + content), architecture=Architecture.ARM)
    assert tables(shifted) == ()


LOADS = "18f09fe5"
"""``ldr pc, [pc, #24]`` of A32, which loads the word behind the eight slots that is its own."""
MRS_ELR_HYP, MRS_SPSR = "00030ee1", "00004fe1"
"""``mrs r0, ELR_hyp`` and ``mrs r0, spsr`` (DDI 0406C, B9.3.9)."""


@pytest.mark.parametrize(
    ("slots", "handler", "found"),
    [
        ([LOADS] * 8, MRS_ELR_HYP, True),
        ([LOADS] * 8, MRS_SPSR, False),
        ([LOADS] * 7 + ["18409fe5"], MRS_ELR_HYP, False),
    ],
)
def test_a_table_that_loads_pc_is_told_by_the_code_that_it_goes_to(
    slots: list[str], handler: str, *, found: bool
) -> None:
    literals = b"".join((0x8060).to_bytes(4, "little") for _ in range(8))
    content = bytes(0x20) + bytes.fromhex("".join(slots)) + literals + bytes.fromhex(handler)
    a32 = replace(code(content + bytes(16)), architecture=Architecture.ARM)
    lift = image_lifter(a32, Lifter(InstructionSet.A32, a32.byte_order).lift)
    assert [t.address for t in find_vector_tables(a32, (), lift)] == ([0x8020] if found else [])
