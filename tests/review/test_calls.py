"""A renumbering is told party by party, a new call with who serves it and who owes it."""

from hypabi.analysis.results.review import FindingWord, ReviewFinding
from hypabi.arch.names import Architecture
from hypabi.records import replace
from hypabi.review.calls import asks_otherwise, new_calls, owed, renumberings
from hypabi.review.judge import Asked, Duty, Judged, Served
from hypabi.review.numbers import former

PARTIES = ("stub", "kvm-init", "kvm-run", "trans-pgd")


def judged(number: int, *served: Served, findings: tuple[ReviewFinding, ...] = ()) -> Judged:
    """Return a program whose HVC_X has a number."""
    return Judged(
        name="arm64 kernel",
        sha256="0" * 64,
        architecture=Architecture.ARM64,
        document=None,
        outside=(),
        trusted=(),
        findings=findings,
        moved={},
        added={},
        calls={"HVC_X": number},
        error=0xBADCA11,
        parties=PARTIES,
        served=served,
        asked=(),
        duties={},
    )


def everybody(number: int) -> tuple[Served, ...]:
    return tuple(Served(party, number) for party in PARTIES)


def caller(function: str, call: str, party: str) -> ReviewFinding:
    return ReviewFinding(
        "arm64 kernel", f"caller {function} {call} served {party}", FindingWord.REFUTED, "", (),
        (), (party,), call, function,
    )  # fmt: skip


def test_who_forgot_a_number_and_who_meets_it_is_said_in_a_sentence() -> None:
    after = judged(
        4,
        *(Served(party, 4) for party in PARTIES[:3]),
        Served("trans-pgd", 1),
        findings=(caller("arm64_relocate_new_kernel", "HVC_X", "trans-pgd"),),
    )
    (found,) = renumberings(judged(1, *everybody(1)), after)
    assert found.sentence == (
        "HVC_X is 4 instead of 1 at stub, kvm-init, kvm-run; trans-pgd still has 1; "
        "arm64_relocate_new_kernel now gets 0xbadca11 there"
    )


def test_a_caller_that_still_asks_by_the_number_of_before_does_not_drop_out() -> None:
    finding = caller("restart", former("HVC_X"), "stub")
    (found,) = renumberings(judged(1, *everybody(1)), judged(4, *everybody(4), findings=(finding,)))
    assert found.still == () and found.at == PARTIES
    assert found.sentence.endswith("; restart now gets 0xbadca11 from stub, asking 1")


def test_who_serves_neither_number_is_named_and_who_never_served_it_is_not() -> None:
    (found,) = renumberings(judged(1, *everybody(1)[:2]), judged(4, Served("stub", 4)))
    assert (found.at, found.still, found.neither) == (("stub",), (), ("kvm-init",))
    assert "kvm-init knows it by neither" in found.sentence


def test_a_number_that_stays_is_no_renumbering_and_an_error_of_another_value_is_one() -> None:
    assert not list(renumberings(judged(1, *everybody(1)), judged(1)))
    (found,) = renumberings(judged(1), replace(judged(1), error=0xBAD))
    assert found.sentence == "HVC_STUB_ERR is 0xbad instead of 0xbadca11"


def test_a_party_with_two_swapped_numbers_is_one_that_forgot_where_a_clause_says_so() -> None:
    lost = ReviewFinding(
        "arm64 kernel", "clause trans-pgd HVC_X restarted", FindingWord.REFUTED, "", (), (),
        ("trans-pgd",), "HVC_X",
    )  # fmt: skip
    both = (*everybody(1), *everybody(4))
    (found,) = renumberings(judged(1, *both), judged(4, *both, findings=(lost,)))
    assert found.still == ("trans-pgd",) and found.at == PARTIES[:3]


def with_new(*asked: str) -> Judged:
    return replace(
        judged(1, Served("stub", 4)),
        added={"HVC_NEW": 4},
        asked=tuple(Asked(function, "HVC_NEW") for function in asked),
        duties={"kvm-run": Duty("any hypervisor must", "KVM"), "stub": Duty("a stub", "ARM64")},
    )


def test_a_new_call_is_told_with_who_serves_and_who_asks() -> None:
    (call,) = new_calls(judged(1), with_new("enter"))
    assert call.sentence == (
        "HVC_NEW, number 4, is new: served by stub, and not by kvm-init, kvm-run, trans-pgd; "
        "enter asks for it"
    )
    assert not list(new_calls(with_new(), with_new()))


def test_who_owes_a_new_call_is_refuted_unless_the_document_speaks_of_it() -> None:
    (call,) = new_calls(judged(1), with_new())
    (found,) = owed(with_new(), call, spoken_of=False)
    assert (found.rule, found.word) == ("call kvm-run HVC_NEW served", FindingWord.REFUTED)
    assert found.must_agree == ("KVM",) and "any hypervisor must" in found.text
    assert not list(owed(with_new(), call, spoken_of=True))
    (open_,) = owed(with_new(), call, spoken_of=None)
    assert open_.word is FindingWord.UNDECIDED


def asking(*asked: tuple[str, str]) -> Judged:
    return replace(judged(1), asked=tuple(Asked(*each) for each in asked))


def test_what_a_function_asks_for_is_told_where_it_is_another_call() -> None:
    old = asking(("f", "HVC_A"), ("g", "HVC_B"), ("h", "HVC_X"), ("", "HVC_A"))
    new = asking(("f", "HVC_C"), ("h", "HVC_X"), ("i", "HVC_A"), ("", "HVC_B"))
    assert [each.sentence for each in asks_otherwise(old, new)] == [
        "f asks for HVC_C, no longer for HVC_A",
        "g no longer asks for HVC_B",
        "i asks for HVC_A",
    ]
    assert not tuple(asks_otherwise(old, old))


def test_who_asks_by_a_number_of_before_is_told_with_the_renumbering_alone() -> None:
    assert not tuple(asks_otherwise(asking(("f", "HVC_X")), asking(("f", former("HVC_X")))))
