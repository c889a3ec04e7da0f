"""A permission names registers, fields or bits, and what holds where one of them has changed."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.clause import KeepsSystemRegisters
from hypabi.contract.expression import write_predicate
from hypabi.contract.file.load import parse_contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.version import Version
from hypabi.decode.place import FileError
from tests.contract.contract_example import changed

WRITES = "vectors: {registers: [base], cite: set}"


def frame(permission: str, architecture: Architecture = Architecture.ARM64) -> KeepsSystemRegisters:
    contract = parse_contract(changed(WRITES, f"it: {{{permission}, cite: set}}"), "x")
    version = Version.parse("6.1")
    assert version is not None
    row = revision_of(contract, version, architecture).row("stub", "SET")
    (statement,) = (
        each.statement for each in row.clauses if isinstance(each.statement, KeepsSystemRegisters)
    )
    return statement


def parts(permission: str) -> list[tuple[str, int, int, int]]:
    partly = frame(permission).partly
    return [(each.register, each.width, each.high, each.low) for each in partly]


def test_a_field_and_bits_are_parts_and_a_register_is_whole() -> None:
    registers = '[SCTLR_EL2.M, "SCTLR_EL2[21:20]", "base[11:11]"]'
    found = parts(f"registers: {registers}, architecture: arm64")
    assert found == [
        ("SCTLR_EL2", 64, 0, 0), ("SCTLR_EL2", 64, 21, 20), ("VBAR_EL2", 64, 11, 11)
    ]  # fmt: skip
    assert frame("registers: [base]").may_change == ("SPSR_EL2", "VBAR_EL2")
    assert frame("registers: [base]").partly == ()


def test_what_holds_then_is_over_the_exit() -> None:
    statement = frame("registers: [base], to: base == vectors and result == success")
    (part,) = statement.partly
    assert statement.may_change == ("SPSR_EL2",)
    assert (part.high, part.low) == (63, 0) and part.to is not None
    assert write_predicate(part.to) == "VBAR_EL2 == old(x1) and x0 == 0"
    arm = frame("registers: [base], to: base == vectors", Architecture.ARM)
    assert [(each.register, each.width) for each in arm.partly] == [("HVBAR", 32)]


def test_a_register_that_may_change_as_a_whole_has_no_parts() -> None:
    assert frame('registers: [base, "base[1:0]"]') == (frame("registers: [base]"))


@pytest.mark.parametrize(
    ("permission", "what"),
    [
        ('registers: ["x9[3:0]"], architecture: arm64', "x9 is no system register"),
        ("registers: [x9], to: x9 == 0, architecture: arm64", "x9 is no system register"),
        ("registers: [SCTLR_EL2.NO], architecture: arm64", "no field 'NO' of SCTLR_EL2"),
        ('registers: ["SCTLR_EL2[64:0]"], architecture: arm64', "names bits that are not there"),
        ('registers: ["SCTLR_EL9[1:0]"], architecture: arm64', "arm64 knows no 'SCTLR_EL9'"),
        ('registers: ["(base + 1)[1:0]"]', "is no register, field or bits of one"),
        ("registers: [base], to: base", "is no condition"),
        ("registers: [base], to: base == nobody", "knows no 'nobody'"),
        ("registers: [base], too: base == 0", "did you mean 'to'"),
    ],
)
def test_what_it_cannot_mean_is_refused(permission: str, what: str) -> None:
    with pytest.raises(FileError) as caught:
        frame(permission)
    assert what in str(caught.value)
