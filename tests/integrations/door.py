"""A folder in which `hypabi` is a command, as where it is installed."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.cli.door import START, environment

Ran = subprocess.CompletedProcess[str]


class Shop:
    """Where the files of `integrations` are used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        door = self.bin / "hypabi"
        door.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{START}" "$@"\n')
        door.chmod(0o755)

    def run(
        self, *command: str | Path, installed: bool = True, more: Mapping[str, str] | None = None
    ) -> Ran:
        """Run a command here; ``more`` is what its environment has besides."""
        path = os.environ["PATH"]
        if installed:
            path = f"{self.bin}:{path}"
        return subprocess.run(
            list(map(str, command)),
            cwd=self.folder,
            env={**environment(**(more or {})), "PATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
