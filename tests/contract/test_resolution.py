"""What a contract's names mean on one architecture at one version, and what is in force there."""

from dataclasses import dataclass

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.expression import Moment, reads_of
from hypabi.contract.file.load import parse_contract
from hypabi.contract.model import Contract
from hypabi.contract.resolution import Context
from hypabi.contract.version import Version
from hypabi.decode.place import FileError
from tests.contract.contract_example import EXAMPLE

ARM, ARM64 = Architecture.ARM, Architecture.ARM64


@pytest.fixture(scope="module")
def example() -> Contract:
    return parse_contract(EXAMPLE.encode(), "example.yaml")


def context(of: Contract, architecture: Architecture, version: str | None = "6.1") -> Context:
    return Context.of(of, architecture, None if version is None else Version.parse(version))


def test_names_of_a_contract_are_the_architecture_s_registers(example: Contract) -> None:
    arm, arm64 = context(example, ARM), context(example, ARM64)
    place = example.place
    assert (arm.register(example.identifier, place), arm.scope.result) == ("r0", "r0")
    assert (arm64.register(example.identifier, place), arm64.scope.result) == ("x0", "x0")
    assert (arm.scope.names["base"], arm64.scope.names["base"]) == ("HVBAR", "VBAR_EL2")
    assert (arm.scope.constants["alignment"], arm64.scope.constants["alignment"]) == (32, 2048)
    assert (arm.scope.constants.get("UPGRADE"), arm64.scope.constants["UPGRADE"]) == (None, 3)


@dataclass(frozen=True, slots=True)
class Bounded:
    """What holds for some kernels only."""

    since: Version | None = None
    until: Version | None = None
    architecture: Architecture | None = None


SIX, EIGHT = Version.parse("6.0"), Version.parse("8.0")


@pytest.mark.parametrize(
    ("each", "version", "holds"),
    [
        (Bounded(), "5.0", True),
        (Bounded(since=SIX), "5.19", False),
        (Bounded(since=SIX), "6.0", True),
        (Bounded(until=EIGHT), "7.9", True),
        (Bounded(until=EIGHT), "8.0", False),
        (Bounded(architecture=ARM64), "6.1", True),
        (Bounded(architecture=ARM), "6.1", False),
        (Bounded(SIX, EIGHT), None, True),  # of no one version: all of them
        (Bounded(SIX, EIGHT, ARM), None, False),
    ],
)
def test_a_thing_applies_within_its_bounds(
    example: Contract, each: Bounded, version: str | None, holds: object
) -> None:
    of = context(example, ARM64, version)
    assert of.applies(each) is holds
    assert list(of.in_force({"it": each})) == (["it"] if holds else [])


def test_a_premise_is_of_the_parties_that_it_names(example: Contract) -> None:
    of, assumed = context(example, ARM64), example.calls["SET"].assumes
    (premise,) = of.premises(assumed, "stub")
    (read,) = reads_of(premise.holds)
    assert (premise.name, read.register, read.moment) == ("quiet", "SCTLR_EL2", Moment.ENTRY)
    assert of.premises(assumed, "big") == ()
    assert context(example, ARM).premises(assumed, "stub") == ()


def test_an_argument_is_a_name_inside_its_call_only(example: Contract) -> None:
    of = context(example, ARM64)
    inside = of.called({"vectors": "x1"})
    found = inside.when("vectors == 0", example.place)
    assert found is not None and [each.register for each in reads_of(found)] == ["x1"]
    with pytest.raises(FileError, match="vectors"):
        of.when("vectors == 0", example.place)
    assert of.when(None, example.place) is None


def test_a_condition_on_the_exit_reads_there(example: Contract) -> None:
    of = context(example, ARM64)
    (read,) = reads_of(of.holds_at_exit("base == 0", example.place))
    assert (read.register, read.moment) == ("VBAR_EL2", Moment.EXIT)


def test_a_party_of_another_architecture_or_of_none_is_refused(example: Contract) -> None:
    of = context(example, ARM)
    of.known_parties(("stub", "sink"), example.place)
    with pytest.raises(FileError, match="'big' is not on arm"):
        of.known_parties(("big",), example.place)
    with pytest.raises(FileError, match=r"no party 'stup'.*stub"):
        of.known_parties(("stup",), example.place)


def test_a_mode_is_one_of_the_architecture(example: Contract) -> None:
    assert context(example, ARM).mode("hyp", example.place) == "hyp"
    with pytest.raises(FileError, match="arm64 has no mode 'hyp'"):
        context(example, ARM64).mode("hyp", example.place)
