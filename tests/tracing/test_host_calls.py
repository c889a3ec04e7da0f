"""KVM's host calls out of an image's own table, beside the numbers that the contract states."""

import pytest

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.tracing.host_calls import host_calls
from tests.contract.stated.neighbours import stated
from tests.inputs import Kernel
from tests.tracing.events import LIFE


@pytest.mark.parametrize("name", ["6.1-arm64", "7.2-arm64"])
def test_the_table_of_an_image_names_the_calls_that_are_stated(name: str, kernel: Kernel) -> None:
    contract, version = stated("kvm-arm64-host"), Version.exact(name.partition("-")[0])
    found = host_calls(load_image(kernel(name)).images[-1])
    assert len(found) > 15
    for number, call in found.items():
        assert call in contract.find("hvc", number, ArchitectureName.ARM64, version)


def test_an_image_without_kvm_names_none() -> None:
    assert host_calls(load_image(LIFE).images[-1]) == {}
