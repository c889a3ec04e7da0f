"""Every command that a page shows is run, and prints what the page says.

A page is run from its top in a folder of its own that looks like a clone, with the kernels that it
names.  A shell runs what it types, and starts hypabi where a line asks more of it than to run that;
else hypabi runs in this process.  Where a kernel or a tool is missing, what comes before it is run
and the rest is skipped.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.edits.sources import SOURCE
from kernels.pins import DOCUMENTS, Pin, read_pins
from tests.cli.door import START, environment, hypabi
from tests.inputs import ROOT, Kernel, find_tool
from tests.review.sources import prepared_sources
from tests.site.session import TYPED, Command, Excused, Source, mismatch, pages, steps

PAGES = [page.relative_to(ROOT) for page in pages(ROOT)]
LINKED = ("docs", "hypabi", "kernels", "reference")
TOOLS = re.compile(r"\b(?:aarch64-linux-gnu|arm-linux-gnueabihf)-\w+|\bqemu-system-\w+|\bgit\b")
QEMU = re.compile(r"--(?:confirm|machine) qemu")
PLAIN = re.compile(
    r"hypabi (?:check|derive|callers|diff|matrix|replay|document|contract|explain|sweep|history)"
    r"(?: [\w./:=,+@-]+)*"
)
"""What needs no shell: each word is an argument as it stands."""
REPEATED = re.compile(r"hypabi check (-v )?vmlinuz-[\w.+-]+( --confirm)?")
"""Of a kernel alone, so run once for all pages: what it prints depends on nothing else, as
tests/cli shows."""


def shown(page: Path) -> list[Source | Command | Excused]:
    return list(steps((ROOT / page).read_text(encoding="utf-8")))


RUN = [page for page in PAGES if any(isinstance(step, Command) for step in shown(page))]


def release(pin: Pin) -> str:
    """Return what a distribution puts behind ``vmlinuz-`` in the name of the file."""
    return re.sub(r"^linux-(?:image|binary)-|-unsigned$", "", pin.package)


Known = dict[str, tuple[int, list[str]]]
"""What was typed: the exit status, and the lines that were printed."""


class Folder:
    """A folder that looks like a clone, in which a page is run."""

    def __init__(self, path: Path, kernel: Kernel, document: Kernel, known: Known) -> None:
        self.path = path
        self.kernel = kernel
        self.document = document
        self.known = known
        self.status = 0
        for name in LINKED:
            (path / name).symlink_to(ROOT / name)
        door = path / ".bin" / "hypabi"
        door.parent.mkdir()
        door.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{START}" "$@"\n')
        door.chmod(0o755)

    def provide(self, typed: str) -> None:
        """Bring what a command needs; skip the rest of the page where it is not to be had."""
        for name, pin in read_pins().items():
            file = self.path / f"vmlinuz-{release(pin)}"
            if f"kernels/fetch {name}" in typed:
                self.kernel(name)
            elif file.name in typed and not file.exists():
                file.symlink_to(self.kernel(name))
        for name in read_pins(DOCUMENTS):
            page = self.path / name
            if f"kernels/fetch {name}" in typed:
                self.document(name)
            elif name in typed and not page.exists():
                page.symlink_to(self.document(name))
        tree = self.path / SOURCE
        if SOURCE in typed and not tree.exists():
            sources, folder = prepared_sources()
            tree.symlink_to(sources)
            (self.path / "review").symlink_to(folder)
        tools = TOOLS.findall(typed) + ["qemu-system-aarch64"] * bool(QEMU.search(typed))
        for tool in tools:
            find_tool(tool)

    def run(self, typed: str) -> list[str]:
        """Return the lines that a terminal would show, as one command."""
        self.provide(typed)
        if typed not in self.known or not REPEATED.fullmatch(typed):
            self.known[typed] = self._ran(typed)
        self.status, printed = self.known[typed]
        return printed

    def _ran(self, typed: str) -> tuple[int, list[str]]:
        if PLAIN.fullmatch(typed):
            plain = hypabi(*typed.split()[1:], cwd=self.path)
            return plain.returncode, (plain.stderr + plain.stdout).rstrip("\n").splitlines()
        return self._ran_by_a_shell(typed)

    def _ran_by_a_shell(self, typed: str) -> tuple[int, list[str]]:
        kept = {k: os.environ[k] for k in ("HYPABI_KERNELS", "XDG_CACHE_HOME") if k in os.environ}
        path = f"{self.path}/.bin:{os.environ['PATH']}"
        ran = subprocess.run(
            ["bash", "-c", f"(exit {self.status})\n{typed}"],  # so that `echo $?` tells the last
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
            cwd=self.path,
            env={**environment(**kept), "PATH": path},
        )
        return ran.returncode, ran.stdout.rstrip("\n").splitlines()


@pytest.fixture(scope="module")
def known() -> Known:
    """What commands printed that are shown more than once."""
    return {}


@pytest.mark.parametrize("page", RUN, ids=str)
def test_commands_of_a_page_print_what_it_shows(
    page: Path, tmp_path: Path, kernel: Kernel, kernel_document: Kernel, known: Known
) -> None:
    folder = Folder(tmp_path, kernel, kernel_document, known)
    for step in shown(page):
        match step:
            case Source(name, text):
                (tmp_path / name).write_text(text, encoding="utf-8")
            case Command(typed):
                printed = folder.run(typed)
                wrong = mismatch(step, printed)
                assert not wrong, f"$ {typed}\n{wrong}\n\nprinted:\n" + "\n".join(printed)
                # Where nothing is shown it is at least no error (bit 1, or a signal).
                assert step.shown is not None or folder.status & ~28 == 0, typed
            case Excused():
                pass


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_command_of_a_page_escapes(page: Path) -> None:
    known = 0
    for step in shown(page):
        match step:
            case Command(typed):
                known += len(TYPED.findall(typed))
            case Excused(_, body):
                known += len(typed_in("", body))
            case Source(_, body):
                known += len(typed_in("", body))
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```([^\n]*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert known == sum(len(typed_in(language, body)) for language, body in blocks)


def typed_in(language: str, body: str) -> list[str]:
    """Return the lines that are commands of ours; below a prompt a report may name one."""
    found = [line for line in body.splitlines() if TYPED.match(line)]
    return [line for line in found if language != "console" or line.startswith("$ ")]


@pytest.mark.parametrize("page", RUN, ids=str)
def test_a_file_that_a_page_shows_is_used_by_a_command_below(page: Path) -> None:
    waiting: set[str] = set()
    for step in shown(page):
        match step:
            case Source(name):
                waiting.add(name)
            case Command(typed):
                waiting -= {name for name in waiting if name in typed}
            case Excused():
                pass
    assert not waiting


def test_a_shell_starts_hypabi_too() -> None:
    typed = [step.typed for page in PAGES for step in shown(page) if isinstance(step, Command)]
    assert sum(TYPED.match(each) is not None and not PLAIN.fullmatch(each) for each in typed) > 5


def test_few_commands_are_excused_and_many_are_run() -> None:
    every = [step for page in PAGES for step in shown(page)]
    run = sum(isinstance(step, Command) for step in every)
    excused = [step for step in every if isinstance(step, Excused)]
    assert run > 8 * len(excused)
    assert all(len(step.reason) > 20 for step in excused)
