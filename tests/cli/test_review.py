"""At the door: a refusal is one line, and two images are judged in place of building."""

from pathlib import Path

from tests.cli.compared import INDEX
from tests.cli.door import hypabi, one_line
from tests.review.posted import diff_of, patch_mail

FILE = "arch/arm64/kernel/hyp-stub.S"


def made(folder: Path) -> tuple[Path, Path]:
    """Return a tree and a series on it."""
    tree = folder / "linux"
    tree.mkdir()
    (tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n")
    (tree / "MAINTAINERS").write_text("STUB\nM:\tAnn <ann@example.org>\nF:\tarch/\n")
    (folder / "a.mbox").write_text(patch_mail(1, 1, "one", diff_of(FILE, "a\n", "b\n")))
    return tree, folder / "a.mbox"


def test_what_is_no_tree_no_series_or_no_prefix_is_refused_in_a_line(tmp_path: Path) -> None:
    tree, series = made(tmp_path)
    assert "no kernel's source tree" in one_line(hypabi("review", series, "--tree", tmp_path))
    assert "no such file" in one_line(hypabi("review", tmp_path / "no", "--tree", tree))
    said = one_line(hypabi("review", series, "--tree", tree, "--cross-compile", "mips=x-"))
    assert "names no architecture" in said
    image = ("--image-before", series)
    assert "give both" in one_line(hypabi("review", series, "--tree", tree, *image))


def test_two_images_are_judged_for_the_series_as_a_whole(tmp_path: Path) -> None:
    tree, series = made(tmp_path)
    reference = next(each for each in INDEX.references if each.name == "arm64-stub-b7")
    image = reference.file(reference.forms[0])
    images = ("--image-before", image, "--image-after", image)
    contract = ("--contract", "linux-hyp-abi", "--cache", tmp_path / "cache")
    ran = hypabi("review", series, "--tree", tree, *images, *contract)
    first, second, *_ = ran.stdout.splitlines()
    assert first == "[PATCH 1/1] one: EQUAL" and ran.returncode == 0
    assert second == "1 patch: 1 equal; 1 owner: 1 given"
