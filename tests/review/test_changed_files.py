"""Paths tell in whose objects a patch can show, and what a build would run of it."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.review.changed_files import architectures_of, run_by_builds

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
