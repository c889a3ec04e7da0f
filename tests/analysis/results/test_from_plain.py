"""What was written of a result is read back as it was, and nothing else is."""

import json

import pytest

from hypabi.analysis.results.from_plain import NotPlainError, from_plain
from hypabi.analysis.results.plain import plain
from hypabi.analysis.results.review import PatchWord, ReviewedPatch, ReviewResult
from tests.report.made_review import made_patch, made_review


def test_a_result_survives_json() -> None:
    made = made_review()
    assert from_plain(ReviewResult, json.loads(json.dumps(plain(made)))) == made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", "1"),
        ("number", True),
        ("word", "no such word"),
        ("files", "a.S"),
        ("files", [1]),
        ("introduces", [{}]),
        ("more", 1),
    ],
)
def test_a_value_of_another_type_is_refused_and_the_right_one_is_not(
    field: str, value: object
) -> None:
    said = json.loads(json.dumps(plain(made_patch(1))))
    assert from_plain(ReviewedPatch, said).word is PatchWord.EQUAL
    with pytest.raises(NotPlainError):
        from_plain(ReviewedPatch, {**said, field: value})


def test_a_field_that_is_missing_is_refused() -> None:
    said = json.loads(json.dumps(plain(made_patch(1))))
    del said["subject"]
    wrongs: tuple[object, ...] = (said, None, [], "x")
    for wrong in wrongs:
        with pytest.raises(NotPlainError):
            from_plain(ReviewedPatch, wrong)
