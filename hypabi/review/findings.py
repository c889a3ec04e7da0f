"""What a check says, each finding by its rule, so that two checks can be compared.

Of two findings only the rules and the words are compared; what shows them holds addresses, which
another build has elsewhere.
"""

import enum
from collections.abc import Iterator

from hypabi.analysis.results.caller_checks import WEIGHTS, CallerChecks, CallerWord, MoveCheck
from hypabi.analysis.results.check import (
    CheckedClause,
    CheckResult,
    ClauseWord,
    InstallerWord,
    PartyWord,
    PlacementWord,
)
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.shared import Evidence
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.records import field, frozen


class Word(enum.Enum):
    """What a finding says."""

    REFUTED = "refuted"
    UNDECIDED = "undecided"


SLOTS = {SlotWord.BROKEN: Word.REFUTED, SlotWord.UNDECIDED: Word.UNDECIDED}
"""What makes a status of what enters a slot."""


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
        if result.party_word(party) in (PartyWord.MISSING, PartyWord.UNTESTED):
            text = party.expected or "nothing of it could be judged"
            yield Finding(_rule("party", party.name), Word.UNDECIDED, text, (party.name,))
    for each in result.installers:
        if each.found is InstallerWord.MISSING:
            rule = _rule("installer", each.party, each.function)
            text = f"looked for {' and '.join(each.names)}"
            about = (each.party,)
            yield Finding(rule, Word.UNDECIDED, text, about, function=each.function)
    yield from _of_places(result)
    if result.callers is not None:
        yield from _of_callers(result.callers)


def _of_places(result: CheckResult) -> Iterator[Finding]:
    for placement in result.placements:
        if placement.verdict is PlacementWord.BROKEN:
            text = "; ".join(placement.broken)
            yield Finding(_rule("placement", placement.name), Word.REFUTED, text)
    for slot in result.slots_amiss():
        word = SLOTS.get(slot.verdict)
        if word is not None:
            yield Finding(
                _rule("slot", slot.party, slot.name), word, "; ".join(slot.why), (slot.party,)
            )


def _of_clause(clause: CheckedClause) -> Iterator[Finding]:
    if clause.verdict in (ClauseWord.REFUTED, ClauseWord.UNDECIDED):
        about = (clause.party, clause.call, clause.clause)
        text, parties = clause.reason or "", (clause.party,)
        shown = clause if clause.path else None
        word = Word(clause.verdict.value)
        yield Finding(_rule("clause", *about), word, text, parties, clause.call, None, shown)
        for lost in clause.lost:
            rule = _rule("clause", *about, lost.register)
            text = f"{lost.register} is lost"
            yield Finding(rule, Word.REFUTED, text, parties, clause.call, None, shown)


def _of_callers(callers: CallerChecks) -> Iterator[Finding]:
    for check in callers.reachable():
        for answer in check.answers:
            word = _word(answer.verdict)
            if word is not None:
                about = (check.caller.function, check.call, answer.question.value, check.party)
                rule, function = _rule("caller", *about), check.caller.function
                parties = (check.party,)
                yield Finding(rule, word, answer.text, parties, check.call, function)
    for site in (*callers.unspoken(), *callers.without_party()):
        text = "the contract does not say who can be live there"
        yield Finding(_rule("site", site.function), Word.UNDECIDED, text, function=site.function)
    for maker in callers.makers:
        yield from _of_move("move", maker)
    for move in callers.out_of_order:
        yield from _of_move("order", move)


def _of_move(kind: str, move: MoveCheck) -> Iterator[Finding]:
    word = _word(move.verdict)
    if word is not None:
        rule, parties = _rule(kind, move.function, move.call), (move.party,)
        yield Finding(rule, word, move.text, parties, move.call, move.function)


def _word(word: CallerWord) -> Word | None:
    match WEIGHTS[word]:
        case Weight.REFUTED:
            return Word.REFUTED
        case Weight.UNDECIDED:
            return Word.UNDECIDED
        case _:
            return None


def _rule(*parts: str | None) -> str:
    return " ".join((part or "any-other").replace(" ", "-") for part in parts)
