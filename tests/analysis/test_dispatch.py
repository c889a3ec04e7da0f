"""Compiled code that a call is handed to is followed to the function that serves its number."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.door import hypabi, one_line
from tests.cli.other_interfaces import TABLE
from tests.inputs import Assemble, Kernel

BEHIND = """
sync:   msr     tpidr_el2, x1
        bl      handle_trap
        eret
        .global handle_trap
        .type   handle_trap, %function
handle_trap:
        paciasp
        stp     x29, x30, [sp, #-16]!
        mov     x9, #0xc6000000
        and     x0, x0, #0xfffffffffffeffff
        sub     x9, x0, x9
        cmp     x9, #3
        b.hs    1f
        adrp    x10, table
        add     x10, x10, :lo12:table
        ldr     x10, [x10, x9, lsl #3]
        cbz     x10, 1f
        blr     x10
        mov     x0, #0
        b       2f
1:      mov     x0, #-1
2:      ldp     x29, x30, [sp], #16
        autiasp
        ret
        .size   handle_trap, . - handle_trap
        .global handle_one
        .type   handle_one, %function
handle_one:
        paciasp
        autiasp
        ret
        .size   handle_one, . - handle_one
        .global handle_two
        .type   handle_two, %function
handle_two:
        ret
        .size   handle_two, . - handle_two
        .section .rodata
        .balign 8
table:  .quad   handle_one, 0, handle_two
"""


def served(image: Path, *options: str) -> Mapping[str | None, list[str]]:
    """Return how each number ends behind the functions that are followed."""
    ran = hypabi("derive", image, *options, "--format", "json")
    (entry,) = json.loads(ran.stdout)["entries"]
    return {each["number"]: each["ends"] for each in entry["served"]}


def test_each_number_is_served_by_the_function_in_its_place_of_the_table(
    assemble: Assemble,
) -> None:
    image = assemble(TABLE + BEHIND, "arm64", text=0x40080000)
    assert served(image, "--entry", "vectors", "--follow", "handle_trap") == {
        "0xc6000000": ["calls handle_one"],
        "0xc6000001": ["returns x0 = 0xffffffffffffffff"],
        "0xc6000002": ["calls handle_two"],
        None: ["calls handle_one", "calls handle_two", "returns x0 = 0xffffffffffffffff"],
    }
    assert not served(image, "--entry", "vectors")


def test_a_table_that_may_be_written_is_undecided_and_says_what_the_file_holds(
    assemble: Assemble,
) -> None:
    writable = BEHIND.replace(".section .rodata", ".data")
    image = assemble(TABLE + writable, "arm64", text=0x40080000, link=("-Tdata=0x40090000",))
    found = served(image, "--entry", "vectors", "--follow", "handle_trap")
    (undecided,) = (end for end in found["0xc6000002"] if end.startswith("undecided"))
    assert "handle_trap+0x2c" in undecided
    assert undecided.endswith("in the file that is handle_two")


def test_a_function_that_the_image_lacks_is_refused(assemble: Assemble) -> None:
    image = assemble(TABLE + BEHIND, "arm64", text=0x40080000)
    ran = hypabi("derive", image, "--entry", "vectors", "--follow", "handle_trp")
    assert ran.returncode == 1
    assert "handle_trap" in one_line(ran)


@pytest.mark.parametrize("name", ["6.12-arm64"])
def test_kvm_serves_its_host_by_the_functions_of_its_list_of_numbers(
    kernel: Kernel, name: str
) -> None:
    found = served(kernel(name), "--party", "kvm-run", "--follow", "handle_trap")
    # arch/arm64/include/asm/kvm_asm.h of 6.12
    assert found["0xc600000c"] == ["calls __kvm_nvhe_handle___kvm_vcpu_run"]
    assert found["0xc6000019"] == ["calls __kvm_nvhe_handle___pkvm_teardown_vm"]
    assert found["0xc6000000"] == ["returns x0 = 0xffffffffffffffff"]
    assert "0xc600001a" not in found
