"""A result as the rows of the store: everything that was judged, with the rule of what is told."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.caller_checks import (
    CALL_SITES,
    MOVES,
    WEIGHTS,
    CallerCheck,
    CallerWord,
)
from hypabi.analysis.results.callers import WEIGHTS as SITE_WEIGHTS
from hypabi.analysis.results.callers import CallersResult
from hypabi.analysis.results.check import CLAUSES, CheckedClause, CheckResult, ClauseWord
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.derivation import DERIVED, UNDECIDED
from hypabi.behaviour.outcome import Undecided
from hypabi.behaviour.saved.writer import Saved, write_saved
from hypabi.records import replace
from hypabi.report.callers.findings import findings_of as callers_findings
from hypabi.report.check.findings import findings_of
from hypabi.report.findings.finding import CALL, CALLER, CLAUSE, PARTY, Finding
from hypabi.report.findings.finding import Item as Told
from hypabi.report.shared.calls import spelled
from hypabi.rules.crossings import CROSSING, DERIVED_CROSSING, NOTHING
from hypabi.rules.undecided import CLAUSE as CLAUSE_UNDECIDED
from hypabi.rules.undecided import rule_of_reason
from hypabi.store.records import BEHAVIOURS, Item
from hypabi.tracing.result import CROSSINGS, TracedCrossing, TraceResult
from hypabi.tracing.result import WEIGHTS as CROSSING_WEIGHTS

OWN: Final = frozenset({CLAUSES, CALL_SITES})
"""Units that a result says more of than findings do: each party that a caller meets, and clauses
that are proved."""

UNNAMED: Final = "(no symbol)"
"""The function around a call site where no symbol tells it; an address is of one build alone."""

BOOTS: Final = "boots"
"""The unit of how a boot that was watched ended."""

DIGITS: Final = 16
"""Of the digest of what a party does."""

CLAUSE_WEIGHTS: Final[Mapping[ClauseWord, Weight]] = {
    ClauseWord.PROVED: Weight.GOOD,
    ClauseWord.REFUTED: Weight.REFUTED,
    ClauseWord.SUPPRESSED: Weight.GOOD,
    ClauseWord.UNDECIDED: Weight.UNDECIDED,
    ClauseWord.VACUOUS: Weight.GOOD,
}


def items_of(result: CheckResult) -> Iterator[Item]:
    """Yield everything that a check judged, in the order of its report."""
    told = findings_of(result)
    rules: dict[tuple[str, ...], Finding] = {}
    for finding in told.every():
        about = finding.about
        name = about.get(CLAUSE) or about.get(CALLER, "")
        rules.setdefault((about.get(PARTY, ""), about.get(CALL, ""), name), finding)
    for clause in result.verdicts:
        yield _of_clause(clause, rules)
    for check in () if result.callers is None else result.callers.checks:
        if check.counts:
            yield _of_caller(check, rules)
    for item in told.items:
        if item.unit not in OWN:
            yield from _of_item(item)


def items_of_callers(result: CallersResult) -> Iterator[Item]:
    """Yield every ``hvc`` of an image, with the calls that it asks for."""
    told = {(f.about.get(CALLER, ""), f.spot.address if f.spot else ""): f
            for f in callers_findings(result).every()}  # fmt: skip
    for site in result.sites:
        named = (getattr(asked, "call", "") for asked in site.asks_for)
        found = told.get((site.function.name or "", site.address))
        weight = SITE_WEIGHTS[site.verdict]
        yield Item(
            unit="hvc",
            party="",
            call=", ".join(dict.fromkeys(filter(None, named))),
            name=site.function.name or UNNAMED,
            word=site.verdict.value,
            weight=weight.value,
            rule="" if found is None or weight is Weight.GOOD else found.rule.id,
            text="" if found is None or weight is Weight.GOOD else found.text,
        )


def items_of_saved(saved: Saved) -> Iterator[Item]:
    """Yield what each party of an image does as one word, and as a digest that has no address.

    Two images whose parties have the same digest answer every call alike.
    """
    nameless = replace(saved, sha256="", version="", contract_version="", promises=(), askers=())
    for party in saved.parties:
        alone = replace(nameless, parties=(replace(party, address=0),))
        digest = hashlib.sha256(write_saved(alone).encode()).hexdigest()[:DIGITS]
        cases = party.behaviour.cases
        reasons = [each.outcome.reason for each in cases if isinstance(each.outcome, Undecided)]
        followed = bool(cases) and not reasons
        yield Item(
            unit=BEHAVIOURS,
            party=party.name,
            call="",
            name=digest,
            word=DERIVED if followed else UNDECIDED,
            weight=(Weight.GOOD if followed else Weight.UNDECIDED).value,
            rule="" if followed else rule_of_reason("".join(reasons[:1]), CLAUSE_UNDECIDED).id,
            text=""
            if followed
            else f"{len(reasons)} of {len(cases)} cases: {''.join(reasons[:1])}",
        )


def items_of_trace(result: TraceResult) -> Iterator[Item]:
    """Yield each call that was seen of a party and a function with what came of it, once.

    How often and when it was made is of one boot, and stands in the document.
    """
    seen = (item for each in result.crossings for item in _of_crossing(each))
    yield from {(i.unit, i.party, i.call, i.name, i.word): i for i in seen}.values()
    nothing = not result.crossings
    weight = Weight.UNDECIDED if nothing else Weight.GOOD
    rule = NOTHING.id if nothing else ""
    yield Item(BOOTS, "", "", "", result.end.kind.value, weight.value, rule, result.end.text)


def _of_crossing(crossing: TracedCrossing) -> Iterator[Item]:
    party, call = crossing.party or "", crossing.call or crossing.identifier or ""
    name = (crossing.place or "").partition("+")[0] or UNNAMED
    worst = (each.text for each in crossing.findings if each.verdict is crossing.verdict)
    weight, rule = CROSSING_WEIGHTS[crossing.verdict], CROSSING[crossing.verdict]
    told = "" if rule is None else rule.id
    word = crossing.verdict.value
    yield Item(CROSSINGS, party, call, name, word, weight.value, told, next(worst, ""))
    differs = DERIVED_CROSSING[crossing.derived]
    if differs is not None:
        text, word = crossing.derived_text, crossing.derived.value
        yield Item(CROSSINGS, party, call, name, word, differs.weight.value, differs.id, text)


def _of_clause(clause: CheckedClause, rules: Mapping[tuple[str, ...], Finding]) -> Item:
    call = spelled(clause.call)
    found = rules.get((clause.party, call, clause.clause))
    return Item(
        unit=CLAUSES,
        party=clause.party,
        call=call,
        name=clause.clause,
        word=clause.verdict.value,
        weight=CLAUSE_WEIGHTS[clause.verdict].value,
        rule="" if found is None else found.rule.id,
        text="" if found is None else found.text,
    )


def _of_caller(check: CallerCheck, rules: Mapping[tuple[str, ...], Finding]) -> Item:
    call = spelled(check.call)
    found = rules.get((check.party, call, check.caller.function))
    told = found if check.verdict is not CallerWord.SATISFIED else None
    worst = (each.text for each in check.answers if each.verdict is check.verdict)
    return Item(
        unit=CALL_SITES,
        party=check.party,
        call=call,
        name=check.caller.function or UNNAMED,
        word=check.verdict.value,
        weight=WEIGHTS[check.verdict].value,
        rule="" if told is None else told.rule.id,
        text="" if check.verdict is CallerWord.SATISFIED else next(worst, ""),
    )


def _of_item(item: Told) -> Iterator[Item]:
    if not item.findings:
        party = item.name if item.unit == "parties" else ""
        name = "" if party else item.name
        yield Item(item.unit, party, "", name, item.word, item.weight.value, "", "")
    for finding in item.findings:
        about = finding.about
        weight = finding.weight if item.weight is not Weight.GOOD else Weight.GOOD
        yield Item(
            unit=item.unit,
            party=about.get(PARTY, ""),
            call=about.get(CALL, "") if item.unit == MOVES else "",
            name=about.get(CALLER) or ("" if item.unit == "parties" else item.name),
            word=item.word,
            weight=weight.value,
            rule=finding.rule.id,
            text=finding.text,
        )
