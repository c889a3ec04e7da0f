"""The callers of an image as a section of a report."""

from hypabi.analysis.results.caller_checks import CallerCheck, CallerWord
from hypabi.judgement.callers.schedule import Reachability
from hypabi.report.caller_checks.text import section, summary
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
