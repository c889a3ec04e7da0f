"""A stated contract is read as strictly as one that images are held against."""

import argparse
from pathlib import Path

import pytest

from hypabi.analysis.exit_status import Exit
from hypabi.cli import contract as command
from hypabi.cli.main import main
from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.file.load import (
    BOUNDS,
    parse_any,
    parse_contract,
    shipped_contract,
    shipped_contracts,
    shipped_or_stated,
)
from hypabi.contract.lint.lint import lint_contract, lint_document
from hypabi.contract.stated.model import StatedContract
from hypabi.contract.version import Version
from hypabi.decode.place import FileError
from hypabi.decode.yaml import compose_yaml
from tests.contract.shipped import shipped
from tests.contract.stated.stated_example import EXAMPLE, changed


def stated(text: bytes) -> StatedContract:
    contract = parse_any(text, "file.yaml")
    assert isinstance(contract, StatedContract)
    return contract


def remarks(text: bytes) -> list[str]:
    return [
        str(remark)
        for remark in lint_contract(stated(text), compose_yaml(text, "file.yaml", BOUNDS))
    ]


def line_of(text: bytes, piece: str) -> int:
    return text.decode()[: text.decode().index(piece)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        # keys and types
        ("title: an interface", "titel: an interface", "titel", "did you mean 'title'?"),
        ("kind: stated", "kind: derived", "kind", "one of stated"),
        ("architectures: [arm, arm64, x86]", "architectures: [vax]", "architectures[0]", "one of"),
        ("{arm: r12,", "{arm32: r12,", "identifier.arm32", "did you mean 'arm'?"),
        ("facts: [number, conduit]", "facts: [all]", "facts[0]", "one of number, conduit"),
        ("    summary: sets\n", "", "calls.SET", "the key 'summary' is missing"),
        # registers
        ("arm64: x16}", "arm64: r16}", "hvc.identifier", "arm64 has no register 'r16'"),
        ("x86: rbx}", "x86: rbz}", "registers.first", "did you mean 'rbx'?"),
        ("{arm: [r0-r4],", "{arm: [r4-r0],", "hvc.arguments", "is no range of registers"),
        ("{arm: [r0-r3],", "{arm: [r0-r13],", "hvc.may-change", "arm has no register 'r13'"),
        ("{in: first,", "{in: second,", "arguments.what.in", "arm has no register 'second'"),
        ("identifier: {arm: r12, arm64: x16}", "identifier: {arm: r12}", "identifier", "of arm64"),
        # names
        ("served-by: [kvm]\n    callers", "served-by: [qemu]\n    callers", "served-by", "'qemu'"),
        ('errors: ["NO"]', "errors: [MAYBE]", "SET.errors", "there is no 'MAYBE'"),
        ("by: [diag]", "by: [dia]", "STOP.by", "did you mean 'diag'?"),
        (
            "source: [{source: book}]\n    because: f",
            "source: [{source: b}]\n    because: f",
            "",
            "",
        ),
        ("    checked-by: [seen]\n    cite", "    checked-by: [heard]\n    cite", "checked-by", ""),
        ("tests/a/b.py::c", "by hand", "checks.seen.test", "this names no test"),
        (
            "value: 0x80000002, by: [hvc]",
            "value: 0x80000002, by: [diag]",
            "numbers[1].by",
            "'diag'",
        ),
        # numbers
        ("number: 0x80000003", "number: 0x3", "ONE.number", "0x3 has 0 in the part 'fast'"),
        ("number: 0x80000003", "number: 0x80010003", "ONE.number", "bits that are no part"),
        ("number: 0x80000003", "number: 0x180000003", "ONE.number", "bits that are no part"),
        ("    number: 0x80000003\n", "", "ONE.number", "'hvc' selects calls by a number"),
        ("    immediate: 0x44", "    number: 0x44", "STOP.number", "'diag' takes no number"),
        ("    numbers:\n", "    number: 1\n    numbers:\n", "SET.numbers", "'number' already"),
        ('bits: "15-0"', 'bits: "0-15"', "function.bits", "are no bits"),
        ('bits: "15-0"', 'bits: "64-0"', "function.bits", "are no bits"),
        ('bits: "15-0"', 'bits: "31-0"', "function.bits", "another part has some of these bits"),
        ("values: {fast: 1}", "values: {fast: 2}", "values.fast", "does not fit into its bits"),
        # spans
        ('until: "7.0"', 'until: "6.0"', "numbers[1].until", "6.0 does not come after 6.0"),
        (
            "    architectures: [x86]\n    im",
            "    architectures: [s390]\n    im",
            "architectures",
            "",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(
    old: str, new: str, key: str, what: str
) -> None:
    text = changed(old, new)
    with pytest.raises(FileError) as refused:
        parse_any(text, "file.yaml")
    said = str(refused.value)
    assert said.startswith("file.yaml:")
    assert key in said
    assert what in said
    assert "\n" not in said


def test_the_example_can_be_meant_and_needs_no_remark() -> None:
    assert stated(EXAMPLE.encode()).name == "example"
    assert remarks(EXAMPLE.encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("source: [{source: book}]\n    against", "source: []\n    against", "nothing states it"),
        ("    because: nobody does\n", "", "nobody serves ONE"),
        ('    errors: ["NO"]\n', "", "NO is used by nothing"),
        ("number: 0x80000003", "number: 0x80000001", "ONE has the number of SET at 5.10"),
        ('read-in: ["5.10", "6.1"]', 'read-in: [5.10, "6.1"]', "takes 5.10 for something else"),
    ],
)
def test_what_a_reviewer_wants_is_said(old: str, new: str, what: str) -> None:
    said = remarks(changed(old, new))
    assert len(said) == 1, said
    assert what in said[0]


def test_a_number_is_known_where_its_kernels_and_its_span_say_so() -> None:
    contract = stated(EXAMPLE.encode())
    call = contract.calls["SET"]

    def numbers(architecture: ArchitectureName, version: str) -> list[int]:
        found = contract.numbers_of(call, architecture, Version.parse(version))
        return [each.value for each in found]

    assert numbers(ArchitectureName.ARM64, "5.10.262") == [0x80000001]
    assert numbers(ArchitectureName.ARM64, "5.11") == []
    assert numbers(ArchitectureName.ARM, "6.1") == [0x80000002]
    assert numbers(ArchitectureName.ARM, "7.0") == []
    assert numbers(ArchitectureName.X86, "5.10") == []


def test_a_call_is_found_by_its_number_and_conduit_only() -> None:
    contract = stated(EXAMPLE.encode())
    at = Version.parse("5.10")
    assert contract.find("hvc", 0x80000001, ArchitectureName.ARM64, at) == ("SET",)
    assert contract.find("hvc", 0x80000001, ArchitectureName.ARM64, Version.parse("5.11")) == ()
    assert contract.find("hvc", 0x80000003, ArchitectureName.ARM64, at) == ()
    assert contract.find("hvc", 0x80000003, ArchitectureName.ARM) == ("ONE",)
    assert contract.find("diag", 0x80000001, ArchitectureName.ARM) == ()


def test_a_citation_that_a_document_has_not_is_said() -> None:
    contract = stated(EXAMPLE.encode())
    assert lint_document(contract, "by\nhvc; another sentence", None) == ()
    said = [str(each) for each in lint_document(contract, "by hvc", None)]
    assert len(said) == 1
    assert "SET.against" in said[0]
    assert lint_document(contract, "by hvc", Version.parse("9.0")) == ()


def test_no_image_is_held_against_a_stated_contract() -> None:
    with pytest.raises(FileError, match="example only states an interface"):
        parse_contract(EXAMPLE.encode(), "file.yaml")
    with pytest.raises(FileError, match="kvm-x86-hypercalls only states an interface"):
        shipped_contract("kvm-x86-hypercalls")


@pytest.mark.parametrize("option", ["arm-psci", "xen-arm"])
def test_check_refuses_a_stated_contract_in_one_line(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--contract", option, "vmlinuz"]) == Exit.ERROR
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"hypabi contract show {option}" in said.err


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


STATED = tuple(name for name in shipped_contracts() if isinstance(shipped(name), StatedContract))


@pytest.mark.parametrize("name", STATED)
def test_show_names_every_call_with_its_numbers_and_fits_a_mail(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = shipped_or_stated(name)
    assert isinstance(contract, StatedContract)
    assert run("show", name) == Exit.GOOD
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 75
    listed = [line.split() for line in shown.splitlines()]
    for call in contract.calls:
        assert any(call in words for words in listed), call
    assert run("show", name, "--kernel-version", "6.1") == Exit.GOOD
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 75


def test_show_says_what_is_checked_and_what_only_stated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLE)
    assert run("show", str(path), "--kernel-version", "5.10", "--architecture", "arm64") == 0
    shown = capsys.readouterr().out
    assert "SET = 0x80000001 (arm, arm64, from 5.0, before 9.0)" in shown
    assert "takes what = x1: a thing" in shown
    assert "checked (number, conduit): is seen" in shown
    assert "STOP" not in shown
