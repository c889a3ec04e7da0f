"""What an examined file keeps of its own contract, and who in it makes which call."""

from collections.abc import Iterator
from typing import Final, assert_never

from hypabi.analysis.examination import Examination
from hypabi.analysis.findings.check import Check
from hypabi.analysis.installers import registers_left
from hypabi.analysis.results.caller_checks import CallerCheck, CallerChecks, CallerWord, MoveCheck
from hypabi.analysis.results.check import (
    CheckedClause,
    CheckResult,
    ClauseWord,
    InstallerWord,
    PlacementWord,
)
from hypabi.analysis.summaries.check import summarize_check
from hypabi.behaviour.saved.own_promises import (
    ANY_OTHER,
    AnswerUse,
    Asker,
    OwnPromise,
    PromiseKind,
    PromiseWord,
)
from hypabi.callsites.model import CallSite, ResultUse
from hypabi.judgement.callers.schedule import LifeCycle
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.records import frozen

NAMELESS: Final = "a function without a symbol"


@frozen
class OwnPromises:
    """What an image keeps of its own contract, and who in it makes which call."""

    promises: tuple[OwnPromise, ...]
    askers: tuple[Asker, ...]


NOTHING_KEPT: Final = OwnPromises((), ())


def own_promises(found: Check, examination: Examination) -> OwnPromises:
    """Say what came of a check with its callers by names that other builds share."""
    assert found.callers is not None
    promises = _promises(summarize_check(found), examination)
    return OwnPromises(tuple(_each_once(promises)), tuple(_askers(found.callers)))


def _promises(result: CheckResult, examination: Examination) -> Iterator[OwnPromise]:
    for clause in result.verdicts:
        word = _clause_word(clause)
        says = "" if word is PromiseWord.KEPT else _without_addresses(clause.reason or "")
        what = f"{clause.call or ANY_OTHER}: {clause.clause}"
        yield OwnPromise(PromiseKind.CLAUSE, clause.party, what, word, says)
    yield from _installers(result, examination)
    for placement in result.placements:
        says = ", ".join(placement.judged)
        if placement.broken:
            says = _without_addresses("; ".join(placement.broken))
        word = _placement_word(placement.verdict)
        yield OwnPromise(PromiseKind.PLACEMENT, placement.program.value, placement.name, word, says)
    for slot in result.slots:
        answered = "not told" if slot.answered is None else slot.answered.value
        says = "; ".join(slot.why) or f"answered as a call: {answered}"
        where = f"+{slot.slot} ({slot.name} from {slot.origin.value})"
        yield OwnPromise(PromiseKind.SLOT, slot.party, where, _slot_word(slot.verdict), says)
    if result.callers is not None:
        yield from _callers(result.callers)


def _installers(result: CheckResult, examination: Examination) -> Iterator[OwnPromise]:
    held = {(each.party.name, each.row.call): each for each in examination.installed}
    images = [program.image for program in examination.programs.values()]
    for each in result.installers:
        row = held.get((each.party, each.function))
        says = "" if row is None else ", ".join(registers_left(row, images))
        word = _installer_word(each.found)
        yield OwnPromise(PromiseKind.INSTALLER, each.party, each.function, word, says)


def _callers(callers: CallerChecks) -> Iterator[OwnPromise]:
    for check in callers.checks:
        if check.counts:
            what = f"{_asked(check)} while {check.party} is live"
            yield OwnPromise(
                PromiseKind.CALLER, _named(check), what, _caller_word(check.verdict), _amiss(check)
            )
    for move in (*callers.makers, *callers.out_of_order):
        yield OwnPromise(
            PromiseKind.MOVE,
            move.function,
            f"{move.call} while {move.party} is live",
            _caller_word(move.verdict),
            _said(move),
        )


def _said(move: MoveCheck) -> str:
    return "" if move.verdict is CallerWord.SATISFIED else _without_addresses(move.text)


def _named(check: CallerCheck) -> str:
    return check.caller.function or NAMELESS


def _asked(check: CallerCheck) -> str:
    return check.call or check.request


def _amiss(check: CallerCheck) -> str:
    """Return what is otherwise than it should be."""
    bad = (CallerWord.VIOLATED, CallerWord.UNDECIDED)
    texts = (f"{a.question.value}: {a.text}" for a in check.answers if a.verdict in bad)
    return _without_addresses("; ".join(texts))


def _without_addresses(text: str) -> str:
    """Return a text with addresses, which are of one build alone, left out."""
    return " ".join("an address" if _is_address(word) else word for word in text.split())


def _is_address(word: str) -> bool:
    plain = word.strip("(),;:")
    return plain.startswith("0x") and len(plain) > LONGEST_NUMBER


LONGEST_NUMBER: Final = 10
"""Characters; a link address of a kernel has as many or more."""


def _askers(cycle: LifeCycle) -> Iterator[Asker]:
    """Yield who makes which call, each once, with the worst that is made of its answer."""
    found: dict[tuple[str, str], AnswerUse] = {}
    for each in cycle.checks:
        check = each.check
        if check.call is not None:
            key = check.site.function.name, check.call
            use = _use(check.site)
            before = found.get(key, use)
            found[key] = max(before, use, key=list(AnswerUse).index)
    for (function, call), use in sorted(found.items()):
        yield Asker(function, call, use)


def _use(site: CallSite) -> AnswerUse:
    answer = next((each for each in site.answers if each.register == site.identifier), None)
    if answer is None:
        return AnswerUse.NOT_FOLLOWED
    if answer.tests:
        return AnswerUse.TESTED
    if set(answer.uses) <= {ResultUse.OVERWRITTEN}:
        return AnswerUse.IGNORED
    if ResultUse.UNSEEN in answer.uses:
        return AnswerUse.NOT_FOLLOWED
    return AnswerUse.PASSED_ON


def _each_once(promises: Iterator[OwnPromise]) -> Iterator[OwnPromise]:
    """Yield promises, of one thing the worst: what is broken on one path is broken."""
    found: dict[tuple[PromiseKind, str, str], OwnPromise] = {}
    for each in promises:
        key = (each.kind, each.who, each.what)
        before = found.get(key, each)
        found[key] = max(before, each, key=lambda of: WORST_LAST.index(of.word))
    yield from found.values()


WORST_LAST: Final = (
    PromiseWord.ABSENT,
    PromiseWord.KEPT,
    PromiseWord.UNDECIDED,
    PromiseWord.BROKEN,
)


def _clause_word(clause: CheckedClause) -> PromiseWord:
    match clause.verdict:
        case ClauseWord.PROVED:
            return PromiseWord.KEPT
        case ClauseWord.REFUTED | ClauseWord.SUPPRESSED:
            return PromiseWord.BROKEN
        case ClauseWord.UNDECIDED:
            return PromiseWord.UNDECIDED
        case ClauseWord.VACUOUS:
            return PromiseWord.ABSENT
        case _:
            assert_never(clause.verdict)


def _installer_word(word: InstallerWord) -> PromiseWord:
    match word:
        case InstallerWord.FOUND:
            return PromiseWord.KEPT
        case InstallerWord.ABSENT:
            return PromiseWord.ABSENT
        case InstallerWord.MISSING:
            return PromiseWord.UNDECIDED
        case _:
            assert_never(word)


def _placement_word(word: PlacementWord) -> PromiseWord:
    match word:
        case PlacementWord.KEPT:
            return PromiseWord.KEPT
        case PlacementWord.BROKEN:
            return PromiseWord.BROKEN
        case PlacementWord.UNTOLD:
            return PromiseWord.ABSENT
        case _:
            assert_never(word)


def _slot_word(word: SlotWord) -> PromiseWord:
    match word:
        case SlotWord.KEPT | SlotWord.OPEN:
            return PromiseWord.KEPT
        case SlotWord.BROKEN:
            return PromiseWord.BROKEN
        case SlotWord.UNDECIDED:
            return PromiseWord.UNDECIDED
        case _:
            assert_never(word)


def _caller_word(word: CallerWord) -> PromiseWord:
    match word:
        case CallerWord.SATISFIED | CallerWord.BEYOND | CallerWord.DEPENDS | CallerWord.UNSPECIFIED:
            return PromiseWord.KEPT
        case CallerWord.VIOLATED | CallerWord.SUPPRESSED:
            return PromiseWord.BROKEN
        case CallerWord.UNSCHEDULED | CallerWord.UNDECIDED:
            return PromiseWord.UNDECIDED
        case _:
            assert_never(word)
