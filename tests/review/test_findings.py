"""What a review finds in a check weighs what its rule weighs, and has the rule's id."""

from hypabi.report.check.findings import findings_of as told_of
from hypabi.review.findings import findings_of
from hypabi.rules.catalogue import RULES
from tests.inputs import KernelResult


def test_every_finding_is_of_a_rule_that_the_report_of_a_check_tells_too(
    kernel_result: KernelResult,
) -> None:
    result = kernel_result("check", "6.1-arm64")
    found = findings_of(result)
    told = {each.rule.id for item in told_of(result).items for each in item.findings}
    assert found and {each.id for each in found} <= told
    assert {each.id for each in found} <= RULES.keys()
