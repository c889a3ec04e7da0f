"""Two images, comparison by comparison, as findings."""

from collections.abc import Iterator

from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.difference import (
    COMPARISONS,
    PROMISES,
    CallersOf,
    ChangeKind,
    ComparedCall,
    ComparedPromise,
    DiffResult,
    ShownDifference,
)
from hypabi.judgement.difference.model import Bearing
from hypabi.report.diff.text import SHORT, number
from hypabi.report.findings.finding import (
    CALL,
    PARTY,
    Finding,
    Findings,
    Input,
    Item,
    Line,
    item_of,
    nothing_judged,
)
from hypabi.report.findings.shown import idle_suppressions
from hypabi.report.shared.calls import spelled
from hypabi.rules.changes import CHANGE, HARMLESS, PROMISE
from hypabi.rules.rule import Rule
from hypabi.rules.undecided import CHANGE as UNDECIDED
from hypabi.rules.undecided import rule_of_reason


def findings_of(diff: DiffResult) -> Findings:
    """Return two images, held against each other, as findings."""
    compared = any(each.change is not ChangeKind.VACUOUS for each in diff.changes)
    subject = f"{diff.old.named} -> {diff.new.named}"
    items = tuple(_item(diff, each, compared) for each in diff.changes)
    _, _, old, new, *_ = diff.reproduce.command
    return Findings(
        command="diff",
        subject=subject,
        conclusion=diff.conclusion,
        inputs=(
            Input("old image", old, diff.old.sha256),
            Input("new image", new, diff.new.sha256),
        ),
        items=(
            *(items or (nothing_judged(subject, "nothing was compared"),)),
            *map(_promise, diff.promises),
        ),
        notes=tuple(idle_suppressions(diff.suppressions)),
        trusted=diff.trusted,
        reproduce=diff.reproduce,
    )


def _item(diff: DiffResult, each: ComparedCall, compared: bool) -> Item:  # noqa: FBT001
    counted = each.judged
    name = f"{_what(diff, each)}, {SHORT[each.direction]}"
    found = tuple(_findings(diff, each, compared))
    return item_of(COMPARISONS, counted.word, each.party, name, *found)


def _promise(each: ComparedPromise) -> Item:
    where = f"{each.about.value} {each.who}, {'; '.join(each.what)}"
    rule = PROMISE[each.change]
    found = Finding(
        rule=rule,
        weight=rule.weight,
        about={"about": each.about.value, "who": each.who},
        where=where,
        text=each.new,
        lines=(Line("old", each.old), Line("new", each.new)),
        input=1,
    )
    return item_of(PROMISES, each.change.value, each.about.value, where, found)


def _what(diff: DiffResult, each: ComparedCall) -> str:
    """Return which call it is, or that it is the party as a whole."""
    if each.call is None and each.only_here:
        return "the party itself"
    at = "" if each.number is None else f" ({diff.identifier} = {number(each.number)})"
    return f"{spelled(each.call)}{at}"


def _findings(diff: DiffResult, each: ComparedCall, compared: bool) -> Iterator[Finding]:  # noqa: FBT001
    rule = _rule(each)
    if rule is None:
        return
    weight = each.judged.weight if compared else Weight.UNDECIDED
    shown = [d for d in each.differences if d.bearing not in (Bearing.CHANGED, Bearing.HARMLESS)]
    told = shown or list(each.differences)
    undecided = each.change in (ChangeKind.UNDECIDED, ChangeKind.VACUOUS)
    text = "; ".join(each.reasons) if undecided else ", ".join(d.subject for d in told)
    if each.renumbered is not None:
        to = f"{each.renumbered.call}, {diff.identifier} = {number(each.renumbered.number)}"
        text = f"it is {to} there"
    yield _finding(diff, each, rule, text, weight)
    for reason in () if undecided else each.reasons:
        yield _finding(diff, each, rule_of_reason(reason, UNDECIDED), reason, None)


def _rule(each: ComparedCall) -> Rule | None:
    match each.change:
        case ChangeKind.EQUAL:
            return HARMLESS if each.differences else None
        case ChangeKind.UNDECIDED:
            return rule_of_reason(each.reasons[0] if each.reasons else "", UNDECIDED)
        case _:
            return CHANGE[each.change]


def _finding(
    diff: DiffResult, each: ComparedCall, rule: Rule, text: str, weight: Weight | None
) -> Finding:
    open_ = rule.weight is Weight.UNDECIDED
    suppressed = each.suppressed if not open_ or each.change is ChangeKind.UNDECIDED else None
    return Finding(
        rule=rule,
        weight=Weight.GOOD if suppressed is not None else weight or rule.weight,
        about={PARTY: each.party, CALL: spelled(each.call), "callers": each.direction.value},
        where=f"{each.party}, {_what(diff, each)}, {SHORT[each.direction]}",
        text=text,
        lines=() if open_ else tuple(_lines(each)),
        input=1 if each.direction is CallersOf.OLD else 0,
        agree=each.must_agree,
        suppressed=suppressed,
    )


def _lines(each: ComparedCall) -> Iterator[Line]:
    for difference in each.differences:
        text = f"{difference.old}; in the new image: {difference.new}"
        yield Line(difference.subject, f"{difference.bearing.value}: {text}{_entered(difference)}")


def _entered(difference: ShownDifference) -> str:
    if not difference.entry:
        return ""
    state = ", ".join(f"{name} = {value}" for name, value in difference.entry.items())
    return f" (entered with {state})"
