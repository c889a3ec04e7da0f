"""Identifiers and their names: stub calls and SMCCC share one hvc, and nothing is guessed."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.callsites.finder import CallSites
from hypabi.callsites.identifier_values import constants_of
from hypabi.callsites.model import CallSite
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.registry import Interfaces, Named, find_interfaces
from hypabi.contract.resolve import revision_of
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.judgement.callers.identification import (
    Naming,
    NotACall,
    OneOf,
    Uninitialised,
    Unlisted,
    Unresolved,
    names_of,
)
from hypabi.smt import terms
from hypabi.symbolic.setup import explorer_for
from tests.callsites.sources import FUNCTION
from tests.inputs import Assemble


def at(text: str, architecture: Architecture = Architecture.ARM64) -> Interfaces:
    version = Version.exact(text)
    assert version is not None
    revision = revision_of(shipped_contract("linux-hyp-abi"), version, architecture)
    return find_interfaces(architecture, version, revision)[0]


def named(assemble: Assemble, body: str, version: str = "6.1") -> tuple[Naming, ...]:
    source = FUNCTION.format(name="f", body=f"{body}; ret")
    image = load_image(assemble(source, "arm64", text=0x10000)).images[-1]
    site: CallSite
    (site,) = CallSites(explorer_for(image)).find()
    return tuple(n for way in site.paths for n in names_of(site, way, at(version), ("hibernate",)))


@pytest.mark.parametrize(
    ("version", "number", "call"),
    [
        ("6.1", 0, "HVC_SET_VECTORS"),
        ("6.1", 3, "HVC_FINALISE_EL2"),
        ("5.15", 3, "HVC_VHE_RESTART"),
        ("6.19", 4, "HVC_GET_ICH_VTR_EL2"),
    ],
)
def test_a_stub_call_has_the_name_of_its_revision(version: str, number: int, call: str) -> None:
    assert at(version).find(0, "x0", number) == (Named(number, "linux-hyp-abi", call),)


@pytest.mark.parametrize(
    ("number", "contract", "call"),
    [
        (0x84000000, "arm-psci", "PSCI_VERSION"),
        (0xC4000003, "arm-psci", "CPU_ON"),
        (0x80000001, "arm-smccc", "SMCCC_ARCH_FEATURES"),
        (0xC5000021, "arm-smccc", "PV_TIME_ST"),
    ],
)
def test_a_number_beyond_the_stub_is_smccc(number: int, contract: str, call: str) -> None:
    assert at("6.1").find(0, "x0", number) == (Named(number, contract, call),)
    # SMCCC looks at w0 only, so what is above does not matter.
    assert at("6.1").find(0, "x0", number | 1 << 40)[0].call == call


def test_a_conduit_is_its_immediate_and_its_register() -> None:
    here = at("6.1")
    assert here.find(0xEA1, "x16", 17)[0].contract == "xen-arm"
    assert here.find(0, "x0", 17) == here.find(0xEA1, "x0", 17) == here.find(1, "x0", 0) == ()


def test_only_what_kvm_offers_guests_shares_numbers_with_its_host_calls() -> None:
    for text in ("5.10", "6.1", "6.12", "7.2"):
        here = at(text)
        for contract in here.stated:
            for call in contract.calls.values():
                for each in contract.numbers_of(call, here.architecture, here.version):
                    for register, immediate in (("x0", 0), ("x16", 0xEA1)):
                        found = here.find(immediate, register, each.value)
                        assert len(found) <= 1 or {n.contract for n in found} == {
                            "arm-smccc", "kvm-arm64-host",
                        }  # fmt: skip


def test_a_shared_number_is_told_by_its_caller_or_not_at_all(assemble: Assemble) -> None:
    number = "mov x0, #2; movk x0, #0xc600, lsl #16; hvc #0"
    assert named(assemble, number, "6.1") == (Named(0xC6000002, "kvm-arm64-host", "__pkvm_init"),)
    (both,) = named(assemble, number, "6.12")
    assert isinstance(both, OneOf)
    assert {each.call for each in both.among} == {"KVM_HYP_MEMINFO", "__pkvm_init"}


def test_a_contract_of_other_architectures_takes_no_part() -> None:
    _, names = find_interfaces(Architecture.ARM64, Version.exact("6.1"), None)
    assert "linux-hyp-abi" in names and "arm-psci" in names
    assert not {"kvm-s390-diagnose", "kvm-x86-hypercalls", "arm-hyp-stub-2012"} & set(names)


def test_each_kind_of_answer_has_its_case(assemble: Assemble) -> None:
    assert named(assemble, "mov x0, #2; hvc #0") == (
        Named(2, "linux-hyp-abi", "HVC_RESET_VECTORS"),
    )
    assert named(assemble, "mov x0, #9; hvc #0") == (NotACall(9),)
    (elsewhere,) = named(assemble, "mov x0, #0; hvc #7")
    assert isinstance(elsewhere, Unresolved) and "0x7" in elsewhere.reason
    foreign = named(assemble, "mov w0, #2; movk w0, #0x4600, lsl #16; hvc #0")
    assert foreign == (Unlisted(0x46000002, "the vendor's hypervisor"),)
    (argument,) = named(assemble, "hvc #0")
    assert isinstance(argument, Unresolved) and "an argument" in argument.reason
    (memory,) = named(assemble, "ldr x0, [x1]; hvc #0")
    assert isinstance(memory, Unresolved) and "memory" in memory.reason


def test_an_identifier_that_nobody_sets_is_left_to_chance(assemble: Assemble) -> None:
    (chance,) = named(assemble, "mov x0, x9; hvc #0")
    assert isinstance(chance, Uninitialised)
    assert chance.register == "x0" and chance.taken_by == ("hibernate",)
    assert "x9" in chance.why
    walked = "1: ldr x2, [x0]; add x0, x0, #8; cbnz x2, 1b; hvc #0"
    (pointer,) = named(assemble, walked)
    assert isinstance(pointer, Uninitialised) and "memory" in pointer.why
    # One way that sets it does not excuse the other.
    both = named(assemble, "cbz x1, 1f; mov x0, #2; b 2f; 1: mov x0, x9; 2: hvc #0")
    assert {type(each) for each in both} == {Named, Uninitialised}


def test_a_way_that_chooses_among_constants_asks_for_each(assemble: Assemble) -> None:
    found = named(assemble, "mov x0, #1; mov x2, #2; cmp x1, #0; csel x0, x0, x2, eq; hvc #0")
    assert {each.call for each in found if isinstance(each, Named)} == {
        "HVC_SOFT_RESTART", "HVC_RESET_VECTORS",
    }  # fmt: skip


def test_choices_are_constants_or_nothing() -> None:
    x = terms.symbol("x", 64)
    condition = terms.eq(x, 0, 64)
    assert constants_of(5) == {5}
    assert constants_of(terms.ite(condition, 1, 2, 64)) == {1, 2}
    assert constants_of(terms.ite(condition, 1, x, 64)) == frozenset()
    assert constants_of(x) == frozenset()
