"""The commands of the case of December 2016 print what the case says they print."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.door import ROOT, hypabi

CASE = ROOT / "docs" / "cases" / "2016-12-hyp-get-vectors.md"
SHOWN = re.compile(r"```sh\n(hypabi [^`]*)```\n(?:```text\n([^`]*)```)?")


def shown() -> list[tuple[str, str]]:
    """Return each command of hypabi's in the case, with what it is said to print."""
    return [(m[1].strip(), m[2] or "") for m in SHOWN.finditer(CASE.read_text(encoding="utf-8"))]


def test_the_case_shows_commands_and_what_they_print() -> None:
    assert len(shown()) == 5
    assert sum(bool(output) for _, output in shown()) == 4


@pytest.mark.parametrize(("command", "output"), shown(), ids=lambda text: text[:60])
def test_a_command_prints_the_lines_that_are_shown_in_their_order(
    command: str, output: str
) -> None:
    ran = hypabi(*shlex.split(command)[1:], cwd=Path(ROOT))
    assert ran.stderr == ""
    printed = iter(ran.stdout.splitlines())
    for line in output.splitlines():
        assert line in printed, f"{line!r} is not printed, or not here"
