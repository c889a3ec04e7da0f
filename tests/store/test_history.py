"""Time lines, of kernels whose words the test chose."""

from pathlib import Path

import pytest

from hypabi.analysis.results.shared import Reproduction
from hypabi.errors import HypabiError
from hypabi.store.database import Store, open_store
from hypabi.store.history import history_of
from hypabi.store.news import news_of
from hypabi.store.records import HistoryResult
from tests.sweeping.judges import judged

REPRODUCE = Reproduction(command=("hypabi", "history"), versions={})
CALL = "HVC_RESET_VECTORS"


def store_of(path: Path, *kernels: tuple[str, str]) -> Store:
    """Return a store of kernels, each of a version and with one caller of a word."""
    store = open_store(str(path), create=True)
    for number, (version, word) in enumerate(kernels):
        outcome = judged(f"{number:064}", version, "caller", word)
        store.keep(f"k{number}", "1", outcome, "", "hypabi 1")
    return store


def asked(store: Store, word: str = "", series: str = "") -> HistoryResult:
    return history_of(store, word, series, REPRODUCE)


def test_a_finding_is_there_since_the_first_kernel_and_until_the_one_that_mends(
    tmp_path: Path,
) -> None:
    store = store_of(
        tmp_path / "s",
        ("6.1.9", "satisfied"), ("6.1.10", "violated"), ("6.1.11", "violated"),
        ("6.1.12", "satisfied"), ("6.12.1", "violated"),
    )  # fmt: skip
    (finding,) = asked(store, CALL).findings
    lines = [(e.first, e.since, e.last, e.mended_in, e.kernels) for e in finding.lines]
    assert lines == [
        ("6.1.10-arm64", "6.1.9-arm64", "6.1.11-arm64", "6.1.12-arm64", 2),
        ("6.12.1-arm64", None, "6.12.1-arm64", None, 1),
    ]


def test_a_finding_that_comes_back_has_two_stretches(tmp_path: Path) -> None:
    words = ["violated", "satisfied", "violated"]
    store = store_of(tmp_path / "s", *((f"6.1.{n}", word) for n, word in enumerate(words)))
    (finding,) = asked(store).findings
    assert [(each.first, each.mended_in) for each in finding.lines] == [
        ("6.1.0-arm64", "6.1.1-arm64"), ("6.1.2-arm64", None)
    ]  # fmt: skip


def test_neighbours_of_which_the_same_is_said_are_one_span(tmp_path: Path) -> None:
    words = ["satisfied", "satisfied", "violated"]
    store = store_of(tmp_path / "s", *((f"6.1.{n}", word) for n, word in enumerate(words)))
    (line,) = asked(store).lines
    assert [(span.kernels, dict(span.words)) for span in line.spans] == [
        (2, {"satisfied": 1}), (1, {"violated": 1})
    ]  # fmt: skip


def test_the_newest_kernels_are_told_by_who_differs(tmp_path: Path) -> None:
    store = store_of(
        tmp_path / "s",
        ("6.1.1", "violated"), ("6.1.2", "satisfied"),
        ("6.6.1", "satisfied"), ("6.12.1", "violated"),
    )  # fmt: skip
    result = asked(store, "caller")
    assert [(len(each.kernels), dict(each.words)) for each in result.newest] == [
        (2, {"satisfied": 1}), (1, {"violated": 1})
    ]  # fmt: skip
    assert result.exit_status == 12
    assert asked(store, "caller", "6.1").exit_status == 0


@pytest.mark.parametrize(
    ("word", "kind"),
    [(CALL, "call"), (CALL.lower(), "call"), ("stub", "party"), ("caller", "caller"),
     ("HYP-CALLER-SERVED", "rule"), ("", "everything")],
)  # fmt: skip
def test_a_word_is_known_for_what_it_names(tmp_path: Path, word: str, kind: str) -> None:
    assert asked(store_of(tmp_path / "s", ("6.1.1", "violated")), word).kind == kind


def test_a_word_that_names_nothing_is_refused_with_the_closest(tmp_path: Path) -> None:
    store = store_of(tmp_path / "s", ("6.1.1", "violated"))
    with pytest.raises(HypabiError, match=f"did you mean {CALL}"):
        asked(store, "HVC_RESET_VECTOR")


def test_a_store_without_kernels_of_the_series_is_refused(tmp_path: Path) -> None:
    store = store_of(tmp_path / "s", ("6.1.1", "violated"))
    with pytest.raises(HypabiError, match=r"no kernel of series 6\.2"):
        asked(store, series="6.2")
    with pytest.raises(HypabiError, match="no kernel"):
        asked(open_store(str(tmp_path / "other"), create=True))


def test_news_are_the_differences_to_the_kernel_before(tmp_path: Path) -> None:
    store = store_of(
        tmp_path / "s",
        ("6.1.1", "satisfied"), ("6.1.2", "violated"), ("6.1.3", "undecided"),
        ("6.1.4", "undecided"), ("6.1.5", "satisfied"),
    )  # fmt: skip
    everyone = {each.sha256 for each in store.kernels()}
    told = [(each.version, each.what) for each in news_of(store, everyone)]
    assert told == [
        ("6.1.2-arm64", "new"), ("6.1.3-arm64", "changed"), ("6.1.5-arm64", "mended")
    ]  # fmt: skip
    last = {each.sha256 for each in store.kernels() if each.version.startswith("6.1.4")}
    assert list(news_of(store, last)) == []


def test_of_two_builds_of_a_version_the_later_to_come_is_the_later(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s"), create=True)
    for sha256, word in (("f" * 64, "satisfied"), ("0" * 64, "violated")):
        store.keep("nightly", sha256, judged(sha256, "6.18.0", "caller", word), "", "x")
    (new,) = news_of(store, {"0" * 64})
    assert (new.what, new.before_sha256) == ("new", "f" * 64)
