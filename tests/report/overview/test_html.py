"""The pages of a store: complete, linked, readable on any screen, in light and dark."""

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pytest

from hypabi.analysis.results.shared import Reproduction
from hypabi.report.overview.html import DIFFERENCES, FINDINGS, INDEX, write_pages
from hypabi.store.database import open_store
from hypabi.store.overview import overview_of
from tests.report.html.browser import look_at
from tests.sweeping.judges import judged

LONG = "a_very_long_name_of_a_function_" * 8
REPRODUCE = Reproduction(command=("hypabi", "history"), versions={"hypabi": "1"})


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    store = open_store(str(tmp_path_factory.mktemp("pages") / "<store>"), create=True)
    words = ["satisfied", "violated", "violated", "satisfied", "undecided"]
    for number, word in enumerate(words):
        outcome = judged(f"{number:064}", f"6.1.{number}", "<b>caller</b>", word)
        store.keep(f"k{number}", "1", outcome, "", "x")
    store.keep("long", "1", judged("9" * 64, "6.12.1", LONG, "violated"), "", "x")
    return write_pages(overview_of(store, REPRODUCE))


def test_every_kernel_every_finding_and_every_difference_is_told(pages: Mapping[str, str]) -> None:
    bodies = {name: page.partition("<body>")[2] for name, page in pages.items()}
    told = {name: unescape(re.sub("<[^>]*>", "", body)) for name, body in bodies.items()}
    for version in ("6.1.0-arm64", "6.1.4-arm64", "6.12.1-arm64"):
        assert version in told[INDEX]
    assert "6.1.1-arm64 to 6.1.2-arm64" in told[FINDINGS]
    assert "6.1.0-arm64 to 6.1.1-arm64" in told[DIFFERENCES]
    assert re.findall("new|mended|changed", told[DIFFERENCES]) == [
        "new", "mended", "new"
    ]  # fmt: skip


def test_pages_link_each_other_and_nothing_else(pages: Mapping[str, str]) -> None:
    for name, page in pages.items():
        assert set(re.findall('href="([^"]*)"', page)) == set(pages) - {name}


def test_what_a_kernel_says_is_never_markup(pages: Mapping[str, str]) -> None:
    for page in pages.values():
        assert "<b>" not in page
        assert "<store>" not in page


def test_pages_are_readable_on_any_screen_in_light_and_dark(
    pages: Mapping[str, str], tmp_path: Path
) -> None:
    backs = set()
    for scheme in ((), ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")):
        folder = tmp_path / str(len(scheme))
        folder.mkdir()
        for (name, width), seen in look_at(pages, (400, 1280), folder, *scheme).items():
            assert seen["page"] <= width, (name, width, seen["out"])
            assert (seen["out"], seen["unreachable"], seen["loaded"]) == ([], [], []), name
            assert (seen["scripts"], seen["marked"]) == (0, 0)
            backs.add(seen["background"])
    assert len(backs) == 2
