"""Two sentences of a document that differ are told apart by their words."""

from hypabi.judgement.drift.citations import Cite, Edit
from hypabi.judgement.drift.findings import Drift, Kind
from hypabi.review.drifts import drift_of


def edit(old: str, new: str) -> Edit:
    return Edit(tuple(old.split()), tuple(new.split()))


def test_what_became_of_words_is_told_with_few_of_those_that_stayed() -> None:
    edits = (
        edit("one two three four", "one two three four"),
        edit("off", "on"),
        edit("a b", "a b"),
    )
    found = Drift(Kind.CHANGED, "not as it is cited", 7, edits=edits)
    told = drift_of(found)
    assert (told.kind, told.line, told.contradicted) == ("changed", 7, False)
    assert told.what == "not as it is cited: ... two three four [-off-] {+on+} a b"


def test_sentences_that_are_gone_are_two_and_each_is_named() -> None:
    gone = [
        drift_of(Drift(Kind.VANISHED, "no sentence is close to it", cite=Cite(each, ())))
        for each in ("Turn the MMU off.", "Mask all exceptions.")
    ]
    assert [each.what for each in gone] == [
        'no sentence is close to it: "Turn the MMU off."',
        'no sentence is close to it: "Mask all exceptions."',
    ]


def test_a_long_sentence_is_named_by_its_beginning() -> None:
    (said,) = {drift_of(Drift(Kind.VANISHED, "gone", cite=Cite("word " * 40, ()))).what}
    assert said.startswith('gone: "word word') and said.endswith('..."') and len(said) < 80
