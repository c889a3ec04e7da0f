"""The callers of an image as a section of a report."""

from hypabi.analysis.results.caller_checks import CallerCheck, CallerWord
from hypabi.judgement.callers.schedule import Reachability
from hypabi.report.caller_checks.text import breaks, section, summary
from tests.report.made_matrix import check, checks, of_every_kind, site


def told(*made: CallerCheck) -> str:
    return "\n".join(section(checks(*made)))


def test_each_call_site_is_counted_once() -> None:
    found = checks(check(), check(CallerWord.VIOLATED, party="kvm-init"))
    assert summary(found) == "1 call site met live parties 2 times: 1 violated"
    assert summary(checks()) == "none to judge"


def test_the_worst_comes_first_and_what_is_suppressed_apart() -> None:
    callers = of_every_kind().callers
    assert callers is not None
    text = "\n".join(section(callers))
    titles = (
        "violated:",
        "violated, and suppressed:",
        "undecided:",
        "satisfied beyond the contract:",
        "depends on its caller:",
    )
    places = [text.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)


def test_one_answer_is_told_once_with_all_to_whom_it_is_given() -> None:
    text = told(*(check(CallerWord.VIOLATED, party=each) for each in ("stub", "kvm-run")))
    assert text.count("* served: as SET") == 1
    assert "__hyp_set_vectors, SET, while stub is live" in text
    assert "__hyp_set_vectors, SET, while kvm-run is live" in text


def test_who_cannot_meet_a_party_is_not_told_of_it() -> None:
    away = check(CallerWord.VIOLATED, when=Reachability.UNREACHABLE)
    assert "violated" not in told(check(), away)


def test_who_runs_and_when_is_told() -> None:
    unspoken = check(of=site("somebody", 0x40), when=Reachability.UNSPOKEN)
    text = told(unspoken)
    assert "nobody calls, says the contract: never" in text
    assert "the contract does not say when these run: somebody" in text
    assert "may ask for these calls, for all that was found out: 0x30" in text
    assert "  stub -> kvm-init, SET: __hyp_set_vectors" in text


def test_who_breaks_is_told_in_a_sentence_with_callers_and_owners() -> None:
    violated = [
        check(CallerWord.VIOLATED, party=party, text="control goes to address 0 at HYP")
        for party in ("kvm-run", "kvm-run-bp-inv")
    ]
    owners = {"stub": "ARM PORT", "kvm-run": "KVM", "kvm-run-bp-inv": "KVM"}
    text = "\n".join(breaks(checks(check(party="stub"), *violated), owners))
    asks = "__hyp_set_vectors asks x0 = 0 of kvm-run and kvm-run-bp-inv"
    assert f"* {asks}: control goes\n  to address 0 at HYP\n" in text
    assert "  called by   user\n" in text
    assert "  to agree    ARM PORT; KVM" in text


def test_nobody_breaks_where_every_call_is_served() -> None:
    away = check(CallerWord.VIOLATED, when=Reachability.UNREACHABLE)
    found = checks(check(), check(CallerWord.SUPPRESSED), away)
    assert list(breaks(found, {})) == []


def test_a_call_that_meets_no_party_of_the_contract_is_told_without_one() -> None:
    text = told(check(CallerWord.VIOLATED, party=""))
    assert "    __hyp_set_vectors, SET\n" in f"{text}\n"
