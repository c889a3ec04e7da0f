"""A note is put on each commit of a series, and nothing else of the repository changes."""

from pathlib import Path

import pytest

from hypabi.analysis.results.review import PatchWord
from hypabi.errors import HypabiError
from hypabi.review.notes import REF, write_notes
from hypabi.review.series.source import read_series
from tests.report.made_review import made_patch, made_review
from tests.review.repository import git, made_repository


def test_each_commit_gets_the_word_for_its_patch(tmp_path: Path) -> None:
    tree = made_repository(tmp_path)
    found = read_series("HEAD~2..HEAD", tree)
    assert found.commits == (git(tree, "rev-parse", "HEAD~1"), git(tree, "rev-parse", "HEAD"))
    before = git(tree, "for-each-ref"), git(tree, "status", "--porcelain")
    review = made_review(made_patch(1), made_patch(2, PatchWord.BROKEN))
    write_notes(tree, found.commits, review)
    write_notes(tree, found.commits, review)
    shown = [git(tree, "notes", f"--ref={REF}", "show", commit) for commit in found.commits]
    assert shown == ["hypabi 0: equal", "hypabi 0: broken"]
    after = [line for line in git(tree, "for-each-ref").splitlines() if REF not in line]
    assert ("\n".join(after), git(tree, "status", "--porcelain")) == before


def test_a_commit_that_is_not_there_is_refused_in_a_line(tmp_path: Path) -> None:
    tree = made_repository(tmp_path)
    with pytest.raises(HypabiError) as refused:
        write_notes(tree, ("no-such-commit",), made_review(made_patch(1)))
    assert "\n" not in str(refused.value)
