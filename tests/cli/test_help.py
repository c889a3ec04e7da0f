import subprocess
import sys

from hypabi.contract.file.load import shipped_contracts
from tests.cli.compared import INDEX
from tests.cli.door import environment, hypabi

STUB = str(
    next(each.file(each.forms[0]) for each in INDEX.references if each.name == "arm64-stub-b7")
)


def test_help_of_a_command_is_that_of_its_option() -> None:
    assert hypabi("help", "check").stdout == hypabi("check", "--help").stdout
    assert hypabi("help").stdout == hypabi("--help").stdout


def test_python_runs_the_command_as_a_module() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "hypabi", "--version"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(),
    )
    assert (ran.returncode, ran.stdout) == (0, hypabi("--version").stdout)


def test_quiet_is_the_first_line_with_the_same_status() -> None:
    for words in (("check", STUB, "--kernel-version", "6.1"), ("callers", STUB)):
        loud, quiet = hypabi(*words), hypabi(*words, "-q")
        assert quiet.stdout == loud.stdout.splitlines(keepends=True)[0]
        assert (quiet.returncode, quiet.stderr) == (loud.returncode, "")


def test_every_shipped_contract_is_listed_with_its_title() -> None:
    lines = hypabi("contract", "list").stdout.splitlines()
    assert lines[::2] == list(shipped_contracts())
    assert all(line.startswith("    ") and line.strip() for line in lines[1::2])
