"""Paths tell in whose objects a patch can show, and what a build would run of it."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.review.changed_files import (
    architectures_of,
    architectures_of_patch,
    objects_of,
    run_by_builds,
    speaks_of_interface,
)
from hypabi.review.series.mail import files_of
from hypabi.review.series.model import Patch
from tests.review.posted import diff_of

BOTH = {Architecture.ARM, Architecture.ARM64}


@pytest.mark.parametrize(
    ("name", "built"),
    [
        ("arch/arm/kernel/hyp-stub.S", {Architecture.ARM}),
        ("arch/arm64/include/asm/virt.h", {Architecture.ARM64}),
        ("arch/x86/kvm/x86.c", set()),
        ("include/linux/kvm_host.h", BOTH),
        ("virt/kvm/kvm_main.c", BOTH),
        ("Makefile", BOTH),
        ("Documentation/virt/kvm/arm/hyp-abi.rst", set()),
        ("drivers/net/a.c", set()),
        ("MAINTAINERS", set()),
    ],
)
def test_in_whose_objects_a_file_shows(name: str, built: set[Architecture]) -> None:
    assert architectures_of([name]) == built


@pytest.mark.parametrize(
    "name",
    [
        "Makefile",
        "arch/arm64/kvm/hyp/nvhe/Makefile",
        "arch/arm64/kvm/hyp/nvhe/gen-hyprel.c",
        "arch/arm64/Kconfig",
        "scripts/basic/fixdep.c",
        "arch/arm/vdso/vdsomunge.c",
        "arch/arm/tools/gen-mach-types",
        "arch/arm64/kernel/.hyp-stub.o.cmd",
        "tools/include/linux/kernel.h",
        "include/uapi/Kbuild",
        "Makefile.inc",
    ],
)
def test_what_a_build_runs(name: str) -> None:
    assert run_by_builds(["arch/arm64/kernel/hyp-stub.S", name]) == (name,)


@pytest.mark.parametrize(
    "name",
    ["arch/arm64/kernel/hyp-stub.S", "arch/arm64/kvm/hyp/nvhe/host.S", "include/linux/arm-smccc.h"],
)
def test_what_it_only_compiles(name: str) -> None:
    assert run_by_builds([name]) == ()


def patch(*diffs: str) -> Patch:
    diff = "".join(diffs)
    return Patch(1, "", "", (), diff.encode(), files_of(diff), None)


CALL = '\tasm volatile("hvc #0");\n'


@pytest.mark.parametrize(
    ("diff", "arm", "arm64"),
    [
        (diff_of("arch/arm64/kernel/traps.c", "a\n", "b\n"), (), ("arch/arm64/kernel/traps.o",)),
        (diff_of("arch/arm/mm/new.S", "", "b\n"), ("arch/arm/mm/new.o",), ()),
        (diff_of("drivers/x/a.c", "", CALL), ("drivers/x/a.o",), ("drivers/x/a.o",)),
        (diff_of("drivers/x/a.c", CALL, ""), ("drivers/x/a.o",), ("drivers/x/a.o",)),
        (diff_of("drivers/x/a.c", "a\n", "b\n"), (), ()),
        (diff_of("drivers/x/hvc.c", "a\n", "struct hvc_struct a;\n"), (), ()),
        (diff_of("arch/x86/kernel/a.c", "", CALL), (), ()),
        (diff_of("arch/arm64/kvm/hyp/nvhe/switch.c", "a\n", "b\n"), (), ()),
        (diff_of("arch/arm64/kernel/vdso/sigreturn.S", "a\n", "b\n"), (), ()),
        (diff_of("include/linux/a.h", "", CALL), (), ()),
    ],
)
def test_a_source_that_callers_may_be_in_is_an_object(
    diff: str, arm: tuple[str, ...], arm64: tuple[str, ...]
) -> None:
    made = patch(diff)
    assert objects_of((made,), Architecture.ARM) == arm
    assert objects_of((made,), Architecture.ARM64) == arm64


def test_a_driver_that_calls_shows_in_both_and_another_in_none() -> None:
    assert architectures_of_patch(patch(diff_of("drivers/x/a.c", "", CALL))) == BOTH
    assert architectures_of_patch(patch(diff_of("drivers/x/a.c", "a\n", "b\n"))) == set()


def test_a_document_of_virtualisation_may_be_the_interfaces() -> None:
    assert speaks_of_interface(["a", "Documentation/virt/kvm/arm/hyp-abi.rst"])
    assert not speaks_of_interface(["Documentation/arm64/booting.rst"])
