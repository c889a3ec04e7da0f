"""QEMU's process: found, started, bounded, and never left behind.

It runs in a process group of its own that is killed in the end.  Should we be killed ourselves, the
kernel kills it with us (``setpriv --pdeathsig``), or ``timeout`` does after LIFETIME.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hypabi.machine.qemu.gdb import LIFETIME as CONNECTION
from hypabi.machine.qemu.gdb import Stub, StubError
from hypabi.machine.qemu.target import Refused
from hypabi.records import frozen

OLDEST: Final = (7, 0)
"""The first release with every processor of ``hypabi.machine.qemu.processors``."""
PATIENCE: Final = 5.0
"""Seconds that QEMU may take to answer."""
LIFETIME: Final = 30
"""Seconds after which ``timeout`` kills a QEMU that we did not."""


@frozen
class LoadedFile:
    """Bytes that QEMU reads from a file into memory at ``address``."""

    address: int
    content: bytes


def version(executable: str, patience: float) -> str:
    """Return QEMU's version.

    :raises Refused: there is none, or none that we know how to use
    """
    path = shutil.which(executable)
    if path is None:
        raise Refused(f"{executable} is not installed (Debian: apt install qemu-system-arm)")
    try:
        with unlimited():
            ran = subprocess.run(
                [path, "--version"], capture_output=True, timeout=patience, check=False
            )
    except subprocess.TimeoutExpired:
        raise Refused(f"{executable} --version hangs") from None
    except OSError as error:
        raise Refused(f"{executable} --version: {error.strerror}") from None
    said = ran.stdout[:4096].decode("utf-8", "replace")
    found = re.search(r"version (\d{1,4})\.(\d{1,4})(\.\d+)*", said)
    if found is None:
        raise Refused(f"{executable} --version does not say which version it is")
    number = found.group().removeprefix("version ")
    if (int(found.group(1)), int(found.group(2))) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise Refused(f"QEMU {number} is too old; {oldest} or later is needed")
    return number


@contextmanager
def started(
    executable: str,
    arguments: Sequence[str],
    files: Sequence[LoadedFile],
    patience: float = PATIENCE,
    lifetime: float = CONNECTION,
    inherited: tuple[int, ...] = (),
) -> Iterator[Stub]:
    """Start QEMU, standing still; give its stub; kill it.

    :param lifetime: seconds that the connection to it may last
    :param inherited: descriptors of ours that it keeps
    :raises Refused: it does not start, with its own words
    """
    with tempfile.TemporaryDirectory(prefix="hypabi-") as folder:
        try:
            process = _process(executable, arguments, files, folder, lifetime, inherited)
        except OSError as error:
            raise Refused(f"{executable} does not start: {error.strerror}") from None
        try:
            yield _connect(process, patience, lifetime)
        except StubError as error:
            raise Refused(_words(process) or str(error)) from None
        finally:
            _end(process)


def _process(
    executable: str,
    arguments: Sequence[str],
    files: Sequence[LoadedFile],
    folder: str,
    lifetime: float,
    inherited: tuple[int, ...],
) -> "subprocess.Popen[bytes]":
    command = [*_bounded(executable, lifetime), *arguments, *FIXED]
    for index, file in enumerate(files):
        path = Path(folder, f"memory{index}")
        path.write_bytes(file.content)
        command += ["-device", f"loader,file={path},addr={file.address:#x},force-raw=on"]
    with unlimited():
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=inherited,
        )


@contextmanager
def unlimited() -> Iterator[None]:
    """Lift our own limit of address space while a process starts: QEMU reserves gigabytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


FIXED: Final = (
    "-accel", "tcg", "-nodefaults", "-display", "none", "-S", "-gdb", "stdio",
)  # fmt: skip


def _bounded(executable: str, lifetime: float) -> list[str]:
    """Return the start of a command that cannot outlive us for long."""
    setpriv, timeout = shutil.which("setpriv"), shutil.which("timeout")
    if setpriv:
        return [setpriv, "--pdeathsig", "KILL", executable]
    seconds = str(LIFETIME if lifetime == CONNECTION else int(lifetime) + LIFETIME)
    return [timeout, "-s", "KILL", seconds, executable] if timeout else [executable]


def _connect(process: subprocess.Popen[bytes], patience: float, lifetime: float) -> Stub:
    assert process.stdin is not None and process.stdout is not None
    stub = Stub(process.stdout.fileno(), process.stdin.fileno(), patience, lifetime)
    supported = stub.ask("qSupported:xmlRegisters=arm")
    if "qXfer:features:read+" not in supported:
        raise StubError("its GDB stub describes no registers")
    stub.document("target.xml")
    return stub


def _words(process: subprocess.Popen[bytes]) -> str:
    """Return what a QEMU that is gone said last."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.1)
    if process.returncode is None:
        return ""
    assert process.stderr is not None
    lines = process.stderr.read(4096).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with status {process.returncode}"


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        with suppress(BrokenPipeError):
            stream.close()
