"""What b4 and patchwork are told is in their words, and a preexisting finding fails nothing."""

import json

import pytest

from hypabi.analysis.results.review import PatchWord
from hypabi.records import replace
from hypabi.report.review.checks import (
    MOST_DESCRIBED,
    write_b4,
    write_b4_refusal,
    write_patchwork,
)
from tests.report.made_review import made_patch, made_review

STATES = {
    PatchWord.EQUAL: ("pass", "success"),
    PatchWord.UNTOUCHED: ("pass", "success"),
    PatchWord.CHANGED: ("warn", "warning"),
    PatchWord.BROKEN: ("fail", "fail"),
    PatchWord.STILL: ("fail", "fail"),
    PatchWord.UNDECIDED: ("warn", "warning"),
    PatchWord.NOT_BUILT: ("warn", "warning"),
    PatchWord.REJECTED: ("warn", "warning"),
    PatchWord.NOT_REACHED: ("warn", "warning"),
}


@pytest.mark.parametrize("word", list(PatchWord))
def test_each_word_is_a_status_of_b4_and_a_state_of_patchwork(word: PatchWord) -> None:
    review = replace(made_review(made_patch(1, word)), asked=1)
    (check,) = json.loads(write_b4(review))
    (of,) = json.loads(write_patchwork(review))
    assert (check["status"], of["check"]["state"]) == STATES[word]
    assert check.keys() == {"tool", "status", "summary", "url", "details"}
    assert of["check"].keys() == {"context", "state", "description", "target_url"}
    assert of["message_id"] == "p1@x"


def test_b4_is_told_of_the_patch_that_it_asks_about_or_of_the_series() -> None:
    review = made_review()
    (first,) = json.loads(write_b4(replace(review, asked=1)))
    (second,) = json.loads(write_b4(replace(review, asked=2)))
    (whole,) = json.loads(write_b4(replace(review, asked=0)))
    assert [each["status"] for each in (first, second, whole)] == ["pass", "fail", "fail"]
    assert "HVC_SOFT_RESTART" in second["details"] and "HVC_SOFT_RESTART" not in first["details"]
    assert whole["details"].splitlines()[0].endswith("BROKEN by patch 2")


def test_a_preexisting_finding_fails_nothing() -> None:
    review = made_review(made_patch(1))
    assert review.preexisting
    (whole,) = json.loads(write_b4(replace(review, asked=0, agreement=())))
    assert whole["status"] == "pass"


def test_what_could_not_be_judged_is_no_failure_of_a_patch() -> None:
    (check,) = json.loads(write_b4_refusal("no tree"))
    assert check["status"] == "warn" and "no tree" in check["summary"]


def test_a_description_fits_patchwork_and_a_patch_without_id_has_no_check() -> None:
    long = replace(made_patch(1, PatchWord.NOT_BUILT), why=("x" * 999,))
    (of,) = json.loads(write_patchwork(made_review(long)))
    assert len(of["check"]["description"]) == MOST_DESCRIBED
    assert json.loads(write_patchwork(made_review(replace(long, message_id="")))) == []
