"""A hypervisor in C is followed from its vectors to its return, as compilers make it.

Its calls go by a jump table, a table of functions and a loop; its frames are signed where the
compiler signs them.  ``compiled/contract.yaml`` promises what its source says.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.door import hypabi
from tests.inputs import Assemble
from tests.symbolic.compiled_hypervisor import FOLDER, built

REGISTERS = {
    "arm64": {
        **{f"R{n}": f"x{n}" for n in range(5)},
        "ARCH": "arm64",
        "VECTORS": "VBAR_EL2",
        "STACK": "SP_EL2",
        "TAKEN": "ELR_EL2, SPSR_EL2, ESR_EL2",
        "ALIGNED": "2048",
        "ERROR": "0xffffffffffffffff",
        "BYTES": "8",
    },
    "arm": {
        **{f"R{n}": f"r{n}" for n in range(5)},
        "ARCH": "arm",
        "VECTORS": "HVBAR",
        "STACK": "SP_hyp",
        "TAKEN": "ELR_hyp, SPSR_hyp, HSR",
        "ALIGNED": "32",
        "ERROR": "0xffffffff",
        "BYTES": "4",
    },
}
COMPILED = [
    ("arm64", ("-O0",)),
    ("arm64", ("-O1", "-mbranch-protection=standard")),
    ("arm64", ("-O2",)),
    ("arm64", ("-O2", "-march=armv8.3-a", "-mbranch-protection=pac-ret+leaf+b-key")),
    ("arm", ("-O0", "-marm")),
    ("arm", ("-O2", "-marm")),
    ("arm", ("-O1", "-mthumb")),
    ("arm", ("-O2", "-mthumb")),
]


def checked(image: Path, architecture: str) -> dict[str, Any]:
    """Hold it against its contract."""
    text = (FOLDER / "contract.yaml").read_text(encoding="utf-8")
    for name, meant in REGISTERS[architecture].items():
        text = text.replace(name, meant)
    contract = image.with_name("contract.yaml")
    contract.write_text(text, encoding="utf-8")
    options = ("--contract", contract, "--kernel-version", "6.1", "--format", "json")
    report: dict[str, Any] = json.loads(hypabi("check", image, *options).stdout)
    return report


def broken(report: dict[str, Any]) -> dict[str | None, str]:
    """Return the clauses that are not proved, with their calls."""
    return {
        each["call"]: f"{each['clause']}: {each['verdict']}"
        for each in report["verdicts"]
        if each["verdict"] != "proved"
    }


@pytest.mark.parametrize(("architecture", "options"), COMPILED, ids=str)
def test_every_promise_is_proved_that_the_source_keeps(
    architecture: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    report = checked(built(tmp_path, architecture, *options), architecture)
    # Numbers 5 and 6 are served, and in no contract: not refused, as any other has to be.
    assert broken(report) == {None: "refused: refuted"}
    assert report["counts"]["clauses"]["proved"] > 20


@pytest.mark.parametrize(("architecture", "options"), [COMPILED[1], COMPILED[7]], ids=str)
def test_what_the_source_does_otherwise_is_refuted(
    architecture: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    report = checked(built(tmp_path, architecture, *options, "-DVERSION=0x10002"), architecture)
    assert broken(report) == {None: "refused: refuted", "VERSION": "version: refuted"}


KEPT_ELSEWHERE = """
        .text
        .balign 0x800
        .global vectors
vectors:
        .rept   16
        .balign 0x80
        b       sync
        .endr
        .balign 0x80
sync:   stp     x8, x9, [sp, #-16]!
        mrs     x8, tpidr_el2
        ldr     x8, [x8, #0x10]         // where this CPU keeps the state of its guest
        stp     x0, x30, [x8]
        ldr     x9, [x8]
        cmp     w9, #1
        b.eq    1f
        mov     x9, #-1
        b       2f
1:      WRITES
        mov     x9, #7
2:      str     x9, [x8]
        ldp     x0, x30, [x8]
        ldp     x8, x9, [sp], #16
        eret
"""


@pytest.mark.parametrize(
    ("writes", "status"),
    [
        ("nop", 0),
        ("msr tpidr_el2, x1", 16),
        ("mrs x9, tpidr_el2\n str x1, [x9, #0x10]", 16),
        ("mrs x9, tpidr_el2\n str x1, [x9, #0x18]", 0),
    ],
)
def test_state_that_a_cpu_keeps_behind_a_pointer_is_followed_unless_a_call_moves_it(
    assemble: Assemble, tmp_path: Path, writes: str, status: int
) -> None:
    image = assemble(KEPT_ELSEWHERE.replace("WRITES", writes), "arm64", text=0x40080000)
    path = tmp_path / "contract.yaml"
    ran = hypabi("contract", "new", image, "--vectors", "vectors", "--output", path)
    assert ran.returncode == 0
    text = path.read_text(encoding="utf-8")
    assert ("start: mem[TPIDR_EL2 + 0x10]" in text) is (status == 0)
    assert hypabi("check", image, "--contract", path).returncode == status
