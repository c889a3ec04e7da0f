"""The public interface: small, documented, lazy, and what the guide shows runs."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hypabi
from tests.inputs import ROOT, Kernel

GUIDE = (ROOT / "docs" / "guides" / "use-from-python.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
NAMES = [name for name in hypabi.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_public_has_a_docstring_and_stands_in_the_guide(name: str) -> None:
    public = getattr(hypabi, name)
    assert inspect.getdoc(public), name
    assert name in GUIDE
    if inspect.isfunction(public):
        hints = inspect.signature(public)
        assert hints.return_annotation is not inspect.Signature.empty
        described = inspect.getdoc(public) or ""
        asked = [each for each in hints.parameters if each not in ("image", "path", "value")]
        missing = [each for each in asked if f":param {each}:" not in described]
        of_one = ("new", "old_kernel_version", "new_contract", "new_kernel_version")
        assert set(missing) <= set(of_one), "each option is described"  # one entry says it of all


def test_nothing_else_is_public() -> None:
    there = {name for name in vars(hypabi) if not name.startswith("_")}
    code = (ROOT / "hypabi").iterdir()
    modules = {path.stem for path in code if path.suffix == ".py" or path.is_dir()}
    imported = {"TYPE_CHECKING", "Final", "VERSION", "import_module"}
    assert there - modules - imported <= set(NAMES)
    with pytest.raises(AttributeError):
        _ = hypabi.no_such_name


def test_importing_it_imports_none_of_the_packages() -> None:
    show = "import sys, hypabi; print(sorted(m for m in sys.modules if m.startswith('hypabi.')))"
    ran = subprocess.run(
        [sys.executable, "-c", show], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ran.stdout.strip() == "['hypabi.home']"


def test_the_examples_of_the_guide_run(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vmlinuz").symlink_to(kernel("6.1-arm64"))
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {}
    assert len(EXAMPLES) == GUIDE.count("```python")
    for example in EXAMPLES:
        exec(example, known)
    assert known["result"] == hypabi.check("vmlinuz")
