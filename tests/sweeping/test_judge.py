"""What becomes of one candidate, with real files."""

import functools
import json
import os
import zlib
from pathlib import Path

import pytest

from hypabi.behaviour.saved.reader import parse_saved
from hypabi.store.records import Fate, Outcome
from hypabi.sweeping.items import items_of, items_of_callers
from hypabi.sweeping.judge import judge
from hypabi.sweeping.records import Task
from hypabi.sweeping.sources import candidates
from tests.inputs import Kernel, KernelResult
from tests.witness.examples import need_machine


@functools.cache
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


def test_everything_that_weighs_in_a_check_has_a_rule_in_the_store(
    kernel_result: KernelResult,
) -> None:
    result = kernel_result("check", "6.1-arm64")
    amiss = [item for item in items_of(result) if item.weight != "good"]
    assert amiss
    assert all(item.rule.startswith("HYP-") for item in amiss)
    assert {item.weight for item in amiss} == {"refuted"}
    assert result.exit_status == 12


def test_a_package_holds_the_same_kernel_as_the_file(
    kernel: Kernel, kernel_package: Kernel
) -> None:
    unpacked = outcome_of(kernel("6.1-armmp"), wanted=False)
    packed = outcome_of(kernel_package("6.1-armmp"), wanted=False)
    assert unpacked.fate is packed.fate is Fate.KNOWN
    assert unpacked.image == packed.image


def test_the_result_of_a_packed_kernel_names_nothing_of_this_run(
    kernel: Kernel, kernel_package: Kernel
) -> None:
    (unpacked,) = outcome_of(kernel("6.1-armmp")).answers
    (packed,) = outcome_of(kernel_package("6.1-armmp")).answers
    assert packed.items == unpacked.items
    ours, theirs = (json.loads(zlib.decompress(each.document)) for each in (packed, unpacked))
    assert ours["image"]["path"] == "vmlinuz-6.1.0-50-armmp"
    assert ours["reproduce"]["command"] == ["hypabi", "check", "vmlinuz-6.1.0-50-armmp"]
    for each in (ours, theirs):
        del each["image"]["path"], each["image"]["name"], each["reproduce"]["command"]
    assert ours == theirs


def test_every_hvc_of_a_kernel_is_an_item(kernel_result: KernelResult) -> None:
    said = kernel_result("callers", "6.1-armmp")
    items = list(items_of_callers(said))
    assert [item.word for item in items] == [site.verdict.value for site in said.sites]
    assert "HVC_SET_VECTORS" in {item.call for item in items}


def test_what_parties_do_is_kept_as_derive_saves_it(
    kernel: Kernel, kernel_result: KernelResult
) -> None:
    (candidate,) = candidates([str(kernel("6.1-armmp"))])
    task = Task(candidate, ("derive",), None, "", 0)  # type: ignore[arg-type]
    (derived,) = judge(task, lambda _: True).answers
    assert (derived.question, derived.verdict) == ("derive", "derived")
    entries = kernel_result("derive", "6.1-armmp").entries
    assert {item.party for item in derived.items} == {p for each in entries for p in each.parties}
    assert parse_saved(zlib.decompress(derived.document), "kept").parties


def test_what_a_watched_kernel_does_is_kept(kernel: Kernel, tmp_path: Path) -> None:
    need_machine("qemu")
    (candidate,) = candidates([str(kernel("6.1-armmp"))])
    task = Task(candidate, ("trace",), None, str(tmp_path / "work"), 0)  # type: ignore[arg-type]
    (seen,) = judge(task, lambda _: True).answers
    assert seen.question == "trace"
    assert ("zimage-stub", "HVC_SET_VECTORS", "satisfied") in {
        (item.party, item.call, item.word) for item in seen.items
    }
    assert (seen.items[-1].unit, seen.items[-1].word) == ("boots", "panic")  # it has no root
    document = json.loads(zlib.decompress(seen.document))
    assert len(document["crossings"]) >= len(seen.items) - 1
    assert not list((tmp_path / "work").iterdir())


def test_a_kernel_that_nothing_boots_is_undecided(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (candidate,) = candidates([str(kernel("6.1-armmp"))])
    task = Task(candidate, ("trace",), None, "", 0)  # type: ignore[arg-type]
    (seen,) = judge(task, lambda _: True).answers
    assert (seen.verdict, seen.exit_status) == ("undecided", 16)
    (boot,) = seen.items
    assert (boot.word, boot.weight, boot.rule) == ("not booted", "undecided", "HYP-SEEN-NOTHING")
    assert "qemu-system" in boot.text
