"""git as a subprocess, which never asks and never pages."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hypabi.errors import HypabiError

_QUIET: Final[Mapping[str, str]] = {
    "LC_ALL": "C", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
}  # fmt: skip
"""It refreshes no index, so that a repository stays as it is."""
PATIENCE: Final = 300
"""Seconds that it may take."""


def run_git(
    folder: Path, *arguments: str, text: bytes = b"", **environment: str
) -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder.

    :param text: its standard input
    :param environment: variables besides
    :raises HypabiError: there is no git, or it takes too long
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=text, capture_output=True, check=False, timeout=PATIENCE,
            env={**kept, **_QUIET, **environment},
        )  # fmt: skip
    except FileNotFoundError:
        raise HypabiError("git", "not installed", "Debian: apt install git") from None
    except subprocess.TimeoutExpired:
        raise HypabiError("git", f"it took more than {PATIENCE} s") from None


def git(folder: Path, *arguments: str) -> bytes:
    """Return what git prints.

    :raises HypabiError: it refuses
    """
    ran = run_git(folder, *arguments)
    if ran.returncode:
        raise HypabiError(str(folder), complaint(ran.stderr))
    return ran.stdout


def complaint(said: bytes) -> str:
    """Return the first line that git complained in."""
    lines = said.decode("utf-8", "replace").splitlines()
    return next((each for each in lines if each.strip()), "git said nothing")
