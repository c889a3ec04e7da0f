"""A mail that b4 gives is found in its thread, which b4's tracking names."""

import json
import subprocess
from pathlib import Path

import pytest

from hypabi.errors import HypabiError
from hypabi.review.series.b4 import WHOLE, read_checked
from tests.inputs import find_tool
from tests.review.posted import cover_mail, diff_of, patch_mail

MAILS = tuple(
    patch_mail(number, 2, "one", diff_of("a.S", f"{number}\n", f"{number + 1}\n"))
    for number in (1, 2)
)
COVER = cover_mail(2)


def plain(mail: str) -> bytes:
    """Return a mail as b4 gives it, without the line that parts mails."""
    return mail.partition("\n")[2].encode()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    find_tool("git")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def tracking(tree: Path, **series: object) -> str:
    path = tree / "tracking.json"
    path.write_text(json.dumps({"series": series}))
    return str(path)


def thread(tree: Path) -> str:
    ran = subprocess.run(
        ["git", "-C", str(tree), "hash-object", "-w", "--stdin"],
        input="".join((COVER, *MAILS)), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return ran.stdout.strip()


def test_a_patch_and_the_cover_letter_are_found_in_the_thread(tree: Path) -> None:
    about = tracking(tree, **{"thread-blob": thread(tree), "base-commit": "0123456789ab"})
    second = read_checked(plain(MAILS[1]), tree, about)
    assert (second.number, len(second.series.patches), second.base) == (2, 2, "0123456789ab")
    whole = read_checked(plain(COVER), tree, about)
    assert whole.number == WHOLE and len(whole.series.patches) == 2


def test_a_patch_alone_is_its_series_and_one_of_several_is_refused(tree: Path) -> None:
    lone = patch_mail(1, 1, "one", diff_of("a.S", "1\n", "2\n"))
    assert read_checked(plain(lone), tree, None).number == 1
    with pytest.raises(HypabiError, match="patch 2/2 is not in it"):
        read_checked(plain(MAILS[0]), tree, None)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"series": 1}', '{"series": {"thread-blob": "-x"}}', "[" * 9000]
)
def test_tracking_that_names_no_thread_names_none(tree: Path, content: str) -> None:
    path = tree / "tracking.json"
    path.write_text(content)
    with pytest.raises(HypabiError, match="is not in it"):
        read_checked(plain(MAILS[0]), tree, str(path))


def test_a_thread_that_is_no_object_of_the_repository_is_refused(tree: Path) -> None:
    about = tracking(tree, **{"thread-blob": "0" * 40})
    with pytest.raises(HypabiError):
        read_checked(plain(MAILS[0]), tree, about)
