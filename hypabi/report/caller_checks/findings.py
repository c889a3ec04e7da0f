"""The callers of an image, call site by call site, as findings."""

from collections.abc import Iterator, Mapping

from hypabi.analysis.results.caller_checks import (
    CALL_SITES,
    MOVES,
    WEIGHTS,
    CallerAnswer,
    CallerCheck,
    CallerChecks,
    CallerSite,
    CallerWord,
    MoveCheck,
    UnresolvedCallSite,
)
from hypabi.analysis.results.conclusion import Weight
from hypabi.judgement.callers.schedule import Reachability
from hypabi.records import replace
from hypabi.report.caller_checks.wording import met
from hypabi.report.findings.finding import (
    CALL,
    CALLER,
    PARTY,
    QUESTION,
    Finding,
    Item,
    Line,
    Spot,
    item_of,
    nothing_judged,
)
from hypabi.report.shared.calls import spelled
from hypabi.rules import callers as rules
from hypabi.rules.rule import Rule
from hypabi.rules.undecided import CALLER as CALLER_UNDECIDED
from hypabi.rules.undecided import MOVE as MOVE_UNDECIDED
from hypabi.rules.undecided import rule_of_reason

Owners = Mapping[str, str]
"""By party: the title of its section of MAINTAINERS."""


def caller_items(found: CallerChecks, owners: Owners) -> Iterator[Item]:
    """Yield each call site that can run, once, and the moves that are in want."""
    by_site: dict[str, list[CallerCheck]] = {}
    for check in found.checks:
        by_site.setdefault(check.caller.address, []).append(check)
    lost = {site.address: site for site in found.lost()}
    for address, word in found.call_sites().items():
        checks = by_site.get(address, [])
        told = [each for check in checks for each in _of_check(check, owners)]
        if address in lost:
            told.append(_unread(lost[address]))
        once = {(each.rule.id, each.sentence): each for each in told}
        name = checks[0].caller.name if checks else lost[address].name
        yield item_of(CALL_SITES, word.value, CALL_SITES, name, *once.values())
    if found.outside is not None and not by_site:
        yield nothing_judged(
            found.outside.name, "no call site of it asks for a call of the contract"
        )
    for (party, call), word in found.moves_in_want().items():
        makers = [
            _of_move(each, rules.MOVE_MISSING, owners)
            for each in found.makers
            if (each.party, each.call) == (party, call) and each.verdict is not CallerWord.SATISFIED
        ]
        yield item_of(MOVES, word.value, MOVES, met(call, party), *makers)
    for each in found.out_of_order:
        name = f"{each.call}, seen from {each.function or each.address} on"
        finding = _of_move(each, rules.MOVE_ORDER, owners)
        yield item_of(MOVES, each.verdict.value, MOVES, name, finding)


def caller_notes(found: CallerChecks) -> Iterator[Finding]:
    """Yield the call sites that may pass on a call of the contract."""
    yield from (_unread(site) for site in found.not_found_out if site.passed)


def _unread(site: UnresolvedCallSite) -> Finding:
    rule = rules.UNREAD if site.passed else rule_of_reason(site.why, CALLER_UNDECIDED)
    return Finding(
        rule=rule,
        weight=rule.weight,
        about={CALLER: site.function},
        where=site.name,
        text=site.why if site.passed else f"what it asks for: {site.why}",
        spot=_spot(site),
    )


def _of_check(check: CallerCheck, owners: Owners) -> Iterator[Finding]:
    match check.when:
        case Reachability.UNSPOKEN:
            text = "the contract does not say when it runs"
            yield _finding(check, rules.UNSCHEDULED, text, owners)
        case Reachability.PARTY_NOT_FOUND:
            text = f"it runs while {check.party} is live, which was not found"
            yield _finding(check, rules.PARTY_NOT_FOUND, text, owners)
        case Reachability.REACHABLE | Reachability.WHOEVER_IS_LIVE:
            for answer in check.answers:
                yield from _of_answer(check, answer, owners)
        case Reachability.UNREACHABLE:
            return


def _of_answer(check: CallerCheck, answer: CallerAnswer, owners: Owners) -> Iterator[Finding]:
    rule: Rule
    match answer.verdict:
        case CallerWord.VIOLATED | CallerWord.SUPPRESSED:
            rule = rules.VIOLATED[answer.question]
        case CallerWord.UNDECIDED:
            rule = rule_of_reason(answer.text, CALLER_UNDECIDED)
        case CallerWord.BEYOND:
            rule = rules.BEYOND
        case CallerWord.UNSCHEDULED:
            rule = rules.UNSCHEDULED
        case CallerWord.SATISFIED | CallerWord.DEPENDS | CallerWord.UNSPECIFIED:
            return
    found = _finding(check, rule, answer.text, owners, answer)
    # A check counts by its worst answer: what is open besides a violation sets no bit of its own.
    counted = answer.verdict is check.verdict or WEIGHTS[answer.verdict] is Weight.REFUTED
    yield found if counted else replace(found, weight=Weight.GOOD)


def _finding(
    check: CallerCheck,
    rule: Rule,
    text: str,
    owners: Owners,
    answer: CallerAnswer | None = None,
) -> Finding:
    about = {CALLER: check.caller.function, CALL: spelled(check.call), PARTY: check.party}
    lines = [Line("asks", check.request if check.asks is None else check.asks)]
    suppressed = None
    if answer is not None:
        about[QUESTION] = answer.question.value
        suppressed = check.suppressed if answer.verdict is CallerWord.SUPPRESSED else None
        if answer.entered_at:
            state = ", ".join(f"{name} = {value}" for name, value in answer.entered_at.items())
            lines.append(Line("entered at", state))
    if check.called_by:
        lines.append(Line("called by", ", ".join(check.called_by)))
    return Finding(
        rule=rule,
        weight=rule.weight if suppressed is None else Weight.GOOD,
        about=about,
        where=met(f"{check.caller.name}, {check.request}", check.party),
        text=text,
        lines=tuple(lines),
        spot=_spot(check.caller),
        agree=(owners[check.party],) if check.party in owners else (),
        suppressed=suppressed,
    )


def _spot(site: CallerSite) -> Spot:
    return Spot(site.address, site.name)


def _of_move(each: MoveCheck, violated: Rule, owners: Owners) -> Finding:
    undecided = each.verdict is CallerWord.UNDECIDED
    rule = rule_of_reason(each.text, MOVE_UNDECIDED) if undecided else violated
    name = each.function or each.address
    return Finding(
        rule=rule,
        weight=rule.weight if each.suppressed is None else Weight.GOOD,
        about={CALLER: each.function, CALL: each.call, PARTY: each.party},
        where=met(f"{name}, {each.call}", each.party),
        text=each.text,
        spot=Spot(each.address, name),
        agree=(owners[each.party],) if each.party in owners else (),
        suppressed=each.suppressed,
    )
