"""What a check says, each finding by its rule, so that two checks can be compared."""

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
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.records import frozen


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


def findings_of(result: CheckResult) -> frozenset[Finding]:
    """Return everything that makes a check's status other than 0."""
    return frozenset(_findings(result))


def _findings(result: CheckResult) -> Iterator[Finding]:
    for clause in result.verdicts:
        yield from _of_clause(clause)
    for party in result.parties:
        if result.party_word(party) in (PartyWord.MISSING, PartyWord.UNTESTED):
            yield _finding("party", party.name, word=Word.UNDECIDED)
    for installer in result.installers:
        if installer.found is InstallerWord.MISSING:
            yield _finding("installer", installer.party, installer.function, word=Word.UNDECIDED)
    yield from _of_places(result)
    if result.callers is not None:
        yield from _of_callers(result.callers)


def _of_places(result: CheckResult) -> Iterator[Finding]:
    for placement in result.placements:
        if placement.verdict is PlacementWord.BROKEN:
            yield _finding("placement", placement.name, word=Word.REFUTED)
    for slot in result.slots_amiss():
        word = SLOTS.get(slot.verdict)
        if word is not None:
            yield _finding("slot", slot.party, slot.name, word=word)


def _of_clause(clause: CheckedClause) -> Iterator[Finding]:
    if clause.verdict in (ClauseWord.REFUTED, ClauseWord.UNDECIDED):
        about = (clause.party, clause.call, clause.clause)
        yield _finding("clause", *about, word=Word(clause.verdict.value))
        for lost in clause.lost:
            yield _finding("clause", *about, lost.register, word=Word.REFUTED)


def _of_callers(callers: CallerChecks) -> Iterator[Finding]:
    for check in callers.reachable():
        for answer in check.answers:
            word = _word(answer.verdict)
            if word is not None:
                about = (check.caller.function, check.call, answer.question.value, check.party)
                yield _finding("caller", *about, word=word)
    for site in (*callers.unspoken(), *callers.without_party()):
        yield _finding("site", site.function, word=Word.UNDECIDED)
    for maker in callers.makers:
        yield from _of_move("move", maker)
    for move in callers.out_of_order:
        yield from _of_move("order", move)


def _of_move(kind: str, move: MoveCheck) -> Iterator[Finding]:
    word = _word(move.verdict)
    if word is not None:
        yield _finding(kind, move.function, move.call, word=word)


def _word(word: CallerWord) -> Word | None:
    match WEIGHTS[word]:
        case Weight.REFUTED:
            return Word.REFUTED
        case Weight.UNDECIDED:
            return Word.UNDECIDED
        case _:
            return None


def _finding(*parts: str | None, word: Word) -> Finding:
    spelled = ((part or "any-other").replace(" ", "-") for part in parts)
    return Finding(" ".join(spelled), word)
