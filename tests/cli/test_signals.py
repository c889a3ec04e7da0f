"""Who ends the command is obeyed at once and everywhere, and nothing is left behind."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.door import COMMAND, environment

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

LISTENING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""A test run in the background has SIGINT ignored, and so has what it starts."""

AT_AN_IMPORT = """
import os, sys
class Sender:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Sender())
from hypabi.cli.start import command
sys.argv = ["hypabi", "check", "vmlinuz"]
command()
"""

WITH_A_DRAFT = """
import os, sys
from hypabi.cli import signals
signals.obey_signals()
from hypabi import atomic_file
def take_after(descriptor, path):
    os.kill(os.getpid(), {number})
atomic_file._take_after = take_after
try:
    atomic_file.write_output("after", "report")
except KeyboardInterrupt as ended:
    os._exit(signals.status_of(ended))
"""


def ran(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND[0], "-c", LISTENING + program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=environment(),
    )


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "module", ["hypabi.cli.main", "argparse", "hypabi.cli.check", "hypabi.analysis.check"]
)
def test_a_signal_in_the_middle_of_an_import_is_obeyed(
    tmp_path: Path, module: str, number: signal.Signals
) -> None:
    found = ran(AT_AN_IMPORT.format(module=module, number=int(number)), tmp_path)
    assert (found.stdout, found.stderr) == ("", "hypabi: interrupted\n")
    assert found.returncode == 128 + number


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_leaves_no_draft_and_the_file_as_it_was(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "report").write_text("before", encoding="ascii")
    found = ran(WITH_A_DRAFT.format(number=int(number)), tmp_path)
    assert found.returncode == 128 + number, found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert (tmp_path / "report").read_text(encoding="ascii") == "before"


def test_a_signal_that_the_caller_has_us_ignore_stays_ignored(tmp_path: Path) -> None:
    program = (
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from hypabi.cli.signals import obey_signals\n"
        "obey_signals()\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "print('on')\n"
    )
    assert ran(program, tmp_path).stdout == "on\n"
