"""What KVM does with the calls of its guests and its host, run on p-code, against the contracts."""

import functools
from collections.abc import Iterator, Mapping

import pytest

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.model import Parameter, StatedCall, StatedContract
from hypabi.contract.version import Version
from hypabi.image.load import load_image
from hypabi.image.model import Role
from tests.contract.stated.foreign.arm64 import Guests, Handled, answered, handlers, open_arm64
from tests.contract.stated.foreign.dispatchers import Served
from tests.contract.stated.foreign.kernels import Program
from tests.contract.stated.neighbours import marked, stated
from tests.inputs import Kernel

HOST, PSCI, SMCCC = "kvm-arm64-host", "arm-psci", "arm-smccc"
NOT_SUPPORTED = -1
GUESTS = (PSCI, SMCCC)


@functools.cache
def program(path: object) -> Program:
    """Return the kernel of a file."""
    images = load_image(str(path)).images
    return open_arm64(next(image for image in images if image.role is Role.KERNEL))


@functools.cache
def handled(path: object) -> Mapping[str, Handled]:
    return handlers(program(path))


@functools.cache
def guests(path: object) -> Guests:
    return Guests(program(path))


def version_of(image: str) -> Version:
    version = Version.exact(image.split("-", maxsplit=1)[0])
    assert version is not None
    return version


def shows(*checks: str, of: tuple[str, ...]) -> pytest.MarkDecorator:
    """Make a test run for each image that a check of a contract names, by image."""
    found = [
        (image, contract, check)
        for contract in of
        for check in checks
        if check in stated(contract).checks
        for image in stated(contract).checks[check].images
    ]
    return pytest.mark.parametrize(("image", "of", "check"), sorted(found))


def registers(parameters: Mapping[str, Parameter], contract: StatedContract) -> set[int]:
    """Return the numbers of the registers that arguments or results are stated to be in."""
    found = set()
    for each in parameters.values():
        assert each.register is not None
        named = each.register.on(ArchitectureName.ARM64)
        own = contract.registers.get(named or "")
        spelled = own.on(ArchitectureName.ARM64) if own else named
        assert spelled is not None
        found.add(int(spelled[1:]))
    return found


# ------------------------------------------------------------------------------------- the host's


@shows("reads-6.1", "reads-6.12", "reads-7.2", of=(HOST,))
def test_a_handler_reads_just_these_registers_of_the_host(
    image: str, of: str, check: str, kernel: Kernel
) -> None:
    for name, call in marked(stated(of), check):
        assert handled(kernel(image))[name].read == registers(call.arguments, stated(of)), name


@shows("writes-6.1", "writes-6.12", "writes-7.2", of=(HOST,))
def test_a_handler_answers_in_just_these_registers_of_the_host(
    image: str, of: str, check: str, kernel: Kernel
) -> None:
    for name, call in marked(stated(of), check):
        assert handled(kernel(image))[name].written == registers(call.results, stated(of)), name


@pytest.mark.parametrize("image", ["6.12-arm64"])
def test_the_dispatcher_refuses_a_number_without_a_handler_and_no_other(
    image: str, kernel: Kernel
) -> None:
    contract, version = stated(HOST), version_of(image)
    numbers = {
        each.value: name
        for name, call in contract.calls.items()
        for each in contract.numbers_of(call, ArchitectureName.ARM64, version)
    }
    beyond = max(numbers) + 1
    answers = answered(program(kernel(image)), [*numbers, beyond])
    assert answers.pop(beyond) == {NOT_SUPPORTED} == answers.pop(min(numbers))
    assert numbers[min(numbers)] == "__kvm_hyp_init"
    for number, found in answers.items():
        assert found == {0}, numbers[number]


# ------------------------------------------------------------------------------------- the guests'


def numbered(
    contract: StatedContract, check: str, image: str
) -> Iterator[tuple[str, StatedCall, int]]:
    """Yield the calls that a check shows, with each number that they have by hvc in an image."""
    for name, call in marked(contract, check):
        for each in contract.numbers_of(call, ArchitectureName.ARM64, version_of(image)):
            if not each.by or any("hvc" in conduit for conduit in each.by):
                yield name, call, each.value


def called(
    contract: StatedContract, check: str, image: str
) -> Iterator[tuple[str, StatedCall, int]]:
    """Yield the same with the widest number alone: of others KVM cuts arguments to 32 bits."""
    widest = {name: (call, number) for name, call, number in numbered(contract, check, image)}
    yield from ((name, call, number) for name, (call, number) in widest.items())


@functools.cache
def served(contract: str, number: int, path: object) -> Served:
    """Return what KVM does with a number."""
    run = guests(path).psci if contract == PSCI else guests(path).all
    return run([number])[number]


def of_nobody(contract: str, number: int, path: object) -> Served:
    """Return what KVM does with a number of nobody, of the same width and owner."""
    return served(contract, number & 0xFFFF0000 | 0x7FEE, path)


@shows("kvm", "kvm-7.2", of=GUESTS)
def test_kvm_does_with_these_numbers_other_than_with_one_of_nobody(
    image: str, of: str, check: str, kernel: Kernel
) -> None:
    for name, call, number in numbered(stated(of), check, image):
        assert call.served_by, name
        mine = served(of, number, kernel(image))
        assert not mine.does_as(of_nobody(of, number, kernel(image))), name


@shows("kvm-refuses", "kvm-refuses-later", of=GUESTS)
def test_kvm_does_with_these_numbers_what_it_does_with_one_of_nobody(
    image: str, of: str, check: str, kernel: Kernel
) -> None:
    contract = stated(of)
    for name, call, number in numbered(contract, check, image):
        mine = served(of, number, kernel(image))
        other = of_nobody(of, number, kernel(image))
        assert mine.does_as(other) and not call.served_by, name
        assert mine.errors == {NOT_SUPPORTED} == {contract.errors[e].value for e in call.errors}


@shows("kvm-reads", "kvm-reads-7.2", of=GUESTS)
def test_kvm_reads_just_these_arguments(image: str, of: str, check: str, kernel: Kernel) -> None:
    for name, call, number in called(stated(of), check, image):
        mine = served(of, number, kernel(image))
        assert mine.used - {0} == registers(call.arguments, stated(of)), name


@shows("kvm-answers", "kvm-answers-7.2", of=GUESTS)
def test_kvm_answers_in_x0_alone(image: str, of: str, check: str, kernel: Kernel) -> None:
    for name, call, number in called(stated(of), check, image):
        dispatcher = "kvm_psci_call" if of == PSCI else guests(kernel(image)).name
        found = guests(kernel(image)).answers(dispatcher, number)
        assert {each for each, values in found.items() if values - {0}} == {0}, name
        assert registers(call.results, stated(of)) == {0} and call.served_by, name


@shows("kvm-errors", "kvm-errors-7.2", of=GUESTS)
def test_kvm_answers_just_these_errors_or_that_it_knows_no_such_call(
    image: str, of: str, check: str, kernel: Kernel
) -> None:
    contract = stated(of)
    for name, call, number in called(contract, check, image):
        mine = served(of, number, kernel(image))
        errors = {contract.errors[each].value for each in call.errors}
        assert {each for each in mine.errors if each > -256} | errors == errors | {NOT_SUPPORTED}
        assert errors <= mine.errors, name
