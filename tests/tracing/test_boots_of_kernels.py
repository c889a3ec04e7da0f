"""Debian's kernels boot as they are, and their crossings are those that are known of them.

The counts are those of a boot: so many CPUs, and what each does when it comes up.
"""

from collections import Counter
from typing import Literal

import pytest

from hypabi import trace
from hypabi.machine.crossing import EndKind
from hypabi.tracing.result import DerivedWord, TraceResult
from tests.inputs import Kernel
from tests.witness.examples import need_machine, need_plugin


def calls(result: TraceResult) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (each.party, each.call, (each.place or "").partition("+")[0]) for each in result.crossings
    ]


def counted(result: TraceResult) -> dict[str, int]:
    """Return how often each call was made of whom, but for what goes past EL2."""
    names = (f"{each.party} {each.call}" for each in result.crossings if each.party != "firmware")
    return dict(Counter(names))


def amiss(result: TraceResult) -> set[str]:
    words = {each.verdict.value for each in result.crossings}
    differing = [each for each in result.crossings if each.derived is DerivedWord.DIFFERS]
    assert not differing
    return words & {"violated", "unscheduled"}


def test_the_boot_of_an_arm64_kernel_without_vhe(kernel: Kernel) -> None:
    need_machine("qemu")
    result = trace(kernel("6.1-arm64"), source="gdb-stub", callers=True)
    assert result.end.kind is EndKind.PANIC  # there is no root file system
    assert calls(result) == [
        ("stub", "HVC_FINALISE_EL2", "finalise_el2"),
        ("stub", "HVC_RESET_VECTORS", "__hyp_reset_vectors"),
        ("stub", "HVC_SET_VECTORS", "__hyp_set_vectors"),
        ("kvm-init", "__kvm_hyp_init", "cpu_hyp_init_context"),
        ("kvm-run", "__kvm_get_mdcr_el2", "kvm_arm_init_debug"),
        ("kvm-run", "__vgic_v3_get_gic_config", "vgic_v3_probe"),
        ("kvm-run", "HVC_RESET_VECTORS", "__hyp_reset_vectors"),
    ]
    assert (amiss(result), result.exit_status) == (set(), 0)
    callers = [each.partition("+")[0] for each in result.crossings[2].callers or ()]
    assert callers[:1] == ["cpu_hyp_init_context"]
    assert callers[-1] == "ret_from_fork"


def up_without_vhe(cpus: int) -> dict[str, int]:
    """Return what a 6.1 kernel without VHE asks for until it looks for its root file system."""
    every = (
        "stub HVC_FINALISE_EL2", "stub HVC_RESET_VECTORS", "stub HVC_SET_VECTORS",
        "kvm-init __kvm_hyp_init", "kvm-run __kvm_get_mdcr_el2", "kvm-run HVC_RESET_VECTORS",
    )  # fmt: skip
    return {**dict.fromkeys(every, cpus), "kvm-run __vgic_v3_get_gic_config": 1}


@pytest.mark.parametrize("source", ["gdb-stub", "plugin"])
def test_four_cpus_ask_four_times(kernel: Kernel, source: Literal["gdb-stub", "plugin"]) -> None:
    need_machine("qemu")
    if source == "plugin":
        need_plugin()
    result = trace(kernel("6.1-arm64"), smp=4, source=source)
    assert counted(result) == up_without_vhe(4)
    assert amiss(result) == set()


def test_with_vhe_every_cpu_asks_once_and_stays_at_el2(kernel: Kernel) -> None:
    need_machine("qemu")
    result = trace(kernel("6.12-arm64"), cpu="max", smp=2, source="gdb-stub")
    assert counted(result) == {"stub HVC_FINALISE_EL2": 2}
    assert {each.live for each in result.crossings} == {"kernel-at-el2"}
    assert amiss(result) == set()


def test_protected_kvm_takes_the_vectors_and_never_gives_them_back(kernel: Kernel) -> None:
    need_machine("qemu")
    append, drive = "kvm-arm.mode=protected", ("kvm", "cpu-hotplug", "off")
    path = kernel("6.12-arm64")
    result = trace(path, append=append, drive=drive, smp=2, source="gdb-stub")
    assert [step.word.value for step in result.steps] == ["done"] * 3
    once = {
        "stub HVC_RESET_VECTORS", "kvm-run-protected __pkvm_init",
        "kvm-run-protected __vgic_v3_get_gic_config",
        "kvm-run-protected CPU_OFF", "kvm-run-protected CPU_ON", "kvm-run-protected SYSTEM_OFF",
    }  # fmt: skip
    each_cpu = {
        "stub HVC_FINALISE_EL2", "stub HVC_SET_VECTORS", "kvm-init __kvm_hyp_init",
        "kvm-run-protected __kvm_get_mdcr_el2", "kvm-run-protected __pkvm_cpu_set_vector",
        "kvm-run-protected __pkvm_prot_finalize",
        "kvm-run-protected __pkvm_init_vm", "kvm-run-protected __pkvm_init_vcpu",
        "kvm-run-protected __pkvm_teardown_vm",
    }  # fmt: skip
    seen = counted(result)
    assert {name: seen[name] for name in once | each_cpu} == {
        **dict.fromkeys(once, 1), **dict.fromkeys(each_cpu, 2)
    }  # fmt: skip
    assert seen["kvm-run-protected __kvm_vcpu_run"] >= 4
    assert "kvm-run-protected HVC_RESET_VECTORS" not in seen
    assert amiss(result) == set()
    assert result.exit_status == 0


def test_the_plugin_sees_a_guest_within_the_call_that_runs_it(kernel: Kernel) -> None:
    need_plugin()
    result = trace(kernel("6.12-arm64"), drive=("kvm", "off"), source="plugin")
    assert [step.word.value for step in result.steps] == ["done", "done"]
    (asked,) = (each for each in result.crossings if each.party == "guest")
    assert (asked.call, asked.depth) == ("PSCI_VERSION", 1)
    assert counted(result)["kvm-run __kvm_vcpu_run"] >= 2
    assert amiss(result) == set()


def test_the_boot_of_a_32_bit_kernel_calls_from_its_decompressor_only(kernel: Kernel) -> None:
    need_machine("qemu")
    result = trace(kernel("6.1-armmp"), until="Booting Linux", source="gdb-stub")
    assert [each[:2] for each in calls(result)] == [
        ("zimage-stub", "HVC_SET_VECTORS"),
        ("zimage-stub", "HVC_SET_VECTORS"),
        ("zimage-reentry", None),
    ]
    assert amiss(result) == set()
