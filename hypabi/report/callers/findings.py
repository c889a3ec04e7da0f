"""A list of call sites as findings."""

from typing import assert_never

from hypabi.analysis.results.callers import (
    CALL_SITES,
    WEIGHTS,
    AskedFor,
    CallersResult,
    Kind,
    ListedCallSite,
    NamedCall,
    NoCall,
    SharedNumber,
    UninitialisedIdentifier,
    UnlistedCall,
    UnresolvedIdentifier,
)
from hypabi.image.symbolizer import Names
from hypabi.report.caller_checks.findings import caller_items
from hypabi.report.findings.finding import (
    CALL,
    CALLER,
    Finding,
    Findings,
    Input,
    Item,
    Line,
    Spot,
    item_of,
    nothing_judged,
)
from hypabi.rules.callers import SITE
from hypabi.rules.rule import Rule


def findings_of(result: CallersResult) -> Findings:
    """Return a list of call sites as findings."""
    names = Names(result.symbols)
    subject = result.image.version or result.image.name
    inputs = [Input("image", result.image.path, result.image.sha256)]
    if result.against is not None:
        kernel, contract = result.against.image, result.against.contract
        inputs.append(Input("against", kernel.path, kernel.sha256))
        inputs.append(Input("contract", contract.name, contract.sha256))
    if result.stated is not None:
        inputs.append(Input("contract", result.stated.contract, result.stated.sha256))
    over = result.against or result.stated
    if over is None:
        items = tuple(_item(site, names) for site in result.sites)
    else:
        items = tuple(caller_items(over.callers, {}))
    return Findings(
        command="callers",
        subject=subject,
        conclusion=result.conclusion,
        inputs=tuple(inputs),
        items=items or (nothing_judged(subject, "it has no call site"),),
        trusted=(),
        reproduce=result.reproduce,
    )


def _item(site: ListedCallSite, names: Names) -> Item:
    rule = SITE[site.verdict]
    found = () if rule is None else (_finding(site, rule, names),)
    return item_of(CALL_SITES, site.verdict.value, site.program.value, site.place, *found)


def _finding(site: ListedCallSite, rule: Rule, names: Names) -> Finding:
    asked = tuple(dict.fromkeys(asked_for(each) for each in site.asks_for))
    return Finding(
        rule=rule,
        weight=WEIGHTS[site.verdict],
        about={CALLER: site.function.name or "", CALL: ", ".join(map(_call, site.asks_for))},
        where=site.place,
        text=names.beside("; ".join(asked)),
        lines=tuple(Line("undecided", names.beside(why)) for why in site.undecided),
        spot=Spot(site.address, site.place),
    )


def _call(asked: AskedFor) -> str:
    """Return what stands for a call in a fingerprint: what it is, and no reason."""
    match asked:
        case NamedCall(_, contract, call):
            return f"{contract}/{call}"
        case SharedNumber(identifier, _) | UnlistedCall(identifier, _) | NoCall(identifier):
            return identifier
        case UnresolvedIdentifier():
            return Kind.UNRESOLVED.value
        case UninitialisedIdentifier():
            return Kind.UNINITIALISED.value
        case _:
            assert_never(asked)


def asked_for(asked: AskedFor) -> str:
    """Say what is asked for, in a line."""
    match asked:
        case NamedCall(_, contract, call):
            return f"it asks for {call} of {contract}"
        case SharedNumber(identifier, among):
            calls = ", ".join(f"{each.call} of {each.contract}" for each in among)
            return f"{identifier} is one of {calls}"
        case UnlistedCall(identifier, owner):
            return f"{identifier} is a call of {owner} that no contract lists"
        case NoCall(identifier):
            return f"{identifier} is the number of no call"
        case UnresolvedIdentifier(reason):
            return reason
        case UninitialisedIdentifier(register, reason, _):
            return f"{register} is uninitialised: {reason}"
        case _:
            assert_never(asked)
