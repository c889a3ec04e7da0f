"""`hypabi contract`: what it prints and with which status it ends."""

import argparse
import json
from pathlib import Path

import pytest

from hypabi.analysis.exit_status import Exit
from hypabi.cli import contract as command
from hypabi.contract.file.load import parse_contract, shipped_contract
from hypabi.contract.file.writer import write_contract
from hypabi.decode.place import FileError
from tests.contract.contract_example import EXAMPLE, changed
from tests.inputs import ROOT

CONTRACTS = ROOT / "hypabi" / "contracts"


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


def test_show_names_every_party_and_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show") == Exit.GOOD
    shown = capsys.readouterr().out
    abi = shipped_contract("linux-hyp-abi")
    for name in (*abi.parties, *abi.calls, *abi.users):
        assert f" {name}" in shown


def test_show_fits_a_mail(capsys: pytest.CaptureFixture[str]) -> None:
    run("show")
    run("show", "--kernel-version", "7.2")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 75


def test_show_at_a_version_prints_its_clauses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--kernel-version", "5.10.0-32", "--architecture", "arm64") == Exit.GOOD
    shown = capsys.readouterr().out
    assert "linux-hyp-abi at 5.10.0-32 on arm64" in shown
    assert "vectors-set: vector_base == vectors" in shown
    assert "\"Set HVBAR/VBAR_EL2 to 'vectors' to enable a hypervisor.\"" in shown
    assert "HVC_FINALISE_EL2" not in shown


def test_show_as_json_reads_back_as_the_same_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "linux-hyp-abi", "--format", "json") == Exit.GOOD
    shown = capsys.readouterr().out
    assert write_contract(parse_contract(shown.encode(), "shown.json")) == json.loads(shown)
    assert json.loads(shown) == write_contract(shipped_contract("linux-hyp-abi"))


def test_show_reads_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLE)
    assert run("show", str(path)) == Exit.GOOD
    assert "example: an interface" in capsys.readouterr().out


def test_show_refuses_what_is_no_contract(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_bytes(changed("title: an interface", "titel: an interface"))
    with pytest.raises(FileError, match=r"wrong\.yaml:2: titel: unknown key"):
        run("show", str(path))


def test_lint_has_nothing_to_say_of_the_shipped_contract(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("lint", str(CONTRACTS / "linux-hyp-abi.yaml")) == Exit.GOOD
    assert capsys.readouterr().out == ""


def test_lint_goes_on_after_a_file_that_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, doubtful = tmp_path / "wrong.yaml", tmp_path / "doubtful.yaml"
    wrong.write_text("contract: x\n")
    doubtful.write_bytes(changed("title: an interface", "title: on"))
    assert run("lint", str(wrong), str(doubtful)) == Exit.ERROR | Exit.CHANGE
    printed = capsys.readouterr()
    assert "wrong.yaml" in printed.err
    assert "is missing" in printed.err
    assert "doubtful.yaml:2: title:" in printed.out


def test_lint_holds_the_citations_against_a_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "hyp-abi.rst"
    document.write_text("Set HVBAR/VBAR_EL2 to 'vectors'\nto enable a hypervisor.\n")
    status = run("lint", str(CONTRACTS / "linux-hyp-abi.yaml"), "--document", str(document))
    assert status == Exit.CHANGE
    printed = capsys.readouterr().out
    assert "HVC_SET_VECTORS.promises.vectors-set" not in printed
    assert "HVC_SET_VECTORS.requires.aligned.cite: the document has not the words" in printed


def test_schema_is_the_published_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == Exit.GOOD
    assert capsys.readouterr().out == (CONTRACTS / "contract.schema.json").read_text()
