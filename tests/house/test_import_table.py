"""The import table of docs/architecture.md is what import-linter enforces, and it bites."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from tests.inputs import ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {row["id"]: row for row in CONFIGURATION["tool"]["importlinter"]["contracts"]}

# One import that each contract has to refuse, as (module, statement).
VIOLATIONS = {
    "arch": ("hypabi/arch/x.py", "import hypabi.image.model"),
    "image": ("hypabi/image/x.py", "import hypabi.code"),
    "code": ("hypabi/code/x.py", "import hypabi.semantics"),
    "smt": ("hypabi/smt/x.py", "import hypabi.arch"),
    "semantics": ("hypabi/semantics/x.py", "import hypabi.image.model"),
    "execution": ("hypabi/execution/x.py", "import hypabi.behaviour"),
    "machine": ("hypabi/machine/x.py", "import hypabi.smt"),
    "behaviour": ("hypabi/behaviour/x.py", "import hypabi.image.model"),
    "judgement": ("hypabi/judgement/x.py", "import hypabi.symbolic"),
    "witness": ("hypabi/witness/x.py", "import hypabi.symbolic"),
    "report": ("hypabi/report/x.py", "import hypabi.cli"),
    "evidence": ("hypabi/machine/y.py", "import hypabi.symbolic"),
    "base": ("hypabi/errors.py", "import hypabi.image"),
    "sleigh": ("hypabi/code/y.py", "import pypcode"),
    "solvers": ("hypabi/smt/y.py", "import bitwuzla"),
    "yaml": ("hypabi/report/y.py", "import yaml"),
    "documents": ("hypabi/judgement/y.py", "import docutils"),
    "readers": ("hypabi/code/z.py", "import elftools"),
}
THIRD_PARTY = {
    "pypcode": ("hypabi.lifter.sleigh",),
    "bitwuzla": ("hypabi.smt.bitwuzla",),
    "z3": ("hypabi.smt.z3",),
    "yaml": ("hypabi.judgement",),
    "docutils": ("hypabi.judgement.drift.rst_reader",),
    "elftools": ("hypabi.image",),
    "zstandard": ("hypabi.image",),
    "lz4": ("hypabi.image",),
}


def table() -> dict[str, set[str]]:
    """Return the table of the document: package -> packages it may import."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text, re.MULTILINE)
    names = [name for name, _ in rows]
    return {
        name: set(names) - {name} if allowed == "all" else set(re.findall(r"`(\w+)`", allowed))
        for name, allowed in rows
    }


def test_document_has_the_twelve_packages() -> None:
    packages = {path.parent.name for path in (ROOT / "hypabi").glob("*/__init__.py")}
    assert set(table()) == packages
    assert len(packages) == 12


@pytest.mark.parametrize("package", sorted(set(table()) - {"cli"}))
def test_contract_forbids_exactly_what_the_table_does_not_allow(package: str) -> None:
    contract = CONTRACTS[package]
    assert contract["source_modules"] == [f"hypabi.{package}"]
    forbidden = {module.removeprefix("hypabi.") for module in contract["forbidden_modules"]}
    assert forbidden == set(table()) - {package} - table()[package]


def test_only_arch_names_is_excepted_from_the_table() -> None:
    exceptions = {
        name: contract["ignore_imports"]
        for name, contract in CONTRACTS.items()
        if name in table() and "ignore_imports" in contract
    }
    assert exceptions == {"smt": ["hypabi.smt.** -> hypabi.arch.names"]}


def lint(folder: Path, verdict: str) -> set[str]:
    """Return the contracts that import-linter gives this verdict on the package in ``folder``."""
    command = "import sys; from importlinter.cli import lint_imports_command as c; c()"
    ran = subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--config", "pyproject.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin", "COLUMNS": "300"},
    )
    assert "Contracts: " in ran.stdout, ran.stderr
    return set(re.findall(rf"^(.*) {verdict}\b", ran.stdout, re.MULTILINE))


def test_every_contract_is_kept() -> None:
    assert lint(ROOT, "BROKEN") == set()


def test_each_contract_refuses_an_import_that_violates_it(tmp_path: Path) -> None:
    assert set(VIOLATIONS) == set(CONTRACTS)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "hypabi", tmp_path / "hypabi", ignore=shutil.ignore_patterns("__pycache__")
    )
    for module, statement in VIOLATIONS.values():
        with (tmp_path / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{statement}\n")
    assert lint(tmp_path, "BROKEN") == {contract["name"] for contract in CONTRACTS.values()}


def test_every_third_party_import_is_in_the_table() -> None:
    graph = grimp.build_graph("hypabi", include_external_packages=True, cache_dir=None)
    outside = {
        (importer, module)
        for module in graph.modules
        if not module.startswith("hypabi") and module not in sys.stdlib_module_names
        if module != "_typeshed"  # names of the type checker's own, absent at run time
        for importer in graph.find_modules_that_directly_import(module)
    }
    strays = {
        (importer, module)
        for importer, module in outside
        if not f"{importer}.".startswith(tuple(f"{home}." for home in THIRD_PARTY.get(module, ())))
    }
    assert not strays
