"""What hypabi finds in a real kernel, found once in a run: all its workers read the same result.

A result is frozen plain data, so that one that another process made is as good as our own.
"""

import fcntl
import functools
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypabi
from hypabi.analysis.session import Session
from hypabi.report.callers import json as callers_json
from hypabi.report.callers.findings import findings_of as callers_findings
from hypabi.report.callers.text import write as callers_text
from hypabi.report.check import json as check_json
from hypabi.report.check.findings import findings_of as check_findings
from hypabi.report.check.text import write as check_text
from hypabi.report.derive import json as derive_json
from hypabi.report.derive.text import write as derive_text
from hypabi.report.findings.finding import Findings
from hypabi.report.matrix import json as matrix_json
from hypabi.report.matrix.findings import findings_of as matrix_findings
from hypabi.report.matrix.text import Detail
from hypabi.report.matrix.text import write as matrix_text

TEXT: dict[str, Callable[[Any], str]] = {
    "check": check_text,
    "callers": callers_text,
    "derive": derive_text,
    "matrix": lambda result: matrix_text(result, Detail.NONE),
}
"""What the command prints of its result; ``tests/cli/test_one_truth.py`` holds it against that."""

FINDINGS: dict[str, Callable[[Any], Findings]] = {
    "check": check_findings,
    "callers": callers_findings,
    "matrix": matrix_findings,
}
"""The same, finding by finding."""

JSON: dict[str, Callable[[Any], str]] = {
    "check": check_json.write,
    "callers": callers_json.write,
    "derive": derive_json.write,
    "matrix": matrix_json.write,
}
"""The same with ``--format json``."""


@functools.lru_cache(maxsize=1)
def opened(image: Path) -> Session:
    """Return a session; the tests of a kernel often follow each other."""
    return hypabi.open_image(image)


def result_of(folder: Path, command: str, name: str, image: Path) -> Any:  # noqa: ANN401
    """Return the result of a command over a kernel, made where no worker has made it yet.

    :param folder: that all workers of this run have, and no other run
    """
    kept = folder / f"{command}-{name}.pickle"
    with kept.with_suffix(".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_file():
            made = getattr(hypabi, command)(opened(image))
            kept.write_bytes(pickle.dumps(made))
    return pickle.loads(kept.read_bytes())
