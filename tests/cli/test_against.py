"""Callers of one file are held against the parties of another: a loader, a hypervisor's driver."""

import json

import pytest

import hypabi as library
from tests.cli.door import hypabi
from tests.cli.stub import STUB64, function
from tests.inputs import Assemble

REFUTED, UNDECIDED = 12, 16
TAKES = "mov x1, x0; mov x0, #0; hvc #0; {}"
TESTS = "cbnz x0, 1f; mov x0, #0; ret; 1: mov x0, #-1; ret"
ENTRY = """
.text
.global enter
.type enter, %function
enter: mov x17, x30
mov x16, x2
adr x1, vectors
mov x0, #0
hvc #0
hvc #0
b .
.type el2_entry, %function
el2_entry: mrs x1, esr_el2
bl more
adr x30, 1f
b more
1: mov x0, x16
ret x17
.type more, %function
more: add x3, x15, x4
ret
.balign 2048
.type vectors, %function
vectors:
.rept 8
.balign 128
b .
.endr
.balign 128
b el2_entry
.rept 7
.balign 128
b .
.endr
.balign 128
"""


@pytest.mark.parametrize(
    ("command", "body", "status", "said"),
    [
        ("callers", TAKES.format(TESTS), 0, ""),
        ("check", TAKES.format(TESTS), 0, ""),
        ("matrix", TAKES.format("mov x0, x17; ret"), REFUTED, "x17, which the contract lets"),
        ("check", TAKES.format("mov x0, x17; ret"), REFUTED, "x17, which the contract lets"),
        ("callers", "mov x0, #77; hvc #0; ret", 0, ""),
        ("callers", "mov x0, #77; hvc #0; mov x0, #0; ret", REFUTED, "and nobody looks at it"),
    ],
)
def test_a_caller_of_another_file_is_judged(
    assemble: Assemble, command: str, body: str, status: int, said: str
) -> None:
    kernel = assemble(STUB64, "arm64", text=0x40080000)
    loader = assemble(function("take", body), "arm64")
    ran = hypabi(command, loader, "--against", kernel, "--kernel-version", "5.10")
    assert ran.returncode == status, ran.stdout
    assert said in " ".join(ran.stdout.split())


def test_what_its_own_vectors_read_is_what_it_counts_on(assemble: Assemble) -> None:
    kernel = assemble(STUB64, "arm64", text=0x40080000)
    ran = hypabi(
        "callers", assemble(ENTRY, "arm64"), "--against", kernel, "--kernel-version", "6.1"
    )
    assert ran.returncode & REFUTED
    said = " ".join(ran.stdout.split())
    assert "x4 and x15 and x16 and x17, which the contract lets a call lose, are read at" in said
    assert "enter, HVC_SET_VECTORS, while stub is live" in said


@pytest.mark.parametrize(
    ("tested", "status", "said"),
    [
        ("bx lr", REFUTED, "refused: r0 is 0xbadca11"),
        ("cmp r0, #0; bne 1f; bx lr; 1: mvn r0, #0; bx lr", REFUTED, "no party of this kernel"),
    ],
)
def test_a_call_that_no_party_serves_is_violated_even_if_the_caller_tells(
    assemble: Assemble, tested: str, status: int, said: str
) -> None:
    stub = """
.arm
.balign 32
.global __hyp_stub_vectors
.type __hyp_stub_vectors, %function
__hyp_stub_vectors: b .; b .; b .; b .; b .
b trap
b .; b .
.type trap, %function
trap: cmp r0, #1
bxeq r1
ldr r0, =0xbadca11
eret
"""
    flags = ["-march=armv7ve"]
    kernel = assemble(stub, "arm", flags=flags, text=0xC0208000)
    body = f"mov r1, r0; mov r0, #0; hvc #0; {tested}"
    loader = assemble(".arm\n" + function("take", body), "arm", flags=flags)
    ran = hypabi("callers", loader, "--against", kernel, "--kernel-version", "5.10")
    if tested == "bx lr":  # it is up to who calls it
        assert "refused: r0 is 0xbadca11" in " ".join(ran.stdout.split())
    else:
        assert ran.returncode == status
    assert said in " ".join(ran.stdout.split())


def test_a_file_without_a_caller_is_undecided(assemble: Assemble) -> None:
    kernel = assemble(STUB64, "arm64", text=0x40080000)
    loader = assemble(function("take", "ret"), "arm64")
    for command in ("check",):
        ran = hypabi(command, loader, "--against", kernel, "--kernel-version", "5.10")
        assert ran.returncode == UNDECIDED


def test_python_and_the_command_line_say_the_same(assemble: Assemble) -> None:
    kernel = assemble(STUB64, "arm64", text=0x40080000)
    loader = assemble(function("take", TAKES.format("mov x0, x17; ret")), "arm64")
    options = ("--against", kernel, "--kernel-version", "5.10", "--format", "json")
    for name in ("matrix",):
        ran = hypabi(name, loader, *options)
        asked = getattr(library, name)
        result = asked(loader, against=kernel, kernel_version="5.10")
        again = asked(library.open_image(loader), against=[kernel], kernel_version="5.10")
        assert result.exit_status == again.exit_status == ran.returncode == REFUTED
        said = json.loads(ran.stdout)
        assert str(kernel) in said["reproduce"]["command"]


def test_two_architectures_are_refused(assemble: Assemble) -> None:
    kernel = assemble(STUB64, "arm64", text=0x40080000)
    loader = assemble(".arm\nf: hvc #0\nbx lr", "arm", flags=["-march=armv7ve"])
    ran = hypabi("callers", loader, "--against", kernel, "--kernel-version", "5.10")
    assert ran.returncode == 1
    assert "name files of one architecture" in ran.stderr
