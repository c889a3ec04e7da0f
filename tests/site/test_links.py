"""What the documents point at is there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.inputs import ROOT

DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]
)


def links(document: Path) -> list[str]:
    """Return where the links of a document go, within the repository."""
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target.partition("#")[0] for target in targets if not re.match(r"\w+:|#", target)]


def quoted_paths(document: Path) -> list[str]:
    """Return the paths that a document names in backticks, those with a folder or an ending."""
    text = (ROOT / document).read_text(encoding="utf-8")
    spans = re.findall(r"`([\w./-]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    made = ("build",)  # what is in it is there once it was made
    folders = "|".join(
        sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in made)
    )
    return [span for span in spans if re.match(rf"(?:{folders})/[\w./-]*$", span)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_to_files(document: Path) -> None:
    missing = [link for link in links(document) if not (ROOT / document.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_paths_named_in_backticks_exist(document: Path) -> None:
    # A pattern such as tests/PACKAGE is an instruction to the reader, not a path.
    concrete = [path for path in quoted_paths(document) if not re.search(r"[A-Z]{4}", path)]
    assert not [path for path in concrete if not (ROOT / path).exists()]


def test_commands_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", text, re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in targets:
        ran = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr
