"""A check as JSON; ``check.schema.json`` beside this module is its published schema.

64-bit values are strings in hexadecimal, because many readers of JSON cut numbers at 53 bits.
"""

from collections.abc import Mapping
from typing import Final, assert_never

from hypabi.analysis.results.check import Check, count_verdicts, verdict_word
from hypabi.analysis.results.plain import plain
from hypabi.analysis.summaries.caller_checks import summarize_caller_checks
from hypabi.contract.clause import Authority
from hypabi.image.symbolizer import Places
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Undecided, Vacuous
from hypabi.report.shared.assumptions import assumptions
from hypabi.report.shared.counterexample_json import evidence
from hypabi.report.shared.footer import reproduce
from hypabi.report.shared.json_values import (
    Plain,
    attempt_in_full,
    image_in_full,
    in_json,
    table_in_full,
)
from hypabi.report.shared.trusted_base import trusted

SCHEMA: Final[Mapping[str, Plain]] = {"name": "hypabi-check", "version": 1}
"""The version rises when a field changes its meaning; fields are only added."""


def write(check: Check) -> str:
    """Return a check as JSON, keys sorted, ending in a newline."""
    return in_json(document(check))


def document(check: Check) -> dict[str, Plain]:
    """Return a check as plain values."""
    number = count_verdicts(check.judgement.findings)
    places = Places(check.loaded)
    return {
        "schema": SCHEMA,
        "image": image_in_full(check.loaded),
        "contract": _contract(check),
        "counts": {
            "proved": number.proved,
            "refuted": number.refuted,
            "undecided": number.undecided,
            "vacuous": number.vacuous,
        },
        "parties": _parties(check),
        "verdicts": [_verdict(check, finding, places) for finding in check.judgement.findings],
        "unclaimed_tables": [table_in_full(each) for each in check.tables if not each.parties],
        "unspecified": [
            {"party": each.party, "call": each.call, "why": each.why.strip()}
            for each in check.judgement.unspecified
        ],
        **_callers(check, places),
        "hidden_doors": _doors(check),
        "assumptions": [
            {"text": each.text, "reason": each.reason, "parties": list(each.parties)}
            for each in assumptions(check)
        ],
        "capabilities": dict(check.capabilities),
        "suppressions": _suppressions(check),
        "trusted": list(trusted(check.provenance)),
        "exit_status": check.exit_status,
        "reproduce": reproduce(
            check.provenance,
            image_sha256=check.loaded.sha256,
            contract_sha256=check.contract.sha256,
        ),
    }


def _doors(check: Check) -> list[Plain] | None:
    if check.doors is None:
        return None
    from hypabi.report.check.entries.json import doors  # noqa: PLC0415 - few ask for it

    return doors(check.doors)


def _contract(check: Check) -> dict[str, Plain]:
    revision = check.revision
    return {
        "name": revision.contract,
        "document": revision.document,
        "sha256": check.contract.sha256,
        "version": str(revision.version),
        "architecture": revision.architecture.value,
        "identifier": revision.identifier,
        "result": revision.result,
        "calls": [{"name": call.name, "number": call.number} for call in revision.calls],
    }


def _parties(check: Check) -> list[Plain]:
    parties: list[Plain] = []
    for party in check.revision.parties:
        table = check.table_of(party.name)
        parties.append(
            {
                "name": party.name,
                "title": party.title,
                "owner": party.owner,
                "vectors": party.vectors,
                "program": party.program.value,
                "found": table is not None,
                "table": None if table is None else table_in_full(table),
            }
        )
    return parties


def _verdict(check: Check, finding: Finding, places: Places) -> dict[str, Plain]:
    clause = finding.clause
    common: dict[str, Plain] = {
        "party": finding.party,
        "call": finding.call,
        "number": None if finding.number is None else f"{finding.number:#x}",
        "clause": clause.name,
        "text": clause.text,
        "authority": _authority(clause.authority),
        "verdict": verdict_word(finding.verdict),
        "assumptions": list(finding.assumptions),
    }
    match finding.verdict:
        case Proved(cases):
            return {**common, "reason": None, "cases": cases}
        case Undecided(reason) | Vacuous(reason):
            return {**common, "reason": reason}
        case Refuted():
            more = {"replay": _replay(check, finding), "suppressed": _suppressed(check, finding)}
            return {**common, **evidence(finding.verdict, check.texts, places), **more}
        case _:
            assert_never(finding.verdict)


def _replay(check: Check, finding: Finding) -> Plain:
    """Return what a machine made of a refuted clause, ``None`` where none was asked."""
    made = check.attempt(finding)
    return None if made is None else attempt_in_full(made)


def _suppressed(check: Check, finding: Finding) -> Plain:
    by = check.by(finding)
    if by is None:
        return None
    from hypabi.report.shared.suppressed import suppressed_in_full  # noqa: PLC0415 - rarely given

    return suppressed_in_full(by)


def _suppressions(check: Check) -> Plain:
    if check.suppressions is None:
        return None
    from hypabi.report.shared.suppressed import suppressions_in_full  # noqa: PLC0415 - rarely given

    used = (*check.suppressed.values(), *check.lived_with.values())
    return suppressions_in_full(check.suppressions, used)


def _callers(check: Check, places: Places) -> dict[str, Plain]:
    if check.callers is None:
        return {}
    found = summarize_caller_checks(check.callers, check.lived_with, places.name)
    return {"callers": plain(found)}


def _authority(authority: Authority) -> dict[str, Plain]:
    return {"cite": authority.cite, "because": authority.because, "against": authority.against}
