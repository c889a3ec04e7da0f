"""Hold what enters a party's vectors against what its contract says is answered as a call.

A slot that answers an exception which is promised not to be taken for a call is *new*; one that no
longer answers what is promised to be, as the stub's for an ``hvc`` from EL2 itself, is *lost*.
Either refutes.
"""

import enum
from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.arch.vector_entries import Kind, Reason, VectorEntry, spell_classes
from hypabi.behaviour.case import Behaviour, Case, guard_terms
from hypabi.contract.clause import Authority
from hypabi.contract.model import Taken
from hypabi.contract.revision import LiveParty, Revision, Service
from hypabi.judgement.entries.audit import answers_nothing
from hypabi.judgement.entries.case_equivalence import values_of
from hypabi.judgement.entries.findings import (
    Extent,
    Guarded,
    HandedOver,
    JudgedEntry,
    NotReachable,
    Undecided,
    Unintended,
)
from hypabi.judgement.entries.syndrome import SyndromeTerms
from hypabi.judgement.verification.observables import map_observables
from hypabi.records import frozen, replace

HVC: Final = frozenset({0x12, 0x16})
"""Exception classes of an ``hvc``: from AArch32, and from AArch64."""
HANGS: Final = "it hangs"


@frozen
class AsCall:
    """The exception is answered as a call is."""

    calls: frozenset[str | None] | None = None
    """Of which calls that was shown; ``None`` for all, since it runs the same code."""
    rest: str = ""
    """Why the same could not be shown of others."""


@frozen
class NotAsCall:
    """No call is answered, and what happens instead."""

    instead: str


@frozen
class NotTold:
    """Neither was shown, and why."""

    reason: str


Answered = AsCall | NotAsCall | NotTold
Answers = Mapping[Reason, Answered]
"""How a slot answers each exception that can enter it."""


class SlotWord(enum.Enum):
    """The one word for what enters a slot, in the order of the counts."""

    KEPT = "kept"
    BROKEN = "broken"
    """Something is answered that shall not be, or is not answered that shall be."""
    OPEN = "left open"
    """The contract declines to say."""
    UNDECIDED = "undecided"


WORST_FIRST: Final = (SlotWord.BROKEN, SlotWord.UNDECIDED, SlotWord.KEPT)


@frozen
class JudgedSlot:
    """What enters one slot of one party, held against the contract."""

    party: str
    entry: VectorEntry
    promised: Taken
    authority: Authority | None
    """What says so; ``None`` where the contract names no exception from there."""
    answered: Taken | None
    """What is answered as a call is; ``None`` where that is something else or was not told."""
    verdict: SlotWord
    why: tuple[str, ...]
    """In a line each, what is otherwise, or could not be told."""


def promise_of(party: LiveParty, entry: VectorEntry) -> tuple[Taken, Authority | None]:
    """Return which exceptions that enter a slot are answered as calls, and what says so."""
    for each in party.entries:
        if each.origin is entry.origin:
            open_ = each.taken is Taken.OPEN
            return each.taken if open_ or takes_hvc(entry) else Taken.NONE, each.authority
    return Taken.NONE, None


def takes_hvc(entry: VectorEntry) -> bool:
    """Tell whether a slot is the one that an ``hvc`` from where it is taken enters."""
    return any(each.code in HVC and not each.never for each in entry.reasons)


def all_alike(entry: VectorEntry, answered: Answered) -> Answers:
    """Return that a slot answers every exception that can enter it in one way."""
    return dict.fromkeys((each for each in entry.reasons if not each.never), answered)


def answers_by_values(
    revision: Revision, call: Behaviour, entry: VectorEntry, entered: Behaviour
) -> Answers | None:
    """Return how a slot answers where the values tell, without asking a solver.

    With the class of an exception put in, either each case is one of the call's own, or none does
    what a call does.

    :param call: what ``hvc`` does
    :param entered: what any exception does that enters the slot
    """
    syndrome = SyndromeTerms(revision)
    found: dict[Reason, Answered] = {}
    told: dict[int | None, Answered | None] = {}
    looked_at = any(syndrome.mentioned(v) for case in entered.cases for v in values_of(case))
    for reason in entry.reasons:
        if reason.never:
            continue
        code = reason.code if looked_at else None
        if code not in told:
            told[code] = _by_values(revision, call, _of_class(syndrome, entered, code))
        answered = told[code]
        if answered is None:
            return None
        found[reason] = answered
    return found


def _of_class(syndrome: SyndromeTerms, entered: Behaviour, code: int | None) -> Behaviour:
    """Return what exceptions of one class do."""
    if code is None:
        return entered
    of_class = map_observables(entered, {syndrome.cls: code})
    possible = tuple(case for case in of_class.cases if 0 not in guard_terms(case))
    return replace(of_class, cases=possible)


def _by_values(revision: Revision, call: Behaviour, entered: Behaviour) -> Answered | None:
    if answers_nothing(revision, call, entered):
        return NotAsCall("it is answered otherwise")
    same = [sum(_is_same(case, each) for each in call.cases) for case in entered.cases]
    return AsCall() if len(same) == len(call.cases) and set(same) == {1} else None


def _is_same(case: Case, of_call: Case) -> bool:
    """Tell whether a case is taken in the same states as one of the call's, and does the same."""
    guards = [{term for term in guard_terms(each) if term != 1} for each in (case, of_call)]
    return guards[0] == guards[1] and _does(case) == _does(of_call)


def _does(case: Case) -> tuple[object, ...]:
    """Return what a case does and how it ends, to be compared."""
    acts = tuple((each.name, each.operands, each.guard) for each in case.effects)
    return dict(case.registers), case.stores, acts, case.outcome


def answers_of(judged: tuple[JudgedEntry, ...]) -> Answers:
    """Return how a slot answers, from what was found of its unintended entries."""
    found: dict[Reason, Answered] = {}
    for each in judged:
        match each.judged:
            case Unintended(handled, rest):
                whole = frozenset(one.call for one in handled if one.extent is Extent.WHOLE)
                answered: Answered = AsCall(whole, "; ".join(rest))
            case Guarded():
                answered = NotAsCall("it is answered otherwise")
            case HandedOver(_, functions):
                answered = NotAsCall(f"it goes to {', '.join(functions)}")
            case Undecided(reason):
                answered = NotTold(reason)
            case NotReachable():
                continue
            case _:
                assert_never(each.judged)
        found |= dict.fromkeys(each.reasons, answered)
    return found


def judge_slot(
    revision: Revision, party: LiveParty, entry: VectorEntry, answers: Answers
) -> JudgedSlot:
    """Hold how a slot answers against what is promised."""
    promised, authority = promise_of(party, entry)
    answered = _answered(answers)
    if promised is Taken.OPEN:
        return JudgedSlot(party.name, entry, promised, authority, answered, SlotWord.OPEN, ())
    rows = revision.rows_of(party.name)
    served = frozenset(row.call for row in rows if row.service is Service.SERVED)
    found: dict[tuple[SlotWord, str], list[Reason]] = {}
    for reason, answer in answers.items():
        said = _held(answer, served if _shall(promised, reason) else None)
        found.setdefault(said, []).append(reason)
    words = {word for word, _ in found}
    worst = next(word for word in WORST_FIRST if word in words)
    why = tuple(
        f"{_spelled(each)} {text}"
        for (word, text), each in found.items()
        if word is not SlotWord.KEPT
    )
    return JudgedSlot(party.name, entry, promised, authority, answered, worst, why)


def _answered(answers: Answers) -> Taken | None:
    """Return which exceptions are answered as calls are, in a word if there is one."""
    as_call = {reason for reason, each in answers.items() if isinstance(each, AsCall)}
    if any(isinstance(each, NotTold) for each in answers.values()):
        return None
    if not as_call:
        return Taken.NONE
    if len(as_call) == len(answers):
        return Taken.ANY
    of_hvc = {reason for reason in answers if reason.code in HVC}
    return Taken.HVC if as_call == of_hvc else None


def _shall(promised: Taken, reason: Reason) -> bool:
    """Tell whether an exception shall be answered as a call."""
    match promised:
        case Taken.ANY:
            return True
        case Taken.HVC:
            return reason.code in HVC
        case Taken.NONE | Taken.OPEN:
            return False
        case _:
            assert_never(promised)


def _held(answer: Answered, served: frozenset[str | None] | None) -> tuple[SlotWord, str]:
    """Return what comes of one exception, and what to say of it.

    :param served: the calls that have to be answered; ``None`` where none may be
    """
    match answer:
        case NotTold(why):
            return SlotWord.UNDECIDED, f"may be taken for a call: {why}"
        case AsCall(calls, rest):
            if served is None:
                return SlotWord.BROKEN, "is taken for a call, and shall not be"
            lost = frozenset() if calls is None else served - calls
            if not lost:
                return SlotWord.KEPT, ""
            what = ", ".join(sorted(map(str, lost)))
            if rest:
                return SlotWord.UNDECIDED, f"may not be taken for {what}: {rest}"
            return SlotWord.BROKEN, f"is not taken for {what}, and shall be"
        case NotAsCall(instead):
            if served is None:
                return SlotWord.KEPT, ""
            return SlotWord.BROKEN, f"is not taken for a call, and shall be: {instead}"
        case _:
            assert_never(answer)


def _spelled(reasons: list[Reason]) -> str:
    """Spell exceptions: an ``hvc`` first, others by class, or by name where there is one."""
    others = [each for each in reasons if each.kind is Kind.NO_HVC and each.code not in HVC]
    calls = ["an hvc"] if len(others) < len(reasons) else []
    if len(others) == 1:
        calls.append(others[0].name)
    elif others:
        codes = [each.code for each in others if each.code is not None]
        calls.append(f"an exception of class {spell_classes(codes)}")
    return " or ".join(calls)
