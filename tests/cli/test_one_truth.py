"""First line, JSON and exit status of a result say the same, over all that we have."""

import json
from collections.abc import Iterator, Mapping

import pytest

import hypabi
from hypabi.analysis.results.conclusion import Conclusion
from hypabi.analysis.session import Session
from hypabi.judgement.matrix.reference_index import read_index
from hypabi.report.callers import json as callers_json
from hypabi.report.callers.text import write as callers_text
from hypabi.report.check import json as check_json
from hypabi.report.check.text import write as check_text
from hypabi.report.derive import json as derive_json
from hypabi.report.derive.text import write as derive_text
from hypabi.report.matrix import json as matrix_json
from hypabi.report.matrix.text import Detail
from hypabi.report.matrix.text import write as matrix_text
from kernels.pins import read_pins
from tests.cli.compared import INDEX, promised
from tests.cli.door import hypabi as run
from tests.inputs import Kernel

Answer = tuple[str, str, Conclusion]

WORST = {1: "contradicted", 8: "refuted", 16: "undecided", 4: "changed"}
"""The verdict by the worst bit of the exit status, as `hypabi --help` ranks them."""

REFERENCES = [
    (each.name, form.name) for each in INDEX.references if promised(each) for form in each.forms[:1]
]


def first_answers(
    session: Session, contract: str | None = None, version: str | None = None
) -> Iterator[Answer]:
    """Yield what `check` and `callers` say of an image: text, JSON, conclusion."""
    checked = hypabi.check(session, contract=contract, kernel_version=version)
    yield check_text(checked), check_json.write(checked), checked.conclusion
    listed = hypabi.callers(session, contract=contract, kernel_version=version)
    yield callers_text(listed), callers_json.write(listed), listed.conclusion


def other_answers(session: Session) -> Iterator[Answer]:
    """Yield what `derive` and `matrix` say of a kernel."""
    derived = hypabi.derive(session)
    yield derive_text(derived), derive_json.write(derived), derived.conclusion
    matrix = hypabi.matrix(session)
    yield matrix_text(matrix, Detail.NONE), matrix_json.write(matrix), matrix.conclusion


def held_against_each_other(text: str, document: str, found: Conclusion) -> None:
    printed = json.loads(document)
    first = text.splitlines()[0]
    assert first.endswith(f": {found.verdict.upper()}"), first
    assert printed["verdict"] == found.verdict
    assert printed["exit_status"] == found.exit_status
    assert printed["counts"] == {unit: dict(words) for unit, words in found.counts.items()}
    worst = next((word for bit, word in WORST.items() if found.exit_status & bit), None)
    assert worst is None or found.verdict == worst
    assert (found.verdict in WORST.values()) is bool(found.exit_status)


@pytest.mark.parametrize(("name", "form"), REFERENCES)
def test_of_every_reference_image(name: str, form: str) -> None:
    reference = next(each for each in read_index().references if each.name == name)
    image = reference.file(next(each for each in reference.forms if each.name == form))
    held = promised(reference)
    assert held is not None
    for answer in first_answers(hypabi.open_image(image), held[0], str(held[1])):
        held_against_each_other(*answer)


@pytest.mark.parametrize("name", sorted(read_pins()))
def test_of_every_kernel(name: str, kernel: Kernel) -> None:
    session = hypabi.open_image(kernel(name))
    for answer in (*first_answers(session), *other_answers(session)):
        held_against_each_other(*answer)


@pytest.mark.parametrize("command", ["check", "callers", "derive", "matrix"])
def test_the_command_prints_and_returns_the_same_as_the_function(
    command: str, kernel: Kernel
) -> None:
    image = str(kernel("6.1-arm64"))
    result = getattr(hypabi, command)(image)
    text, document = run(command, image), run(command, image, "--format", "json")
    assert text.returncode == document.returncode == result.exit_status
    assert text.stdout.splitlines()[0].endswith(f": {result.verdict.upper()}")
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
