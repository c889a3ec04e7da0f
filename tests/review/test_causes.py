"""Findings that have one cause are one cause, and those that do not are not."""

from hypabi.analysis.results.review import FindingWord, ReviewFinding
from hypabi.records import replace
from hypabi.review.causes import causes_of

REFUTED, UNDECIDED = FindingWord.REFUTED, FindingWord.UNDECIDED


def finding(
    rule: str,
    party: str,
    call: str | None,
    word: FindingWord = REFUTED,
    program: str = "arm64 kernel",
) -> ReviewFinding:
    return ReviewFinding(program, rule, word, rule, (), (), (party,), call)


def test_what_a_party_makes_of_a_call_and_who_suffers_is_one_cause() -> None:
    found = causes_of(
        [
            finding("caller f X served stub", "stub", "X"),
            finding("clause stub X one", "stub", "X"),
            finding("clause stub X two", "stub", "X"),
            finding("clause stub X one", "stub", "X", program="arm decompressor"),
        ]
    )
    (one,) = found
    assert one.what == "stub, X" and one.text == "clause stub X one"
    assert one.rules == ("clause stub X one", "clause stub X two", "caller f X served stub")
    assert one.programs == ("arm64 kernel", "arm decompressor")


def test_another_party_or_another_call_is_another_cause() -> None:
    found = causes_of(
        [
            finding("clause stub X one", "stub", "X"),
            finding("clause kvm X one", "kvm", "X"),
            finding("clause stub any-other one", "stub", None),
        ]
    )
    assert [each.what for each in found] == ["stub, X", "kvm, X", "stub, any other identifier"]


def test_what_is_refuted_stands_first_and_makes_a_cause_refuted() -> None:
    found = causes_of(
        [
            finding("clause kvm X one", "kvm", "X", UNDECIDED),
            finding("clause stub X one", "stub", "X", UNDECIDED),
            finding("clause stub X two", "stub", "X", REFUTED),
        ]
    )
    assert [(each.what, each.word) for each in found] == [
        ("stub, X", REFUTED),
        ("kvm, X", UNDECIDED),
    ]
    assert found[0].text == "clause stub X two"
    assert causes_of([]) == ()


def test_a_call_by_its_name_stands_before_all_other_numbers_and_a_telling_text_is_told() -> None:
    plain = replace(finding("clause stub X a", "stub", "X"), text="it does not hold")
    found = causes_of(
        [
            finding("clause stub any-other refused", "stub", None),
            plain,
            replace(plain, rule="clause stub X b", text="control goes to x2"),
        ]
    )
    assert [each.what for each in found] == ["stub, X", "stub, any other identifier"]
    assert found[0].text == "control goes to x2"
    assert causes_of([plain])[0].text == "it does not hold"
