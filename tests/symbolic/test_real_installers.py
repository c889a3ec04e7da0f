"""The code that installs real stubs leaves no trap on that leads to them.

Fields: DDI 0487 D19.2 (HCR_EL2, HSTR_EL2, HFGITR_EL2); DDI 0406C B4.1 (HCR, HCPTR, HSTR, HDCR).
"""

from pathlib import Path

import pytest

from hypabi.arch.names import InstructionSet
from hypabi.behaviour.case import Behaviour, Case
from hypabi.behaviour.derive import derive_installer
from hypabi.image.load import load_image
from hypabi.image.model import Role
from hypabi.smt import terms
from hypabi.smt.terms import Value
from hypabi.symbolic.setup import explorer_for
from tests.inputs import Kernel
from tests.symbolic.handler import impossible

ARM64 = {
    "5.10-arm64": "el2_setup",
    "6.1-arm64": "init_kernel_el",
}
"""Of later kernels what is installed depends on too many registers to be explored without what the
contract presupposes; tests/analysis/test_installers.py holds them to it."""
ARM = ("5.10-armmp", "6.1-armmp", "6.12-armmp", "7.2-armmp")
TRAPS = sum(1 << n for n in (0, *range(13, 27), 30, 36, 37))
"""HCR_EL2: VM, TWI to TVM, TRVM, TERR and TEA."""
API = 1 << 41
"""HCR_EL2: pointer authentication is trapped where this is 0."""


def installed(path: Path, function: str, state: InstructionSet) -> tuple[Behaviour, int]:
    image = next(i for i in load_image(path).images if i.role is Role.KERNEL)
    (symbol,) = image.symbols.find(function)
    (vectors,) = image.symbols.find("__hyp_stub_vectors")
    return derive_installer(explorer_for(image), symbol.address, state), vectors.address


def that_install(behaviour: Behaviour, base: str, vectors: int) -> list[Case]:
    found = [case for case in behaviour.cases if case.registers.get(base) == vectors]
    assert found, "nobody installs the stub"
    return found


def surely(case: Case, condition: Value) -> bool:
    """Return whether a condition holds wherever the case is taken, proved."""
    return impossible(*(each.term for each in case.guard), terms.lnot(condition))


def clear(case: Case, value: Value, mask: int) -> bool:
    return surely(case, terms.eq(terms.and_(value, mask, 64), 0, 64))


@pytest.mark.parametrize("name", sorted(ARM64))
def test_the_arm64_stub_is_installed_with_the_traps_of_hcr_and_hstr_off(
    kernel: Kernel, name: str
) -> None:
    behaviour, vectors = installed(kernel(name), ARM64[name], InstructionSet.A64)
    for case in that_install(behaviour, "VBAR_EL2", vectors):
        hcr = case.registers["HCR_EL2"]
        assert clear(case, hcr, TRAPS), terms.text(hcr, 64)
        assert case.registers["HSTR_EL2"] == 0
        assert clear(case, terms.not_(hcr, 64), API), "HCR_EL2.API"


@pytest.mark.parametrize("name", sorted(ARM64))
def test_fine_grained_traps_are_turned_off_where_the_kernel_knows_them(
    kernel: Kernel, name: str
) -> None:
    behaviour, vectors = installed(kernel(name), ARM64[name], InstructionSet.A64)
    for case in that_install(behaviour, "VBAR_EL2", vectors):
        assert ("HFGITR_EL2" in case.registers) == (name != "5.10-arm64")


@pytest.mark.parametrize("name", ARM)
def test_the_arm_stub_is_installed_with_every_trap_off(kernel: Kernel, name: str) -> None:
    behaviour, vectors = installed(kernel(name), "__hyp_stub_install_secondary", InstructionSet.A32)
    for case in that_install(behaviour, "HVBAR", vectors):
        assert [case.registers[each] for each in ("HCR", "HCPTR", "HSTR")] == [0, 0, 0]
        hdcr = case.registers["HDCR"]
        assert surely(case, terms.ult(hdcr, 0x20, 32)), "more than HPMN"
