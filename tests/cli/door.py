"""Run the command line as a user does: words in, bytes and a status out.

``hypabi`` runs it in this process, which is what a test of a report needs; ``hypabi_process``
starts one where that is the point: hash seeds, what the environment says, pipes, signals.
"""

import contextlib
import gc
import io
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

from hypabi.cli.main import main
from tests.inputs import ROOT

START = "import sys; from hypabi.cli.start import command; sys.argv[0] = 'hypabi'; command()"
COMMAND = (sys.executable, "-c", START)

Ran = subprocess.CompletedProcess[str]


def environment(**more: str) -> Mapping[str, str]:
    """Return the environment of a run; the reports must not depend on anything else in it."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def hypabi(*arguments: str | Path, cwd: Path | None = None) -> Ran:
    """Run hypabi in this process and return what it printed and its status."""
    words = [str(each) for each in arguments]
    with _as_its_own_process(words, cwd) as (output, talk):
        status = main()
        return subprocess.CompletedProcess(["hypabi", *words], status, _text(output), _text(talk))


def hypabi_process(*arguments: str | Path, cwd: Path | None = None, **more: str) -> Ran:
    """Run hypabi in a process of its own and return what it printed and its status.

    :param more: variables of its environment
    """
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


@contextlib.contextmanager
def _as_its_own_process(
    words: list[str], cwd: Path | None
) -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Give the streams of a run, and undo afterwards what a process would take with it."""
    output, talk = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
    thresholds = gc.get_threshold()
    memory = resource.getrlimit(resource.RLIMIT_AS)
    with (
        mock.patch.dict(os.environ, environment(), clear=True),
        mock.patch.object(sys, "argv", ["hypabi", *words]),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(talk),
        contextlib.chdir(cwd or Path.cwd()),
    ):
        try:
            yield output, talk
        finally:
            gc.set_threshold(*thresholds)
            resource.setrlimit(resource.RLIMIT_AS, memory)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8")


def one_line(ran: Ran) -> str:
    """Return the only line of a refusal; nothing else may have been printed."""
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert ran.stderr.startswith("hypabi: ")
    return ran.stderr.removeprefix("hypabi: ").rstrip("\n")
