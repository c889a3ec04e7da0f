"""Findings as SARIF 2.1.0 (OASIS): what is refuted fails, what is undecided is open."""

import json
from collections.abc import Mapping, Sequence
from typing import Final, assert_never
from urllib.parse import quote

from hypabi.analysis.provenance import quoted
from hypabi.analysis.results.conclusion import Weight
from hypabi.analysis.results.plain import Plain, plain
from hypabi.home import VERSION
from hypabi.report.findings.finding import Finding, Findings, Input, Step
from hypabi.report.findings.fingerprint import NAME, fingerprints
from hypabi.report.forms.detail import detail_lines
from hypabi.rules.clauses import VACUOUS
from hypabi.rules.rule import Rule

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
TREE: Final = "KERNEL"
"""Stands for the folder of the kernel's source, in which documents are."""
MOST_STEPS: Final = 1000
"""Instructions of a path, the last ones; more are shown by no viewer."""

Table = dict[str, Plain]


def write(findings: Findings) -> str:
    """Return findings as a SARIF log of one run, keys sorted, ending in a newline."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(findings)]}
    return json.dumps(log, indent=2, sort_keys=True) + "\n"


def _run(findings: Findings) -> Table:
    told = list(findings.every())
    rules = sorted({each.rule.id: each.rule for each in told}.items())
    numbers = {name: number for number, (name, _) in enumerate(rules)}
    marks = fingerprints(told)
    conclusion = findings.conclusion
    return {
        "tool": {
            "driver": {
                "name": "hypabi",
                "version": VERSION,
                "rules": [_rule(rule) for _, rule in rules],
            }
        },
        "automationDetails": {"id": f"hypabi/{findings.command.replace(' --', '-')}/"},
        "invocations": [
            {
                "commandLine": " ".join(map(quoted, findings.reproduce.command)),
                "executionSuccessful": not conclusion.exit_status & 1,
                "exitCode": conclusion.exit_status,
                "exitCodeDescription": findings.answer,
            }
        ],
        "artifacts": [_artifact(each) for each in findings.inputs],
        "originalUriBaseIds": {TREE: {"description": {"text": "the kernel's source tree"}}},
        "results": [
            _result(findings, each, numbers[each.rule.id], mark)
            for each, mark in zip(told, marks, strict=True)
        ],
        "properties": {
            "answer": findings.answer,
            "counts": plain(conclusion.counts),
            "trusted": list(findings.trusted),
            "versions": plain(findings.reproduce.versions),
        },
    }


def _rule(rule: Rule) -> Table:
    kind, level = _kind_and_level(rule, rule.weight)
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.what},
        "help": {"text": f"{rule.what}\n\n{rule.why}\n\n{rule.mend}"},
        "defaultConfiguration": {"level": level},
        "properties": {"kind": kind},
    }


def _kind_and_level(rule: Rule, weight: Weight) -> tuple[str, str]:
    """Return what SARIF calls it: 3.27.9 kind and 3.27.10 level, none where nothing fails."""
    match weight:
        case Weight.REFUTED | Weight.DEFECT:
            return "fail", "error"
        case Weight.CHANGE:
            return "fail", "warning"
        case Weight.UNDECIDED:
            return "open", "none"
        case Weight.GOOD:
            return ("notApplicable" if rule is VACUOUS else "informational"), "none"
        case _:
            assert_never(weight)


def _artifact(of: Input) -> Table:
    location: Table = {"description": {"text": of.what}}
    if of.path:
        location["uri"] = uri_of(of.path)
    return {
        "location": location,
        "hashes": {"sha-256": of.sha256},
        "roles": ["analysisTarget"],
        "description": {"text": of.what},
    }


def uri_of(path: str) -> str:
    """Return a path as a URI reference; bytes that are no text are kept as they are."""
    quoted = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    if path.startswith("/"):
        return f"file://{quoted}"
    return f"./{quoted}" if path.startswith(".") and not path.startswith(("./", "../")) else quoted


def _result(findings: Findings, each: Finding, number: int, mark: str) -> Table:
    weight = each.weight if each.suppressed is None else each.rule.weight
    kind, level = _kind_and_level(each.rule, weight)
    details = list(detail_lines(each))
    result: Table = {
        "ruleId": each.rule.id,
        "ruleIndex": number,
        "kind": kind,
        "level": level,
        "message": {"text": "\n".join([f"{each.sentence}.", *details])},
        "locations": [_location(findings, each)],
        "partialFingerprints": {NAME: mark},
        "properties": {"about": plain(each.about)},
    }
    if each.path:
        result["codeFlows"] = [_flow(findings, each)]
    if each.suppressed is not None:
        result["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": f"{each.suppressed.reason} (until {each.suppressed.expires})",
            }
        ]
    cited = next((line.text for line in each.lines if line.label == "sentence"), None)
    if cited is not None and findings.document is not None:
        result["relatedLocations"] = [_sentence(findings.document, cited)]
    return result


def _location(findings: Findings, each: Finding) -> Table:
    name = "/".join(value for value in each.about.values() if value) or each.where
    location: Table = {"logicalLocations": [{"fullyQualifiedName": name, "name": each.where}]}
    place = _physical(findings, each.input)
    if each.line is not None:
        place["region"] = {"startLine": each.line}
    if each.spot is not None and place:
        place["address"] = _address(each.spot.address, each.spot.place)
    return {**location, "physicalLocation": place} if place else location


def _physical(findings: Findings, number: int) -> Table:
    """Return where an input is; empty where the command has no name for it."""
    if number >= len(findings.inputs) or not findings.inputs[number].path:
        return {}
    uri = uri_of(findings.inputs[number].path)
    return {"artifactLocation": {"uri": uri, "index": number}}


def _address(address: str, place: str) -> Table:
    """Return an address as text: many readers of JSON cut numbers at 53 bits."""
    return {"fullyQualifiedName": address, "name": place, "kind": "instruction"}


def _flow(findings: Findings, each: Finding) -> Table:
    shown: Sequence[Step] = each.path[-MOST_STEPS:]
    steps = [
        {"location": {"message": {"text": step.instruction.text}, **_step(findings, each, step)}}
        for step in shown
    ]
    said = f"the path, {len(each.path)} instructions"
    if len(shown) < len(each.path):
        said += f", of which the last {len(shown)}"
    return {"message": {"text": said}, "threadFlows": [{"locations": steps}]}


def _step(findings: Findings, each: Finding, step: Step) -> Table:
    logical = [{"fullyQualifiedName": step.instruction.place}]
    place = _physical(findings, each.input)
    if not place:
        return {"logicalLocations": logical}
    address: Mapping[str, Plain] = _address(step.address, step.instruction.place)
    return {"logicalLocations": logical, "physicalLocation": {**place, "address": address}}


def _sentence(document: str, cited: str) -> Table:
    where = {"uri": uri_of(document), "uriBaseId": TREE}
    return {"message": {"text": cited}, "physicalLocation": {"artifactLocation": where}}
