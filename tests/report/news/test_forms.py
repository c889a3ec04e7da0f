"""What is new: as text, JSON and mail; nothing where nothing is."""

import email
import json
from email.policy import default

import pytest

from hypabi.analysis.results.shared import Reproduction
from hypabi.report.news import json as news_json
from hypabi.report.news import mail, text
from hypabi.store.records import Fate, KernelFinding, NewFinding, SweepResult, SweptFile
from tests.report.schemas import strict

FINDING = KernelFinding(
    "HYP-CALLER-SERVED", "call sites", "stub", "HVC_RESET_VECTORS", "caller", "violated", "refuted",
    "x0 is uninitialised\u202e",
)  # fmt: skip
NEW = NewFinding("1" * 64, "6.1.2-1", "arm64 6.1 arm64", "6.1.1-1", "0" * 64, "new", FINDING)
GONE = SweptFile("debian:sid/k", Fate.UNAVAILABLE, "it is no longer in the archive", None)
NONE = SweptFile("readme", Fate.NO_KERNEL, "no kernel", None)


def result(*files: SweptFile, news: tuple[NewFinding, ...] = ()) -> SweepResult:
    reproduce = Reproduction(command=("hypabi", "sweep"), versions={"hypabi": "1"})
    return SweepResult("store", files, (), 0, news, reproduce)


@pytest.mark.parametrize("form", [text.write, news_json.write, lambda of: mail.write(of, ["a@b"])])
def test_nothing_is_printed_where_nothing_is_new(form: object) -> None:
    assert callable(form)
    assert form(result(NONE)) == ""
    assert form(result(NONE, news=(NEW,)))
    assert form(result(GONE))


def test_text_says_what_where_since_when_and_what_was_not_judged() -> None:
    said = text.write(result(GONE, NONE, news=(NEW,)))
    assert "new: arm64 6.1 arm64 6.1.2-1 (since 6.1.1-1)" in said
    assert "HVC_RESET_VECTORS" in said
    assert "debian:sid/k: it is no longer in the archive" in said
    assert "readme" not in said


def test_json_is_what_its_schema_says() -> None:
    document = json.loads(news_json.write(result(GONE, NONE, news=(NEW,))))
    assert list(strict("news").iter_errors(document)) == []
    assert [each["name"] for each in document["not_judged"]] == ["debian:sid/k"]


def test_a_mail_is_one_and_nothing_in_a_kernel_writes_its_headers() -> None:
    evil = NewFinding("1" * 64, "6.1.2\nBcc: all", "line", None, None, "new", FINDING)
    read = email.message_from_string(
        mail.write(result(news=(evil,)), ["a@b.example"]), policy=default
    )
    assert dict(read.items()).keys() == {
        "To", "Subject", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip
    assert read["To"] == "a@b.example"
    assert read["Subject"] == "[hypabi] 1 new: undecided"
    assert "\u202e" not in read.get_content()
    assert read.get_content() == text.write(result(news=(evil,))).lstrip("\n")
