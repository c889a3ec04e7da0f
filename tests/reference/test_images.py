"""What is shipped is what the sources give, is small, and holds what the index says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hypabi.arch.names import Architecture, ByteOrder
from hypabi.image.load import load_image
from hypabi.image.model import Access
from tests.inputs import ROOT, find_tool
from tests.reference.references import FOLDER, Reference, read_index, references

OBJDUMP = {"arm": "arm-linux-gnueabihf-objdump", "arm64": "aarch64-linux-gnu-objdump"}
MOST_BYTES = 1 << 20
KINDS = {"stub", "kvm", "life", "variant", "catch"}
UNDEFINED = re.compile(r"<UNDEFINED>|\bundefined\b|\budf\b|<UNPREDICTABLE>|\bunpredictable\b", re.I)

every_file = pytest.mark.parametrize("reference", references(), ids=lambda r: r.name)


def tools(*names: str) -> None:
    for name in names:
        find_tool(name)


def test_sources_give_the_shipped_bytes() -> None:
    tools(*OBJDUMP.values())
    ran = subprocess.run(
        [sys.executable, str(ROOT / "reference" / "build"), "--check"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout


def test_index_and_folder_name_the_same_files() -> None:
    assert {path.name for path in FOLDER.glob("*.elf")} == {r.file.name for r in references()}


def test_names_are_unique_and_kinds_are_known() -> None:
    names = [image["name"] for image in read_index()["images"]]
    assert len(names) == len(set(names))
    assert {image["kind"] for image in read_index()["images"]} <= KINDS


def test_variants_say_what_is_wrong_and_what_follows() -> None:
    for image in read_index()["images"]:
        assert (image["kind"] == "variant") == ("defect" in image) == ("expected" in image)
        for expected in image.get("expected", ()):
            of_installer = {"undecided"} if "installer" in expected else set()
            assert expected["verdict"] in {"refuted", "kept"} | of_installer
            assert expected["instead"]
            assert expected.get("party", "stub") in image["parties"]
            assert expected.get("caller", "__hyp_stub_install") in {
                *image["callers"],
                "__hyp_stub_install",
            }


def test_the_set_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES


@every_file
def test_image_is_of_its_form(reference: Reference) -> None:
    (image,) = load_image(reference.file).images
    assert image.architecture is Architecture(reference.architecture)
    assert image.byte_order is ByteOrder(reference.byte_order)
    for caller in reference.callers:
        (symbol,) = image.symbols.find(caller)
        assert symbol.thumb == (reference.instruction_set == "T32")
        assert image.access(symbol.address) is Access.CODE


@every_file
def test_tables_are_aligned_code(reference: Reference) -> None:
    (image,) = load_image(reference.file).images
    alignment = 32 if reference.architecture == "arm" else 2048
    for table in reference.tables:
        (symbol,) = image.symbols.find(table)
        assert symbol.address % alignment == 0
        assert image.access(symbol.address) is Access.CODE


@every_file
def test_code_has_no_undefined_instruction(reference: Reference) -> None:
    tool = OBJDUMP[reference.architecture]
    tools(tool)
    listing = disassembly(tool, reference.file)
    assert not [line for line in listing if UNDEFINED.search(line)]
    assert len(listing) > len(reference.callers)


def disassembly(tool: str, file: Path) -> list[str]:
    ran = subprocess.run(
        [tool, "--disassemble", str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    return [line for line in ran.stdout.splitlines() if re.match(r"\s*[0-9a-f]+:\t", line)]


def test_no_image_names_a_machine_or_a_day() -> None:
    for reference in references():
        content = reference.file.read_bytes()
        assert not re.search(
            rb"/(?:work|home|tmp|root|usr)/|\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b", content
        )
