"""What a check says, each finding by its rule, so that two checks can be compared.

Of two findings only the rules and the words are compared; what shows them holds addresses, which
another build has elsewhere.
"""

import enum
from collections.abc import Iterator

from hypabi.analysis.results.caller_checks import (
    CallerAnswer,
    CallerChecks,
    CallerWord,
    MoveCheck,
)
from hypabi.analysis.results.check import (
    CheckedClause,
    CheckResult,
    ClauseWord,
)
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.shared import Evidence
from hypabi.records import field, frozen
from hypabi.rules import callers, clauses, entries, parties, undecided
from hypabi.rules.rule import Rule


class Word(enum.Enum):
    """What a finding says."""

    REFUTED = "refuted"
    UNDECIDED = "undecided"


WORDS = {Weight.REFUTED: Word.REFUTED, Weight.UNDECIDED: Word.UNDECIDED}
"""What a rule that weighs so says; what weighs otherwise is no finding of a review."""


@frozen
class Finding:
    """One thing that is not as it should be."""

    rule: str
    """``clause PARTY CALL CLAUSE``, ``caller FUNCTION CALL QUESTION PARTY``,
    ``move FUNCTION CALL``, ``order FUNCTION CALL``, ``placement NAME``, ``party NAME``,
    ``installer PARTY FUNCTION``, ``slot PARTY NAME``, ``site FUNCTION``; a blank within a name is
    ``-``."""
    word: Word
    text: str = field(default="", compare=False)
    """What is so, in a line."""
    id: str = field(default="", compare=False)
    """Of the rule that it is of, as ``hypabi explain`` knows it."""
    parties: tuple[str, ...] = field(default=(), compare=False)
    """Whom it is about."""
    call: str | None = field(default=None, compare=False)
    function: str | None = field(default=None, compare=False)
    """That which calls, or installs."""
    shown: Evidence | None = field(default=None, compare=False)
    """What shows that a clause is refuted."""


def findings_of(result: CheckResult) -> frozenset[Finding]:
    """Return everything that makes a check's status other than 0."""
    return frozenset(_findings(result))


def _findings(result: CheckResult) -> Iterator[Finding]:
    for clause in result.verdicts:
        yield from _of_clause(clause)
    for party in result.parties:
        rule = parties.PARTY[result.party_word(party)]
        text = party.expected or "nothing of it could be judged"
        yield from _of_rule(rule, _key("party", party.name), text, _About((party.name,)))
    for each in result.installers:
        rule = parties.INSTALLER[each.found]
        key = _key("installer", each.party, each.function)
        text = f"looked for {' and '.join(each.names)}"
        yield from _of_rule(rule, key, text, _About((each.party,), function=each.function))
    yield from _of_places(result)
    if result.callers is not None:
        yield from _of_callers(result.callers)


@frozen
class _About:
    """What a finding is about, besides its rule."""

    parties: tuple[str, ...] = ()
    call: str | None = None
    function: str | None = None
    shown: Evidence | None = None


def _of_rule(rule: Rule | None, key: str, text: str, about: _About) -> Iterator[Finding]:
    """Yield a finding, where its rule makes a status."""
    word = None if rule is None else WORDS.get(rule.weight)
    if rule is not None and word is not None:
        of = (about.parties, about.call, about.function, about.shown)
        yield Finding(key, word, text, rule.id, *of)


def _of_places(result: CheckResult) -> Iterator[Finding]:
    for placement in result.placements:
        rule = parties.PLACEMENT[placement.verdict]
        if placement.broken:
            yield from _of_rule(
                rule, _key("placement", placement.name), "; ".join(placement.broken), _About()
            )
    for slot in result.slots_amiss():
        key = _key("slot", slot.party, slot.name)
        yield from _of_rule(
            entries.SLOT[slot.verdict], key, "; ".join(slot.why), _About((slot.party,))
        )


def _of_clause(clause: CheckedClause) -> Iterator[Finding]:
    if clause.verdict not in (ClauseWord.REFUTED, ClauseWord.UNDECIDED):
        return
    about = (clause.party, clause.call, clause.clause)
    text = clause.reason or ""
    of = _About((clause.party,), clause.call, None, clause if clause.path else None)
    kind = clauses.CLAUSE[clause.kind]
    rule = kind
    if clause.verdict is ClauseWord.UNDECIDED:
        rule = undecided.rule_of_reason(text, undecided.CLAUSE)
    yield from _of_rule(rule, _key("clause", *about), text, of)
    for lost in clause.lost:
        key = _key("clause", *about, lost.register)
        yield from _of_rule(kind, key, f"{lost.register} is lost", of)


def _of_callers(found: CallerChecks) -> Iterator[Finding]:
    for check in found.reachable():
        for answer in check.answers:
            about = (check.caller.function, check.call, answer.question.value, check.party)
            of = _About((check.party,), check.call, check.caller.function)
            yield from _of_rule(_rule_of(answer), _key("caller", *about), answer.text, of)
    for site in (*found.unspoken(), *found.without_party()):
        text = "the contract does not say who can be live there"
        key = _key("site", site.function)
        yield from _of_rule(callers.UNSCHEDULED, key, text, _About(function=site.function))
    for maker in found.makers:
        yield from _of_move("move", maker, callers.MOVE_MISSING)
    for move in found.out_of_order:
        yield from _of_move("order", move, callers.MOVE_ORDER)


def _rule_of(answer: CallerAnswer) -> Rule | None:
    match answer.verdict:
        case CallerWord.VIOLATED:
            return callers.VIOLATED[answer.question]
        case CallerWord.UNDECIDED:
            return undecided.rule_of_reason(answer.text, undecided.CALLER)
        case CallerWord.UNSCHEDULED:
            return callers.UNSCHEDULED
        case (
            CallerWord.SATISFIED
            | CallerWord.BEYOND
            | CallerWord.DEPENDS
            | CallerWord.UNSPECIFIED
            | CallerWord.SUPPRESSED
        ):
            return None


def _of_move(kind: str, move: MoveCheck, violated: Rule) -> Iterator[Finding]:
    key = _key(kind, move.function, move.call)
    rule: Rule | None = None
    if move.verdict is CallerWord.VIOLATED:
        rule = violated
    elif move.verdict is CallerWord.UNDECIDED:
        rule = undecided.rule_of_reason(move.text, undecided.MOVE)
    yield from _of_rule(rule, key, move.text, _About((move.party,), move.call, move.function))


def _key(*parts: str | None) -> str:
    return " ".join((part or "any-other").replace(" ", "-") for part in parts)
