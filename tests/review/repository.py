"""A repository of three commits, made in a test."""

import subprocess
from pathlib import Path

from tests.inputs import find_tool


def git(tree: Path, *words: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(tree), *words]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def made_repository(folder: Path) -> Path:
    """Return a repository of three commits, the last checked out."""
    find_tool("git")
    made = folder / "tree"
    (made / "arch").mkdir(parents=True)
    git(made, "init", "-q", "-b", "master")
    git(made, "config", "user.name", "Ann")
    git(made, "config", "user.email", "ann@example.org")
    for number in (1, 2, 3):
        (made / "Makefile").write_text(f"{number}\n")
        (made / "arch" / f"only-{number}").write_text("there\n")
        if number > 1:
            (made / "arch" / f"only-{number - 1}").unlink()
        git(made, "add", "-A")
        git(made, "commit", "-qm", f"number {number}")
    return made
