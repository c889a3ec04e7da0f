import copy
import json
import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings

from hypabi.analysis.results.conclusion import Weight
from hypabi.report.findings.finding import Findings
from hypabi.report.findings.fingerprint import fingerprints
from hypabi.report.forms.sarif import uri_of, write
from tests.inputs import exploring
from tests.report.forms.every import EVERY, HOSTILE
from tests.report.forms.sarif_schema import OASIS, sarif, schema

KINDS = {
    Weight.REFUTED: ("fail", "error"),
    Weight.DEFECT: ("fail", "error"),
    Weight.CHANGE: ("fail", "warning"),
    Weight.UNDECIDED: ("open", "none"),
}
"""SARIF 2.1.0, 3.27.9: open, where there was too little information to decide."""


def run_of(findings: Findings) -> dict[str, Any]:
    (run,) = json.loads(write(findings))["runs"]
    assert isinstance(run, dict)
    return run


def test_the_schema_is_that_of_oasis() -> None:
    assert schema()["$id"] == OASIS
    jsonschema_rs.meta.validate(schema())


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_what_is_written_is_valid(findings: Findings) -> None:
    sarif().validate(json.loads(write(findings)))


def test_the_schema_refuses_what_is_not() -> None:
    log = json.loads(write(EVERY["check"]))
    for path, name in (("", "version"), ("tool/driver", "name"), ("results/0", "message")):
        broken = copy.deepcopy(log)
        part: Any = broken["runs"][0] if path else broken
        for step in path.split("/") if path else ():
            part = part[int(step) if step.isdigit() else step]
        del part[name]
        with pytest.raises(jsonschema_rs.ValidationError):
            sarif().validate(broken)


@settings(max_examples=2000 if exploring() else 15)
@given(HOSTILE)
def test_whatever_an_image_holds_is_valid(findings: Findings) -> None:
    text = write(findings)
    assert text.isascii()
    sarif().validate(json.loads(text))


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_each_finding_is_a_result_and_weighs_the_same(findings: Findings) -> None:
    results, told = run_of(findings)["results"], list(findings.every())
    assert [each["ruleId"] for each in results] == [each.rule.id for each in told]
    for result, finding in zip(results, told, strict=True):
        expected = KINDS.get(finding.weight)
        if expected is not None:
            assert (result["kind"], result["level"]) == expected
        assert ("suppressions" in result) is (finding.suppressed is not None)
        if result["kind"] != "fail":  # 3.27.10: if kind is anything else, level is none
            assert result["level"] == "none"
        assert result["message"]["text"].startswith(f"{finding.sentence}.")


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_a_result_leads_to_its_rule_and_its_file(findings: Findings) -> None:
    run = run_of(findings)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        for location in result["locations"]:
            artifact = location.get("physicalLocation", {}).get("artifactLocation")
            if artifact is not None:
                assert run["artifacts"][artifact["index"]]["location"]["uri"] == artifact["uri"]
    assert run["invocations"][0]["exitCode"] == findings.conclusion.exit_status


def test_fingerprints_are_those_of_the_findings_and_hold_no_address() -> None:
    findings = EVERY["check"]
    run = run_of(findings)
    marks = [each["partialFingerprints"]["hypabi/v1"] for each in run["results"]]
    assert tuple(marks) == fingerprints(findings.every())
    about = json.dumps([each["properties"]["about"] for each in run["results"]])
    assert not re.search(r"0x[0-9a-f]{5,}", about)


def test_a_refuted_clause_has_its_path_and_the_sentence_of_the_document() -> None:
    results = run_of(EVERY["check"])["results"]
    shown = next(each for each in results if each["ruleId"] == "HYP-CLAUSE-REGISTERS")
    ((flow,),) = (shown["codeFlows"][0]["threadFlows"],)
    said = [step["location"]["message"]["text"] for step in flow["locations"]]
    assert said == ["mov x19, #0x1", "eret"]
    (sentence,) = shown["relatedLocations"]
    assert sentence["message"]["text"] == '"a sentence"'
    where = sentence["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "Documentation/made.rst", "uriBaseId": "KERNEL"}


def test_a_finding_of_a_document_has_its_line() -> None:
    results = run_of(EVERY["drift"])["results"]
    place = results[0]["locations"][0]["physicalLocation"]
    assert place["region"]["startLine"] >= 1
    assert place["artifactLocation"]["uri"] == "made.rst"


def test_a_path_is_a_uri() -> None:
    # RFC 3986, 2.1 and 3.3: what is no path character is percent-encoded, as UTF-8.
    assert uri_of("a b#c?.elf") == "a%20b%23c%3F.elf"
    assert uri_of("/boot/vmlinuz") == "file:///boot/vmlinuz"
    assert uri_of("bücher/\udcff") == "b%C3%BCcher/%FF"
    assert uri_of("a:b") == "a%3Ab"
