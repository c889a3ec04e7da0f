"""hyp-abi.rst of four kernels against their images: what drifted, and what one change adds to it.

Documents are found by hash; 6.12 and 7.2 ship the bytes of 6.1.  What is expected of each version
is what the kernels' sources say, as docs/cases/2026-11-hyp-abi-drift.md has it with its places.
"""

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypabi.analysis import drift
from hypabi.analysis.examination import Examination
from hypabi.analysis.results.drift import DriftResult
from hypabi.judgement.drift.call_table import How
from hypabi.judgement.drift.findings import Kind
from hypabi.records import replace
from hypabi.report.drift.json import write
from tests.cli.drift_report import held
from tests.inputs import Kernel
from tests.report.schemas import strict

SET_ON_ARM = (Kind.UNSERVED, "HVC_SET_VECTORS on arm")
RESET_ON_ARM = (Kind.UNSERVED, "HVC_RESET_VECTORS on arm")
MMU_AT_RESET = (Kind.CONDITION, "at stub only where control.M == 0")
PROTECTED = (Kind.LEFT_BEHIND, "not so of kvm-run-protected")
COPY = (Kind.SILENT, "trans-pgd")
HIBERNATE = (Kind.SILENT, "hibernate")
DECOMPRESSOR = [(Kind.SILENT, "zimage-stub"), (Kind.SILENT, "zimage-reentry")]


def mmu_at_restart(parties: str) -> tuple[Kind, str]:
    off = "control.M == 0 and control.I == 0 and control.C == 0"
    return Kind.CONDITION, f"at {parties} only where {off}"


EXPECTED: dict[str, tuple[str, list[tuple[Kind, str]], int]] = {
    "5.10-arm64": ("5.10", [MMU_AT_RESET, mmu_at_restart("stub"), HIBERNATE], 20),
    "5.10-armmp": (
        "5.10",
        [mmu_at_restart("stub, zimage-stub"), SET_ON_ARM, RESET_ON_ARM, *DECOMPRESSOR],
        4,
    ),
    "6.1-arm64": ("6.1", [PROTECTED, MMU_AT_RESET, mmu_at_restart("stub, trans-pgd"), COPY], 4),
    "6.1-armmp": (
        "6.1",
        [mmu_at_restart("stub, zimage-stub"), SET_ON_ARM, RESET_ON_ARM, *DECOMPRESSOR],
        4,
    ),
    "6.12-arm64": ("6.1", [PROTECTED, MMU_AT_RESET, mmu_at_restart("stub, trans-pgd"), COPY], 4),
    "7.2-arm64": (
        "6.1",
        [
            PROTECTED,
            MMU_AT_RESET,
            mmu_at_restart("stub, trans-pgd"),
            (Kind.MISSING, "HVC_GET_ICH_VTR_EL2 (0x4)"),
            COPY,
            (Kind.UNSTATED, "stub, HVC_FINALISE_EL2: system-registers"),
        ],
        4,
    ),
}
"""By kernel: its document, what is found, and the exit status."""


@pytest.fixture(scope="module", autouse=True)
def examined_once() -> Iterator[None]:
    """Examine a kernel once for the documents that follow each other."""
    examine = drift._examined
    kept: dict[str, tuple[drift.Against, Examination]] = {}

    def once(image: str, against: drift.Against) -> Examination:
        wanted = replace(against, images=())
        if image not in kept or kept[image][0] != wanted:
            if len(kept) > 1:
                del kept[next(iter(kept))]
            kept[image] = wanted, examine(image, against)
        return kept[image][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drift, "_examined", once)
        yield


@functools.cache
def of_kernel(document: Path, image: Path) -> DriftResult:
    """Return what is found of a kernel and a kernel document; both are pinned, so once."""
    return held(document, "linux-hyp-abi", image)


def assert_found(report: DriftResult, expected: list[tuple[Kind, str]]) -> None:
    found = [(each.kind, each.what) for each in report.findings]
    assert [kind for kind, _ in found] == [kind for kind, _ in expected], found
    for (_, what), (_, start) in zip(found, expected, strict=True):
        assert what.startswith(start)


@pytest.mark.parametrize("name", EXPECTED)
def test_document_of_a_kernel_has_the_drift_that_its_sources_show(
    name: str, kernel: Kernel, kernel_document: Kernel
) -> None:
    version, expected, status = EXPECTED[name]
    document = kernel_document(f"hyp-abi-{version}.rst")
    report = of_kernel(document, kernel(name))
    assert_found(report, expected)
    assert report.exit_status == status
    assert (report.coverage.sentences, report.coverage.sentences_held) == (
        (20, 12) if version == "5.10" else (22, 14)
    )
    assert not report.not_read


S, E, C, A = How.SERVED, How.REFUSED, How.HANDED, How.ALIKE
ANSWERS: dict[str, dict[str, list[How]]] = {
    "5.10-armmp": {"stub": [E, S, E], "zimage-stub": [S, S, E], "zimage-reentry": [A, A, A]},
    "6.12-arm64": {
        "stub": [S, S, S, S],
        "trans-pgd": [S, S, E, E],
        "kvm-init": [E, S, S, E],
        "kvm-run": [E, S, S, E],
        "kvm-run-protected": [C, C, C, C],
    },
}
"""By kernel and party: how the calls 0, 1, 2 and 3 are answered."""


@pytest.mark.parametrize("name", ANSWERS)
def test_who_serves_what_is_what_the_sources_say(
    name: str, kernel: Kernel, kernel_document: Kernel
) -> None:
    report = of_kernel(kernel_document("hyp-abi-6.1.rst"), kernel(name))
    found: dict[str, list[How]] = {}
    for answer in report.answers:
        if int(answer.number, 16) <= 3:
            found.setdefault(answer.party, []).append(answer.answer)
    assert found == ANSWERS[name]


LOST: dict[str, dict[str, set[str]]] = {
    "5.10-armmp": {"stub": set(), "zimage-stub": set()},
    "6.12-arm64": {
        # __finalise_el2 works in x1 and x2, and gives EL1's stack pointer to EL2.
        "stub": {"x1", "x2", "SP_EL2"},
        "trans-pgd": set(),
        # reset loads the stub's vectors into x5; host.S reaches it by way of x5 and x6.
        "kvm-init": {"x5"},
        "kvm-run": {"x5", "x6"},
    },
}
"""By kernel and party: what calls that come back may lose besides the result."""


@pytest.mark.parametrize("name", LOST)
def test_what_calls_really_lose_is_what_the_sources_say(
    name: str, kernel: Kernel, kernel_document: Kernel
) -> None:
    report = of_kernel(kernel_document("hyp-abi-6.1.rst"), kernel(name))
    found: dict[str, set[str]] = {}
    for answer in report.answers:
        if int(answer.number, 16) <= 3:
            found.setdefault(answer.party, set()).update(answer.lost)
    assert {party: found[party] for party in LOST[name]} == LOST[name]


def test_report_of_two_images_keeps_its_schema(kernel: Kernel, kernel_document: Kernel) -> None:
    images = kernel("7.2-arm64"), kernel("7.2-armmp")
    report = held(kernel_document("hyp-abi-6.1.rst"), "linux-hyp-abi", *images)
    strict("drift").validate(json.loads(write(report)))
    unstated = next(each for each in report.findings if each.kind is Kind.UNSTATED)
    assert unstated.evidence[0].subject == 0


def test_document_of_5_10_lacks_the_call_that_6_1_brought(
    kernel: Kernel, kernel_document: Kernel
) -> None:
    report = held(kernel_document("hyp-abi-5.10.rst"), "linux-hyp-abi", kernel("6.1-arm64"))
    missing = (Kind.MISSING, "HVC_FINALISE_EL2 (0x3)")
    assert_found(report, [*EXPECTED["6.1-arm64"][1][:3], missing, COPY])


CHANGES = {
    "number": ("is 0 on\nsuccess", "is 1 on\nsuccess", Kind.DIFFERS),
    "range": ("x0-x18", "x0-x3", Kind.DIFFERS),
    "range of the other architecture": ("r0-r3 and", "r0-r4 and", Kind.DIFFERS),
    "argument": ("r1/x1 = vectors", "r1/x2 = vectors", Kind.DIFFERS),
    "register in prose": ("SVC/EL1", "SVC/EL0", Kind.DIFFERS),
    "word": ("clear I+D bits", "keep I+D bits", Kind.CHANGED),
}


@pytest.mark.parametrize("case", CHANGES)
def test_one_change_to_a_kernels_document_is_one_more_finding(
    case: str, kernel: Kernel, kernel_document: Kernel, tmp_path: Path
) -> None:
    old, new, kind = CHANGES[case]
    text = kernel_document("hyp-abi-6.1.rst").read_text(encoding="utf-8")
    assert text.count(old) == 1
    changed = tmp_path / "hyp-abi.rst"
    changed.write_text(text.replace(old, new), encoding="utf-8")
    report = held(changed, "linux-hyp-abi", kernel("6.1-armmp"))
    kinds = [each.kind for each in report.findings]
    before = [kind for kind, _ in EXPECTED["6.1-armmp"][1]]
    for each in before:
        kinds.remove(each)
    assert kinds == [kind]
