"""What a binding has to say when Python ends does not stand behind pytest's last line."""

import subprocess
import sys

import pytest

from tests.inputs import ROOT

LEAVES_ONE_BEHIND = """
import ctypes, sys
from tests import conftest

for step in sys.argv[1:]:
    getattr(conftest, step)()
sleigh = __import__("pypcode").Context("AARCH64:LE:64:v8A")
ctypes.pythonapi.Py_IncRef(ctypes.py_object(sleigh))
print("the last line", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("steps", "reported"), [((), True), (("pytest_configure",), False)], ids=["bare", "configured"]
)
def test_objects_that_are_left_behind_are_not_listed(
    steps: tuple[str, ...], reported: object
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LEAVES_ONE_BEHIND, *steps],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = ran.stderr.splitlines()
    assert (ran.returncode, lines[0]) == (0, "the last line")
    assert any("leaked" in line for line in lines) is reported
