"""First line, JSON, findings and exit status of a result say the same, over all that we have."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

import hypabi
from hypabi.report.check.short import write as write_short
from kernels.pins import read_pins
from tests.cli.compared import INDEX, promised
from tests.cli.door import hypabi as run
from tests.inputs import Kernel, KernelResult
from tests.kernel_results import FINDINGS, JSON, TEXT
from tests.report.told import held_to_the_law

PRINTED = {"check": write_short}
"""What a command prints without an option, where that is not all of it."""

COMMANDS = ("check", "callers", "derive", "matrix")

WORST = {1: "contradicted", 8: "refuted", 16: "undecided", 4: "changed"}
"""The verdict by the worst bit of the exit status, as `hypabi --help` ranks them."""

REFERENCES = [
    (each.name, form.name) for each in INDEX.references if promised(each) for form in each.forms[:1]
]


def in_capitals(found: Any) -> str:  # noqa: ANN401 - of any command
    """Return all that the bits of an exit status say; a change is in what is refuted."""
    status = found.exit_status & ~4 if found.exit_status & 8 else found.exit_status
    return " and ".join(word.upper() for bit, word in WORST.items() if status & bit) or (
        found.verdict.upper()
    )


def held_against_each_other(command: str, found: Any) -> None:  # noqa: ANN401 - of any command
    text, printed = TEXT[command](found), json.loads(JSON[command](found))
    first = text.splitlines()[0]
    assert first.endswith(f": {in_capitals(found)}"), first
    assert printed["verdict"] == found.verdict
    assert printed["exit_status"] == found.exit_status
    counts = found.conclusion.counts
    assert printed["counts"] == {unit: dict(words) for unit, words in counts.items()}
    worst = next((word for bit, word in WORST.items() if found.exit_status & bit), None)
    assert worst is None or found.verdict == worst
    assert (found.verdict in WORST.values()) is bool(found.exit_status)
    if command in FINDINGS:
        told = FINDINGS[command](found)
        assert told.answer == first
        held_to_the_law(told)


@pytest.mark.parametrize(("name", "form"), REFERENCES)
def test_of_every_reference_image(name: str, form: str) -> None:
    reference = next(each for each in INDEX.references if each.name == name)
    image = reference.file(next(each for each in reference.forms if each.name == form))
    held = promised(reference)
    assert held is not None
    session, (contract, version) = hypabi.open_image(image), held
    for command in ("check", "callers"):
        found = getattr(hypabi, command)(session, contract=contract, kernel_version=str(version))
        held_against_each_other(command, found)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", sorted(read_pins()))
def test_of_every_kernel(name: str, command: str, kernel_result: KernelResult) -> None:
    held_against_each_other(command, kernel_result(command, name))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_prints_and_returns_the_same_as_the_function(
    command: str, kernel: Kernel, kernel_result: KernelResult
) -> None:
    image, result = str(kernel("6.1-arm64")), kernel_result(command, "6.1-arm64")
    text, document = run(command, image), run(command, image, "--format", "json")
    assert text.returncode == document.returncode == result.exit_status
    assert text.stdout == PRINTED.get(command, TEXT[command])(result)
    printed = json.loads(document.stdout)
    mine = json.loads(json.dumps(hypabi.to_plain(result)))
    assert mine == {key: printed[key] for key in mine}


STUB, OLDER = (
    str(each.file(each.forms[0]))
    for name in ("arm64-stub-b7", "arm64-stub-b5")
    for each in INDEX.references
    if each.name == name
)

ASKED: list[tuple[str, tuple[str, ...], Mapping[str, object]]] = [
    ("check", (STUB,), {"kernel_version": "6.1", "entries": True, "today": "2026-01-01"}),
    ("callers", (STUB,), {"contract": "linux-hyp-abi", "kernel_version": "6.1"}),
    ("derive", (STUB,), {"kernel_version": "6.1", "party": "stub"}),
    ("matrix", (), {"architecture": "arm", "references": ("arm-stub-a6",),
                    "instruction_set": "A32", "byte_order": "little", "party": "stub/A6"}),
    ("diff", (OLDER, STUB), {"old_kernel_version": "5.12", "new_kernel_version": "6.1",
                             "callers": "old"}),
]  # fmt: skip


@pytest.mark.parametrize(("command", "images", "options"), ASKED, ids=[each[0] for each in ASKED])
def test_the_command_that_a_result_names_makes_it_again(
    command: str, images: tuple[str, ...], options: Mapping[str, object]
) -> None:
    result = getattr(hypabi, command)(*images, **options)
    program, *words = result.reproduce.command
    assert program == "hypabi"
    printed = json.loads(run(*words, "--format", "json").stdout)
    mine = json.loads(json.dumps(hypabi.to_plain(result)))
    assert mine == {key: printed[key] for key in mine}


def test_options_that_would_be_dropped_are_refused() -> None:
    with pytest.raises(hypabi.HypabiError, match=r"--contract.*matrix of an image"):
        hypabi.matrix(contract="linux-hyp-abi")
    with pytest.raises(hypabi.HypabiError, match=r"--party.*chooses among the references"):
        hypabi.matrix(STUB, party="stub")
