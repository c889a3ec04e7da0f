"""Debian's kernels boot as they are, and their crossings are those that are known of them."""

from hypabi import trace
from hypabi.machine.crossing import EndKind
from hypabi.tracing.result import DerivedWord, TraceResult
from tests.inputs import Kernel
from tests.witness.examples import need_machine


def calls(result: TraceResult) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (each.party, each.call, (each.place or "").partition("+")[0]) for each in result.crossings
    ]


def amiss(result: TraceResult) -> set[str]:
    words = {each.verdict.value for each in result.crossings}
    differing = [each for each in result.crossings if each.derived is DerivedWord.DIFFERS]
    assert not differing
    return words & {"violated", "unscheduled"}


def test_the_boot_of_an_arm64_kernel_without_vhe(kernel: Kernel) -> None:
    need_machine("qemu")
    result = trace(kernel("6.1-arm64"))
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


def test_the_boot_of_a_32_bit_kernel_calls_from_its_decompressor_only(kernel: Kernel) -> None:
    need_machine("qemu")
    result = trace(kernel("6.1-armmp"), until="Booting Linux")
    assert [each[:2] for each in calls(result)] == [
        ("zimage-stub", "HVC_SET_VECTORS"),
        ("zimage-stub", "HVC_SET_VECTORS"),
        ("zimage-reentry", None),
    ]
    assert amiss(result) == set()
