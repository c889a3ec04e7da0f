import pytest

from hypabi.machine.protocol import Machine
from hypabi.machine.qemu import Qemu
from tests.machine.conformance import Conformance32, Conformance64


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Qemu()


class TestConformance64(Conformance64):
    pass


class TestConformance32(Conformance32):
    pass
