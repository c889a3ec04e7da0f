"""Compiled functions: told by the frame they make, and by more code than assembler leads to."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.code.compiled_functions import MOST_FOLLOWED, is_compiled
from hypabi.image.load import load_image
from hypabi.image.model import Image, Symbol
from hypabi.records import replace
from tests.inputs import Assemble, Kernel
from tests.symbolic.handler import TEXT, image_of

FRAMES = [
    "stp x29, x30, [sp, #-32]!",
    "sub sp, sp, #0x40",
    "bti c\nstp x29, x30, [sp, #-16]!",
]
PAC = ".inst 0xd503233f"  # paciasp
LARGE = [
    f"\n.rept {MOST_FOLLOWED}\nnop\n.endr\nret",
    f"\ncbz x0, 1f\nret\n1: bl 2f\nret\n2:\n.rept {MOST_FOLLOWED}\nnop\n.endr",
    f"\nb.eq 1f\nret\n1: tbz x0, #3, 2f\nret\n2: b 3f\n3: {PAC}",
]
OTHERS = [
    "cmp x0, #3\nb.hi .",
    "stp x0, x1, [sp, #-16]!",
    "mov x9, x30\nstp x29, x30, [sp, #-16]!",
    "msr vbar_el2, x1\nsub sp, sp, #16",
    "nop\nnop\nnop\nnop\nstp x29, x30, [sp, #-16]!",
    "stp x29, x30, [x18, #64]",
    "add sp, sp, #16",
]
SMALL = "\ncmp x0, #3\nb.hi 1f\nbl 2f\n1: eret\n2: ret\n"


def kernel_of(source: str, assemble: Assemble) -> Image:
    """Return code as a kernel has it."""
    return replace(image_of(source, assemble), version="6.1.0")


@pytest.mark.parametrize("more", LARGE)
@pytest.mark.parametrize("source", [PAC, *FRAMES])
def test_of_a_program_that_is_no_kernel_all_is_followed(
    source: str, more: str, assemble: Assemble
) -> None:
    assert is_compiled(image_of(source + more, assemble))(TEXT) is None


@pytest.mark.parametrize("source", [PAC, f"nop\nnop\n{PAC}\nstp x29, x30, [sp, #-16]!"])
def test_a_function_that_signs_its_return_address_is_compiled(
    source: str, assemble: Assemble
) -> None:
    assert is_compiled(kernel_of(f"named: {source}{SMALL}", assemble))(TEXT) in (
        "named",
        f"{TEXT:#x}",
    )


@pytest.mark.parametrize("more", LARGE)
@pytest.mark.parametrize("source", FRAMES)
def test_a_frame_and_more_code_than_assembler_leads_to_is_compiled(
    source: str, more: str, assemble: Assemble
) -> None:
    assert is_compiled(kernel_of(source + more, assemble))(TEXT) is not None
    assert is_compiled(kernel_of(more, assemble))(TEXT) is None


@pytest.mark.parametrize("source", FRAMES)
def test_a_frame_alone_is_assembler_as_well(source: str, assemble: Assemble) -> None:
    behind = f"{SMALL}.rept {MOST_FOLLOWED}\nnop\n.endr"
    assert is_compiled(kernel_of(source + behind, assemble))(TEXT) is None


def test_where_a_contract_ends_nothing_is_followed(assemble: Assemble) -> None:
    for name, expected in (("handle_trap", "handle_trap"), ("handle_trip", None)):
        source = f".type {name}, %function\n{name}: {FRAMES[0]}{SMALL}"
        assert is_compiled(image_of(source, assemble))(TEXT) == expected


@pytest.mark.parametrize("source", OTHERS)
def test_what_makes_no_frame_is_not(source: str, assemble: Assemble) -> None:
    assert is_compiled(kernel_of(source, assemble))(TEXT) is None


def test_what_is_not_there_is_not_compiled(assemble: Assemble) -> None:
    image = image_of("nop", assemble)
    assert is_compiled(image)(TEXT) is None
    assert is_compiled(image)(0) is None


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-arm64"])
def test_c_and_assembler_of_a_real_kernel_are_told_apart(kernel: Kernel, name: str) -> None:
    image = load_image(kernel(name)).images[-1]
    assert image.architecture is Architecture.ARM64
    tell = is_compiled(image)

    def told(function: str) -> str | None:
        symbol: Symbol
        (symbol,) = image.symbols.find(function)
        return tell(symbol.address)

    for function in ("__kvm_nvhe_handle_trap", "__kvm_nvhe_hyp_panic", "kvm_arch_init", "printk"):
        found = image.symbols.find(function)
        if found:
            assert told(function) == function
    for function in (
        "__kvm_nvhe___host_exit", "__kvm_nvhe___kvm_handle_stub_hvc", "__finalise_el2",
        "__kvm_nvhe___guest_exit", "__hyp_stub_vectors",
    ):  # fmt: skip
        assert told(function) is None, function
