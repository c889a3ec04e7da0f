"""``hypabi document --drift``: one change to document, contract or code is exactly one finding."""

import json
import re
from pathlib import Path

import pytest

from hypabi.analysis.results.drift import DriftFinding, DriftResult
from hypabi.judgement.drift.document import words
from hypabi.judgement.drift.findings import Kind
from tests.cli.door import hypabi, hypabi_process, one_line
from tests.cli.drift_report import held
from tests.cli.kernel import stub
from tests.inputs import Assemble, Kernel
from tests.judgement.drift.drift_example import DOCUMENT, contract_file, document_file
from tests.report.schemas import strict


def only(report: DriftResult) -> DriftFinding:
    """Return the one finding."""
    found = [(each.kind.value, each.what) for each in report.findings]
    assert len(found) == 1, found
    return report.findings[0]


def test_document_that_says_what_the_code_does_has_no_drift(
    assemble: Assemble, tmp_path: Path
) -> None:
    report = held(document_file(tmp_path), contract_file(tmp_path), stub(assemble))
    assert report.findings == () and report.undecided == ()
    assert (report.verdict, report.exit_status) == ("holds", 0)
    uncovered = [report.document.sentences[at].text for at in report.not_held]
    assert uncovered == ["This request does not come back."]
    assert (report.coverage.sentences_held, report.coverage.sentences) == (8, 9)
    assert report.coverage.facts == 10


LEFT = "Nothing is left of a hypervisor that was there."

WORDING = {
    "changed": (("takes over from", "takes charge from"), Kind.CHANGED, 14),
    "vanished": ((f"\n  {LEFT}\n", "\n"), Kind.VANISHED, None),
    "changed number in a sentence that states no fact": (
        ("drops to EL1", "drops to EL0"), Kind.DIFFERS, 6),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDING)
def test_changed_wording_is_the_only_finding(assemble: Assemble, tmp_path: Path, case: str) -> None:
    change, kind, line = WORDING[case]
    report = held(document_file(tmp_path, change), contract_file(tmp_path), stub(assemble))
    found = only(report)
    assert (found.kind, found.line) == (kind, line)
    assert report.exit_status == 4


HELD = [
    "The kernel leaves a stub behind before it drops to EL1.",
    "Every request is one 'hvc #0'.",
    "The table at that address takes over from here on.",
    "Control goes to the entry point, still at EL2, and the first argument with it.",
    LEFT,
    "It turns down whatever else it is asked.",
    "What came of it is in x0, which is 0 on success.",
    "Nobody may count on x0-x18 afterwards.",
]


@pytest.mark.parametrize("sentence", HELD)
def test_each_cited_sentence_is_missed_and_nothing_else(tmp_path: Path, sentence: str) -> None:
    wrapped = r"\s+".join(map(re.escape, sentence.split()))
    text, count = re.subn(f"{wrapped} ?", "", DOCUMENT)
    assert count == 1
    document = tmp_path / "small-stub.rst"
    document.write_text(text, encoding="utf-8")
    report = held(document, contract_file(tmp_path), kernel_version="6.1")
    assert {each.kind for each in report.findings} == {Kind.VANISHED}
    for each in report.findings:
        assert each.cite is not None and words(each.cite.text)[0] in words(sentence)
        assert set(words(each.cite.text)) <= set(words(sentence))


def test_changed_sentence_shows_the_words(assemble: Assemble, tmp_path: Path) -> None:
    document = document_file(tmp_path, ("takes over from", "takes charge from"))
    found = only(held(document, contract_file(tmp_path), stub(assemble)))
    altered = [(edit.old, edit.new) for edit in found.words if edit.old != edit.new]
    assert altered == [("over", "charge")]


FACTS = {
    "frame": (("x0-x18", "x0-x3"), "x0-x3", "x0-x18", True),
    "frame that the code keeps too": (("x0-x18", "x0-x17"), "x0-x17", "x0-x18", False),
    "success": (("is 0\n", "is 1\n"), "0x1", "0x0", False),
    "result": (("is in x0,", "is in x5,"), "x5", "x0", True),
    "argument": (("x1 = vectors", "x3 = vectors"), "x3", "x1", True),
    "identifier": (("x0 = HVC_RESET", "x7 = HVC_RESET"), "x7", "x0", True),
    "immediate": (("#0", "#1"), "#0x1", "#0x0", False),
}


@pytest.mark.parametrize("case", FACTS)
def test_changed_number_or_register_is_the_only_finding(
    assemble: Assemble, tmp_path: Path, case: str
) -> None:
    change, there, here, broken = FACTS[case]
    report = held(document_file(tmp_path, change), contract_file(tmp_path), stub(assemble))
    found = only(report)
    assert found.kind is Kind.DIFFERS
    assert [(fact.document, fact.contract) for fact in found.facts] == [(there, here)]
    assert found.contradicted is broken
    assert report.exit_status == (12 if broken else 4)


def test_number_in_a_heading_is_compared(assemble: Assemble, tmp_path: Path) -> None:
    right = document_file(tmp_path, ("x0 = HVC_RESET_VECTORS", "x0 = HVC_RESET_VECTORS (2)"))
    assert not held(right, contract_file(tmp_path), stub(assemble)).findings
    wrong = document_file(tmp_path, ("x0 = HVC_RESET_VECTORS", "x0 = HVC_RESET_VECTORS (9)"))
    report = held(wrong, contract_file(tmp_path), stub(assemble))
    found = only(report)
    assert [(f.document, f.contract) for f in found.facts] == [("0x9", "0x2")]
    assert report.exit_status == 12, "the stub answers 9 with the error"


def test_moved_sentence_is_the_only_finding(assemble: Assemble, tmp_path: Path) -> None:
    document = document_file(
        tmp_path,
        (f"\n  {LEFT}\n", "\n"),
        ("does not come back.", f"does not come back. {LEFT}"),
    )
    found = only(held(document, contract_file(tmp_path), stub(assemble)))
    assert found.kind is Kind.MOVED
    assert "in the entry of HVC_SOFT_RESTART" in found.what


def test_rewrapped_and_requoted_document_has_no_drift(assemble: Assemble, tmp_path: Path) -> None:
    document = document_file(
        tmp_path,
        ("takes over from\n  here on.", "takes\n  over from here\n  on."),
        ("'hvc #0'", "\u2018``hvc #0``\u2019"),
    )
    assert not held(document, contract_file(tmp_path), stub(assemble)).findings


FICTION = "* ::\n\n    x0 = HVC_FLY\n    x1 = altitude\n\n  Flies.\n\nIt turns down"


def test_call_of_the_document_that_nobody_serves_is_the_only_finding(
    assemble: Assemble, tmp_path: Path
) -> None:
    document = document_file(tmp_path, ("It turns down", FICTION))
    found = only(held(document, contract_file(tmp_path), stub(assemble)))
    assert found.kind is Kind.UNSERVED
    assert found.what.startswith("HVC_FLY on arm64: nobody serves it")


def test_call_that_the_code_refuses_is_unserved(assemble: Assemble, tmp_path: Path) -> None:
    contract = contract_file(tmp_path, "    number: 2\n", "    number: 7\n")
    report = held(document_file(tmp_path), contract, stub(assemble))
    kinds = [each.kind for each in report.findings]
    assert Kind.UNSERVED in kinds, "7 is answered with the error"
    assert Kind.MISSING in kinds, "2 is served and has no name any more"
    [proof] = next(e for e in report.findings if e.kind is Kind.UNSERVED).evidence
    assert proof.answer is not None and "0xbadca11" in proof.answer.row


OTHER = """\
  other:
    title: a hypervisor
    vectors: other_vectors
    owner: people
    cite: The kernel leaves a stub behind before it drops to EL1.
    any-other: {unspecified: {cite: It turns down whatever else it is asked.}}
unserved:
"""
FLY = """\
calls:
  HVC_FLY:
    summary: Flies.
    number: 5
    arguments: {altitude: {arm64: x1}}
    served-by: {arm64: [other]}
    cite: Flies.
"""


def test_call_of_a_party_that_was_not_found_is_undecided(
    assemble: Assemble, tmp_path: Path
) -> None:
    contract = contract_file(tmp_path, "unserved:\n", OTHER)
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("calls:\n", FLY, 1), encoding="utf-8")
    document = document_file(tmp_path, ("It turns down", FICTION))
    report = held(document, contract, stub(assemble))
    assert not report.findings
    assert [(each.what[-7:], each.reason) for each in report.undecided] == [
        ("HVC_FLY", "other not found in the image")
    ]
    assert report.exit_status == 16


def test_image_without_the_stub_is_undecided(assemble: Assemble, tmp_path: Path) -> None:
    contract = contract_file(tmp_path, "__hyp_stub_vectors", "__nowhere")
    report = held(document_file(tmp_path), contract, stub(assemble, unknown="b ."))
    assert report.exit_status & 16
    assert "it was not found in the image" in {each.reason for each in report.undecided}


def test_call_of_the_code_that_the_document_lacks_is_found(
    assemble: Assemble, tmp_path: Path
) -> None:
    entry = "* ::\n\n    x0 = HVC_RESET_VECTORS\n\n  Nothing"
    document = document_file(tmp_path, (entry, "Nothing"))
    report = held(document, contract_file(tmp_path), stub(assemble))
    found = only(report)
    assert found.kind is Kind.MISSING and found.what == "HVC_RESET_VECTORS (0x2)"


def test_whole_entry_that_is_gone_is_one_finding(assemble: Assemble, tmp_path: Path) -> None:
    entry = f"* ::\n\n    x0 = HVC_RESET_VECTORS\n\n  {LEFT}\n"
    document = document_file(tmp_path, (entry, ""))
    assert only(held(document, contract_file(tmp_path), stub(assemble))).kind is Kind.MISSING


def test_sentence_that_the_code_breaks_is_contradicted(assemble: Assemble, tmp_path: Path) -> None:
    kernel = stub(assemble, success="mov x19, xzr")
    report = held(document_file(tmp_path), contract_file(tmp_path), kernel)
    found = only(report)
    assert found.kind is Kind.CONTRADICTED and report.exit_status == 12
    assert found.sentence is not None
    assert "count on x0-x18" in report.document.sentences[found.sentence].text


def test_broken_clause_without_a_sentence_is_unstated(assemble: Assemble, tmp_path: Path) -> None:
    kernel = stub(assemble, success="msr tpidr_el2, x1")
    report = held(document_file(tmp_path), contract_file(tmp_path), kernel)
    assert {each.kind for each in report.findings} == {Kind.UNSTATED}
    assert report.exit_status == 4


CONDITION = """\
    assumes:
      off: {holds: SCTLR_EL2.M == 0, because: the installer turned it off}
    promises:
      off: {ensures: SCTLR_EL2.M == 0, cite: Nothing is left of a hypervisor that was there.}
      own:"""


def test_sentence_that_needs_an_unstated_condition_is_found(
    assemble: Assemble, tmp_path: Path
) -> None:
    contract = contract_file(tmp_path, "    promises:\n      own:", CONDITION)
    found = only(held(document_file(tmp_path), contract, stub(assemble)))
    assert found.kind is Kind.CONDITION
    assert [proof.without for proof in found.evidence] == ["SCTLR_EL2.M == 0"]


def test_condition_that_the_document_states_is_no_finding(
    assemble: Assemble, tmp_path: Path
) -> None:
    said = CONDITION.replace("because: the installer turned it off", "cite: off as it was")
    contract = contract_file(tmp_path, "    promises:\n      own:", said)
    document = document_file(tmp_path, ("that was there.", "that was there, off as it was."))
    report = held(document, contract, stub(assemble))
    assert not [each for each in report.findings if each.kind is Kind.CONDITION]


def test_party_without_a_sentence_is_found(assemble: Assemble, tmp_path: Path) -> None:
    cite = "cite: The kernel leaves a stub behind before it drops to EL1."
    contract = contract_file(tmp_path, cite, "because: it is there")
    found = only(held(document_file(tmp_path), contract, stub(assemble)))
    assert found.kind is Kind.SILENT


def test_sentence_left_behind_is_found(assemble: Assemble, tmp_path: Path) -> None:
    cite = "cite: the first argument with it"
    contract = contract_file(tmp_path, cite, "because: why not, against: not come back")
    found = only(held(document_file(tmp_path), contract, stub(assemble)))
    assert found.kind is Kind.LEFT_BEHIND and found.line == 24


ARGUMENT = "cite: the first argument with it"
UNBACKED = "because: why not"


@pytest.mark.parametrize("word", ["against", "incomplete"])
def test_sentence_that_the_document_no_longer_has_is_no_drift(
    assemble: Assemble, tmp_path: Path, word: str
) -> None:
    contract = contract_file(tmp_path, ARGUMENT, f"{UNBACKED}, {word}: Whoever asks pays twice.")
    assert held(document_file(tmp_path), contract, stub(assemble)).findings == ()


def test_sentence_that_leaves_something_out_is_found(assemble: Assemble, tmp_path: Path) -> None:
    contract = contract_file(tmp_path, ARGUMENT, f"{UNBACKED}, incomplete: not come back")
    document = document_file(tmp_path)
    found = only(held(document, contract, stub(assemble)))
    assert (found.kind, found.line) == (Kind.INCOMPLETE, 24)
    assert [proof.verdict and proof.verdict.verdict for proof in found.evidence] == ["proved"]
    [by_contract] = held(document, contract, kernel_version="6.1").findings
    assert (by_contract.kind, by_contract.line) == (Kind.INCOMPLETE, 24)


def test_clause_that_the_code_breaks_finds_no_sentence_wanting(
    assemble: Assemble, tmp_path: Path
) -> None:
    hands = f"hands: {{ensures: x0 == first, {ARGUMENT}}}"
    broken = f"hands: {{ensures: x0 == x9, {UNBACKED}, incomplete: not come back}}"
    contract = contract_file(tmp_path, hands, broken)
    assert only(held(document_file(tmp_path), contract, stub(assemble))).kind is Kind.UNSTATED


def test_our_own_page_is_not_found_wanting_by_what_it_says_itself(
    assemble: Assemble, tmp_path: Path
) -> None:
    contract = contract_file(tmp_path, ARGUMENT, f"{UNBACKED}, incomplete: not come back")
    changes = ("not come back.", 'not come back. Incomplete: "not come back".')
    document = document_file(tmp_path, changes)
    assert held(document, contract, stub(assemble)).findings == ()


def test_what_cannot_be_read_is_undecided_with_its_line(assemble: Assemble, tmp_path: Path) -> None:
    directive = "\n\n.. kernel-doc:: virt.h\n   :internal:\n\n"
    document = document_file(tmp_path, ("on success. Nobody", f"on success.{directive}Nobody"))
    report = held(document, contract_file(tmp_path), stub(assemble))
    [unread] = report.undecided
    lines = document.read_text(encoding="utf-8").splitlines()
    assert unread.line == lines.index(".. kernel-doc:: virt.h") + 1
    assert "kernel-doc" in unread.reason
    assert report.exit_status == 16


def test_without_an_image_the_contract_is_the_witness(tmp_path: Path) -> None:
    contract = contract_file(tmp_path)
    assert held(document_file(tmp_path), contract, kernel_version="6.1").exit_status == 0
    document = document_file(tmp_path, ("It turns down", FICTION))
    found = only(held(document, contract, kernel_version="6.1"))
    assert found.kind is Kind.UNSERVED


def test_an_architecture_that_the_contract_does_not_speak_of_is_refused(tmp_path: Path) -> None:
    document, contract = document_file(tmp_path), contract_file(tmp_path)
    more = ("--kernel-version", "6.1", "--architecture", "arm")
    ran = hypabi("document", "--drift", document, "--contract", contract, *more)
    assert ran.returncode == 1
    assert "the contract small-stub does not speak of arm" in one_line(ran)


def test_a_second_contract_is_refused_and_not_dropped(tmp_path: Path) -> None:
    document, contract = document_file(tmp_path), contract_file(tmp_path)
    ran = hypabi("document", "--drift", document, "--contract", contract, "--contract", contract)
    assert ran.returncode == 3
    assert "held against one contract" in one_line(ran)


def test_without_an_image_or_a_version_it_is_refused(tmp_path: Path) -> None:
    document, contract = document_file(tmp_path), contract_file(tmp_path)
    ran = hypabi("document", "--drift", document, "--contract", contract)
    assert ran.returncode == 1
    assert "--kernel-version" in one_line(ran)


def test_command_prints_lines_that_fit_a_mail(assemble: Assemble, tmp_path: Path) -> None:
    document = document_file(tmp_path, ("x0-x18", "x0-x3"))
    kernel, contract = stub(assemble), contract_file(tmp_path)
    ran = hypabi("document", "--drift", document, "--contract", contract, kernel)
    assert ran.returncode == 12, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == "small-stub.rst: CONTRADICTED BY THE CODE"
    assert lines[1].startswith("9 sentences: 7 held, 2 not held; 1 finding: 1 differs; ")
    assert "[-x0-x18-] {+x0-x3+}" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 75


def test_json_keeps_its_schema_and_is_the_same_whatever_the_hash_seed(
    assemble: Assemble, tmp_path: Path
) -> None:
    document = document_file(tmp_path, ("x0-x18", "x0-x3"), ("It turns down", FICTION))
    kernel, contract = stub(assemble), contract_file(tmp_path)
    command = ("document", "--drift", document, "--contract", contract, "--format", "json", kernel)
    one, other = (hypabi_process(*command, PYTHONHASHSEED=seed) for seed in ("1", "2"))
    assert one.returncode == 12, one.stderr
    assert one.stdout == other.stdout
    strict("drift").validate(json.loads(one.stdout))


def test_document_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    packed = tmp_path / "hyp-abi.rst.gz"
    packed.write_bytes(b"\x1f\x8b\x08")
    for document, what in ((packed, "gunzip"), (tmp_path / "none.rst", "No such file")):
        ran = hypabi("document", "--drift", document, "--kernel-version", "6.1")
        assert ran.returncode == 1
        assert what in one_line(ran)


def test_formats_of_a_page_are_refused(tmp_path: Path) -> None:
    document = document_file(tmp_path)
    ran = hypabi("document", "--drift", document, "--kernel-version", "6.1", "--format", "man")
    assert ran.returncode == 3
    assert "drift is printed as one of text, json, " in one_line(ran)


def test_page_that_hypabi_writes_has_no_drift(tmp_path: Path) -> None:
    page = tmp_path / "page.rst"
    assert hypabi("document", "--kernel-version", "6.1", "--output", page).returncode == 0
    report = held(page, "linux-hyp-abi", kernel_version="6.1")
    assert [(each.kind.value, each.what) for each in report.findings] == []
    assert report.undecided == ()
    assert report.coverage.facts > 20


def test_page_that_hypabi_writes_has_no_drift_against_a_real_kernel(
    tmp_path: Path, kernel: Kernel
) -> None:
    image = kernel("6.1-armmp")
    page = tmp_path / "page.rst"
    assert hypabi("document", "--kernel-version", "6.1", "--output", page).returncode == 0
    report = held(page, "linux-hyp-abi", image)
    kinds = {each.kind for each in report.findings}
    assert kinds == {Kind.CONDITION}, "the sentence is the same; so is what it does not say"
