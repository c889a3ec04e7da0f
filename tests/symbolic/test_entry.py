"""Entry: what an ``hvc`` from AArch64 EL1 leaves behind, and nothing more."""

from hypabi.arch import aarch64
from hypabi.smt import terms
from hypabi.smt.evaluate import evaluate
from hypabi.symbolic.entry import hvc_to_el2


def bits(value: terms.Value, high: int, low: int) -> terms.Value:
    return terms.extract(value, low, high - low + 1, 64)


def test_the_caller_is_at_el1_with_either_stack_pointer() -> None:
    status = hvc_to_el2(0).registers["SPSR_EL2"]
    assert bits(status, 4, 1) == 0b0010
    for selector in (0, 1):
        value = evaluate(status, {"SPSR_EL2": selector | 0xFFFFFFFF00000000 | 0xFFFFFFC0})
        assert aarch64.MODES[value & 0x1F] == ("EL1t", "EL1h")[selector]
    whole = terms.symbol("SPSR_EL2", 64)
    assert bits(status, 63, 5) is bits(whole, 63, 5)
    assert bits(status, 0, 0) is bits(whole, 0, 0)


def test_the_syndrome_is_that_of_hvc_and_its_immediate() -> None:
    for immediate in (0, 1, 0xEA1, 0xFFFF):
        syndrome = hvc_to_el2(0, immediate).registers["ESR_EL2"]
        assert isinstance(syndrome, int)
        assert (syndrome >> 26, syndrome >> 25 & 1, syndrome & 0xFFFF) == (0x16, 1, immediate)
        assert syndrome >> 16 & 0x1FF == 0


def test_exceptions_are_masked_and_el2_uses_its_own_stack() -> None:
    registers = hvc_to_el2(0).registers
    assert (registers["DAIF"], registers["SPSel"], registers["CURRENTEL"]) == (0x3C0, 1, 8)


def test_the_hypervisor_configuration_allows_the_caller_to_exist() -> None:
    control = hvc_to_el2(0).registers["HCR_EL2"]
    for entry in (0, (1 << 64) - 1, 0x123456789ABCDEF0):
        value = evaluate(control, {"HCR_EL2": entry})
        assert value >> aarch64.HCR_EL2_TGE & 1 == 0
        assert value >> aarch64.HCR_EL2_RW & 1 == 1
        free = ~(1 << aarch64.HCR_EL2_TGE | 1 << aarch64.HCR_EL2_RW)
        assert value & free == entry & free & (1 << 64) - 1


def test_every_other_register_is_unknown() -> None:
    known = {"CURRENTEL", "SPSel", "DAIF", "ESR_EL2", "SPSR_EL2", "HCR_EL2"}
    assert set(hvc_to_el2(0).registers) == known
