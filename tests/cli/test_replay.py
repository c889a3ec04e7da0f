"""Witnesses from the door: written by a check, replayed, edited, refused, run without hypabi."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hypabi.home import CONTRACTS, VERSION
from hypabi.image.load import load_image
from tests.cli.door import hypabi as run
from tests.cli.door import hypabi_process, one_line
from tests.inputs import Kernel
from tests.report.schemas import strict
from tests.witness.examples import FOLDER, need_machine

REFERENCE = FOLDER / "arm-stub-a6-a32.elf"
CHECK = ("check", REFERENCE, "--kernel-version", "6.1")
NAME = "stub.HVC_SET_VECTORS.system-registers.json"
COLUMNS = 75


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("witnesses")
    ran = run(*CHECK, "--witness", made)
    assert (ran.returncode, ran.stderr) == (12, "")
    return made


@pytest.fixture
def witness(folder: Path) -> Path:
    return folder / NAME


def edited(witness: Path, folder: Path, change: Callable[[Any], None]) -> Path:
    plain = json.loads(witness.read_text("utf-8"))
    change(plain)
    other = folder / "edited.json"
    other.write_text(json.dumps(plain), encoding="utf-8")
    return other


def test_a_check_writes_a_witness_of_each_refutation(folder: Path) -> None:
    report = json.loads(run(*CHECK, "--format", "json").stdout)
    refuted = [each for each in report["verdicts"] if each["verdict"] == "refuted"]
    names = {f"stub.{each['call']}.{each['clause']}.json" for each in refuted}
    assert {path.name for path in folder.iterdir()} == names


def test_the_same_check_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    hypabi_process(*CHECK, "--witness", tmp_path, PYTHONHASHSEED="4242")
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("machine", ["engine", "qemu"])
def test_a_refutation_is_confirmed(witness: Path, machine: str) -> None:
    need_machine(machine)
    ran = run("replay", witness, "--machine", machine)
    assert ran.returncode == 12
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert lines[0] == "stub, HVC_SET_VECTORS (0): system-registers: CONFIRMED"
    assert lines[1] == "1 replay: 1 confirmed"
    assert max(map(len, lines)) <= COLUMNS
    (image,) = load_image(REFERENCE).images
    (vectors,) = image.symbols.find("__hyp_stub_vectors")
    assert f"  promised    HVBAR is {vectors.address:#x}, as at the start" in lines


def test_a_report_says_who_confirmed_and_what_that_is_worth(witness: Path) -> None:
    ours = " ".join(run("replay", witness).stdout.split())
    assert f"machine hypabi {VERSION} engine" in ours
    assert "shares our reading of Arm" in ours
    need_machine("qemu")
    theirs = " ".join(run("replay", witness, "--machine", "qemu").stdout.split())
    assert "machine QEMU " in theirs
    assert "QEMU's reading of Arm is not ours" in theirs


@pytest.mark.parametrize("machine", ["engine", "qemu"])
def test_json_is_as_published(witness: Path, machine: str) -> None:
    need_machine(machine)
    ran = run("replay", witness, "--machine", machine, "--format", "json")
    report = json.loads(ran.stdout)
    strict("replay").validate(report)
    assert report["replay"]["verdict"] == report["verdict"] == "confirmed"
    assert report["exit_status"] == ran.returncode == 12


def test_an_edited_prediction_is_not_reproduced_and_loud(witness: Path, tmp_path: Path) -> None:
    def change(plain: Any) -> None:  # noqa: ANN401 - JSON
        plain["predicted"]["registers"]["HVBAR"] = "0x40"

    ran = run("replay", edited(witness, tmp_path, change))
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[0].endswith(": NOT REPRODUCED")
    assert "a defect of hypabi until it is explained" in " ".join(ran.stdout.split())
    assert "* HVBAR" in ran.stdout.splitlines()


def test_an_edited_start_is_not_reproduced(witness: Path, tmp_path: Path) -> None:
    def change(plain: Any) -> None:  # noqa: ANN401 - JSON
        plain["start"]["registers"]["r0"] = "0x2"  # RESET, which sets no vectors

    assert run("replay", edited(witness, tmp_path, change)).returncode == 1


def test_an_edited_promise_that_is_kept_is_not_reproduced(witness: Path, tmp_path: Path) -> None:
    def change(plain: Any) -> None:  # noqa: ANN401 - JSON
        plain["promised"] = {"kind": "keeps", "register": "r7", "value": "0x0"}

    ran = run("replay", edited(witness, tmp_path, change))
    assert ran.returncode == 1
    assert "* the promise" in ran.stdout.splitlines()


def test_without_qemu_it_is_not_run(witness: Path, tmp_path: Path) -> None:
    ran = hypabi_process("replay", witness, "--machine", "qemu", PATH=str(tmp_path))
    assert ran.returncode == 16
    assert ran.stdout.splitlines()[0].endswith(": NOT RUN")
    assert "is not installed" in ran.stdout
    assert "CONFIRMED" not in ran.stdout.upper().replace("NOT RUN", "")


def test_a_qemu_that_hangs_is_not_run(witness: Path, tmp_path: Path) -> None:
    fake = tmp_path / "qemu-system-arm"
    fake.write_text("#!/bin/sh\nexec sleep 20\n", encoding="utf-8")
    fake.chmod(0o755)
    ran = hypabi_process(
        "replay", witness, "--machine", "qemu", PATH=f"{tmp_path}:{os.environ['PATH']}"
    )
    assert ran.returncode == 16
    assert "hangs" in ran.stdout


@pytest.mark.parametrize("machine", ["engine", "qemu"])
def test_a_check_confirms_what_it_refutes(tmp_path: Path, machine: str) -> None:
    need_machine(machine)
    ran = run(*CHECK, f"--confirm={machine}", "--witness", tmp_path, "--format", "json")
    assert ran.returncode == 12
    report = json.loads(ran.stdout)
    strict("check").validate(report)
    refuted = [each for each in report["verdicts"] if each["verdict"] == "refuted"]
    assert refuted
    for each in refuted:
        assert each["replay"]["verdict"] == "confirmed"
        assert Path(each["replay"]["witness"]).is_file()
    text = run(*CHECK, "-v", f"--confirm={machine}")
    assert text.stdout.count("  replay      confirmed by ") == len(refuted)
    assert max(map(len, text.stdout.splitlines())) <= COLUMNS


def test_a_check_that_could_not_confirm_says_so_in_its_status(tmp_path: Path) -> None:
    ran = hypabi_process(*CHECK, "--confirm=qemu", PATH=str(tmp_path))
    assert ran.returncode == 12 | 16
    assert "not run on qemu-system-arm" in ran.stdout
    assert run(*CHECK).returncode == 12


def test_the_image_of_a_reference_is_found_by_its_hash(witness: Path, tmp_path: Path) -> None:
    def renamed(plain: Any) -> None:  # noqa: ANN401 - JSON
        plain["image"]["name"] = "some-other-name"

    def unknown(plain: Any) -> None:  # noqa: ANN401 - JSON
        plain["image"]["sha256"] = "0" * 64

    assert run("replay", edited(witness, tmp_path, renamed)).returncode == 12
    ran = run("replay", edited(witness, tmp_path, unknown))
    assert ran.returncode == 1
    assert "name the image" in one_line(ran)


def test_another_image_is_refused(witness: Path) -> None:
    ran = run("replay", witness, FOLDER / "arm-stub-a7-a32.elf")
    assert ran.returncode == 1
    assert "this is not the image of the witness" in one_line(ran)


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\xff", "no witness"])
def test_what_is_no_witness_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content.encode("latin-1"))
    ran = run("replay", path)
    assert ran.returncode == 1
    assert one_line(ran).startswith(str(path))


def test_an_unknown_register_is_refused_in_one_line(witness: Path, tmp_path: Path) -> None:
    def change(plain: Any) -> None:  # noqa: ANN401 - JSON
        plain["start"]["registers"]["x0"] = "0x2"

    ran = run("replay", edited(witness, tmp_path, change))
    assert ran.returncode == 1
    assert "arm has no x0" in one_line(ran)


def script(witness: Path, folder: Path, *arguments: Path) -> "subprocess.CompletedProcess[str]":
    """Write the program of a witness, and run it where nothing of ours can be imported."""
    path = folder / "witness.py"
    ran = run("replay", witness, *arguments, "--script", "--output", path)
    assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", "")
    return subprocess.run(
        [sys.executable, "-I", "-S", str(path)],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_script_confirms_without_hypabi(witness: Path, tmp_path: Path) -> None:
    need_machine("qemu")
    ran = script(witness, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "HVBAR        0  as expected" in ran.stdout
    first, promised, instead, seen, *_ = ran.stdout.splitlines()
    claim = json.loads(witness.read_text("utf-8"))["claim"]
    assert first == f"{claim['party']}, {claim['call']}: {claim['clause']}: CONFIRMED"
    assert promised == f"promised     {claim['statement']}"
    assert instead == f"instead      {claim['instead']}"
    assert seen.startswith("seen         HVBAR = 0, ")


def test_a_script_of_a_false_witness_says_so(witness: Path, tmp_path: Path) -> None:
    need_machine("qemu")

    def change(plain: Any) -> None:  # noqa: ANN401 - JSON
        plain["predicted"]["registers"]["HVBAR"] = "0x40"

    ran = script(edited(witness, tmp_path, change), tmp_path)
    assert ran.returncode == 4
    assert "HVBAR        0  expected 40" in ran.stdout
    assert ran.stdout.splitlines()[0].endswith(": NOT REPRODUCED")


# Real kernels --------------------------------------------------------------------------------

GCS = "stub.HVC_FINALISE_EL2.system-registers.json"


def test_a_compressed_image_is_opened_again(kernel: Kernel, tmp_path: Path) -> None:
    contract = tmp_path / "strict.yaml"
    shipped = CONTRACTS / "linux-hyp-abi.yaml"
    text = shipped.read_text("utf-8").replace("error: 0xbadca11", "error: 1")
    contract.write_text(text, encoding="utf-8")
    image = kernel("6.1-armmp")
    run("check", image, "--contract", contract, "--witness", tmp_path)
    witness = tmp_path / "stub.HVC_RESET_VECTORS.refused.json"
    pages = json.loads(witness.read_text("utf-8"))["image"]["pages"]
    assert [page["offset"] for page in pages] == [None]
    assert run("replay", witness, image).returncode == 12


def test_a_feature_that_qemu_lacks_is_not_run(kernel: Kernel, tmp_path: Path) -> None:
    image = kernel("7.2-arm64")
    ran = run("check", image, "--confirm", "--witness", tmp_path)
    assert "  replay: confirmed by " in ran.stdout
    need_machine("qemu")
    ran = run("replay", tmp_path / GCS, image, "--machine", "qemu")
    assert ran.returncode in (16, 12)  # 12 where QEMU has FEAT_GCS
    if ran.returncode == 16:
        assert "has no GCS" in ran.stdout
