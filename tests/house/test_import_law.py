"""The import law of pyproject.toml and docs/architecture.md is kept, and each part of it bites."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp

from tests.house.law import read_face, read_table
from tests.inputs import ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {row["id"]: row for row in CONFIGURATION["tool"]["importlinter"]["contracts"]}
DOCUMENT = ROOT / "docs" / "architecture.md"

# One import that each contract has to refuse, as (module, statement).
VIOLATIONS = {
    "layers": ("hypabi/image/x.py", "import hypabi.behaviour.case"),
    "table": ("hypabi/machine/x.py", "import hypabi.image.model"),
    "face": ("hypabi/witness/x.py", "import hypabi.smt.printer"),
    "circles": ("hypabi/image/model.py", "import hypabi.image.containers.deb"),
    "questions": ("hypabi/judgement/entries/x.py", "import hypabi.judgement.drift.drift"),
    "forms": ("hypabi/report/check/x.py", "import hypabi.report.diff.text"),
    "results": ("hypabi/analysis/results/x.py", "import hypabi.smt.terms"),
    "evidence": ("hypabi/machine/y.py", "import hypabi.symbolic.state"),
    "base": ("hypabi/errors.py", "import hypabi.image.model"),
    "sleigh": ("hypabi/code/y.py", "import pypcode"),
    "solvers": ("hypabi/smt/y.py", "import bitwuzla"),
    "yaml": ("hypabi/report/y.py", "import yaml"),
    "documents": ("hypabi/judgement/y.py", "import docutils"),
    "cluster": ("hypabi/store/y.py", "import pyarrow"),
    "readers": ("hypabi/code/z.py", "import elftools"),
}
THIRD_PARTY = {
    "pypcode": ("hypabi.lifter.sleigh",),
    "bitwuzla": ("hypabi.smt.bitwuzla",),
    "z3": ("hypabi.smt.z3",),
    "yaml": ("hypabi.decode.yaml",),
    "docutils": ("hypabi.judgement.drift.rst_parts", "hypabi.judgement.drift.rst_reader"),
    "elftools": ("hypabi.image",),
    "zstandard": ("hypabi.image",),
    "lz4": ("hypabi.image",),
    "distributed": ("hypabi.sweeping.cluster",),
    "pyarrow": ("hypabi.store.export.parquet",),
}


def test_document_has_every_package() -> None:
    packages = {path.parent.name for path in (ROOT / "hypabi").glob("*/__init__.py")}
    assert set(read_table(DOCUMENT)) == {*packages, "api"}  # a module that commands stand on


def test_every_row_names_packages_above_it_only() -> None:
    table = read_table(DOCUMENT)
    for number, (name, allowed) in enumerate(table.items()):
        assert allowed <= set(list(table)[:number]), name


def test_every_face_names_modules_that_are_there() -> None:
    for package in (ROOT / "hypabi").glob("*/__init__.py"):
        for name in read_face(package.parent):
            path = package.parent.joinpath(*name.split("."))
            assert path.with_suffix(".py").is_file() or path.is_dir(), (
                f"{package.parent.name}.{name}"
            )


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
    assert "Contracts: " in ran.stdout, ran.stdout + ran.stderr
    return set(re.findall(rf"^(.*) {verdict}\b", ran.stdout, re.MULTILINE))


def test_every_contract_is_kept() -> None:
    assert lint(ROOT, "BROKEN") == set()


def test_each_contract_refuses_an_import_that_violates_it(tmp_path: Path) -> None:
    assert set(VIOLATIONS) == set(CONTRACTS)
    (tmp_path / "docs").mkdir()
    for name in ("pyproject.toml", "docs/architecture.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "hypabi", tmp_path / "hypabi", ignore=ignored)
    shutil.copytree(ROOT / "tests" / "house", tmp_path / "tests" / "house", ignore=ignored)
    for module, statement in VIOLATIONS.values():
        with (tmp_path / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{statement}\n")
    assert lint(tmp_path, "BROKEN") == {contract["name"] for contract in CONTRACTS.values()}


def test_every_third_party_import_has_its_place() -> None:
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
