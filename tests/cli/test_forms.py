"""The forms of findings at the door: each is printed, or goes to a file with its answer aside."""

import json
from pathlib import Path

import pytest

from tests.cli.compared import INDEX
from tests.cli.door import hypabi, hypabi_process, one_line
from tests.cli.kernel import stub
from tests.inputs import Assemble
from tests.judgement.drift.drift_example import contract_file, document_file
from tests.report.forms.ktap_reader import read_ktap
from tests.report.forms.sarif_schema import sarif

STUB, OLDER = (
    str(each.file(each.forms[0]))
    for name in ("arm64-stub-b7", "arm64-stub-b5")
    for each in INDEX.references
    if each.name == name
)
COMMANDS = {
    "check": ("check", STUB, "--kernel-version", "6.1"),
    "callers": ("callers", STUB),
    "diff": ("diff", OLDER, STUB, "--old-kernel-version", "5.12", "--new-kernel-version", "6.1"),
    "matrix": (
        "matrix", "--image", "arm-stub-a6", "--instruction-set", "A32", "--byte-order", "little",
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS.values(), ids=list(COMMANDS))
def test_every_command_writes_sarif_with_its_status_and_answer(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    text = hypabi(*words)
    log = tmp_path / "log.sarif"
    ran = hypabi(*words, "--format", "sarif", "--output", log)
    assert (ran.returncode, ran.stdout) == (text.returncode, "")
    assert ran.stderr == text.stdout.splitlines(keepends=True)[0]
    document = json.loads(log.read_text(encoding="utf-8"))
    sarif().validate(document)
    assert document["runs"][0]["invocations"][0]["exitCode"] == text.returncode


@pytest.mark.parametrize("words", COMMANDS.values(), ids=list(COMMANDS))
def test_every_command_writes_a_page_with_its_answer(words: tuple[str, ...]) -> None:
    text, page = hypabi(*words), hypabi(*words, "--format", "html")
    assert (page.returncode, page.stderr) == (text.returncode, "")
    answer = text.stdout.splitlines()[0].replace("->", "\N{RIGHTWARDS ARROW}")
    assert page.stdout.startswith("<!DOCTYPE html>\n")
    assert f"{answer}</h1>" in page.stdout


@pytest.mark.parametrize("form", ["ktap", "junit", "github", "gitlab"])
def test_a_form_goes_to_standard_output_alone(form: str) -> None:
    ran = hypabi(*COMMANDS["check"], "--format", form)
    assert ran.stderr == ""
    assert ran.stdout.endswith("\n")


def test_a_kernel_that_keeps_its_promises_passes_every_test(assemble: Assemble) -> None:
    good = stub(assemble)
    assert all(each.ok for each in read_ktap(hypabi("check", good, "--format", "ktap").stdout))


def test_a_kernel_that_breaks_one_fails_in_its_party(assemble: Assemble) -> None:
    bad = stub(assemble, success="mov x19, #1")
    tests = {each.name: each for each in read_ktap(hypabi("check", bad, "--format", "ktap").stdout)}
    assert not tests["stub"].ok
    failed = {each.name for each in tests["stub"].subtests if not each.ok}
    assert failed == {"HVC_SET_VECTORS: registers", "HVC_RESET_VECTORS: registers"}


def test_drift_is_put_to_the_lines_of_the_document(assemble: Assemble, tmp_path: Path) -> None:
    document = document_file(tmp_path, ("takes over from", "takes charge from"))
    ran = hypabi(
        "document", "--drift", document, stub(assemble), "--contract", contract_file(tmp_path),
        "--format", "github",
    )  # fmt: skip
    first, *_ = ran.stdout.splitlines()
    assert first.startswith(f"::warning file={document},line=14,title=HYP-DRIFT-CHANGED%3A ")


def test_a_form_of_findings_is_refused_for_a_page(tmp_path: Path) -> None:
    assert "this is for --drift" in one_line(hypabi("document", "--format", "sarif"))
    page = document_file(tmp_path)
    refused = hypabi("document", "--drift", page, "--format", "html")
    assert "this is for a page" in one_line(refused)


def test_the_same_bytes_under_another_hash_seed() -> None:
    one, other = (
        hypabi_process(*COMMANDS["check"], "--format", "sarif", PYTHONHASHSEED=seed)
        for seed in ("1", "2")
    )
    assert one.stdout == other.stdout
