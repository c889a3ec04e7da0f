"""Pages of every command: one file, everything escaped, and readable on any screen."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from hypabi.analysis.results.check import CheckResult
from hypabi.report.callers.findings import findings_of as of_callers
from hypabi.report.callers.html import write as callers_page
from hypabi.report.check.findings import findings_of as of_check
from hypabi.report.check.html import write as check_page
from hypabi.report.diff.findings import findings_of as of_diff
from hypabi.report.diff.html import write as diff_page
from hypabi.report.findings.finding import Findings
from hypabi.report.matrix.findings import findings_of as of_matrix
from hypabi.report.matrix.html import write as matrix_page
from tests.inputs import KernelResult, exploring
from tests.report import made, made_callers, made_check, made_diff, made_matrix
from tests.report.html.browser import look_at

VOID = frozenset({"meta", "wbr"})
ALLOWED = frozenset(
    {
        "html", "head", "body", "title", "style", "meta", "wbr", "a", "header",
        "main", "footer", "section", "h1", "h2", "p", "table", "thead", "tbody",
        "tr", "th", "td", "details", "summary", "dl", "dt", "dd", "ul",
        "li", "pre", "code", "span", "div",
    }
)  # fmt: skip
"""Elements that pages are made of: nothing that runs, loads or sends."""

LONG = "".join(f"a_very_long_name_of_a_symbol_{n}_" for n in range(12))
"""What no screen is wide enough for."""


def wide_check() -> CheckResult:
    """Return a check in which every name is long."""
    long = made.finding(made.LOST, LONG, text=f"{LONG} == {LONG}", call=LONG)
    return made.check(long, parties=("stub", "kvm-run-protected"), of=made.loaded(LONG, LONG))


PAGES: dict[str, tuple[str, Findings | None]] = {
    "check": (
        check_page(made_check.of_every_kind()), of_check(made_check.of_every_kind())
    ),
    "wide check": (check_page(wide_check()), None),
    "callers": (
        callers_page(made_callers.of_every_kind()), of_callers(made_callers.of_every_kind())
    ),
    "diff": (diff_page(made_diff.of_every_kind()), of_diff(made_diff.of_every_kind())),
    "matrix": (
        matrix_page(made_matrix.of_every_kind()), of_matrix(made_matrix.of_every_kind())
    ),
}  # fmt: skip
WIDTHS = (400, 1280)


class Read(HTMLParser):
    """Elements and texts of a page; every element is closed in its order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_file_that_loads_and_runs_nothing(name: str) -> None:
    read = Read(PAGES[name][0])
    assert {tag for tag, _ in read.elements} <= ALLOWED
    for tag, attributes in read.elements:
        assert not [key for key in attributes if key.startswith("on") or key in ("src", "style")]
        if "href" in attributes:
            assert tag == "a" and (attributes["href"] or "").startswith("#")
    policy = next(a for _, a in read.elements if a.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    style = PAGES[name][0].split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_what_is_on_the_page_and_no_id_is_there_twice(name: str) -> None:
    read = Read(PAGES[name][0])
    links = [(a["href"] or "").removeprefix("#") for _, a in read.elements if "href" in a]
    assert set(links) <= set(read.ids())
    assert len(set(read.ids())) == len(read.ids())


@pytest.mark.parametrize("name", [name for name in PAGES if PAGES[name][1] is not None])
def test_answer_and_every_finding_with_its_rule_are_on_the_page(name: str) -> None:
    page, findings = PAGES[name]
    assert findings is not None
    text = re.sub(r"\s+", " ", Read(page).text)
    assert findings.answer.replace("->", "\N{RIGHTWARDS ARROW}") in text
    for each in findings.every():
        assert f"{each.rule.id} {each.sentence}".strip() in text
        for line in each.lines:
            assert line.text in text
        for step in each.path:
            assert step.instruction.text in text


@settings(max_examples=2000 if exploring() else 15)
@given(made.checks())
def test_no_text_of_an_image_is_markup(check: CheckResult) -> None:
    read = Read(check_page(check))
    assert {tag for tag, _ in read.elements} <= ALLOWED


def test_markup_in_names_is_shown_as_it_is() -> None:
    hostile = '<script>alert("x")</script>&amp;<!--'
    page = check_page(
        made.check(made.finding(made.LOST, hostile, call=hostile), of=made.loaded(hostile, hostile))
    )
    assert "<script" not in page
    assert Read(page).text.count(hostile) >= 3


@pytest.fixture(scope="module")
def measured(
    tmp_path_factory: pytest.TempPathFactory, kernel_result: KernelResult
) -> dict[tuple[str, int], Any]:
    """What the pages, and that of a real kernel, measure on a narrow and on a wide screen."""
    pages = {name: page for name, (page, _) in PAGES.items()}
    pages["kernel"] = check_page(kernel_result("check", "7.2-arm64"))
    return look_at(pages, WIDTHS, tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*PAGES, "kernel"])
def test_nothing_lies_beyond_the_screen_and_a_keyboard_reaches_all_that_scrolls(
    name: str, width: int, measured: dict[tuple[str, int], Any]
) -> None:
    found = measured[name, width]
    assert (found["width"], found["page"]) == (width, width)
    assert found["out"] == []
    assert found["unreachable"] == []
    assert found["summaries"] == found["details"] > 0
    assert found["focusable"] >= found["details"]
    assert (found["loaded"], found["scripts"]) == ([], 0)


@pytest.mark.parametrize("name", [*PAGES, "kernel"])
def test_colour_never_says_anything_alone(name: str, measured: dict[tuple[str, int], Any]) -> None:
    assert measured[name, WIDTHS[0]]["marked"] == 0  # every mark has its letter


def test_the_probe_sees_what_lies_beyond_the_screen(tmp_path: Path) -> None:
    page = PAGES["check"][0].replace("<main>", '<main><p style="width:3000px">wide</p>')
    found = look_at({"wide": page}, (400,), tmp_path)["wide", 400]
    assert found["page"] > 400
    assert found["out"]
