"""HTML that any browser reads without a network, man pages that groff prints letter for letter."""

import re
import subprocess
from pathlib import Path

import docutils.nodes
import pytest

from hypabi.documents.markup import html as document_html
from hypabi.documents.markup import man as document_man
from hypabi.documents.markup import rst as document_rst
from hypabi.documents.markup.tree import (
    Arrow,
    Code,
    Diagram,
    Emphasis,
    Listing,
    Paragraph,
    Section,
    Table,
    Text,
    words,
)
from tests.documents.documents import PAGES, of_blocks, page, parsed
from tests.documents.html_reader import Reader
from tests.documents.nasty import NASTY
from tests.inputs import find_tool

GROFF = ("-t", "-man", "-Tutf8", "-ww", "-P-cbou")


@pytest.mark.parametrize("name", PAGES)
def test_html_is_balanced_and_stands_alone(name: str) -> None:
    text = document_html.write(page(name))
    read = Reader(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(read.elements)
    assert all(target.startswith("#") for target in read.targets)
    assert {target[1:] for target in read.targets} <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|@font-face", style)
    assert "prefers-color-scheme: dark" in style


@pytest.mark.parametrize("text", ["<script>x</script>", "a & b", '"quoted"', "&lt;", "</p>"])
def test_html_shows_text_as_text(text: str) -> None:
    cell = words(text, Code(text))
    blocks = (Paragraph(cell), Table((cell,), ((cell,),)), Listing((text,)))
    read = Reader(document_html.write(of_blocks(*blocks)))
    assert "".join(read.words).count(text) == 7
    assert "script" not in read.elements


HOSTILE = "a\n.. raw:: html\n\n   <b>\x1b[2J\u202e\n.SH x\n'br"


def test_control_characters_come_out_escaped_in_every_form(tmp_path: Path) -> None:
    cell = words(HOSTILE, Code(HOSTILE), Emphasis(HOSTILE))
    states = ((HOSTILE, "boot"),)
    drawn = Diagram(HOSTILE, states, (Arrow(0, 0, HOSTILE, HOSTILE),), (HOSTILE,))
    blocks = (Paragraph(cell), Table((cell,), ((cell,),)), Listing((HOSTILE,)), drawn)
    made = of_blocks(Section(cell, "made", blocks))
    for written in (
        document_rst.write(made),
        document_html.write(made),
        document_man.write(made),
        groff(document_man.write(made), tmp_path),
    ):
        assert not [each for each in written if each != "\n" and not each.isprintable()]
        assert not [line for line in written.splitlines() if line.startswith((".. raw", "'br"))]
    assert "SH x" not in [line[1:] for line in document_man.write(made).splitlines()]
    assert not list(parsed(document_rst.write(made)).findall(docutils.nodes.raw))


def test_a_diagram_shows_every_state_and_every_move() -> None:
    states = (("one", "boot"), ("two<", "party"), ("out", "beyond"))
    arrows = (
        Arrow(0, 1, "GO", "somebody"),
        Arrow(1, 0, "BACK", ""),
        Arrow(1, 1, "STAY", "a & b"),
        Arrow(1, 2, "LEAVE", "somebody else"),
    )
    drawn = Diagram("made", states, arrows, ("in characters",))
    read = Reader(document_html.write(of_blocks(drawn)))
    said = [each for each in read.words if each.strip()]
    for name in ("one", "two<", "out", "GO", "somebody", "BACK", "STAY", "a & b", "LEAVE"):
        assert said.count(name) == 1, name
    assert read.elements.count("rect") == 3
    assert "in characters" not in said


def groff(text: str, tmp_path: Path) -> str:
    """Return what groff prints; anything that it complains of fails the test."""
    find_tool("tbl")  # which groff starts
    file = tmp_path / "page.7"
    file.write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [find_tool("groff"), *GROFF, str(file)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_mandoc_misses_nothing_but_the_date(tmp_path: Path) -> None:
    mandoc = find_tool("mandoc")
    files = [tmp_path / f"{name}.7" for name in PAGES]
    for name, file in zip(PAGES, files, strict=True):
        file.write_text(document_man.write(page(name)), encoding="utf-8")
    ran = subprocess.run(
        [mandoc, "-T", "lint", "-W", "warning", *map(str, files)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = [line for line in ran.stdout.splitlines() if "missing date" not in line]
    assert (said, ran.stderr) == ([], "")


@pytest.mark.parametrize("name", PAGES)
def test_groff_has_nothing_to_say_of_a_man_page(name: str, tmp_path: Path) -> None:
    printed = groff(document_man.write(page(name)), tmp_path)
    assert f"{name.upper()}(7)" in printed
    assert f"{name} - " in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_groff_prints_nasty_text_letter_for_letter(tmp_path: Path) -> None:
    nasty = (*NASTY, ".SH x", "'br", "\\fBx", "a-b", "^~`'", "@x@", "ü")
    blocks = [Paragraph((Text(f"<{text}>"),)) for text in nasty if "  " not in text]
    blocks += [Paragraph((Code(text),)) for text in (".SH y", "'bp")]
    lines = Listing((".SH z", "'bp", "\\&", "  in  ", *nasty))
    printed = groff(document_man.write(of_blocks(*blocks, lines)), tmp_path)
    for text in nasty:
        if "  " not in text:
            assert f"<{text}>" in printed, text
        assert any(line.strip() == text for line in printed.splitlines()), text
    assert ".SH y" in printed
    assert ".SH z" in printed


def test_groff_prints_the_cells_of_a_table_that_is_too_wide_one_below_the_other(
    tmp_path: Path,
) -> None:
    wide = words("x" * 50)
    head = (words("first"), words("second"), words("third"))
    printed = groff(document_man.write(of_blocks(Table(head, ((wide, wide, wide),)))), tmp_path)
    assert f"second: {'x' * 50}" in printed
    assert f"third: {'x' * 50}" in printed
