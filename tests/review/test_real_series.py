"""Real series are told apart on the kernel's sources: first bad patch, cause, who must agree."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from hypabi.analysis.results.review import ReviewResult
from hypabi.report.review.text import LONGEST, write
from hypabi.report.shared.text_layout import COLUMNS
from hypabi.review.review import ReviewWanted, review_series
from tests.inputs import exploring
from tests.review.posted import answer_mail, posted
from tests.review.real_series import BAD, GOOD, WIDE, Real
from tests.review.sources import prepared_sources

OF_EACH = 6
"""Good and bad ones; each costs some seconds of a processor where nothing was kept of it."""


def _chosen() -> tuple[Real, ...]:
    if exploring():
        return (*GOOD, *BAD, *WIDE)
    return (*GOOD, *BAD)


CHOSEN = _chosen()


@pytest.fixture(scope="module")
def prepared() -> tuple[Path, Path]:
    """Return the kernel's sources, and a folder in which they are prepared."""
    return prepared_sources()


def reviewed(real: Real, prepared: tuple[Path, Path], tmp_path: Path) -> ReviewResult:
    tree, folder = prepared
    series = tmp_path / "series.mbox"
    answers = (answer_mail("cover@x", f"Acked-by: A <{each}>", each) for each in real.acked)
    series.write_text(posted(tree, real.edits) + "".join(answers))
    wanted = ReviewWanted(series=str(series), tree=tree, cache=folder)
    return review_series(wanted, ("hypabi", "review", "series.mbox"))


def test_there_are_twelve_series_six_good_and_six_bad() -> None:
    assert len(GOOD) == len(BAD) == OF_EACH
    assert len({each.name for each in (*GOOD, *BAD)}) == 2 * OF_EACH


@pytest.mark.parametrize("real", CHOSEN, ids=[each.name for each in CHOSEN])
def test_a_series_is_judged_as_its_edits_say(
    real: Real, prepared: tuple[Path, Path], tmp_path: Path
) -> None:
    found = reviewed(real, prepared, tmp_path)
    text = write(found)
    flat = " ".join(text.split())
    assert tuple(each.word for each in found.patches) == real.words, text
    introduced = [each.rule for patch in found.patches for each in patch.introduces]
    for pattern in real.rules:
        assert any(fnmatchcase(rule, pattern) for rule in introduced), (pattern, introduced)
    assert bool(introduced) == bool(real.rules), introduced
    for said in real.says:
        assert said in flat, text
    words = {each.who: each.word for each in found.agreement}
    assert words.items() >= dict(real.agreement).items(), words
    lines = text.splitlines()
    assert len(lines) <= LONGEST and max(map(len, lines)) <= COLUMNS
