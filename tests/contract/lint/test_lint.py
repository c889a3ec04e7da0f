"""Lint says what the loader cannot refuse, and nothing of a contract that has nothing wrong."""

import pytest

from hypabi.contract.file.load import BOUNDS, load_with_source, parse_contract, shipped_contract
from hypabi.contract.lint.lint import boundaries, lint_contract, lint_document
from hypabi.contract.version import Version
from hypabi.decode.yaml import compose_yaml
from tests.contract.contract_example import EXAMPLE, changed
from tests.inputs import ROOT

CONTRACTS = ROOT / "hypabi" / "contracts"


def remarks(text: bytes) -> list[str]:
    contract = parse_contract(text, "file.yaml")
    return [
        str(remark) for remark in lint_contract(contract, compose_yaml(text, "file.yaml", BOUNDS))
    ]


def test_there_is_nothing_to_say_of_the_shipped_contracts() -> None:
    for path in sorted(CONTRACTS.glob("*.yaml")):
        assert lint_contract(*load_with_source(path)) == ()


def test_there_is_nothing_to_say_of_the_example() -> None:
    assert remarks(EXAMPLE.encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("base == vectors, cite: set}", "base == vectors}", "no sentence is cited"),
        ("ensures: base == vectors", "ensures: base == base", "promises nothing"),
        ("vectors % alignment == 0", "vectors != vectors", "everything under it is vacuous"),
        ("vectors % alignment == 0", "vectors <= vectors", "demands nothing"),
        ("when: ID_AA64MMFR1_EL1.VH == 0", "when: x1 < x1", "the promise is vacuous"),
        ("number: 3", "number: 0", "UPGRADE has the number of SET at the same version"),
        (
            "{people: {section: PEOPLE}}",
            "{people: {section: P}, others: {section: O}}",
            "owns nothing",
        ),
        ('since: "6.1",', 'since: "8.1",', "is never in force while its call is"),
        ('since: "5.0"', "since: 5.0", "takes 5.0 for something else; quote it"),
        ("summary: It sets.", "summary: It is hvc #0.", "what stands behind # is a comment"),
        ("    summary: It sets.\n", "", "nothing says what SET is for"),
        ("title: an interface", "title: on", "takes on for something else; quote it"),
        ("    served-by: [stub]\n    because: no sentence", "    served-by: []\n    cite: x", ""),
    ],
)
def test_what_a_reviewer_wants_is_said(old: str, new: str, what: str) -> None:
    if not what:  # nobody serves it, and no reason is given; the log's party goes with it
        text = changed(old, new).replace(b", parties: [stub], because: a log", b", because: a log")
        assert any("nobody serves UPGRADE on arm64" in said for said in remarks(text))
        return
    said = remarks(changed(old, new))
    assert any(what in each for each in said), said


@pytest.mark.parametrize("text", ['"It is hvc #0."', "It sets.  # A comment.", "It sets a#0."])
def test_a_text_that_is_whole_and_a_comment_that_is_one_need_no_remark(text: str) -> None:
    assert remarks(changed("summary: It sets.", f"summary: {text}")) == []


def test_one_number_may_change_hands_without_a_remark() -> None:
    numbers = {call.number for call in shipped_contract("linux-hyp-abi").calls.values()}
    assert len(numbers) < len(shipped_contract("linux-hyp-abi").calls)


def test_a_sentence_that_the_document_has_not_is_said() -> None:
    contract = parse_contract(EXAMPLE.encode(), "file.yaml")
    document = """
      by hvc, the answer, may change, a stub, is dispatched, is refused, refused, sets, set,
      aligned, success, conditioned, not
      documented
    """
    found = [str(each) for each in lint_document(contract, document, None)]
    assert len(found) == 1
    assert "rises.cite: the document has not the words 'upgrade'" in found[0]
    assert lint_document(contract, document + " upgrade", None) == ()


@pytest.mark.parametrize(("version", "count"), [("5.1", 0), ("6.0", 0), ("6.1", 1), ("8.0", 0)])
def test_only_what_is_in_force_must_be_in_a_document(version: str, count: int) -> None:
    contract = parse_contract(EXAMPLE.encode(), "file.yaml")
    said = {
        each
        for line in EXAMPLE.splitlines()
        for key in ("cite: ", "against: ")
        for each in line.split(key)[1:]
        if "upgrade" not in each
    }
    parsed = Version.parse(version)
    assert len(lint_document(contract, " ".join(sorted(said)), parsed)) == count


def test_boundaries_are_the_versions_at_which_something_changes() -> None:
    example = parse_contract(EXAMPLE.encode(), "file.yaml")
    assert [str(each) for each in boundaries(example)] == ["5.0", "6.0", "6.1", "8.0"]
    shipped = boundaries(shipped_contract("linux-hyp-abi"))
    known = (
        "5.10 5.11 5.12 5.13 5.16 5.19 6.0 6.1 6.3 6.4 6.5 6.8 6.9 6.12 6.12.50 6.13 6.17 6.19 7.0"
        " 7.1 7.2 7.3"
    )
    assert [str(each) for each in shipped] == known.split()
