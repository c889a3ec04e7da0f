from hypabi.report.shared.rule_text import write_list, write_page
from hypabi.rules.catalogue import RULES
from tests.report.made import COLUMNS


def test_a_page_has_all_that_a_rule_has_in_columns() -> None:
    for rule in RULES.values():
        page = write_page(rule)
        words = " ".join(page.split())
        for text in (rule.id, rule.title, rule.what, rule.why, rule.mend):
            assert " ".join(text.split()) in words
        assert all(f"docs/cases/{case}.md" in page for case in rule.cases)
        assert max(map(len, page.splitlines())) <= COLUMNS


def test_the_list_has_every_rule_and_its_title() -> None:
    listed = write_list(RULES.values())
    assert listed.count("\n") == 2 * len(RULES)
    assert all(f"{rule.id}\n    {rule.title}\n" in listed for rule in RULES.values())
