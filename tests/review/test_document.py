"""A call that the document lacks gets an entry, in a patch that git applies."""

import subprocess
from pathlib import Path

from hypabi.analysis.results.review import NewCall
from hypabi.arch.names import Architecture
from hypabi.kbuild.layers import Layers
from hypabi.review.document import NOT_SAID, document_in, document_patch
from hypabi.review.numbers import HEADER
from tests.inputs import Kernel, find_tool

NAME = "Documentation/virt/kvm/arm/hyp-abi.rst"
PAGE = "Title\n=====\n\n* ::\n\n    x0 = HVC_OLD\n\n  It is old.\n\nAny other value is another.\n"


def call(name: str = "HVC_NEW") -> tuple[Architecture, NewCall]:
    return Architecture.ARM64, NewCall("arm64 kernel", name, "0x4", ("stub",), ("kvm-run",), ())


def tree(folder: Path, page: str, comment: str = "") -> Layers:
    for name, text in (
        (NAME, page),
        (HEADER.format("arm64"), f"{comment}#define HVC_NEW 4\n"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Layers(folder, ())


def patched(folder: Path, layers: Layers) -> str:
    find_tool("git")
    made = document_patch(NAME, folder / NAME, [call()], layers)
    subprocess.run(["git", "apply", "-"], cwd=folder, input=made, text=True, check=True)
    return (folder / NAME).read_text()


def test_an_entry_stands_behind_the_last_and_says_what_the_header_says(tmp_path: Path) -> None:
    layers = tree(tmp_path, PAGE, "/*\n * HVC_NEW - make everything\n * new\n */\n")
    entry = (
        "* ::\n\n    x0 = HVC_NEW (arm64 only)\n\n"
        "  Make everything new. Only implemented by stub.\n\n"
    )
    before, behind = PAGE.split("Any other")
    assert patched(tmp_path, layers) == f"{before}{entry}Any other{behind}"


def test_a_call_without_a_comment_is_to_be_described(tmp_path: Path) -> None:
    layers = tree(tmp_path, PAGE, "/* another comment */\n#define OTHER 1\n")
    assert NOT_SAID in patched(tmp_path, layers)


def test_a_page_without_a_list_of_calls_gets_no_patch_and_a_missing_one_neither(
    tmp_path: Path,
) -> None:
    layers = tree(tmp_path, "Title\n=====\n\nProse.\n")
    assert document_patch(NAME, tmp_path / NAME, [call()], layers) == ""
    assert document_patch(NAME, tmp_path / NAME, [], layers) == ""
    assert document_in(layers, NAME) == tmp_path / NAME
    assert document_in(layers, "none") is None and document_in(layers, None) is None


def test_the_kernels_own_page_takes_an_entry(kernel_document: Kernel, tmp_path: Path) -> None:
    page = kernel_document("hyp-abi-6.1.rst").read_text()
    text = patched(tmp_path, tree(tmp_path, page))
    assert text.index("HVC_FINALISE_EL2") < text.index("HVC_NEW") < text.index("Any other value")
