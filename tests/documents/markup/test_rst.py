"""What is written as reStructuredText is read by docutils as what was meant."""

import string

import docutils.nodes
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.documents.markup.rst import COLUMNS, escaped, write
from hypabi.documents.markup.tree import (
    Bullets,
    Code,
    Definitions,
    Emphasis,
    Fields,
    Inline,
    Link,
    Listing,
    Paragraph,
    Section,
    Table,
    Text,
    words,
)
from tests.documents.documents import PAGES, of_blocks, page, parsed, texts
from tests.documents.nasty import NASTY

LINE = st.text(alphabet=string.ascii_letters + string.digits + string.punctuation + " ", min_size=1)
WORD = st.text(alphabet=string.ascii_letters + string.digits + "_.-/*|`:<>#[]", min_size=1)


def only(blocks: list[str]) -> str:
    (one,) = blocks
    return one


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_is_text(text: str) -> None:
    tree = parsed(write(of_blocks(Paragraph((Text(text),)))))
    assert only(texts(tree, docutils.nodes.paragraph)) == " ".join(text.split())


@given(LINE)
def test_any_text_is_text(text: str) -> None:
    if not text.strip() or "://" in text or "@" in text or "mailto:" in text:
        return  # a standalone address becomes a link with the same words
    tree = parsed(write(of_blocks(Paragraph((Text(text.strip()),)))))
    assert only(texts(tree, docutils.nodes.paragraph)) == " ".join(text.split())
    assert not list(tree.findall(docutils.nodes.emphasis))


@given(st.lists(st.tuples(st.sampled_from((Text, Code, Emphasis)), WORD), min_size=1, max_size=6))
def test_marks_end_where_they_should(parts: list[tuple[type[Text | Code | Emphasis], str]]) -> None:
    inline: tuple[Inline, ...] = tuple(kind(text) for kind, text in parts)
    tree = parsed(write(of_blocks(Paragraph(inline))))
    assert only(texts(tree, docutils.nodes.paragraph)) == "".join(text for _, text in parts)


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_is_text_in_a_table_a_list_a_term_and_a_field(text: str) -> None:
    said = " ".join(text.split())
    cell, item = words(text), (Paragraph(words(text)),)
    tree = parsed(write(of_blocks(Table((words("a"), words("b")), ((cell, cell),)))))
    assert texts(tree, docutils.nodes.entry) == ["a", "b", said, said]
    tree = parsed(write(of_blocks(Bullets((item,)))))
    assert texts(tree, docutils.nodes.list_item) == [said]
    tree = parsed(write(of_blocks(Definitions(((words(text), item),)))))
    assert texts(tree, docutils.nodes.definition) == [said]
    tree = parsed(write(of_blocks(Fields((("name", words(text)),)))))
    assert texts(tree, docutils.nodes.field_body) == [said]


def test_a_table_with_an_empty_first_cell_keeps_its_rows() -> None:
    rows = ((words(""), words("one")), (words("x"), words("two")))
    tree = parsed(write(of_blocks(Table((words("a"), words("b")), rows))))
    assert texts(tree, docutils.nodes.entry) == ["a", "b", "", "one", "x", "two"]


def test_a_listing_keeps_its_form() -> None:
    lines = ("  deep", "", "*not* emphasis_", "        mov x0, #1")
    tree = parsed(write(of_blocks(Paragraph(words("See:")), Listing(lines))))
    (literal,) = tree.findall(docutils.nodes.literal_block)
    assert literal.astext() == "  deep\n\n*not* emphasis_\n        mov x0, #1"


def test_links_lead_to_sections_also_where_two_have_one_title() -> None:
    link = Paragraph((Link("there", "second"), Text(" and "), Link("third", "third")))
    sections = (
        Section(words("Same"), "first", (Paragraph(words("one")),)),
        Section(words("Same"), "second", (link,)),
        Section(words("Third"), "third", (Paragraph(words("two")),)),
    )
    tree = parsed(write(of_blocks(*sections)))
    leads = [each["refid"] for each in tree.findall(docutils.nodes.reference)]
    sections_read = list(tree.findall(docutils.nodes.section))
    assert leads[0] in sections_read[1]["ids"]
    assert leads[1] in sections_read[2]["ids"]


def test_text_without_markup_is_written_as_it_is() -> None:
    assert escaped("a plain sentence, with some_name in it.") == (
        "a plain sentence, with some_name in it."
    )


@pytest.mark.parametrize("name", PAGES)
def test_docutils_has_nothing_to_say_of_a_page(name: str) -> None:
    tree = parsed(write(page(name)))
    assert not list(tree.findall(docutils.nodes.problematic))
    said = [each.astext() for each in tree.findall(docutils.nodes.system_message)]
    assert not [each for each in said if "Duplicate implicit target" not in each]


@pytest.mark.parametrize("name", ["linux-hyp-abi", "kvm-x86-hypercalls", "arm-psci"])
def test_lines_of_a_page_fit(name: str) -> None:
    lines = write(page(name)).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(len(line) > COLUMNS for line in lines) < len(lines) / 100
