"""What Debian's kernels of x86, PowerPC and s390 show, against the contracts of their calls.

``foreign/readings.toml`` has what was read of each image; every test here holds a contract against
it, and the last one reads the images again.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from hypabi.contract.stated.facts import facts_of
from hypabi.contract.stated.model import Fact, StatedCall, StatedContract
from hypabi.contract.version import Version
from tests.contract.stated.foreign.table import CONTRACTS, numbers, read, readings
from tests.contract.stated.neighbours import marked, stated
from tests.inputs import Kernel

READINGS = readings()
X86, POWERPC, S390 = (CONTRACTS[each] for each in ("amd64", "ppc64el", "s390x"))


def shows(contract: str, *checks: str) -> pytest.MarkDecorator:
    """Make a test run for each check and each of the images that it names."""
    pairs = [(check, image) for check in checks for image in stated(contract).checks[check].images]
    return pytest.mark.parametrize(("check", "image"), pairs)


def calls(name: str, check: str, image: str) -> Iterator[tuple[str, StatedCall, int]]:
    """Yield the calls whose facts a check shows of an image, with the number they have there."""
    contract = stated(name)
    version = Version.exact(image.split("-", maxsplit=1)[0])
    for call, each in marked(contract, check):
        (architecture,) = contract.architectures
        found = [number.value for number in contract.numbers_of(each, architecture, version)]
        values = found if each.immediate is None else [each.immediate]
        yield from ((call, each, value) for value in values)


def entries(image: str, part: str) -> dict[int, Any]:
    """Return a part of a reading by number."""
    return {int(number): value for number, value in READINGS[image].get(part, {}).items()}


def registers(contract: StatedContract, call: StatedCall) -> set[str]:
    """Return the registers that a call's arguments are stated to be in."""
    (architecture,) = contract.architectures
    named = [each.register.on(architecture) for each in call.arguments.values() if each.register]
    return {each for each in named if each is not None}


def answers(contract: StatedContract, call: StatedCall) -> set[str]:
    """Return the registers that a call's results are stated to be in."""
    (architecture,) = contract.architectures
    named = [each.register.on(architecture) for each in call.results.values() if each.register]
    return {each for each in named if each is not None}


# ------------------------------------------------------------------------------------- all three


@pytest.mark.parametrize("contract", [X86, POWERPC, S390])
def test_a_fact_that_no_image_shows_says_why(contract: str) -> None:
    unshown = [each for each in facts_of(stated(contract)) if not each.checked]
    assert [each for each in unshown if not each.reason] == []


@pytest.mark.parametrize("contract", [X86, POWERPC, S390])
def test_some_facts_of_each_neighbour_are_shown(contract: str) -> None:
    assert {image for check in stated(contract).checks.values() for image in check.images}


@pytest.mark.parametrize("image", READINGS)
def test_every_image_that_was_read_shows_something(image: str) -> None:
    (contract,) = [name for built, name in CONTRACTS.items() if built in image.split("-")]
    assert any(image in check.images for check in stated(contract).checks.values())


# ------------------------------------------------------------------------------------------- x86


@shows(X86, "callers", "callers-of-yield", "ptp")
def test_callers_on_x86_pass_these_numbers(check: str, image: str) -> None:
    for call, _, number in calls(X86, check, image):
        assert number in entries(image, "callers"), call


@pytest.mark.parametrize("image", [each for each in READINGS if "amd64" in each])
def test_no_caller_on_x86_passes_a_number_that_is_not_stated(image: str) -> None:
    assert set(entries(image, "callers")) <= set(numbers(X86, "vmcall"))
    assert set(entries(image, "tdx")) <= set(numbers(X86, "tdcall"))


@shows(X86, "served", "served-earlier")
def test_kvm_on_x86_knows_these_numbers_and_no_other(check: str, image: str) -> None:
    shown = {number for _, call, number in calls(X86, check, image) if call.served_by}
    assert set(entries(image, "served")) == shown


@shows(X86, "unserved")
def test_kvm_on_x86_answers_a_number_of_nobody_with_these_errors(check: str, image: str) -> None:
    contract = stated(X86)
    for name, call, number in calls(X86, check, image):
        assert not call.served_by and number not in entries(image, "served"), name
        assert errors(contract, call) == set(READINGS[image]["unserved"]["errors"])


@shows(X86, "errors", "errors-of-ipi")
def test_kvm_on_x86_answers_these_errors_and_no_other(check: str, image: str) -> None:
    contract = stated(X86)
    for name, call, number in calls(X86, check, image):
        assert errors(contract, call) == set(entries(image, "served")[number]), name


def errors(contract: StatedContract, call: StatedCall) -> set[int]:
    return {contract.errors[each].value for each in call.errors}


@shows(X86, "answered", "answered-earlier")
def test_kvm_on_x86_answers_in_this_register(check: str, image: str) -> None:
    for name, call, number in calls(X86, check, image):
        assert answers(stated(X86), call) == set(entries(image, "answered")[number]), name


@shows(X86, "passed", "passed-later")
def test_every_caller_on_x86_sets_each_argument(check: str, image: str) -> None:
    for name, call, number in calls(X86, check, image):
        assert registers(stated(X86), call) <= set(entries(image, "passed")[number]), name


@pytest.mark.parametrize("image", [each for each in READINGS if "used" in READINGS[each]])
def test_kvm_uses_no_argument_that_is_not_stated(image: str) -> None:
    (name,) = [name for built, name in CONTRACTS.items() if built in image.split("-")]
    contract = stated(name)
    known = numbers(name, "papr" if name == POWERPC else "vmcall")
    for number, used in entries(image, "used").items():
        call = contract.calls[known[number]]
        assert set(used) <= registers(contract, call), known[number]


@shows(X86, "alternatives")
def test_each_vmcall_of_a_guest_is_replaced_by_vmmcall(check: str, image: str) -> None:
    assert check in stated(X86).conduits["vmmcall"].checked_by
    assert READINGS[image]["replaced"]["numbers"]
    assert set(READINGS[image]["replaced"]["numbers"]) <= set(entries(image, "callers"))


@shows(X86, "tdx", "by-tdx")
def test_a_guest_of_tdx_asks_by_tdcall(check: str, image: str) -> None:
    conduit, seen = stated(X86).conduits["tdcall"], READINGS[image]["tdcall"]
    assert check in conduit.checked_by or any(marked(stated(X86), check))
    assert conduit.identifier is not None and conduit.identifier.everywhere == "r10"
    assert conduit.arguments is not None and conduit.arguments.everywhere == ("r11-r14",)
    # What the function is given behind the number, as the System V ABI passes it.
    assert [seen[f"r{number}"] for number in range(11, 15)] == ["RSI", "RDX", "RCX", "R8"]
    assert int(seen["rax"]) == 0 and int(seen["rcx"]) >> 10 & 0x1F == 0x1F
    assert seen["answer"] == "answer.R10"
    for call, _, number in calls(X86, check, image):
        assert number in entries(image, "tdx"), call


# --------------------------------------------------------------------------------------- PowerPC


@shows(POWERPC, "callers", "hypervisor-callers", "earlier-callers", "epapr-callers")
def test_callers_on_powerpc_pass_these_numbers(check: str, image: str) -> None:
    for call, _, number in calls(POWERPC, check, image):
        assert number in entries(image, "callers"), call


@shows(POWERPC, "served")
def test_kvm_on_powerpc_knows_these_numbers(check: str, image: str) -> None:
    known = {number for _, _, number in calls(POWERPC, check, image)}
    assert known == set(entries(image, "served"))


@shows(POWERPC, "used", "used-later")
def test_kvm_on_powerpc_reads_just_these_arguments(check: str, image: str) -> None:
    for name, call, number in calls(POWERPC, check, image):
        assert registers(stated(POWERPC), call) == set(entries(image, "used")[number]), name


@shows(POWERPC, "passed")
def test_callers_on_powerpc_set_just_these_arguments(check: str, image: str) -> None:
    for name, call, number in calls(POWERPC, check, image):
        assert registers(stated(POWERPC), call) == set(entries(image, "passed")[number]), name


@shows(POWERPC, "answered", "answered-by-module")
def test_kvm_on_powerpc_answers_in_just_these_registers(check: str, image: str) -> None:
    for name, call, number in calls(POWERPC, check, image):
        assert answers(stated(POWERPC), call) == set(entries(image, "answered")[number]), name


@shows(POWERPC, "errors", "errors-earlier", "errors-by-module")
def test_kvm_on_powerpc_answers_just_these_errors(check: str, image: str) -> None:
    contract = stated(POWERPC)
    for name, call, number in calls(POWERPC, check, image):
        assert errors(contract, call) == set(entries(image, "served")[number]), name


def paravirtual(image: str, number: int | str) -> dict[str, list[str]]:
    """Return what KVM does with a call of ePAPR: what it reads, and what it puts into r3 and r4."""
    said = [each for each in READINGS[image]["paravirtual"][str(number)] if "()" not in each]
    read = next(each for each in said if each.startswith("reads "))
    held = {each[:2]: each[5:].split() for each in said if each[2:5] == " = "}
    return {"reads": read.split()[1:], **held}


@shows(POWERPC, "paravirtual")
def test_kvm_on_powerpc_knows_these_calls_of_epapr_and_no_other(check: str, image: str) -> None:
    contract, others = stated(POWERPC), paravirtual(image, "others")
    unserved = contract.conduits["epapr"].unserved
    assert unserved is not None and others["r3"] == [str(contract.errors[unserved].value)]
    known = {number for _, _, number in calls(POWERPC, check, image)}
    assert known == set(numbers(POWERPC, "epapr"))
    assert all(paravirtual(image, number)["r3"] != others["r3"] for number in known)


@shows(POWERPC, "paravirtual-registers")
def test_kvm_on_powerpc_reads_the_arguments_of_epapr_that_are_stated(
    check: str, image: str
) -> None:
    for name, call, number in calls(POWERPC, check, image):
        assert registers(stated(POWERPC), call) == set(paravirtual(image, number)["reads"]), name


@shows(POWERPC, "paravirtual-answers")
def test_kvm_on_powerpc_answers_a_call_of_epapr_in_these_registers(check: str, image: str) -> None:
    for name, call, number in calls(POWERPC, check, image):
        said = paravirtual(image, number)
        assert said["r3"] == ["0"] and call.results["answer"].means == "0"
        more = set() if said["r4"] == ["0"] else {"r4"}
        assert answers(stated(POWERPC), call) == {"r3", *more}, name


@shows(POWERPC, "without-ultravisor")
def test_kvm_that_is_built_without_the_ultravisor_supports_none_of_its_calls(
    check: str, image: str
) -> None:
    contract = stated(POWERPC)
    shown = list(calls(POWERPC, check, image))
    assert len(shown) == 5
    for name, call, number in shown:
        assert errors(contract, call) == {-67} == set(entries(image, "served")[number]), name


@shows(POWERPC, "wrapper")
def test_the_wrapper_puts_the_arguments_of_papr_where_they_are_stated(
    check: str, image: str
) -> None:
    conduit, seen = stated(POWERPC).conduits["papr"], READINGS[image]["wrapper"]
    assert check in conduit.checked_by
    assert conduit.identifier is not None and conduit.identifier.everywhere == "r3"
    assert seen["r3"] == "r3"
    # Its second argument says where answers go; the further ones move down by one register.
    assert [seen[f"r{n}"] for n in range(4, 10)] == [f"r{n}" for n in range(5, 11)]
    assert all(seen[f"r{n}"].startswith("[stack") for n in range(10, 13))
    assert conduit.arguments is not None and conduit.arguments.everywhere == ("r4-r12",)
    assert seen["returned"] == "answer.r3"
    assert seen["kept"] == " ".join(f"r{n}" for n in range(4, 13))
    assert conduit.results is not None and conduit.results.everywhere == ("r3-r12",)


# ------------------------------------------------------------------------------------------ s390


@shows(S390, "callers", "decompressor", "watchdog")
def test_code_on_s390_has_a_diagnose_of_these_codes(check: str, image: str) -> None:
    for name, call, number in calls(S390, check, image):
        part = "callers" if call.immediate is not None else "subcodes"
        assert number in entries(image, part), name


@shows(S390, "served")
def test_kvm_on_s390_compares_with_these_codes_and_no_other(check: str, image: str) -> None:
    contract = stated(S390)
    codes = {number for _, call, number in calls(S390, check, image) if call.immediate is not None}
    hypercall = contract.conduits["hypercall"].immediate
    assert {*codes, hypercall} == set(READINGS[image]["compared"]["codes"])


@shows(S390, "registers")
def test_the_register_of_the_waiting_cpu_is_any(check: str, image: str) -> None:
    assert [name for name, _, _ in calls(S390, check, image)] == ["DIAG_TIME_SLICE_END_DIRECTED"]
    named = {each.split(",")[0] for each in entries(image, "registers")[0x9C]}
    assert named - {"r1"}


@shows(S390, "set")
def test_every_caller_on_s390_sets_just_the_arguments(check: str, image: str) -> None:
    for name, call, number in calls(S390, check, image):
        callers = entries(image, "subcodes")[number]
        assert callers == sorted(READINGS[image]["set"])
        for caller in callers:
            assert set(READINGS[image]["set"][caller]) == registers(stated(S390), call), name


@shows(S390, "written")
def test_kvm_on_s390_answers_its_own_call_in_this_register(check: str, image: str) -> None:
    fixed = READINGS[image]["fixed"]
    ((_, call, _),) = calls(S390, check, image)
    identifier = stated(S390).conduits["hypercall"].identifier
    assert identifier is not None
    assert set(fixed["written"]) == answers(stated(S390), call)
    assert set(fixed["read"]) <= {str(identifier.everywhere), *registers(stated(S390), call)}


@pytest.mark.parametrize("image", [each for each in READINGS if "s390x" in each])
def test_no_code_on_s390_makes_a_call_whose_number_is_said_to_be_unseen(image: str) -> None:
    contract = stated(S390)
    unseen = {e.number for e in facts_of(contract) if e.kind is Fact.NUMBER and not e.checked}
    assert unseen >= {0, 1, 2, 0x501}
    assert not unseen & {*entries(image, "subcodes"), *entries(image, "callers")}


# ------------------------------------------------------------------------------------ the images


@pytest.mark.parametrize("image", READINGS)
def test_the_readings_are_what_the_images_show(image: str, neighbour: Kernel) -> None:
    found = read(image, neighbour(image))
    assert {part: {str(key): each for key, each in of.items()} for part, of in found.items()} == (
        READINGS[image]
    )
