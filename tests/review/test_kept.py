"""An answer is found once, and found again where anything that it rests on is another."""

from pathlib import Path

import pytest

from hypabi.review import kept
from hypabi.review.judge import Comparison
from hypabi.review.kept import Kept

ANSWER = Comparison((), 3)


class Finder:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Comparison:
        self.asked += 1
        return ANSWER


def test_an_answer_is_found_once_for_each_question(tmp_path: Path) -> None:
    find, of = Finder(), Kept(tmp_path / "judged")
    assert of.answer(Comparison, find, "a", 1) == of.answer(Comparison, find, "a", 1) == ANSWER
    assert find.asked == 1
    of.answer(Comparison, find, "a", 2)
    assert find.asked == 2


def test_what_was_found_by_other_code_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, of = Finder(), Kept(tmp_path)
    of.answer(Comparison, find, "a")
    monkeypatch.setattr(kept, "code_identity", lambda: "another")
    of.answer(Comparison, find, "a")
    assert find.asked == 2


@pytest.mark.parametrize("content", ["", "{", "[" * 5000, '{"changes": []}', "null"])
def test_a_file_that_holds_no_answer_is_none(tmp_path: Path, content: str) -> None:
    find, of = Finder(), Kept(tmp_path)
    of.answer(Comparison, find, "a")
    (path,) = tmp_path.iterdir()
    path.write_text(content)
    assert of.answer(Comparison, find, "a") == ANSWER and find.asked == 2
    assert of.answer(Comparison, find, "a") == ANSWER and find.asked == 2
