"""The last resort: a limit of address space that turns too much into one line."""

import resource
import subprocess
from pathlib import Path

from hypabi.cli.memory import MOST
from tests.cli.door import COMMAND, environment, one_line

HUNGRY = """
import sys
import hypabi.cli.check as command
def run(arguments):
    held = [bytes(64 << 20) for _ in range(200)]
    return 0
command.run = run
sys.argv = ["hypabi", "check", *sys.argv[1:]]
from hypabi.cli.start import command
command()
"""

LIMIT = """
import resource, subprocess, sys
from hypabi.cli.memory import bounded_memory
from hypabi.machine.qemu.process import unlimited
bounded_memory(sys.argv[1:])
print(resource.getrlimit(resource.RLIMIT_AS)[0])
with unlimited():
    shown = subprocess.run(["sh", "-c", "ulimit -v"], capture_output=True, text=True)
print(shown.stdout.strip())
print(resource.getrlimit(resource.RLIMIT_AS)[0])
"""


def ran(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND[0], "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )


def test_too_much_memory_is_one_line() -> None:
    found = ran(HUNGRY, "vmlinuz")
    assert one_line(found) == "out of memory"
    assert found.returncode == 1


def test_a_large_file_has_room_and_a_machine_of_its_own_is_not_limited(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY, "a limited run"
    large = tmp_path / "vmlinux"
    with large.open("wb") as file:
        file.truncate(1 << 30)
    limit, shown, after = ran(LIMIT, str(large), "a\x01b").stdout.split()
    assert int(limit) == int(after) == MOST + (1 << 30)
    assert shown == "unlimited"
