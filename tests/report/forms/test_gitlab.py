import json

import pytest
from hypothesis import given, settings

from hypabi.analysis.results.conclusion import Weight
from hypabi.report.findings.finding import Findings
from hypabi.report.findings.fingerprint import fingerprints
from hypabi.report.forms.gitlab import write
from tests.inputs import exploring
from tests.report.forms.every import EVERY, HOSTILE

SEVERITIES = ("info", "minor", "major", "critical", "blocker")
"""GitLab Docs, Code quality report format, from light to heavy."""


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_every_finding_is_an_entry_with_what_gitlab_asks_for(findings: Findings) -> None:
    entries, told = json.loads(write(findings)), list(findings.every())
    assert [each["fingerprint"] for each in entries] == list(fingerprints(told))
    for entry, finding in zip(entries, told, strict=True):
        assert entry["check_name"] == finding.rule.id
        assert entry["description"].startswith(finding.sentence)
        assert entry["severity"] in SEVERITIES
        assert not entry["location"]["path"].startswith("./")
        assert entry["location"]["path"]
        assert entry["location"]["lines"]["begin"] >= 1


def test_what_weighs_more_is_more_severe() -> None:
    told = list(EVERY["diff"].every()) + list(EVERY["check"].every())
    entries = json.loads(write(EVERY["diff"])) + json.loads(write(EVERY["check"]))
    by_weight = {
        finding.weight: SEVERITIES.index(entry["severity"])
        for finding, entry in zip(told, entries, strict=True)
    }
    order = (Weight.GOOD, Weight.CHANGE, Weight.UNDECIDED, Weight.REFUTED)
    found = [by_weight[weight] for weight in order]
    assert found == sorted(set(found))


@settings(max_examples=2000 if exploring() else 15)
@given(HOSTILE)
def test_any_text_of_an_image_is_written(findings: Findings) -> None:
    text = write(findings)
    assert text.isascii()
    assert len(json.loads(text)) == len(list(findings.every()))
