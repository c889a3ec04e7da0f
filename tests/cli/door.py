"""Run the command line as a user does: another process, bytes in, bytes and a status out."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.inputs import ROOT

START = "import sys; from hypabi.cli.main import command; sys.argv[0] = 'hypabi'; command()"
COMMAND = (sys.executable, "-c", START)


def environment(**more: str) -> Mapping[str, str]:
    """Return the environment of a run; the reports must not depend on anything else in it."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def hypabi(
    *arguments: str | Path, cwd: Path | None = None, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Run hypabi and return what it printed and its status."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        cwd=cwd,
        env=environment(**more),
    )


def one_line(ran: "subprocess.CompletedProcess[str]") -> str:
    """Return the only line of a refusal; nothing else may have been printed."""
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert ran.stderr.startswith("hypabi: ")
    return ran.stderr.removeprefix("hypabi: ").rstrip("\n")
