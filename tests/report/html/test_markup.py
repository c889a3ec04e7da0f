import pytest

from hypabi.report.html.markup import Html, breakable, joined, tag, text, void


def test_text_is_escaped_and_markup_is_not_escaped_again() -> None:
    inner = tag("code", "a < b & c")
    assert inner == "<code>a &lt; b &amp; c</code>"
    assert tag("span", inner, "<") == "<span><code>a &lt; b &amp; c</code>&lt;</span>"


@pytest.mark.parametrize("hostile", ['"', "'", "<", ">", "&"])
def test_an_attribute_cannot_be_left(hostile: str) -> None:
    made = tag("a", "x", title=hostile)
    assert (
        hostile not in made.removeprefix('<a title="').removesuffix('">x</a>').replace("&", "")
        or hostile == "&"
    )
    assert made.count('"') == 2


def test_an_attribute_is_left_out_or_has_no_value() -> None:
    assert tag("span", open=None, class_="a", aria_label="b") == (
        '<span class="a" aria-label="b"></span>'
    )
    assert void("wbr", open="") == "<wbr open>\n"


def test_what_a_terminal_or_reader_obeys_is_spelled_out() -> None:
    assert text("a\x1b\u202eb\nc") == "a\\x1b\\u202eb\nc"


def test_a_name_is_the_same_with_the_places_where_it_may_break() -> None:
    assert breakable("a_b-c/d") == "a_<wbr>b-<wbr>c/<wbr>d"
    assert isinstance(joined("<", Html("<br>")), Html)
    assert joined("<", Html("<br>")) == "&lt;<br>"
