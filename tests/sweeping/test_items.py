"""What a trace leaves in the store."""

from hypabi.records import replace
from hypabi.rules.catalogue import RULES
from hypabi.store.records import WORDS
from hypabi.sweeping.items import items_of_trace
from hypabi.tracing.result import CrossingWord, DerivedWord
from tests.tracing.events import set_vectors, traced

GOOD = {CrossingWord.SATISFIED, CrossingWord.UNSPECIFIED, CrossingWord.ELSEWHERE}


def test_the_same_call_of_the_same_function_is_one_item() -> None:
    crossing = set_vectors()
    seen = replace(traced(), crossings=(crossing, replace(crossing, number=2, time=7)))
    item, boot = items_of_trace(seen)
    assert seen.conclusion.verdict in WORDS
    assert (item.party, item.call, item.word) == ("stub", "HVC_SET_VECTORS", "satisfied")
    assert (item.name, item.rule) == ((crossing.place or "").partition("+")[0], "")
    assert (boot.unit, boot.weight) == ("boots", "good")


def test_every_word_of_a_crossing_that_is_not_good_has_its_rule() -> None:
    rules = {item.rule for item in items_of_trace(traced())}
    for word in CrossingWord:
        seen = replace(traced(), crossings=(replace(set_vectors(), verdict=word),))
        item, _ = items_of_trace(seen)
        assert bool(item.rule) is (item.weight != "good") is (word not in GOOD)
        rules.add(item.rule)
    differs = replace(set_vectors(), derived=DerivedWord.DIFFERS, derived_text="x0 is 1")
    _, item, _ = items_of_trace(replace(traced(), crossings=(differs,)))
    assert item.text == "x0 is 1"
    assert rules | {item.rule} == {name for name in RULES if name.startswith("HYP-SEEN")} | {""}
