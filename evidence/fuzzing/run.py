"""Fuzz targets one after the other, each in a process, and say what was found."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from evidence.fuzzing.seeds import SEEDS
from hypabi.records import frozen
from kernels import cache

ROOT: Final = Path(__file__).resolve().parents[2]
TARGETS: Final = "evidence.fuzzing.targets"
MEMORY: Final = 1 << 10
"""MiB that the process may take, the fuzzer's own among them."""
WALL_SECONDS: Final = 300
"""After which an input is a finding whatever CPU time it had."""
LONGEST: Final = 1 << 17
"""Bytes of the longest input that the fuzzer makes."""


@frozen
class Limit:
    """How long a target is fuzzed: inputs, or seconds."""

    runs: int | None
    seconds: int | None

    @property
    def arguments(self) -> tuple[str, ...]:
        """What libFuzzer is told."""
        if self.runs is not None:
            return (f"-runs={self.runs}",)
        return (f"-max_total_time={self.seconds}",)


@frozen
class Fuzzed:
    """What came of one target."""

    name: str
    inputs: int
    kept: int
    """Inputs that reach code which none of the others reaches."""
    edges: int
    """Of Python's bytecode, in hypabi and what it calls of itself."""
    finding: str
    """The last line of what was said of the input at which it stopped; empty without one."""
    where: str
    """That input, as a file."""


def corpus() -> Path:
    """Return where inputs are kept from run to run: beside the kernels, in the user's cache."""
    return cache.folder().parent / "corpus"


def fuzz(name: str, limit: Limit, seed: int, folder: Path, module: str = TARGETS) -> Fuzzed:
    """Fuzz a target.

    :param folder: of the corpus; what is found new stays there
    """
    inputs, findings = folder / name, folder / f"{name}.findings"
    inputs.mkdir(parents=True, exist_ok=True)
    findings.mkdir(exist_ok=True)
    for content in SEEDS.get(name, lambda: iter((b"",)))():
        (inputs / sha256(content).hexdigest()[:40]).write_bytes(content)
    command = [
        *(sys.executable, "-m", "evidence.fuzzing.worker", f"{module}:{name}", str(inputs)),
        *limit.arguments,
        *(f"-seed={seed}", f"-max_len={LONGEST}", f"-rss_limit_mb={MEMORY}"),
        *(f"-timeout={WALL_SECONDS}", f"-artifact_prefix={findings}/", "-print_final_stats=1"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    ran = subprocess.run(
        command, check=False, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return _fuzzed(name, ran.returncode, ran.stdout.decode("utf-8", "replace"))


def _fuzzed(name: str, status: int, said: str) -> Fuzzed:
    inputs = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
    kept = re.findall(r"corp: (\d+)/", said)
    edges = re.findall(r"cov: (\d+)", said)
    where = re.search(r"Test unit written to (\S+)", said)
    return Fuzzed(
        name,
        int(inputs[1]) if inputs else 0,
        int(kept[-1]) if kept else 0,
        int(edges[-1]) if edges else 0,
        _said(said) if status else "",
        where[1] if where else "",
    )


def _said(text: str) -> str:
    """Return what tells a finding: the exception, or libFuzzer's own words."""
    exception = re.findall(r"Uncaught Python exception: ===\n(.+)", text)
    own = re.findall(r"^==\d+== ?ERROR: (.+)$", text, re.MULTILINE)
    lines = text.strip().splitlines()
    return next(iter((*exception, *own, *lines[-1:])), "it ended without a word")


NUMBERS: Final = ("inputs", "kept", "edges")


@frozen
class Figures:
    """What a run found."""

    command: str
    rows: tuple[Fuzzed, ...]


def save_figures(figures: Figures, path: Path) -> None:
    """Write figures as JSON: names and numbers alone."""
    rows = [
        {"name": row.name, **{name: getattr(row, name) for name in NUMBERS}, "finding": row.finding}
        for row in figures.rows
    ]
    content = {"command": figures.command, "rows": rows}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> Figures:
    """Read what `save_figures` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Figures(content["command"], tuple(Fuzzed(**row, where="") for row in content["rows"]))


def table(rows: Iterable[Fuzzed]) -> str:
    """Return the figures in Markdown."""
    lines = [
        "| target | inputs tried | inputs kept | edges reached | finding |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {row.name} | {row.inputs:,} | {row.kept:,} | {row.edges:,} | {row.finding or 'none'} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])
