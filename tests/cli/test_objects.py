"""Objects as ``make`` leaves them are judged; only what needs what is not there is undecided."""

import re
import subprocess
from pathlib import Path

import pytest

import hypabi as library
from tests.cli.door import Ran, hypabi, one_line
from tests.cli.stub import STUB64_6_1 as STUB64
from tests.cli.stub import function
from tests.inputs import Assemble, find_tool

SET = function("__hyp_set_vectors", "mov x1, x0; mov x0, #0; hvc #0; ret")
ASKS = function(
    "take", "mrs x1, CurrentEL; cmp x1, #8; b.eq 1f; stp x29, x30, [sp, #-16]!;"
    " adrp x0, {0}; add x0, x0, :lo12:{0}; bl __hyp_set_vectors; ldp x29, x30, [sp], #16; 1: ret",
)  # fmt: skip
TABLE = STUB64.split(".balign 2048")[0] + (
    ".balign 2048\ntable my_vectors, other\nother: mrs x1, esr_el2\nmov x0, #0\neret\n"
)
REFUTED, UNDECIDED = 12, 16


def _checked(*objects: Path) -> Ran:
    return hypabi("check", "-v", *objects, "--kernel-version", "6.1")


def test_an_address_that_nothing_is_asked_of_does_not_matter(assemble: Assemble) -> None:
    stub = STUB64.replace("b.ne 1f\n", "b.ne 1f\nadrp x5, there\nadd x5, x5, :lo12:there\n", 1)
    ran = _checked(assemble(stub, "arm64"))
    assert (ran.returncode, "there" in ran.stdout) == (0, False), ran.stdout


@pytest.mark.parametrize(
    "change",
    [
        "adrp x5, there\nadd x5, x5, :lo12:there\nmsr vbar_el2, x5",
        "ldr x5, =there\nmsr vbar_el2, x5",
        "adrp x5, there\nldr x1, [x5, :lo12:there]\nmsr vbar_el2, x1",
        "ldr x5, =there\nldr x1, [x5]\nmsr vbar_el2, x1",
    ],
)
def test_what_depends_on_an_unknown_address_is_undecided(assemble: Assemble, change: str) -> None:
    ran = _checked(assemble(STUB64.replace("msr vbar_el2, x1", change, 1), "arm64"))
    assert ran.returncode == UNDECIDED
    said = " ".join(ran.stdout.split())
    assert (
        "it depends on there, which no file here defines stub, HVC_SET_VECTORS: vectors-set" in said
    )
    assert "47 proved, 1 undecided, 11 vacuous" in said


def test_what_no_address_can_mend_is_refuted(assemble: Assemble) -> None:
    change = "adrp x5, there\norr x0, x5, #1"
    stub = STUB64.replace("ok: mov x0, xzr", f"ok: {change}", 1)
    assert _checked(assemble(stub, "arm64")).returncode == REFUTED


@pytest.mark.parametrize(("target", "status"), [("gone", UNDECIDED), ("ok", 0)])
def test_control_that_goes_to_another_file_is_undecided_by_name(
    assemble: Assemble, target: str, status: int
) -> None:
    ran = _checked(assemble(STUB64.replace("b.eq ok", f"b.eq {target}", 1), "arm64"))
    assert ran.returncode == status
    assert ("control goes to gone, which no file here defines" in ran.stdout) == bool(status)


def test_several_files_are_one_program(assemble: Assemble) -> None:
    stub, asks = assemble(STUB64 + SET, "arm64"), assemble(ASKS.format("my_vectors"), "arm64")
    table = assemble(TABLE, "arm64")
    without = _checked(stub, asks)
    assert without.returncode == UNDECIDED
    assert "it depends on my_vectors" in " ".join(without.stdout.split())
    whole = _checked(stub, asks, table)
    assert whole.returncode == 0, whole.stdout
    command = "".join(whole.stdout.split("To repeat")[1].replace("\\", " ").split())
    assert f"hypabicheck-v{stub}{asks}{table}--kernel-version6.1" in command
    assert library.check([stub, asks, table], kernel_version="6.1").exit_status == 0
    assert _checked(table, asks, stub).returncode == 0


def test_a_function_that_another_file_may_call_leaves_the_level_to_it(assemble: Assemble) -> None:
    others = (assemble(STUB64 + SET, "arm64"), assemble(TABLE, "arm64"))
    asks = ASKS.format("my_vectors").replace("mrs x1, CurrentEL; cmp x1, #8; b.eq 1f; ", "")
    assert "CurrentEL" not in asks
    assert _checked(*others, assemble(asks, "arm64")).returncode == 0
    alone = _checked(*others, assemble(asks.replace(".global", ".local"), "arm64"))
    assert alone.returncode == REFUTED
    assert "it is not known that the kernel runs at EL1" in " ".join(alone.stdout.split())


def test_what_is_a_program_of_its_own_is_given_alone(assemble: Assemble) -> None:
    one, program = assemble(STUB64, "arm64"), assemble(STUB64, "arm64", text=0x40080000)
    ran = _checked(one, program)
    assert ran.returncode == 1
    assert "is a whole program; only objects and archives of them are put together" in ran.stderr
    other = _checked(one, assemble(".arm\nf: bx lr", "arm", flags=["-march=armv7ve"]))
    assert "object for arm, little-endian, beside" in other.stderr


def test_a_link_that_leaves_references_is_the_same_as_its_parts(
    assemble: Assemble, tmp_path: Path
) -> None:
    parts = [assemble(STUB64 + SET, "arm64"), assemble(ASKS.format("my_vectors"), "arm64")]
    whole = tmp_path / "whole.o"
    command = [find_tool("aarch64-linux-gnu-ld"), "-r", "-o", str(whole), *map(str, parts)]
    subprocess.run(command, check=True, capture_output=True)
    assert _checked(whole).stdout.split("\n")[:3] == _checked(*parts).stdout.split("\n")[:3]


MODINFO = '.section .modinfo, "a"\n.string "vermagic={}"\n.text\n'


@pytest.mark.parametrize(
    "said",
    [
        MODINFO.format("6.1.0-9-arm64 SMP mod_unload"),
        '.section .rodata\n.string "x"\n.string "Linux version 6.1.0-9-arm64 (someone)"\n.text\n',
    ],
)
def test_the_version_is_what_an_object_says_it_was_built_for(assemble: Assemble, said: str) -> None:
    ran = hypabi("check", "-v", assemble(said + STUB64, "arm64"))
    assert (ran.returncode, ran.stdout.split(":")[0]) == (0, "6.1.0-9-arm64")
    none = hypabi("check", "-v", assemble(STUB64, "arm64"))
    assert "name it with --kernel-version" in none.stderr


def test_a_module_without_vectors_is_told_what_to_ask_of_it(assemble: Assemble) -> None:
    module = ".data\n.globl __this_module\n__this_module: .quad 0\n.text\n"
    source = module + MODINFO.format("6.1.0-9-arm64 SMP mod_unload")
    ran = hypabi("check", assemble(source + "f: ret\n", "arm64"))
    assert ran.returncode == 1
    assert "hypabi callers MODULE --against" in one_line(ran)
    with_vectors = hypabi("check", assemble(source + STUB64, "arm64"))
    assert with_vectors.returncode == 0


def test_another_program_is_told_what_to_ask_of_it(assemble: Assemble) -> None:
    """A loader that is named with a kernel's version lacks all parties, if it is a kernel."""
    loader = assemble(".globl _start\n_start: mov x0, #1\nhvc #0\nret\n", "arm64")
    ran = hypabi("check", "--kernel-version", "6.1", loader)
    assert ran.returncode == 16
    # A line may be broken anywhere.
    assert f"hypabicallers{loader}--againstVMLINUZ" in re.sub(r"[\s\\]", "", ran.stdout)
    own = assemble(STUB64.replace("__hyp_stub_vectors", "own_vectors"), "arm64")
    assert "own_vectors at" in hypabi("derive", own).stdout
    ran = hypabi("check", "--kernel-version", "6.1", own)
    assert ran.returncode == 16
    assert "hypabi contract new" in ran.stdout
    part = hypabi("check", "--kernel-version", "6.1", assemble(STUB64, "arm64"))
    assert part.returncode == 0
    said = "Linux version 6.1.0 (x)"
    kernel = hypabi("check", assemble(f'.text\nret\n.section .rodata\n.string "{said}"', "arm64"))
    assert kernel.returncode == 16
    assert "stub: " in kernel.stdout


ARM_STUB = """
.arm
.global __hyp_stub_install
.type __hyp_stub_install, %function
__hyp_stub_install: bx lr
.balign 32
.global __hyp_stub_vectors
.type __hyp_stub_vectors, %function
__hyp_stub_vectors: b .; b .; b .; b .; b .
b trap
b .; b .
.type trap, %function
trap: cmp r0, #0
bne 1f
mcr p15, 4, r1, c12, c0, 0
b ok
1: cmp r0, #1
bxeq r1
ldr r0, =0xbadca11
eret
ok: mov r0, #0
eret
"""
BOOT_MODE = ".data\n.global __boot_cpu_mode\n__boot_cpu_mode: .word 0\n"


@pytest.mark.parametrize(
    ("more", "options", "role"),
    [
        ("", (), "zimage-stub"),
        (BOOT_MODE, (), "stub"),
        ("", ("--role", "kernel"), "stub"),
        (BOOT_MODE, ("--role", "decompressor"), "zimage-stub"),
        (BOOT_MODE + ".text\nbl decompress_kernel\n", (), "zimage-stub"),
    ],
)
def test_an_object_of_the_decompressor_is_told_or_is_said_to_be_one(
    assemble: Assemble, more: str, options: tuple[str, ...], role: str
) -> None:
    unit = assemble(ARM_STUB + more, "arm", flags=["-march=armv7ve"])
    ran = hypabi("check", "-v", unit, "--kernel-version", "6.1", *options)
    assert f"\n{role}: __hyp_stub_vectors at" in ran.stdout
    assert " ".join(options) in ran.stdout.split("To repeat")[1]


def test_a_role_is_refused_where_the_file_says_it(assemble: Assemble) -> None:
    session = library.open_image(assemble(STUB64, "arm64"), role="kernel")
    with pytest.raises(library.HypabiError, match="the image is open already"):
        library.check(session, role="kernel")


def test_an_object_without_code_is_refused(assemble: Assemble) -> None:
    source = '.section .gnu.lto_.decls.1, "e"\n.byte 1\n'
    ran = hypabi("callers", assemble(source, "arm64"))
    assert ran.returncode == 1
    assert "intermediate language, no code; compile with -ffat-lto-objects" in ran.stderr
    fat = hypabi("callers", assemble(source + ".text\nf: hvc #0\nret\n", "arm64"))
    assert "1 call site" in fat.stdout
