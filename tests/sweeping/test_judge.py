"""What becomes of one candidate, with real files."""

import json
import os
import zlib
from pathlib import Path

import pytest

from hypabi.store.records import Fate, Outcome
from hypabi.sweeping.judge import judge
from hypabi.sweeping.records import Task
from hypabi.sweeping.sources import candidates
from tests.inputs import Kernel, KernelResult


def outcome_of(path: Path, *, wanted: bool = True) -> Outcome:
    (candidate,) = candidates([str(path)])
    assert not hasattr(candidate, "reason")
    task = Task(candidate, ("check",), None, "", 0)
    return judge(task, lambda _: wanted)


def test_what_is_no_kernel_is_told_from_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "readme").write_text("Hello, this is no kernel.")
    assert outcome_of(tmp_path / "readme").fate is Fate.NO_KERNEL
    (tmp_path / "half.deb").write_bytes(b"!<arch>\n" + b"debian-binary   " + b"9" * 10)
    assert outcome_of(tmp_path / "half.deb").fate is Fate.REFUSED


def test_a_kernel_of_another_machine_is_no_kernel_for_arm(tmp_path: Path) -> None:
    content = bytearray(4096)
    content[0x202:0x206] = b"HdrS"
    (tmp_path / "bzImage").write_bytes(content)
    found = outcome_of(tmp_path / "bzImage")
    assert found.fate is Fate.NO_KERNEL
    assert "x86" in found.reason


def test_what_vanished_could_not_be_had(tmp_path: Path) -> None:
    path = tmp_path / "Image"
    path.write_bytes(b"x")
    (candidate,) = candidates([str(path)])
    path.unlink()
    task = Task(candidate, ("check",), None, "", 0)  # type: ignore[arg-type]
    found = judge(task, lambda _: True)
    assert (found.fate, found.reason) == (Fate.UNAVAILABLE, os.strerror(2))


def test_a_kernel_is_known_by_its_own_hash_and_by_what_it_calls_itself(kernel: Kernel) -> None:
    path = kernel("6.1-armmp")
    found = outcome_of(path)
    assert found.fate is Fate.JUDGED
    assert found.kernel is not None
    import hashlib

    assert found.image == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.kernel.version == "6.1.176-1"
    assert found.kernel.release == "6.1.0-50-armmp"
    assert (found.kernel.series, found.kernel.flavour) == ("6.1", "armmp")


def test_what_is_kept_is_what_check_says(kernel: Kernel, kernel_result: KernelResult) -> None:
    found = outcome_of(kernel("6.1-armmp"))
    (answer,) = found.answers
    said = kernel_result("check", "6.1-armmp")
    assert (answer.verdict, answer.exit_status) == (said.verdict, said.exit_status)
    document = json.loads(zlib.decompress(answer.document))
    assert document["counts"] == {
        unit: dict(words) for unit, words in said.conclusion.counts.items()
    }
    clauses = [item for item in answer.items if item.unit == "clauses"]
    assert [(c.party, c.name, c.word) for c in clauses] == [
        (c.party, c.clause, c.verdict.value) for c in said.verdicts
    ]


def test_everything_that_weighs_in_a_check_has_a_rule_in_the_store(kernel: Kernel) -> None:
    (answer,) = outcome_of(kernel("6.1-arm64")).answers
    amiss = [item for item in answer.items if item.weight != "good"]
    assert amiss
    assert all(item.rule.startswith("HYP-") for item in amiss)
    assert answer.exit_status == 12


def test_a_package_holds_the_same_kernel_as_the_file(
    kernel: Kernel, kernel_package: Kernel
) -> None:
    unpacked = outcome_of(kernel("6.1-armmp"), wanted=False)
    packed = outcome_of(kernel_package("6.1-armmp"), wanted=False)
    assert unpacked.fate is packed.fate is Fate.KNOWN
    assert unpacked.image == packed.image


def test_the_result_of_a_packed_kernel_names_nothing_of_this_run(
    kernel: Kernel, kernel_package: Kernel, tmp_path: Path
) -> None:
    here = tmp_path / "vmlinuz-6.1.0-50-armmp"
    here.symlink_to(kernel("6.1-armmp"))
    (unpacked,) = outcome_of(here).answers
    (packed,) = outcome_of(kernel_package("6.1-armmp")).answers
    assert zlib.decompress(packed.document) == zlib.decompress(unpacked.document)


@pytest.mark.parametrize("name", ["no", "such"])
def test_a_task_for_nothing_is_missing_and_no_candidate(tmp_path: Path, name: str) -> None:
    (found,) = candidates([str(tmp_path / name)])
    assert hasattr(found, "reason")


def test_other_questions_are_answered_as_their_commands_answer(
    kernel: Kernel, kernel_result: KernelResult
) -> None:
    (candidate,) = candidates([str(kernel("6.1-armmp"))])
    task = Task(candidate, ("callers", "derive"), None, "", 0)  # type: ignore[arg-type]
    listed, derived = judge(task, lambda _: True).answers
    said = kernel_result("callers", "6.1-armmp")
    assert (listed.question, listed.verdict) == ("callers", said.verdict)
    assert [item.word for item in listed.items] == [site.verdict.value for site in said.sites]
    assert (derived.question, derived.verdict) == ("derive", "derived")
    parties = {
        entry for each in kernel_result("derive", "6.1-armmp").entries for entry in each.parties
    }
    assert {item.party for item in derived.items} == parties
    from hypabi.behaviour.saved.reader import parse_saved

    assert parse_saved(zlib.decompress(derived.document), "kept").parties
