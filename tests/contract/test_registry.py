"""Exactly one shipped contract speaks of each kernel, and an image tells which."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.file.load import shipped_contract
from hypabi.contract.model import RunsOn
from hypabi.contract.registry import default_contract, find_interfaces, listed_numbers
from hypabi.contract.version import Version
from hypabi.decode.place import FileError

ARM, ARM64 = Architecture.ARM, Architecture.ARM64

SPOKEN_OF = [
    (ARM, "3.7", "arm-hyp-stub-2012"),
    (ARM, "3.9.11", "arm-hyp-stub-2012"),
    (ARM, "4.9.264-1.23", "arm-hyp-stub-2012"),
    (ARM, "4.11.12", "arm-hyp-stub-2012"),
    (ARM, "4.12", "arm-hyp-stub-2017"),
    (ARM, "5.6.19", "arm-hyp-stub-2017"),
    (ARM, "5.7", "arm-hyp-stub-2020"),
    (ARM, "5.9.16", "arm-hyp-stub-2020"),
    (ARM, "5.10.0-32-armmp", "linux-hyp-abi"),
    (ARM, "7.2", "linux-hyp-abi"),
    (ARM64, "3.8", "arm64-hyp-stub-2012"),
    (ARM64, "4.5.7", "arm64-hyp-stub-2012"),
    (ARM64, "4.6", "arm64-hyp-stub-2016"),
    (ARM64, "4.11", "arm64-hyp-stub-2016"),
    (ARM64, "4.12", "arm64-hyp-stub-2017"),
    (ARM64, "5.9", "arm64-hyp-stub-2017"),
    (ARM64, "5.10", "linux-hyp-abi"),
]


def _chosen(architecture: Architecture, version: str, *symbols: str) -> str:
    return default_contract(architecture, Version.parse(version), symbols.__contains__).name


@pytest.mark.parametrize("name", sorted({name for _, _, name in SPOKEN_OF}))
def test_a_kernel_runs_on_every_cpu_whichever_its_version(name: str) -> None:
    assert shipped_contract(name).runs_on is RunsOn.EVERY


@pytest.mark.parametrize(("architecture", "version", "name"), SPOKEN_OF)
def test_the_contract_of_a_kernel_is_found_by_its_version(
    architecture: Architecture, version: str, name: str
) -> None:
    assert _chosen(architecture, version) == name


@pytest.mark.parametrize("version", ["4.8", "4.9.264", "4.10"])
def test_a_kernel_with_the_patch_of_2016_is_told_by_what_the_patch_brought(version: str) -> None:
    assert _chosen(ARM, version, "__hyp_soft_restart") == "arm-hyp-stub-2016"
    assert _chosen(ARM, version, "__hyp_get_vectors") == "arm-hyp-stub-2012"


def test_the_symbol_tells_nothing_where_every_kernel_has_it() -> None:
    assert _chosen(ARM, "4.14", "__hyp_soft_restart") == "arm-hyp-stub-2017"
    assert _chosen(ARM, "4.4", "__hyp_soft_restart") == "arm-hyp-stub-2012"


@pytest.mark.parametrize(("architecture", "version"), [(ARM, "3.6"), (ARM64, "3.7")])
def test_a_kernel_from_before_the_interface_is_refused_in_its_own_words(
    architecture: Architecture, version: str
) -> None:
    with pytest.raises(FileError) as refused:
        _chosen(architecture, version)
    line = str(refused.value)
    assert f"no contract speaks of {architecture.value} kernels of {version}" in line
    assert "the interface begins with 3." in line


@pytest.mark.parametrize("architecture", [ARM, ARM64])
@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12", "7.2"])
def test_what_a_contract_has_is_listed(architecture: Architecture, version: str) -> None:
    numbers, immediates = listed_numbers(architecture)
    interfaces, _ = find_interfaces(architecture, Version.parse(version), None)
    for contract in interfaces.stated:
        for conduit in contract.conduits.values():
            assert conduit.immediate in {None, *immediates}
        for call in contract.calls.values():
            here = contract.numbers_of(call, interfaces.architecture, interfaces.version)
            assert {each.value for each in here} <= numbers
    for revision in interfaces.revisions:
        assert revision.immediate in immediates
        assert {call.number for call in revision.calls} <= numbers


def test_what_no_contract_has_is_not_listed() -> None:
    numbers, immediates = listed_numbers(ARM64)
    assert 0x8600BEEF not in numbers and 1 not in immediates
    assert 0x8600FF01 in numbers and 0xEA1 in immediates
