"""A real b4 takes what it is given for checks: of each patch, of the series, of what is refused."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.review.series.source import read_series
from tests.cli.compared import INDEX
from tests.cli.door import START, environment
from tests.inputs import find_tool, skip_for
from tests.review.posted import answer_mail, cover_mail, diff_of, mail, patch_mail
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
    for path, text in zip(paths, made, strict=True):
        path.write_text(text.partition("\n")[2])
    (folder / "thread.mbox").write_text("".join(made))
    return paths


def interpreter() -> str:
    """Return the interpreter that b4 runs in."""
    return Path(find_tool("b4")).read_text().partition("\n")[0].removeprefix("#!").strip()


def python_of_b4() -> str:
    """Return the interpreter that b4 runs in, if this b4 knows of checks."""
    python = interpreter()
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


READER = """
import argparse, email, json, mailbox, sys
import b4
if hasattr(b4, "setup_config"):
    b4.setup_config(argparse.Namespace(config={}))
thread = b4.LoreMailbox()
for message in mailbox.mbox(sys.argv[1]):
    thread.add_message(email.message_from_bytes(bytes(message), policy=b4.emlpolicy))
series = thread.get_series()
found = None
if series is not None and series.complete:
    found = [
        [each.msgid, sorted({trailer.addr[1] for trailer in each.followup_trailers})]
        for each in series.patches[1:]
    ]
print(json.dumps(found))
"""


def as_b4_reads(path: Path) -> list[tuple[str, list[str]]] | None:
    """Return the patches of a thread and who answered them, ``None`` where it is not whole."""
    command = [interpreter(), "-c", READER, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=path.parent)
    found: list[list[object]] | None = json.loads(ran.stdout)
    return None if found is None else [(str(e[0]), list(map(str, e[1]))) for e in found]  # type: ignore[call-overload]


def as_we_read(path: Path) -> list[tuple[str, list[str]]] | None:
    """Return the same, as a review has it."""
    try:
        series = read_series(str(path), None)
    except HypabiError:
        return None
    said = series.trailers
    return [
        (each.message_id, sorted({t.address for number, t in said if number == each.number}))
        for each in series.patches
    ]


def patch(number: int, of: int, version: int, answers: str, new: str = "") -> str:
    """Return the mail of a patch; its id is its version and number."""
    subject = f"[PATCH v{version} {number}/{of}] patch {number}"
    diff = diff_of(FILE, "a\n", new or f"{number}\n")
    text = f"Because.\n\n---\n f | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n{diff}"
    return mail(subject, text, f"{version}.{number}", answers)


OLD = "".join(patch(number, 3, 1, "cover") for number in (1, 2, 3))
THREADS = {
    "one of three": OLD + patch(2, 3, 2, "1.2", "new"),
    "answering an answer": OLD + answer_mail("1.2", "Why?", "q") + patch(2, 3, 2, "a-q", "new"),
    "twice": OLD + patch(2, 3, 2, "1.2", "n") + patch(3, 3, 3, "1.3", "m"),
    "answering the cover": OLD + patch(2, 3, 2, "cover", "new"),
    "answering another": OLD + patch(2, 3, 2, "1.1", "new"),
    "of another number": OLD + patch(2, 4, 2, "1.2", "new"),
    "answering nothing": OLD + patch(2, 3, 2, "", "new"),
    "a version is left out": OLD + patch(2, 3, 3, "1.2", "new"),
    "all of them": OLD + "".join(patch(number, 3, 2, f"1.{number}", "new") for number in (1, 2, 3)),
    "tags as mail programs leave them": OLD
    + answer_mail("1.1", "  Acked-by: Wide <w@example.org>", "w@example.org")
    + answer_mail("1.2", "Acked-by: A Long Name (Of A Company)\n<l@example.org>", "l@example.org")
    + answer_mail("1.3", "Fine.\n-- \nAcked-by: S <s@example.org>", "s@example.org"),
    "all of them, one the same": OLD
    + patch(1, 3, 2, "cover2") + patch(2, 3, 2, "cover2", "n") + patch(3, 3, 2, "cover2", "m"),
}  # fmt: skip
ACKED = "".join(
    answer_mail(at, f"Acked-by: A <{at}@example.org>", f"{at}@example.org")
    for at in ("1.1", "1.2", "1.3", "2.2")
)


@pytest.mark.parametrize("name", THREADS)
def test_a_version_of_a_part_and_its_answers_are_what_b4_makes_of_them(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "thread.mbox"
    path.write_text(THREADS[name] + ACKED)
    assert as_we_read(path) == as_b4_reads(path)
