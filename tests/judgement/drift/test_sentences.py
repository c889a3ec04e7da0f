"""A paragraph falls into its sentences, whatever it is wrapped or quoted like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.judgement.drift.sentences import MASK, sentences


def cut(text: str, literal: str = "") -> list[str]:
    """Cut a paragraph in which one literal is masked."""
    mask = text.replace(literal, MASK * len(literal)) if literal else text
    return [said for said, _ in sentences(text, mask)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("'vectors' it is. 'vectors' it was.", ["'vectors' it is.", "'vectors' it was."]),
        ("Calls (e.g. by kexec) return.", ["Calls (e.g. by kexec) return."]),
        ("That is, i.e. this one. Next.", ["That is, i.e. this one.", "Next."]),
        ("Until 5.16. Then not.", ["Until 5.16.", "Then not."]),
        (
            "Since 6.1.0 it holds. See virt.h for it.",
            ["Since 6.1.0 it holds.", "See virt.h for it."],
        ),
        ("It waits... and goes on. Then stops.", ["It waits... and goes on.", "Then stops."]),
        ("(In brackets.) Outside.", ["(In brackets.)", "Outside."]),
        ('It says "one. two" here. End.', ['It says "one. two" here.', "End."]),
        ('It says "stop." Then goes.', ['It says "stop."', "Then goes."]),
        ("Really? Yes! Good.", ["Really?", "Yes!", "Good."]),
        ("SPSR, ELR, etc. Others too.", ["SPSR, ELR, etc.", "Others too."]),
        ("Without an end", ["Without an end"]),
        ("  \n ", []),
    ],
)
def test_sentence_ends_where_a_reader_ends_it(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_full_stop_in_a_literal_ends_nothing() -> None:
    assert cut("Run a. b and c. Then d.", "a. b and") == ["Run a. b and c.", "Then d."]


def test_sentence_knows_the_line_it_starts_on() -> None:
    text = "One goes\nover two. Two starts\nthere.\nThree."
    assert list(sentences(text, text)) == [
        ("One goes over two.", 0),
        ("Two starts there.", 1),
        ("Three.", 3),
    ]


@given(st.text(alphabet="ab. \n()\"'!?e.g", max_size=200))
def test_no_word_is_lost_and_none_comes_twice(text: str) -> None:
    assert " ".join(cut(text)).split() == text.split()
