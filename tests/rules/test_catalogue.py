import enum
import re
from collections.abc import Mapping
from typing import Any

import pytest

from hypabi.analysis.results.callers import SiteVerdict
from hypabi.analysis.results.check import (
    ClauseKind,
    InstallerWord,
    OpinionWord,
    PartyWord,
    PlacementWord,
)
from hypabi.analysis.results.difference import ChangeKind
from hypabi.analysis.results.entries import EntryWord
from hypabi.analysis.results.matrix import CellWord
from hypabi.analysis.results.shared import ReplayVerdict
from hypabi.errors import HypabiError
from hypabi.judgement.callers.findings import CallerQuestion
from hypabi.judgement.drift.findings import Kind
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.rules import (
    callers,
    changes,
    clauses,
    drift,
    entries,
    evidence,
    matrix,
    parties,
    undecided,
)
from hypabi.rules.catalogue import RULES, find_rule
from hypabi.rules.rule import Rule
from tests.inputs import ROOT

Rules = Mapping[Any, Rule | None]

KINDS: list[tuple[type[enum.Enum], Rules, tuple[enum.Enum, ...]]] = [
    (ClauseKind, clauses.CLAUSE, ()),
    (PartyWord, parties.PARTY, (PartyWord.FOUND, PartyWord.ABSENT)),
    (InstallerWord, parties.INSTALLER, (InstallerWord.FOUND, InstallerWord.ABSENT)),
    (PlacementWord, parties.PLACEMENT, (PlacementWord.KEPT, PlacementWord.UNTOLD)),
    (CallerQuestion, callers.VIOLATED, ()),
    (SiteVerdict, callers.SITE, (SiteVerdict.NAMED, SiteVerdict.DEPENDS)),
    (
        EntryWord,
        entries.ENTRY,
        (EntryWord.GUARDED, EntryWord.HANDED_OVER, EntryWord.NOT_REACHABLE),
    ),
    (SlotWord, entries.SLOT, (SlotWord.KEPT, SlotWord.OPEN)),
    (CellWord, matrix.CELL, (CellWord.KEPT,)),
    (ChangeKind, changes.CHANGE, (ChangeKind.EQUAL,)),
    (Kind, drift.DRIFT, ()),
    (ReplayVerdict, evidence.REPLAY, (ReplayVerdict.CONFIRMED,)),
    (OpinionWord, evidence.OPINION, (OpinionWord.AGREED,)),
]
"""Each kind of word, the rules by it, and the words of which there is nothing to tell."""

FOR_GOOD = {
    "HYP-CALLER-ARGUMENTS",
    "HYP-CALLER-BEYOND",
    "HYP-CALLER-GOES-ON",
    "HYP-CALLER-PARTY-NOT-FOUND",
    "HYP-CALLER-PRECONDITIONS",
    "HYP-CALLER-READ-FROM",
    "HYP-CALLER-SERVED",
    "HYP-CALLER-SURVIVES",
    "HYP-CALLER-UNDERSTOOD",
    "HYP-CALLER-UNREAD",
    "HYP-CALLER-UNSCHEDULED",
    "HYP-CELL-LEFT-OPEN",
    "HYP-CELL-REFUTED",
    "HYP-CHANGE-CHANGED",
    "HYP-CHANGE-HARMLESS",
    "HYP-CHANGE-INCOMPATIBLE",
    "HYP-CHANGE-RENUMBERED",
    "HYP-CHANGE-STRONGER",
    "HYP-CHANGE-VACUOUS",
    "HYP-CHANGE-WEAKER",
    "HYP-CLAUSE-ANSWER",
    "HYP-CLAUSE-CALLS",
    "HYP-CLAUSE-EFFECT",
    "HYP-CLAUSE-HANDED",
    "HYP-CLAUSE-LEAVES",
    "HYP-CLAUSE-MEMORY",
    "HYP-CLAUSE-REGISTERS",
    "HYP-CLAUSE-RETURNS",
    "HYP-CLAUSE-SYSTEM-REGISTERS",
    "HYP-CLAUSE-VACUOUS",
    "HYP-DRIFT-CALL-ABSENT",
    "HYP-DRIFT-CALL-MISSING",
    "HYP-DRIFT-CALL-UNKNOWN",
    "HYP-DRIFT-CALL-UNSERVED",
    "HYP-DRIFT-CHANGED",
    "HYP-DRIFT-CONDITION",
    "HYP-DRIFT-CONTRADICTED",
    "HYP-DRIFT-DIFFERS",
    "HYP-DRIFT-INCOMPLETE",
    "HYP-DRIFT-LEFT-BEHIND",
    "HYP-DRIFT-MOVED",
    "HYP-DRIFT-PARTY-MISSING",
    "HYP-DRIFT-UNSTATED",
    "HYP-DRIFT-VANISHED",
    "HYP-ENTRY-UNINTENDED",
    "HYP-INSTALLER-MISSING",
    "HYP-MOVE-MISSING",
    "HYP-MOVE-ORDER",
    "HYP-OWN-ADDED",
    "HYP-OWN-BROKEN",
    "HYP-OWN-GONE",
    "HYP-OWN-MENDED",
    "HYP-OWN-OTHERWISE",
    "HYP-OWN-PREEXISTING",
    "HYP-PARTY-MISSING",
    "HYP-PARTY-UNTESTED",
    "HYP-PLACEMENT",
    "HYP-REPLAY-NOT-REPRODUCED",
    "HYP-REPLAY-NOT-RUN",
    "HYP-SEEN-DIFFERS",
    "HYP-SEEN-NOTHING",
    "HYP-SEEN-UNDECIDED",
    "HYP-SEEN-UNSCHEDULED",
    "HYP-SEEN-VIOLATED",
    "HYP-SITE-IN-DOUBT",
    "HYP-SITE-NO-CALL",
    "HYP-SITE-NO-CONTRACT",
    "HYP-SITE-TAKEN",
    "HYP-SITE-UNINITIALISED",
    "HYP-SITE-UNRESOLVED",
    "HYP-SLOT",
    "HYP-SOLVERS-DISAGREE",
    "HYP-SOLVERS-UNANSWERED",
    "HYP-SUPPRESSION-EXPIRED",
    "HYP-SUPPRESSION-UNUSED",
    "HYP-TABLE-UNCLAIMED",
    "HYP-UNDECIDED-C",
    "HYP-UNDECIDED-CALLER",
    "HYP-UNDECIDED-CELL",
    "HYP-UNDECIDED-CHANGE",
    "HYP-UNDECIDED-CLAUSE",
    "HYP-UNDECIDED-DRIFT",
    "HYP-UNDECIDED-ENTRY",
    "HYP-UNDECIDED-FAULT",
    "HYP-UNDECIDED-LACKS",
    "HYP-UNDECIDED-LIMIT",
    "HYP-UNDECIDED-MEMORY",
    "HYP-UNDECIDED-MOVE",
    "HYP-UNDECIDED-NOTHING-JUDGED",
    "HYP-UNDECIDED-OWN",
    "HYP-UNDECIDED-SOLVER",
    "HYP-UNDECIDED-WRITES-CODE",
}
"""Ids that have been given: one is never taken back, and never given to another kind."""


@pytest.mark.parametrize(("words", "rules", "silent"), KINDS, ids=[k[0].__name__ for k in KINDS])
def test_every_word_that_is_not_good_has_a_rule(
    words: type[enum.Enum], rules: Rules, silent: tuple[enum.Enum, ...]
) -> None:
    assert set(rules) == set(words)
    assert {word for word, rule in rules.items() if rule is None} == set(silent)
    of_their_own = [rule for rule in rules.values() if rule is not None]
    assert len(set(of_their_own)) == len(of_their_own)


def test_every_rule_that_a_module_names_is_in_the_table() -> None:
    for module in (callers, changes, clauses, drift, entries, evidence, matrix, parties, undecided):
        named = [value for value in vars(module).values() if isinstance(value, Rule)]
        for value in vars(module).values():
            if isinstance(value, Mapping):
                named += [rule for rule in value.values() if isinstance(rule, Rule)]
        assert named
        assert all(RULES[rule.id] is rule for rule in named)


def test_an_id_is_for_good() -> None:
    assert set(RULES) >= FOR_GOOD


def test_every_rule_was_given_its_id_here() -> None:
    assert set(RULES) <= FOR_GOOD


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_says_what_why_and_how_to_mend(rule: Rule) -> None:
    assert re.fullmatch(r"HYP(-[A-Z]+)+", rule.id)
    assert len(rule.title) <= 75
    assert not rule.title.endswith(".")
    for text in (rule.what, rule.why, rule.mend):
        assert len(text) >= 25
        assert text.isascii()
        assert text.endswith((".", "?"))
    assert len({rule.what, rule.why, rule.mend}) == 3


def test_cases_of_rules_are_pages() -> None:
    cases = {case for rule in RULES.values() for case in rule.cases}
    assert len(cases) > 5
    assert not [case for case in cases if not (ROOT / "docs" / "cases" / f"{case}.md").is_file()]


def test_files_that_rules_name_are_there() -> None:
    texts = " ".join(f"{rule.what} {rule.why} {rule.mend}" for rule in RULES.values())
    named = re.findall(r"docs/[\w/-]+\.md", texts)
    assert len(named) > 2
    assert not [path for path in named if not (ROOT / path).is_file()]


def test_options_that_rules_name_are_there() -> None:
    texts = " ".join(f"{rule.what} {rule.why} {rule.mend}" for rule in RULES.values())
    commands = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    named = set(re.findall(r"--[a-z][a-z0-9-]+", texts))
    assert named
    assert not [option for option in named if f"`{option}" not in commands]


def test_a_rule_is_found_in_any_case_of_letters() -> None:
    assert find_rule("hyp-clause-memory") is clauses.CLAUSE[ClauseKind.MEMORY]


def test_an_id_that_is_none_is_refused_with_the_closest() -> None:
    with pytest.raises(HypabiError, match=r"HYP-CLAUSE-MEMRY: no rule .*'HYP-CLAUSE-MEMORY'"):
        find_rule("HYP-CLAUSE-MEMRY")
    with pytest.raises(HypabiError, match="hypabi explain"):
        find_rule("x" * 100_000)
