"""Sphinx builds every page that hypabi writes, and treats each warning as an error.

Those of docs/interface are pages of the site, which ``test_site.py`` builds in the same way.
"""

import subprocess
import sys
from pathlib import Path

from hypabi.documents.markup.rst import write
from tests.documents.documents import HELD, STATED, page

CONF = 'project = "pages"\nextensions = []\nnitpicky = True\n'
INDEX = "Pages\n=====\n\n.. toctree::\n   :glob:\n\n   *\n"


def build(folder: Path) -> "subprocess.CompletedProcess[str]":
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / "index.rst").write_text(INDEX, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-b", "html"]
    return subprocess.run(
        [*command, str(folder), str(folder / "out")],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_pages_of_every_contract_build_without_a_warning(tmp_path: Path) -> None:
    for name in (*HELD, *STATED):
        (tmp_path / f"{name}.rst").write_text(write(page(name)), encoding="utf-8")
    ran = build(tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    built = (tmp_path / "out" / "linux-hyp-abi.html").read_text(encoding="utf-8")
    assert "HVC_FINALISE_EL2" in built


def test_a_page_with_a_broken_link_does_not_build(tmp_path: Path) -> None:
    (tmp_path / "broken.rst").write_text("Broken\n======\n\nSee `nothing`_.\n", encoding="utf-8")
    assert build(tmp_path).returncode != 0
