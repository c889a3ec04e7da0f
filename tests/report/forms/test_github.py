import re

import pytest
from hypothesis import given, settings

from hypabi.analysis.results.conclusion import Weight
from hypabi.report.findings.finding import Findings
from hypabi.report.forms.github import write
from tests.inputs import exploring
from tests.report.forms.every import EVERY, HOSTILE

COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^:,\n]*)(?:,\w+=[^:,\n]*)*)::([^\r\n]*)")
"""GitHub Docs, Workflow commands: a command, its properties, and its message, on one line."""


def decoded(text: str) -> str:
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r")):
        text = text.replace(escape, character)
    return text.replace("%25", "%")


def annotations(findings: Findings) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in write(findings).splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        pairs = (each.split("=", 1) for each in match[2].split(","))
        properties = {name: decoded(value) for name, value in pairs}
        found.append((match[1], properties, decoded(match[3])))
    return found


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_every_finding_of_an_item_is_an_annotation_of_its_weight(findings: Findings) -> None:
    told = [each for item in findings.items for each in item.findings]
    *made, (level, properties, answer) = annotations(findings)
    assert len(made) == len(told)
    for (of, named, text), finding in zip(made, told, strict=True):
        heavy = finding.weight in (Weight.REFUTED, Weight.DEFECT)
        assert of == (
            "error" if heavy else "notice" if finding.weight is Weight.GOOD else "warning"
        )
        assert named["title"].startswith(f"{finding.rule.id}: ")
        assert text.split("\n")[0] == finding.sentence
    assert (level, answer) == ("notice", findings.answer)
    assert properties == {"title": f"hypabi {findings.command}"}


def test_a_finding_of_a_document_is_put_to_its_line() -> None:
    (_, first, _), *_ = annotations(EVERY["drift"])
    assert first["file"] == "made.rst"
    assert int(first["line"]) >= 1


@settings(max_examples=2000 if exploring() else 15)
@given(HOSTILE)
def test_no_text_of_an_image_is_a_command(findings: Findings) -> None:
    told = [each for item in findings.items for each in item.findings]
    assert len(annotations(findings)) == len(told) + 1
