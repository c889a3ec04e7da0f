"""The site builds without a warning, its links lead somewhere, and all it loads is its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.inputs import ROOT
from tests.report.html.browser import look_at_files

LOADED = re.compile(
    r"<(?:script|img|source|iframe)[^>]* src=\"([^\"]+)\"|<link[^>]* href=\"([^\"]+)\""
)
LINK = re.compile(r"<a [^>]*href=\"([^\"]+)\"")
ANCHOR = re.compile(r" id=\"([^\"]+)\"")
ELSEWHERE = re.compile(r"[a-z]+:|//")
PAGES = (
    "index.html",
    "architecture.html",
    "cases/2016-12-hyp-get-vectors.html",
    "concepts/el2.html",
    "concepts/parties.html",
    "guides/conform.html",
    "guides/use-in-ci.html",
    "interface/hypercalls.html",
    "reference/commands.html",
    "reference/kernels.html",
    "reference/stated-facts.html",
    "reference/survey.html",
    "reference/rules/HYP-CLAUSE-REGISTERS.html",
    "trust.html",
)
"""One of each kind, and those with the widest tables, pictures and listings."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    command = next(
        line.split("-m ", 1)[1].replace("build/site", str(folder)).split()
        for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
        if "-m sphinx" in line
    )
    ran = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return folder


def html(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_every_page_of_the_repository_is_a_page_of_the_site(site: Path) -> None:
    sources = [
        path.relative_to(ROOT / "docs").with_suffix(".html")
        for ending in ("md", "rst")
        for path in (ROOT / "docs").rglob(f"*.{ending}")
    ]
    assert len(sources) > 20
    assert not [source for source in sources if not (site / source).is_file()]


def test_links_within_the_site_lead_to_what_is_there(site: Path) -> None:
    anchors = {page: set(ANCHOR.findall(page.read_text(encoding="utf-8"))) for page in html(site)}
    broken = []
    for page in html(site):
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            target, _, anchor = unquote(link).partition("#")
            if ELSEWHERE.match(link):
                continue
            file = (page.parent / target).resolve() if target else page
            if not file.is_file() or (anchor and anchor not in anchors.get(file, set())):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert not broken


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for page in html(site):
        loaded = [src or href for src, href in LOADED.findall(page.read_text(encoding="utf-8"))]
        assert loaded
        assert not [each for each in loaded if ELSEWHERE.match(each)], page
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"@import\s+[\"']?(?:url\()?[\"']?(?:https?:)?//", text), sheet
        assert not re.search(r"url\([\"']?(?:https?:)?//", text), sheet


def test_every_picture_says_in_words_what_it_shows(site: Path) -> None:
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
    assert len(pictures) > 3
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        assert re.search(r"<title id=\"t\">[^<]+</title>\n<desc id=\"d\">[^<]{40,}</desc>", text)
        assert "prefers-color-scheme: dark" in text
    shown = [
        alt
        for page in html(site)
        for alt in re.findall(r"<img alt=\"([^\"]*)\"", page.read_text(encoding="utf-8"))
    ]
    assert len(shown) > 3
    assert all(len(alt) > 40 for alt in shown)


def test_pages_fit_a_telephone_and_a_desk_and_their_tables_scroll_by_keyboard(
    site: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    seen = look_at_files(PAGES, (400, 1280), folder, "--allow-file-access-from-files")
    assert {
        where: each["page"] for where, each in seen.items() if each["page"] > each["width"]
    } == {}
    assert {where: each["out"] for where, each in seen.items() if each["out"]} == {}
    assert {where: each["unreachable"] for where, each in seen.items() if each["unreachable"]} == {}
    assert min(each["text"] for each in seen.values()) > 500
    kernels = seen["reference/kernels.html", 400]
    assert kernels["scrollers"] > 0, "the widest table is what this test is for"
