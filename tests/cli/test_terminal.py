"""What a terminal gets besides the report."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from hypabi.cli.terminal import Progress, coloured
from tests.cli.door import COMMAND, environment, hypabi
from tests.cli.kernel import stub
from tests.inputs import Assemble


def on_terminal(columns: int, *arguments: str | Path, **more: str) -> str:
    """Return what a terminal of so many columns gets of a run."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    run = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=subprocess.DEVNULL,
        env=environment(**more),
    )
    os.close(its)
    got = b""
    try:
        while piece := os.read(ours, 1 << 16):
            got += piece
    except OSError:  # EIO: its other end is closed
        pass
    os.close(ours)
    run.wait(timeout=60)
    return got.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("columns", "most"), [(40, 60), (60, 60), (100, 100), (500, 120)])
def test_a_report_fits_its_terminal_between_60_and_120_columns(
    assemble: Assemble, columns: int, most: int
) -> None:
    image = stub(assemble)
    widest = max(map(len, on_terminal(columns, "check", image, "-v", NO_COLOR="1").splitlines()))
    # What one wants to copy is never cut: a SHA-256 and the name behind it take 75.
    assert most - 12 <= widest <= max(most, 75)


def test_what_goes_through_a_pipe_does_not_depend_on_any_terminal(assemble: Assemble) -> None:
    image = stub(assemble)
    assert max(map(len, hypabi("check", image, "-v").stdout.splitlines())) <= 75


def test_colour_is_for_terminals_that_want_it_and_never_alone(assemble: Assemble) -> None:
    image = stub(assemble, success="add x19, x19, #1")
    plain = on_terminal(75, "check", image, NO_COLOR="1")
    assert "\x1b" not in plain
    assert "\x1b" not in on_terminal(75, "check", image, TERM="dumb")
    colour = on_terminal(75, "check", image, TERM="xterm")
    assert "\x1b[31mREFUTED\x1b[0m" in colour
    assert re.sub("\x1b\\[[0-9]*m", "", colour) == plain


@pytest.mark.parametrize(
    ("line", "colour"),
    [("x: PROVED", 32), ("x: REFUTED and UNDECIDED", 31), ("x: UNDECIDED", 33), ("x: DERIVED", 32)],
)
def test_a_verdict_has_the_colour_of_its_worst_word(line: str, colour: int) -> None:
    assert f"\x1b[{colour}m" in coloured(line)


def test_what_is_no_verdict_has_no_colour() -> None:
    text = "  HVC_SET_VECTORS: 5\n6.1: proved\nKTAP version 1\n"
    assert coloured(text) == text


def test_progress_is_said_after_a_while_and_taken_back() -> None:
    said = io.StringIO()
    progress = Progress(said, "check", quiet=0.01)
    time.sleep(0.2)
    progress.end()
    progress.end()
    assert said.getvalue() == "\r\x1b[Khypabi: check, 0 s\r\x1b[K"


def test_a_command_that_is_quick_says_nothing_of_its_progress() -> None:
    said = io.StringIO()
    Progress(said, "check", quiet=60).end()
    assert said.getvalue() == ""
