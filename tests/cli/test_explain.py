from hypabi.rules.catalogue import RULES
from tests.cli.door import hypabi, one_line


def test_a_rule_is_explained_by_its_id() -> None:
    ran = hypabi("explain", "hyp-clause-memory")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("HYP-CLAUSE-MEMORY: A call writes memory that is not its own\n")


def test_without_an_id_all_are_listed() -> None:
    ran = hypabi("explain")
    assert [line for line in ran.stdout.splitlines() if line.startswith("HYP-")] == list(RULES)


def test_an_id_that_is_none_is_refused_in_a_line() -> None:
    ran = hypabi("explain", "HYP-CLAUSE-MEMRY")
    assert ran.returncode == 1
    assert "'HYP-CLAUSE-MEMORY'" in one_line(ran)
