"""MAINTAINERS is read as the kernel's own script reads it."""

import subprocess
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from pathlib import Path

import pytest

from evidence.edits import sources
from hypabi.errors import HypabiError
from hypabi.review.mailmap import read_mailmap
from hypabi.review.maintainers import (
    Section,
    concerned_by_words,
    keepers,
    read_maintainers,
    unread,
)
from hypabi.review.series.source import series_of_mails
from tests.inputs import find_tool, skip_for
from tests.review.posted import patch_mail

TEXT = """List of maintainers
===================

	M: *Mail* patches to: not a section

Maintainers List
----------------

ARM PORT
M:	Russell <r@example.org>
F:	arch/arm/
X:	arch/arm/boot/dts/

ARM64 PORT
M:	Will <w@example.org>
F:	arch/arm64/

KVM
M:	Marc <m@example.org>
R:	James <j@example.org>
L:	list@example.org (moderated)
F:	arch/arm64/include/asm/kvm*
F:	arch/arm64/kvm/

BOARDS
M:	Ann <a@example.org>
N:	board[0-9]
N:	(unclosed
X:	arch/arm/boards/old/

HIBERNATION
M:	Rafael <x@example.org>
F:	arch/*/include/asm/suspend*.h

F:	kernel/power

FIRMWARE
# who keeps it
M:Sudeep <s@example.org>
F:	drivers/*/sc[mp]i.?
F:	arch/*/firmware/

THE REST
M:	Linus <l@example.org>
F:	*
F:	*/
"""
SECTIONS = read_maintainers(TEXT)


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("arch/arm/kernel/hyp-stub.S", {"ARM PORT"}),
        ("arch/arm/boot/dts/a.dts", set()),
        ("arch/arm64/kernel/hyp-stub.S", {"ARM64 PORT"}),
        ("arch/arm64/kvm/hyp/nvhe/host.S", {"ARM64 PORT", "KVM"}),
        ("arch/arm64/include/asm/kvm_asm.h", {"ARM64 PORT", "KVM"}),
        ("arch/arm64/include/asm/virt.h", {"ARM64 PORT"}),
        ("arch/arm64/include/asm/suspend.h", {"ARM64 PORT", "HIBERNATION"}),
        ("arch/arm64/include/asm/x/suspend.h", {"ARM64 PORT"}),
        ("arch/arm64/x/board7.c", {"ARM64 PORT", "BOARDS"}),
        ("arch/arm64/x/board.c", {"ARM64 PORT"}),
        ("arch/arm/boards/old/board7.c", {"ARM PORT"}),
        ("Makefile", set()),
        ("kernel/power/swap.c", {"HIBERNATION"}),
        ("kernel/powers/cap.c", set()),
        ("drivers/clk/scmi.c", {"FIRMWARE"}),
        ("drivers/clk/scri.c", set()),
        ("arch/arm64/x/y/firmware/a.c", {"ARM64 PORT", "FIRMWARE"}),
    ],
)
def test_who_keeps_a_file(name: str, titles: set[str]) -> None:
    assert set(keepers(SECTIONS, [name])) == titles


def test_a_section_has_its_people() -> None:
    assert SECTIONS["KVM"].all("M") == ("Marc <m@example.org>",)
    assert SECTIONS["KVM"].all("L") == ("list@example.org (moderated)",)
    assert SECTIONS["KVM"].all("Q") == ()
    assert read_maintainers("") == {}


FILES = (
    "arch/arm/include/asm/virt.h",
    "arch/arm/boot/compressed/head.S",
    "arch/arm64/kernel/relocate_kernel.S",
    "arch/arm/kernel/hyp-stub.S",
    "arch/arm64/include/asm/suspend.h",
    "arch/arm64/kvm/hyp/nvhe/hyp-init.S",
    "arch/arm64/kernel/cpu-reset.S",
    "arch/arm64/mm/trans_pgd-asm.S",
    "arch/arm/mach-exynos/platsmp.c",
    "Documentation/virt/kvm/arm/hyp-abi.rst",
)


WORDS = read_maintainers(
    "WORDS\nM:\tWanda <w@example.org>\nK:\t(?i)rust\nK:\t\\b_x _y\\b # not this\nK:\ta|zz\n"
    "ODD\nK:\t(unclosed\nN:\tplain\n"
)


@pytest.mark.parametrize(
    ("intro", "line", "found"),
    [
        ("About RUST.", "+1", ("(?i)rust",)),
        ("", "+x Rust", ("(?i)rust",)),
        ("", "-x rust", ("(?i)rust",)),
        ("", " rust", ()),
        ("", "+ _x_y", (r"\b_x _y\b # not this",)),
        ("", "+ _x _y", ()),
        ("", " zz", ("a|zz",)),  # what stands before an expression binds closer than its bar
        ("", " a", ()),
        ("", "@@ -1,2 +1,2 @@ zz", ()),
        ("diff --git a/rust b/rust", "+1", ()),
    ],
)
def test_words_are_looked_for_in_the_message_and_in_what_changes(
    intro: str, line: str, found: tuple[str, ...]
) -> None:
    patch = f"--- u/f\n+++ u/f\n{line}\n"
    assert concerned_by_words(WORDS, intro, patch).get("WORDS", ()) == found


def test_an_expression_that_cannot_be_read_is_told() -> None:
    assert unread(WORDS) == ("ODD, K: (unclosed",)


@pytest.mark.parametrize("name", FILES)
def test_everybody_is_named_whom_the_kernels_own_script_names(name: str) -> None:
    tree = _sources()
    sections = read_maintainers((tree / "MAINTAINERS").read_text())
    titles = keepers(sections, [name])
    assert asked(tree, "-f", name) <= people(tree, sections, titles)
    assert titles


def test_everybody_is_named_whom_it_names_for_words(tmp_path: Path) -> None:
    tree = _sources()
    sections = read_maintainers((tree / "MAINTAINERS").read_text())
    assert len({title for title in sections if sections[title].all("K")}) > len(SAYING)
    assert not unread(sections)
    for number, (words, line) in enumerate(SAYING):
        diff = f"diff --git a/{STUB} b/{STUB}\n--- a/{STUB}\n+++ b/{STUB}\n"
        diff += f"@@ -1,2 +1,2 @@ zstd\n bpf\n{line}\n"
        mail = patch_mail(1, 1, words, diff).partition("\n")[2]
        path = tmp_path / f"{number}.patch"
        path.write_text(mail)
        (patch,) = series_of_mails(mail.encode(), str(path)).patches
        titles = concerned_by_words(sections, patch.intro, patch.diff.decode())
        kept = keepers(sections, [STUB])
        assert asked(tree, str(path)) == people(tree, sections, {*titles, *kept})
        assert bool(titles) == (number > 0), titles


STUB = "arch/arm64/kernel/hyp-stub.S"
SAYING = (
    ("a change", "+nop"),
    ("a change for clang", "+nop"),
    ("a change", "+\tbl\tclone3"),
    ("a change", "-\tbl\tdma_fence_x, PIDFD"),
    ("bpf: a change", "+\tbl\tsecurity_a_hook"),
    ("a change with sifive\n", "+x"),
    ("a change", "+CONFIG_RUST rust"),
)


def asked(tree: Path, *words: str) -> set[str]:
    """Return whom the kernel's own script names; each by his address"""
    script = ["scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-rolestats"]
    ran = subprocess.run(
        [find_tool("perl"), *script, "--no-tree", *words],
        cwd=tree, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {known(tree, each) for each in ran.stdout.splitlines()}


def known(tree: Path, person: str) -> str:
    """Return the address of somebody, as the script has it, which reads .mailmap too."""
    return read_mailmap((tree / ".mailmap").read_text()).address(*parseaddr(person))


def people(tree: Path, sections: Mapping[str, Section], titles: Iterable[str]) -> set[str]:
    """Return everybody of some sections, and the list of everything; its keeper is not named."""
    of = [sections[title] for title in titles]
    persons = [each for section in of for letter in "MR" for each in section.all(letter)]
    lists = [each for section in (*of, sections["THE REST"]) for each in section.all("L")]
    return {known(tree, each) for each in persons} | {each.partition(" ")[0] for each in lists}


def _sources() -> Path:
    try:
        return sources.tree()
    except HypabiError as missing:
        skip_for(sources.SOURCE, str(missing))
