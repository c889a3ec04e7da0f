"""The lives run on QEMU as their transcripts say, in each instruction set and byte order."""

import subprocess
from pathlib import Path

import pytest

from hypabi.image.load import load_image
from tests.inputs import find_tool
from tests.reference.references import FOLDER, Reference, references

LIVES = Path(__file__).parent / "lives"
FORMS = {
    "a32": "A32, little-endian",
    "t32": "T32, little-endian",
    "a32be": "A32, big-endian",
    "t32be": "T32, big-endian",
    "a64": "A64, little-endian",
    "a64be": "A64, big-endian",
}
MACHINE = {
    "arm": ("qemu-system-arm", "virt,virtualization=on", "cortex-a15"),
    # HVC_GET_ICH_VTR_EL2 needs a GIC whose CPU interface has system registers.
    "arm64": ("qemu-system-aarch64", "virt,virtualization=on,gic-version=3", "cortex-a57"),
}
LONGEST = 20
"""Seconds: a life takes a fifth of one; what takes this long on a busy machine hangs."""


def run(reference: Reference, *more: str) -> str:
    """Return what a life prints until the machine powers off."""
    tool, board, processor = MACHINE[reference.architecture]
    machine = ["-M", board, "-cpu", processor, "-smp", "2"]
    ran = subprocess.run(
        [
            find_tool(tool),
            *machine,
            "-nographic",
            "-nic",
            "none",
            "-kernel",
            str(reference.file),
            *more,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


lives = pytest.mark.parametrize(
    "reference", [r for r in references() if r.ends], ids=lambda r: r.name
)


@lives
def test_life_prints_its_transcript(reference: Reference) -> None:
    expected = (LIVES / f"{reference.image}.txt").read_text(encoding="utf-8")
    assert run(reference) == expected.replace("{form}", FORMS[reference.form])


@lives
def test_transcript_ends_as_the_index_says(reference: Reference) -> None:
    expected = (LIVES / f"{reference.image}.txt").read_text(encoding="utf-8")
    assert expected.endswith("\ncpu0 is silent\n") == (reference.ends == "silent")


def test_each_transcript_is_of_a_life() -> None:
    assert {path.stem for path in LIVES.iterdir()} == {r.image for r in references() if r.ends}


def of(image: str) -> pytest.MarkDecorator:
    """Run a test with each form of one image."""
    forms = [r for r in references() if r.image == image]
    return pytest.mark.parametrize("reference", forms, ids=lambda r: r.form)


def logged(reference: Reference, what: str, folder: Path) -> str:
    """Return QEMU's own log of a life."""
    log = folder / "log"
    run(reference, "-d", what, "-D", str(log))
    return log.read_text(encoding="utf-8")


def address_of(reference: Reference, symbol: str) -> int:
    (image,) = load_image(reference.file).images
    (found,) = image.symbols.find(symbol)
    return found.address


@of("arm-break-2016-12")
def test_the_break_of_december_2016_reaches_address_zero_at_hyp(reference: Reference) -> None:
    catch = FOLDER / f"arm-catch-{reference.form.removesuffix('be')}.elf"
    printed = run(reference, "-device", f"loader,file={catch}")
    assert printed.endswith("get: \naddress 0 reached, at HYP\n")


@of("arm-restart-bit0-twice")
def test_payload_is_entered_two_bytes_late_in_a32_state(
    reference: Reference, tmp_path: Path
) -> None:
    # Functions are aligned to 4, so in A32 state, and only there, no instruction can be here:
    # a prefetch abort, and HIFAR says where.
    late = address_of(reference, "next_payload") + 2
    assert f"with HIFAR {late:#x}\n" in logged(reference, "int", tmp_path)


@of("arm-call-bit0-twice")
def test_function_is_entered_two_bytes_late_in_a32_state(
    reference: Reference, tmp_path: Path
) -> None:
    late = address_of(reference, "probe") + 2
    assert f"with HIFAR {late:#x}\n" in logged(reference, "int", tmp_path)


@of("arm-power-down-3-13")
def test_init_vectors_are_called_as_a_function(reference: Reference, tmp_path: Path) -> None:
    # No reset goes through HVBAR, so the reset vector of a table is code that is never run.
    reset = address_of(reference, "__kvm_hyp_init")
    assert f"\n0x{reset:08x}:" in logged(reference, "in_asm", tmp_path)


@of("arm-life-a4")
def test_init_vectors_are_not_called_where_the_caller_asks_first(
    reference: Reference, tmp_path: Path
) -> None:
    reset = address_of(reference, "__kvm_hyp_init")
    assert f"\n0x{reset:08x}:" not in logged(reference, "in_asm", tmp_path)
