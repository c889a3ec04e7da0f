"""What a check amounts to follows from its clauses, parties, callers, entries and replays alone."""

import itertools
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.analysis.findings.check import Check
from hypabi.analysis.results.caller_checks import (
    CallerAnswer,
    CallerCheck,
    CallerChecks,
    CallerSite,
    CallerWord,
)
from hypabi.analysis.results.check import CheckResult, ClauseWord
from hypabi.analysis.results.shared import ReplayAttempt, ReplayDifference, ReplayVerdict
from hypabi.analysis.summaries.check import summarize_check
from hypabi.arch.exception_routing import SYNCHRONOUS_64, entries_of_el2
from hypabi.decode.place import Place
from hypabi.judgement.callers.findings import CallerQuestion
from hypabi.judgement.callers.schedule import Reachability
from hypabi.judgement.entries.findings import Judged, JudgedEntry, Undecided, Unintended
from hypabi.judgement.suppression import Suppression, Suppressions
from hypabi.judgement.verification import verdict as verdicts
from hypabi.judgement.verification.breach import Amiss
from hypabi.judgement.verification.verdict import Finding, Proved, Vacuous, Verdict
from hypabi.records import replace
from tests.analysis.results.walk import assert_is_data
from tests.judgement.made_refutation import refuted
from tests.report import made

PROVED = Proved(1)
STATE = {"x0": 1, "mem[0x1000]": 2}
REFUTED = refuted(Amiss.NOT_ENSURED, STATE, (("x19", 1, 2),), (made.STUB,))
UNDECIDED = verdicts.Undecided(f"at {made.STUB:#x}: why")
VACUOUS = Vacuous("never")
SUPPRESSION = Suppression(
    party="stub",
    call="HVC_SET_VECTORS",
    clause="a",
    reason="known",
    expires=date(2030, 1, 1),
    place=Place("file", 3, ""),
)
KEY = ("stub", "HVC_SET_VECTORS", "a")


def judged(*verdicts: Verdict) -> CheckResult:
    return made.check(*itertools.starmap(made.finding, zip(verdicts, "abcdef", strict=False)))


def suppressed(check: Check) -> Check:
    """Return a check in which the refuted clause ``a`` is lived with."""
    file = Suppressions("file", "c" * 64, date(2026, 1, 1), (SUPPRESSION,))
    return replace(check, suppressions=file, suppressed={KEY: SUPPRESSION})


def replayed(verdict: ReplayVerdict, machine: str | None = "engine") -> Check:
    """Return a check whose one refutation was replayed."""
    differences = (ReplayDifference("x0", "0x0", "0x1"),)
    attempt = ReplayAttempt(verdict, "an engine", "why", differences, {"x0": "0x1"}, None)
    found = made.found(made.finding(REFUTED, "a"))
    return replace(found, attempts={KEY: attempt}, machine=machine)


def with_callers(*words: CallerWord) -> CheckResult:
    """Return a check of one proved clause, with a call site for each word."""
    checks = tuple(
        CallerCheck(
            CallerSite("", f"{number:#x}", "somebody"),
            None,
            "an identifier",
            None,
            (),
            "stub",
            Reachability.REACHABLE,
            word,
            (CallerAnswer(CallerQuestion.SERVED, word, "why", {}),),
            None,
        )
        for number, word in enumerate(words)
    )
    return replace(judged(PROVED), callers=CallerChecks(checks, (), (), 0, (), (), (), None))


def with_entries(*found: Judged) -> CheckResult:
    """Return a check of one proved clause that looked at vector entries."""
    reasons = tuple(each for each in SYNCHRONOUS_64 if not each.never)
    entries = tuple(JudgedEntry("stub", entries_of_el2()[0], reasons, each) for each in found)
    return summarize_check(replace(made.found(made.finding(PROVED)), entries=entries))


@pytest.mark.parametrize(
    ("found", "verdict", "status"),
    [
        ((PROVED,), "proved", 0),
        ((PROVED, VACUOUS), "proved", 0),
        ((PROVED, REFUTED), "refuted", 12),
        ((PROVED, UNDECIDED), "undecided", 16),
        ((REFUTED, UNDECIDED), "refuted", 28),
        ((VACUOUS, VACUOUS), "undecided", 16),
        ((REFUTED, VACUOUS), "refuted", 12),
        ((), "undecided", 16),
    ],
)
def test_clauses_amount_to_a_verdict(found: tuple[Verdict, ...], verdict: str, status: int) -> None:
    result = judged(*found)
    assert (result.verdict, result.exit_status) == (verdict, status)


def test_good_is_said_only_where_every_clause_is_proved_or_cannot_be_broken() -> None:
    kinds_of: tuple[Verdict, ...] = (PROVED, REFUTED, UNDECIDED, VACUOUS)
    for found in itertools.product(kinds_of, repeat=3):
        kinds = {type(each) for each in found}
        good = kinds <= {Proved, Vacuous} and Proved in kinds
        result = judged(*found)
        assert (result.exit_status == 0) is good
        assert (result.verdict == "proved") is good


def test_a_call_that_was_not_tested_is_undecided_whatever_the_others_are() -> None:
    tested = made.finding(PROVED, call="HVC_SET_VECTORS")
    assert made.check(tested).exit_status == 0
    result = made.check(tested, made.finding(VACUOUS, call=None))
    assert (result.verdict, result.exit_status) == ("undecided", 16)
    assert result.conclusion.counts["parties"]["untested"] == 1


def test_a_party_that_something_says_should_be_there_is_missing_and_another_is_absent() -> None:
    proved = made.finding(PROVED, party_name="kvm-init")
    for first, status, word in (((), 0, "absent"), (("stub",), 16, "missing")):
        result = made.check(proved, parties=("kvm-init",), missing=("stub",), expected=first)
        assert result.exit_status == status
        assert result.conclusion.counts["parties"][word] == 1


def test_where_nothing_was_judged_no_party_is_as_it_should_be() -> None:
    result = made.check(missing=("kvm-init",))
    assert result.conclusion.counts["parties"] == {
        "found": 0, "absent": 0, "missing": 1, "untested": 1
    }  # fmt: skip
    assert replace(result, parties=()).exit_status == 16
    assert replace(with_callers(CallerWord.SATISFIED), parties=(), verdicts=()).exit_status == 16


@given(st.lists(st.sampled_from((PROVED, REFUTED, UNDECIDED, VACUOUS)), max_size=6))
def test_every_clause_is_counted_once(found: list[Verdict]) -> None:
    result = judged(*found)
    counts = result.conclusion.counts["clauses"]
    words = Counter(each.verdict.value for each in result.verdicts)
    assert {word: n for word, n in counts.items() if n} == words
    assert sum(counts.values()) == len(found)


def test_a_suppressed_refutation_is_suppressed_in_every_count_and_in_the_status() -> None:
    found = made.found(made.finding(REFUTED, "a"), made.finding(PROVED, "b"))
    result = summarize_check(suppressed(found))
    assert (result.verdict, result.exit_status) == ("proved", 0)
    clauses = result.conclusion.counts["clauses"]
    assert (clauses["refuted"], clauses["suppressed"], clauses["proved"]) == (0, 1, 1)
    (lived_with, _) = result.verdicts
    assert (lived_with.verdict, lived_with.suppressed) != (ClauseWord.REFUTED, None)
    assert lived_with.path
    both = made.found(made.finding(REFUTED, "a"), made.finding(REFUTED, "b"))
    assert summarize_check(suppressed(both)).exit_status == 12


def test_a_suppressed_refutation_that_is_confirmed_stays_suppressed() -> None:
    result = summarize_check(suppressed(replayed(ReplayVerdict.CONFIRMED)))
    assert (result.verdict, result.exit_status) == ("proved", 0)
    assert result.conclusion.counts["replays"]["confirmed"] == 1


@pytest.mark.parametrize(
    ("word", "verdict", "status"),
    [
        (ReplayVerdict.CONFIRMED, "refuted", 12),
        (ReplayVerdict.NOT_RUN, "refuted", 28),
        (ReplayVerdict.NOT_REPRODUCED, "contradicted", 13),
    ],
)
def test_a_replay_weighs_where_it_was_asked_for(
    word: ReplayVerdict, verdict: str, status: int
) -> None:
    result = summarize_check(replayed(word))
    assert (result.verdict, result.exit_status) == (verdict, status)
    unasked = summarize_check(replayed(word, machine=None))
    assert (unasked.verdict, unasked.exit_status) == ("refuted", 12)
    assert "replays" not in unasked.conclusion.counts


@pytest.mark.parametrize(
    ("words", "verdict", "status"),
    [
        ((), "proved", 0),
        ((CallerWord.SATISFIED, CallerWord.BEYOND, CallerWord.DEPENDS), "proved", 0),
        ((CallerWord.UNSPECIFIED, CallerWord.SUPPRESSED), "proved", 0),
        ((CallerWord.SATISFIED, CallerWord.UNDECIDED), "undecided", 16),
        ((CallerWord.SATISFIED, CallerWord.VIOLATED), "refuted", 12),
        ((CallerWord.UNDECIDED, CallerWord.VIOLATED), "refuted", 28),
    ],
)
def test_callers_weigh_like_clauses(
    words: tuple[CallerWord, ...], verdict: str, status: int
) -> None:
    result = with_callers(*words)
    assert (result.verdict, result.exit_status) == (verdict, status)
    assert sum(result.conclusion.counts["call sites"].values()) == len(words)


def test_of_vector_entries_only_an_undecided_one_weighs() -> None:
    assert with_entries(Unintended(())).exit_status == 0
    result = with_entries(Unintended(()), Undecided("why"))
    assert (result.verdict, result.exit_status) == ("undecided", 16)
    assert sum(result.conclusion.counts["vector entries"].values()) == 2
    assert "vector entries" not in judged(PROVED).conclusion.counts


def of_every_kind() -> CheckResult:
    check = suppressed(replayed(ReplayVerdict.CONFIRMED))
    findings = (
        *check.judgement.findings,
        made.finding(PROVED, "b", assumptions=(f"memory at {made.STUB:#x}",)),
        made.finding(REFUTED, "c"),
        made.finding(UNDECIDED, "d"),
        made.finding(VACUOUS, "e"),
    )
    entries = JudgedEntry("stub", entries_of_el2()[0], SYNCHRONOUS_64, Unintended(()))
    judgement = replace(check.judgement, findings=findings)
    result = summarize_check(replace(check, judgement=judgement, entries=(entries,)))
    return replace(result, callers=with_callers(*CallerWord).callers)


def test_it_is_data() -> None:
    assert_is_data(of_every_kind())
    assert_is_data(of_every_kind().conclusion)


def test_the_addresses_in_its_texts_are_told_with_their_symbols() -> None:
    assert of_every_kind().symbols == {f"{made.STUB:#x}": "vectors"}
    assert judged(PROVED).symbols == {}


def test_the_verdict_is_on_the_kernel_or_the_version_that_was_named() -> None:
    assert judged(PROVED).subject == "6.1.0-test"
    assert made.check(made.proved(), of=made.loaded(version="")).subject == "6.1"


def test_what_was_found_is_found_again_in_the_result() -> None:
    finding: Finding = made.finding(REFUTED, "a")
    (clause,) = made.check(finding).verdicts
    assert (clause.party, clause.call, clause.number) == ("stub", "HVC_SET_VECTORS", "0x0")
    assert (clause.reason, clause.cases) == ("it does not hold", None)
    assert clause.counterexample == {"x0": "0x1", "x19": "0x1", "mem[0x1000]": "0x2"}
    assert [(each.name, each.entry, each.exit) for each in clause.observed] == [
        ("x19", "0x1", "0x2")
    ]
    assert clause.path == (f"{made.STUB:#x}",)
    assert [each.place for each in clause.disassembly] == ["vectors"]
