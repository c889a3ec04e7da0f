from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from hypabi.report.findings.finding import Findings
from hypabi.report.forms.junit import write
from hypabi.report.forms.standing import Standing, standing_of
from tests.inputs import exploring
from tests.report.forms.every import EVERY, HOSTILE

CHILD = {
    Standing.PASSED: None,
    Standing.FAILED: "failure",
    Standing.UNDECIDED: "error",
    Standing.SKIPPED: "skipped",
    Standing.EXPECTED: "skipped",
}
"""What a runner counts it by."""


def cases(findings: Findings) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(write(findings))
    assert root.tag == "testsuites"
    return root.findall("./testsuite/testcase")


def child(case: ElementTree.Element) -> str | None:
    found = [each.tag for each in case if each.tag != "system-out"]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_every_item_is_a_case_that_ends_as_it_weighs(findings: Findings) -> None:
    found = Counter(
        (case.get("classname"), case.get("name"), child(case)) for case in cases(findings)
    )
    expected = Counter((i.group, i.name, CHILD[standing_of(i)]) for i in findings.items)
    assert found == expected


@pytest.mark.parametrize("findings", EVERY.values(), ids=list(EVERY))
def test_each_suite_and_the_whole_count_what_they_hold(findings: Findings) -> None:
    root = ElementTree.fromstring(write(findings))
    for suite in (root, *root.findall("testsuite")):
        held = Counter(child(case) for case in suite.iter("testcase"))
        for counted, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[counted]) == held[tag]
        assert int(suite.attrib["tests"]) == sum(held.values())


def test_a_failure_names_its_rule_and_what_is_so() -> None:
    failure = next(
        failure for case in cases(EVERY["check"]) if (failure := case.find("failure")) is not None
    )
    assert failure.get("type") == "HYP-CLAUSE-ANSWER"
    assert "x19 is lost at vectors" in (failure.get("message") or "")
    assert "clause: what is promised\n" in (failure.text or "")


@settings(max_examples=2000 if exploring() else 15)
@given(HOSTILE)
def test_no_text_of_an_image_is_markup(findings: Findings) -> None:
    assert Counter(child(case) for case in cases(findings)) == Counter(
        CHILD[standing_of(item)] for item in findings.items
    )


def test_markup_in_a_name_is_text() -> None:
    item = EVERY["check that is good"].items[0]
    hostile = type(item)(
        unit=item.unit, word=item.word, group='<a b="', name="]]>&<!--", weight=item.weight
    )
    changed = Findings(
        command="check", subject="x", conclusion=EVERY["check"].conclusion, inputs=(),
        items=(hostile,), trusted=(), reproduce=EVERY["check"].reproduce,
    )  # fmt: skip
    (case,) = cases(changed)
    assert (case.get("classname"), case.get("name")) == ('<a b="', "]]>&<!--")
