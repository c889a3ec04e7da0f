"""A fact that is marked as checked has a test that reads the images it names."""

import ast
import tomllib
from pathlib import Path

import pytest

from hypabi.contract.file.load import shipped_contracts
from hypabi.contract.stated.model import Check, StatedContract
from kernels.pins import NEIGHBOURS, read_pins
from tests.contract.shipped import shipped
from tests.contract.stated.neighbours import marked
from tests.inputs import ROOT

XEN = tomllib.loads(Path(__file__).with_name("xen_tables.toml").read_text(encoding="utf-8"))

CHECKS = [
    pytest.param(contract, name, id=f"{contract.name}.{name}")
    for contract in map(shipped, shipped_contracts())
    if isinstance(contract, StatedContract)
    for name in contract.checks
]


def test_some_facts_are_checked() -> None:
    assert len(CHECKS) >= 7


@pytest.mark.parametrize(("contract", "name"), CHECKS)
def test_a_check_has_a_test_that_names_it_and_images_that_are_pinned(
    contract: StatedContract, name: str
) -> None:
    check: Check = contract.checks[name]
    file, function = check.test.split("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {each.name: each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    assert function in tests
    conduits = contract.conduits.values()
    assert any(marked(contract, name)) or any(name in each.checked_by for each in conduits)
    assert set(check.images) <= {*read_pins(), *read_pins(NEIGHBOURS), *XEN}
    assert check.facts
