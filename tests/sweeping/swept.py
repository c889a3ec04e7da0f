"""Folders of files that stand for kernels, and sweeps over them."""

from pathlib import Path

from hypabi.analysis.results.shared import Reproduction
from hypabi.store.records import Fate, SweepResult
from hypabi.sweeping.records import SweepWanted
from hypabi.sweeping.sweep import sweep_sources
from tests.sweeping.judges import JUDGE

REPRODUCE = Reproduction(command=("hypabi", "sweep"), versions={})


def files(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def swept(folder: Path, store: Path, jobs: int = 1, limit: float = 30.0) -> SweepResult:
    wanted = SweepWanted(sources=(str(folder),), store=str(store), jobs=jobs, limit=limit)
    return sweep_sources(wanted, REPRODUCE, lambda _: None, JUDGE)


def fates(result: SweepResult) -> dict[str, Fate]:
    return {Path(file.name).name: file.fate for file in result.files}
