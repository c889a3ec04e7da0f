"""A real b4 takes what it is given for checks: of each patch, of the series, of what is refused."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.compared import INDEX
from tests.cli.door import START, environment
from tests.inputs import find_tool, skip_for
from tests.review.posted import cover_mail, diff_of, patch_mail
from tests.review.repository import git, made_repository

FILE = "arch/arm64/kernel/hyp-stub.S"
DRIVER = """
import email, email.policy, json, sys
from b4.review import checks
command, top, tracking, *mails = sys.argv[1:]
patches = []
for path in mails:
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.EmailPolicy())
    patches.append((message["message-id"].strip("<>"), message))
more = {"B4_TRACKING_FILE": tracking} if tracking else None
found = checks.run_perpatch_checks(patches[1:], [command], top, extra_env=more)
found["cover"] = checks.run_series_checks(patches[0], [command], top, extra_env=more)
print(json.dumps(found))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = made_repository(tmp_path)
    (made / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n")
    return made


def mails(folder: Path) -> list[Path]:
    made = [cover_mail(2)]
    made += [patch_mail(n, 2, "one", diff_of(FILE, "a\n", f"{n}\n")) for n in (1, 2)]
    paths = [folder / f"{number}.eml" for number in range(len(made))]
    for path, mail in zip(paths, made, strict=True):
        path.write_text(mail.partition("\n")[2])
    (folder / "thread.mbox").write_text("".join(made))
    return paths


def python_of_b4() -> str:
    """Return the interpreter that b4 runs in, if this b4 knows of checks."""
    python = Path(find_tool("b4")).read_text().partition("\n")[0].removeprefix("#!").strip()
    knows = [python, "-c", "import b4.review.checks"]
    if subprocess.run(knows, capture_output=True, check=False).returncode:
        skip_for("b4", "this b4 knows of no checks: pipx install 'b4>=0.15'")
    return python


def asked(tree: Path, tracking: str, *options: str) -> dict[str, list[dict[str, str]]]:
    """Return what b4 makes of our checks."""
    python = python_of_b4()
    ours = (sys.executable, "-c", START, "review", "--b4", "--tree", ".", *options)
    command = shlex.join(ours)
    command_line = [python, "-c", DRIVER, command, str(tree), tracking]
    ran = subprocess.run(
        [*command_line, *map(str, mails(tree.parent))],
        capture_output=True, text=True, check=True, cwd=tree, env=environment(),
    )  # fmt: skip
    found: dict[str, list[dict[str, str]]] = json.loads(ran.stdout)
    return found


def test_a_patch_and_a_series_have_a_check_each_which_b4_understands(tree: Path) -> None:
    python_of_b4()
    mails(tree.parent)
    thread = git(tree, "hash-object", "-w", str(tree.parent / "thread.mbox"))
    tracking = tree.parent / "tracking.json"
    tracking.write_text(json.dumps({"series": {"thread-blob": thread}}))
    reference = next(each for each in INDEX.references if each.name == "arm64-stub-b7")
    image = str(reference.file(reference.forms[0]))
    options = ("--image-before", image, "--image-after", image, "--contract", "linux-hyp-abi")
    cache = ("--cache", str(tree.parent / "cache"))
    found = asked(tree, str(tracking), *options, *cache)
    assert found.keys() == {"p1@x", "p2@x", "cover"}
    for checks in found.values():
        (check,) = checks
        assert (check["tool"], check["status"]) == ("hypabi", "pass"), check
        assert check["summary"]


def test_what_cannot_be_judged_is_a_warning_and_no_failure(tree: Path) -> None:
    for checks in asked(tree, "").values():
        (check,) = checks
        assert (check["tool"], check["status"]) == ("hypabi", "warn")
        assert "not judged: standard input: " in check["summary"]
