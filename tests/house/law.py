"""The import law in import-linter's terms: who may import whom, and through which door.

``table`` reads the table of packages in docs/architecture.md, which is the law; ``face`` reads what
each package's ``__init__`` names in ``__all__``: the modules that other packages may use.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOT = "hypabi"
FOR_ALL = frozenset(
    {
        "hypabi",
        "hypabi.errors",
        "hypabi.records",
        "hypabi.atomic_file",
        "hypabi.regular",
        "hypabi.home",
        "hypabi.unknowns",
    }
)
NAMES = "hypabi.arch.names"
"""Byte orders, architectures and instruction sets: words that everybody needs."""

Import = tuple[str, str]


def read_table(document: Path) -> dict[str, set[str]]:
    """Return the table of the document: package -> packages that it may import."""
    text = document.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text, re.MULTILINE)
    names: list[str] = [name for name, _ in rows]
    allowed: dict[str, set[str]] = {}
    for name, cell in rows:
        below = names[: names.index(name)]
        named = set(re.findall(r"`(\w+)`", cell))
        allowed[name] = set(below) if "all above" in cell else named
    return allowed


def read_face(package: Path) -> set[str]:
    """Return the modules that a package names in ``__all__``."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=elements)):
                return {each.value for each in elements if isinstance(each, ast.Constant)}  # type: ignore[misc]
            case _:
                continue
    return set()


def across_packages(graph: ImportGraph) -> Iterator[Import]:
    """Yield the imports from one package of ours into another."""
    for importer in sorted(graph.modules):
        if not importer.startswith(f"{ROOT}."):
            continue
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            inside = imported.startswith(f"{ROOT}.") and imported not in {*FOR_ALL, NAMES}
            if inside and package_of(importer) != package_of(imported):
                yield importer, imported


def package_of(module: str) -> str:
    """Return the package at the top that holds a module."""
    return module.split(".")[1]


class _Imports(Contract):
    """A contract that is broken by single imports."""

    says: ClassVar[str]

    def refused(self, graph: ImportGraph) -> list[Import]:
        """Return the imports that break it."""
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001
        """Hold the graph against the contract."""
        refused = self.refused(graph)
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print what breaks it."""
        for importer, imported in check.metadata["refused"]:
            output.print_error(f"{importer} imports {imported}: {self.says}")


class TableContract(_Imports):
    """Each package imports only what its row in the document allows."""

    type_name = "table"
    document = fields.StringField()
    says = "the table of packages does not allow it"

    def refused(self, graph: ImportGraph) -> list[Import]:
        """Return the imports that no row allows."""
        table = read_table(Path(str(self.document)))
        return [
            (importer, imported)
            for importer, imported in across_packages(graph)
            if package_of(importer) in table
            and package_of(imported) not in table[package_of(importer)]
        ]


class FaceContract(_Imports):
    """A package is used by others through the modules that it names."""

    type_name = "face"
    says = "its package does not name it in __all__"

    def refused(self, graph: ImportGraph) -> list[Import]:
        """Return the imports that go past a face."""
        faces = {each.stem: {""} for each in Path(ROOT).glob("*.py")}  # a module is its own face
        faces |= {
            each.parent.name: read_face(each.parent) for each in Path(ROOT).glob("*/__init__.py")
        }
        return [
            (importer, imported)
            for importer, imported in across_packages(graph)
            if ".".join(imported.split(".")[2:]) not in faces.get(package_of(imported), set())
        ]
