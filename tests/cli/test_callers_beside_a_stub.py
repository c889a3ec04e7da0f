"""What `check` and `callers` say of callers that stand beside the kernel's own stub."""

import pytest

from tests.cli.door import Ran, hypabi
from tests.cli.stub import STUB64, function
from tests.inputs import Assemble

REFUTED = 12
UNDECIDED = 16


def checked(assemble: Assemble, *functions: str) -> Ran:
    program = assemble(STUB64 + "".join(functions), "arm64", text=0x40080000)
    return hypabi("check", "-v", program, "--kernel-version", "5.10")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("mov x1, x0; mov x0, #0; hvc #0; ret", 0),
        # An argument that the function itself spoils, on one of two paths that meet.
        ("bic x1, x1, #0x7ff; cbz x2, 1f; add x1, x1, #8; 1: mov x0, #0; hvc #0; ret", REFUTED),
        # Aligned on both, and not what the function was called with.
        ("bic x1, x1, #0x7ff; cbz x2, 1f; add x1, x1, #2048; 1: mov x0, #0; hvc #0; ret", REFUTED),
        ("mov x1, x0; cbz x2, 1f; add x1, x0, #0; 1: mov x0, #0; hvc #0; ret", 0),
        # Two calls: the second enters vectors that nobody followed, with x17 still counted on.
        ("mov x17, x30; mov x1, x0; mov x0, #0; hvc #0; hvc #0; mov x30, x17; ret", UNDECIDED),
    ],
)
def test_set_vectors(body: str, status: int, assemble: Assemble) -> None:
    assert checked(assemble, function("__hyp_set_vectors", body)).returncode == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("mov x0, #2; hvc #0; ret", 0),
        # The answer is in x0; x1 is what the function was called with.
        ("mov x0, #2; hvc #0; mov x0, x1; ret", REFUTED),
        ("mov x1, x3; mov x0, #2; hvc #0; mov x0, x1; ret", 0),
        # What does not depend on a register does not read it.
        ("mov x4, #5; mov x0, #2; hvc #0; eor x4, x4, x4; mov x0, x4; ret", 0),
    ],
)
def test_reset_vectors(body: str, status: int, assemble: Assemble) -> None:
    assert checked(assemble, function("__hyp_reset_vectors", body)).returncode == status


FALLS = ".arm\n" + function("__hyp_get_vectors", "{}") + function("taker", "hvc #0; bx lr")


@pytest.mark.parametrize(
    ("ending", "names"),
    [
        ("mvn r0, #0", 1),
        ("mvn r0, #0; bx lr", 0),  # it returns before
        ("nop", 0),  # a label in front of padding is no function
        ("mvn r0, #0; bl panic", 0),  # a compiler knew that this does not come back
    ],
)
def test_a_function_that_runs_on_into_the_next_is_a_caller(
    ending: str, names: int, assemble: Assemble
) -> None:
    source = ".set panic, 0x10000\n" + FALLS.format(ending)
    unit = assemble(source, "arm", flags=["-march=armv7ve"])
    ran = hypabi("callers", unit, "--contract", "arm-hyp-stub-2012", "--kernel-version", "3.8")
    assert ("__hyp_get_vectors" in ran.stdout) == bool(names)


def test_what_a_condition_chooses_is_named_with_the_condition(assemble: Assemble) -> None:
    body = "cmp r1, #0; movne r1, r0; movne r0, #0; hvc #0; bx lr"
    unit = assemble(".arm\n" + function("take", body), "arm", flags=["-march=armv7ve"])
    ran = hypabi("callers", unit, "--kernel-version", "6.1")
    assert "HVC_SET_VECTORS" in ran.stdout
    assert "where      r1 != 0" in ran.stdout
    assert "where      r1 == 0" in ran.stdout


def test_an_immediate_of_no_contract_is_said_to_select(assemble: Assemble) -> None:
    unit = assemble(function("ask", "hvc #0x10; ret"), "arm64")
    ran = hypabi("callers", unit)
    assert "0x10" in ran.stdout and "depends on x0" not in ran.stdout
    assert ran.returncode == UNDECIDED


def test_a_contract_that_is_named_is_used_or_refused(assemble: Assemble) -> None:
    unit = assemble(function("ask", "mov x0, #0; hvc #0; ret"), "arm64")
    assert hypabi("callers", unit).returncode != 1
    refused = hypabi("callers", unit, "--contract", "linux-hyp-abi")
    assert refused.returncode == 1
    assert "--kernel-version" in refused.stderr


def test_references_that_only_a_linker_completes_refuse_nothing_else(assemble: Assemble) -> None:
    before = function("f", "mov x0, #0; hvc #0; ret")
    behind = function("g", "adr x0, elsewhere; ldr x1, [x0]; bl elsewhere; mov x0, #1; hvc #0; ret")
    ran = hypabi("callers", assemble(before + behind, "arm64"), "--kernel-version", "6.1")
    assert "HVC_SET_VECTORS" in ran.stdout and "HVC_SOFT_RESTART" in ran.stdout


def test_an_absolute_symbol_names_no_code(assemble: Assemble) -> None:
    absolute = ".global blob_size\n.set blob_size, 0x10008\n"
    unit = assemble(absolute + function("f", "mov x1, x0; mov x0, #0; hvc #0; ret"), "arm64")
    ran = hypabi("callers", unit, "--kernel-version", "6.1")
    assert "HVC_SET_VECTORS" in ran.stdout and "blob_size" not in ran.stdout


def test_t32_code_is_found_where_no_symbol_says_so(assemble: Assemble) -> None:
    source = ".thumb\n" + function("f", "movs r0, #1; hvc #0; bx lr").replace(
        "f:", ".thumb_func\nf:"
    )
    for link, status in (([], 0), (["-s"], UNDECIDED)):
        program = assemble(source, "arm", flags=["-march=armv7ve"], text=0x8000, link=link)
        ran = hypabi("callers", program, "--kernel-version", "6.1")
        assert "HVC_SOFT_RESTART" in ran.stdout
        assert ran.returncode == status


def test_a_table_whose_last_slot_nothing_fills_up_is_one(assemble: Assemble) -> None:
    cut = STUB64.replace("table __hyp_stub_vectors, sync\n", "") + (
        ".balign 2048\n.global __hyp_stub_vectors\n__hyp_stub_vectors:\n.rept 8\nslot .\n.endr\n"
        "slot sync\n.rept 7\nslot .\n.endr\n"
    )
    ran = hypabi("check", "-v", assemble(cut, "arm64"), "--kernel-version", "5.10")
    assert ran.returncode == 0


def test_a_table_with_a_name_of_its_own_is_never_named_by_its_conduct(assemble: Assemble) -> None:
    saves = "stp x0, x30, [sp, #-16]!; mrs x0, esr_el2; bl handle; ldp x0, x30, [sp], #16; eret"
    handler = function("handle", "stp x29, x30, [sp, #-16]!; ldp x29, x30, [sp], #16; ret")
    source = STUB64.split(".balign 2048")[0] + handler + function("enter", saves)
    source += ".balign 2048\ntable my_vectors, enter\n"
    ran = hypabi(
        "check", "-v", assemble(source, "arm64", text=0x40080000), "--kernel-version", "6.1"
    )
    assert ran.returncode == UNDECIDED
    assert "kvm-run-protected: my_vectors" not in ran.stdout
