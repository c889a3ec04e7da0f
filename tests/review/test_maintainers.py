"""MAINTAINERS is read as the kernel's own script reads it."""

import subprocess
from pathlib import Path

import pytest

from evidence.edits import sources
from hypabi.errors import HypabiError
from hypabi.review.maintainers import keepers, read_maintainers
from tests.inputs import skip_for

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


@pytest.mark.parametrize("name", FILES)
def test_everybody_is_named_whom_the_kernels_own_script_names(name: str) -> None:
    tree = _sources()
    script = ["scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-rolestats"]
    script += ["--no-tree", "-f", name]
    ran = subprocess.run(["perl", *script], cwd=tree, capture_output=True, text=True, check=True)
    sections = read_maintainers((tree / "MAINTAINERS").read_text())
    named = {
        e for t in keepers(sections, [name]) for letter in "MRL" for e in sections[t].all(letter)
    }
    rest = {each for letter in "ML" for each in sections["THE REST"].all(letter)}
    # Of a list the script leaves out what stands in brackets behind it.
    everybody = {e if "<" in e else e.partition(" (")[0] for e in named | rest}
    assert set(ran.stdout.splitlines()) <= everybody
    assert named


def _sources() -> Path:
    try:
        return sources.tree()
    except HypabiError as missing:
        skip_for(sources.SOURCE, str(missing))
