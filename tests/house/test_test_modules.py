"""What tests share stands in modules of its own: a test module is nobody's library."""

import ast
import re

import pytest

from tests.inputs import ROOT

TESTS = ROOT / "tests"
MODULE = "test_check"


def shared_test_modules(source: str) -> list[str]:
    """Return the test modules that a module's code or its programs in text import."""
    named: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                named += [module, *(f"{module}.{each.name}" for each in names)]
            case ast.Import(names=names):
                named += [each.name for each in names]
            case ast.Constant(value=str(text)):
                named += re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE)
            case _:
                pass
    return [name for name in named if re.search(r"^tests\..*\btest_", name)]


def test_no_module_imports_a_test_module() -> None:
    files = sorted(TESTS.rglob("*.py"))
    assert len(files) > 150
    found = {
        str(file.relative_to(ROOT)): named
        for file in files
        if (named := shared_test_modules(file.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    "statement",
    [
        f"from tests.cli.{MODULE} import refuted",
        f"from tests.cli import {MODULE}",
        f"import tests.cli.{MODULE}",
        f"from tests.cli.{MODULE} import refuted as found",
        f'PROGRAM = """\nfrom tests.cli.{MODULE} import refuted\n"""',
    ],
)
def test_an_import_of_a_test_module_is_found(statement: str) -> None:
    assert shared_test_modules(statement)


@pytest.mark.parametrize(
    "statement", ["from tests.cli.door import hypabi", "import sys", 'S = "from tests on"']
)
def test_an_import_of_what_is_shared_is_not(statement: str) -> None:
    assert not shared_test_modules(statement)


def test_every_test_module_is_collected_by_its_name() -> None:
    """A file with tests that is not called so would never be run."""
    strays = [
        str(file.relative_to(ROOT))
        for file in TESTS.rglob("*.py")
        if not file.name.startswith("test_")
        and any(
            isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            for node in ast.parse(file.read_text(encoding="utf-8")).body
        )
    ]
    assert not strays
