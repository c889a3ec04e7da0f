"""Bad input counts as input: one clear line, the documented status, nothing on standard output."""

import os
import re
import signal
import struct
import subprocess
from pathlib import Path

import pytest

from tests.cli.door import COMMAND, environment, hypabi, one_line
from tests.cli.kernel import stub
from tests.inputs import Assemble, skip_for

X86_64, ARM64_IMAGE = 62, b"ARM\x64"


def elf(machine: int) -> bytes:
    """Return an ELF header and nothing behind it."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    fields = (2, machine, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return ident + struct.pack("<HHIQQQIHHHHHH", *fields)


def image_header(size: int) -> bytes:
    """Return the header of an arm64 Image (Documentation/arch/arm64/booting.rst)."""
    return struct.pack("<IIQQQQQQ4sI", 0x14000010, 0, 0, size, 0b1010, 0, 0, 0, ARM64_IMAGE, 0)


def refused(path: str | Path, *arguments: str, cwd: Path | None = None) -> str:
    """Return the one line with which both commands that read an image refuse it."""
    check = hypabi("check", path, *arguments, cwd=cwd)
    assert check.returncode == 1
    derive = hypabi("derive", path, *arguments, cwd=cwd)
    assert (derive.stderr, derive.returncode) == (check.stderr, 1)
    return one_line(check)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (bytes(range(256)) * 64, "offset 0x0"),
        (image_header(1 << 25)[:60], "cut short"),
        (image_header(1 << 25) + bytes(4096), "kallsyms"),
        (elf(X86_64) + bytes(64), "ELF file for x86-64"),
        (b"!<arch>\ndebian-binary   ", "offset 0x8: ar archive without data.tar"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 64, "gzip"),
    ],
    ids=["empty", "noise", "cut header", "no kernel", "other architecture", "cut deb", "bad gzip"],
)
def test_a_file_that_is_no_kernel_is_refused_with_where_and_what(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "vmlinuz"
    path.write_bytes(content)
    line = refused(path)
    assert line.startswith(f"{path}: ")
    assert says in line


def test_a_kernel_cut_short_is_refused(tmp_path: Path, assemble: Assemble) -> None:
    whole = stub(assemble)
    assert hypabi("check", whole).returncode == 0
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes()[:0x800])
    assert refused(cut).startswith(f"{cut}: ")


def test_a_gigantic_sparse_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "vmlinuz"
    path.write_bytes(image_header(1 << 40) + bytes(64))
    os.truncate(path, 1 << 40)
    # 2 GiB of address space would not hold what the file says it is.
    limited = ["bash", "-c", 'ulimit -v 2000000; exec "$@"', "bash", *COMMAND, "check", str(path)]
    ran = subprocess.run(
        limited, capture_output=True, text=True, timeout=60, check=False, env=environment()
    )
    assert ran.returncode == 1
    assert "1099511627776 bytes" in one_line(ran)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nowhere/vmlinuz", "nowhere/vmlinuz: No such file or directory"),
        (".", ".: is not a regular file"),
        ("/dev/zero", "/dev/zero: is not a regular file"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, path: str, says: str) -> None:
    assert refused(path, cwd=tmp_path) == says


def test_a_pipe_without_a_writer_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe").endswith("is not a regular file")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vmlinuz"
    path.write_bytes(b"x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        skip_for("unprivileged", "this user may read everything")
    assert refused(path) == f"{path}: Permission denied"


def test_a_name_that_would_write_on_the_terminal_is_printed_harmlessly(tmp_path: Path) -> None:
    ran = hypabi("check", tmp_path / "a\nb\x1b[31m")
    assert one_line(ran).endswith("a\\nb\\x1b[31m: No such file or directory")


def contract(folder: Path, text: str) -> Path:
    path = folder / "contract.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def shipped() -> str:
    return hypabi("contract", "show", "--format", "json").stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("contract: x\nanswer: 42\n", r":2: answer: .*"),
        ("", "empty"),
        ("{", "no YAML"),
        ("- a\n- b\n", r":1"),
    ],
    ids=["unknown key", "empty", "no YAML", "no table"],
)
def test_a_contract_that_is_none_is_refused_with_line_and_key(
    tmp_path: Path, assemble: Assemble, text: str, says: str
) -> None:
    path = contract(tmp_path, text)
    ran = hypabi("check", stub(assemble), "--contract", path)
    line = one_line(ran)
    assert ran.returncode == 1
    assert line.startswith(str(path))
    assert re.search(says, line)


def test_the_shipped_contract_as_a_file_is_accepted_and_with_an_unknown_key_refused(
    tmp_path: Path, assemble: Assemble
) -> None:
    image = stub(assemble)
    good = contract(tmp_path, shipped())
    assert hypabi("check", image, "--contract", good).returncode == 0
    bad = contract(tmp_path, shipped().replace('"title"', '"titel"', 1))
    ran = hypabi("check", image, "--contract", bad)
    assert ran.returncode == 1
    assert "titel" in one_line(ran)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("linux-hyp-abj", "did you mean 'linux-hyp-abi'?"),
        ("./nowhere.yaml", "No such file or directory"),
        (".", "Is a directory"),
    ],
)
def test_a_contract_that_is_not_there_is_refused(assemble: Assemble, name: str, says: str) -> None:
    ran = hypabi("check", stub(assemble), "--contract", name)
    assert (says in one_line(ran), ran.returncode) == (True, 1)


@pytest.mark.parametrize(
    ("arguments", "says", "help_of"),
    [
        ([], "COMMAND", "hypabi"),
        (["chekc"], "invalid choice: 'chekc'; did you mean 'check'?", "hypabi"),
        (["qqqq"], "choose from 'check', 'derive'", "hypabi"),
        (["help", "chekc"], "did you mean 'check'?", "hypabi"),
        (["check", "vmlinuz", "--formt", "xml"], "did you mean --format?", "hypabi"),
        (["check", "vmlinuz", "--format", "sarf"], "did you mean 'sarif'?", "hypabi check"),
        (["check"], "IMAGE", "hypabi check"),
        (["check", "vmlinuz", "--format", "xml"], "invalid choice: 'xml'", "hypabi check"),
        (["check", "vmlinuz", "--colour"], "--colour", "hypabi"),
        (["check", "vmlinuz", "--form", "json"], "--form", "hypabi"),
        (["derive", "vmlinuz", "--party", "a", "--entry", "b"], "--entry", "hypabi derive"),
    ],
)
def test_a_command_line_that_is_not_understood_is_a_usage_error(
    arguments: list[str], says: str, help_of: str
) -> None:
    ran = hypabi(*arguments)
    line = one_line(ran)
    assert says in line
    assert line.endswith(f"see `{help_of} --help`")
    assert ran.returncode == 3


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["--version"]])
def test_help_is_asked_for_and_given(arguments: list[str]) -> None:
    ran = hypabi(*arguments)
    assert ran.stdout
    assert (ran.stderr, ran.returncode) == ("", 0)


def test_a_kernel_version_that_is_none_is_refused(assemble: Assemble) -> None:
    ran = hypabi("check", stub(assemble), "--kernel-version", "latest")
    assert "this is no kernel version" in one_line(ran)
    assert ran.returncode == 3


def test_a_kernel_older_than_the_contract_is_refused(assemble: Assemble) -> None:
    ran = hypabi("check", stub(assemble, version="3.6.0-old"))
    assert "3.6.0-old" in one_line(ran)
    assert ran.returncode == 1


@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("arguments", [["check"], ["derive", "--all-cases"]])
def test_a_reader_that_leaves_early_is_met_with_silence(
    assemble: Assemble, arguments: list[str], buffering: str
) -> None:
    command = [*COMMAND, *arguments, str(stub(assemble))]
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        command,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
        env=environment(PYTHONUNBUFFERED=buffering),
    )
    os.close(writing)
    assert ran.stderr == b""
    assert ran.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_an_output_that_cannot_be_written_is_one_line(assemble: Assemble, redirection: str) -> None:
    shell = ["bash", "-c", f'exec "$@" {redirection}', "bash", *COMMAND, "check"]
    ran = subprocess.run(
        [*shell, str(stub(assemble))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )
    assert one_line(ran).startswith("standard output")
    assert ran.returncode == 1


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "{}"),
        ("derive", "{}", "--save", "saved"),
        ("diff", "{}", "{}"),
        ("replay", "{}"),
        ("check", "{image}", "--contract", "{}"),
        ("check", "{image}", "--suppressions", "{}"),
        ("contract", "lint", "{}"),
        ("contract", "show", "{}"),
    ],
    ids=" ".join,
)
def test_what_is_no_regular_file_is_refused_and_not_waited_for(
    tmp_path: Path, assemble: Assemble, arguments: tuple[str, ...], kind: str
) -> None:
    name = "/dev/zero"
    if kind == "pipe":
        name = str(tmp_path / "some.yaml")
        os.mkfifo(name)
    image = stub(assemble) if "{image}" in arguments else ""
    ran = hypabi(*(each.format(name, image=image) for each in arguments), cwd=tmp_path)
    assert one_line(ran).endswith("is not a regular file")
    assert ran.returncode == 1


def failing(error: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that raises an error on its way."""
    start = (
        "import sys, hypabi.cli.check as c\n"
        "from hypabi.cli.main import main\n"
        f"def run(arguments): raise {error}\n"
        "c.run = run\n"
        "sys.exit(main(['check', 'vmlinuz']))\n"
    )
    return subprocess.run(
        [COMMAND[0], "-c", start],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("MemoryError", "out of memory"),
        ("RecursionError", "nested deeper than can be followed"),
        ("OSError(5, 'Input/output error', 'vmlinuz')", "vmlinuz: Input/output error"),
    ],
)
def test_what_the_machine_cannot_do_is_one_line(error: str, says: str) -> None:
    ran = failing(error)
    assert says in one_line(ran)
    assert ran.returncode == 1


def test_a_defect_of_ours_keeps_its_traceback_and_asks_for_a_report() -> None:
    ran = failing("AssertionError('two and two')")
    assert "AssertionError: two and two" in ran.stderr
    assert "please report it" in ran.stderr.splitlines()[-1]
    assert (ran.stdout, ran.returncode) == ("", 1)


class TestOutput:
    def test_a_report_can_go_to_a_file(self, tmp_path: Path, assemble: Assemble) -> None:
        image, report = stub(assemble), tmp_path / "report.json"
        to_file = hypabi("check", image, "--format", "json", "--output", report)
        printed = hypabi("check", image, "--format", "json")
        assert (to_file.stdout, to_file.returncode) == ("", 0)
        assert to_file.stderr == "5.10.0-made: PROVED\n"
        ours = report.read_text().replace(f',\n      "--output",\n      "{report}"', "")
        assert ours == printed.stdout

    def test_a_refused_input_leaves_the_file_as_it_was(self, tmp_path: Path) -> None:
        report = tmp_path / "report"
        report.write_text("yesterday's")
        assert hypabi("check", "nowhere", "--output", report).returncode == 1
        assert report.read_text() == "yesterday's"
        assert list(tmp_path.iterdir()) == [report]

    def test_a_file_that_cannot_be_written_is_refused_and_leaves_nothing(
        self, tmp_path: Path, assemble: Assemble
    ) -> None:
        image = stub(assemble)
        there = set(tmp_path.rglob("*"))
        ran = hypabi("check", image, "--output", tmp_path / "no" / "report")
        assert one_line(ran).endswith("No such file or directory")
        assert hypabi("check", image, "--output", tmp_path).returncode == 1
        assert set(tmp_path.rglob("*")) == there
