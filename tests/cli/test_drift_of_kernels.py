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

Found = tuple[Kind, int | None, str]

SET_ON_ARM = "HVC_SET_VECTORS on arm"
RESET_ON_ARM = "HVC_RESET_VECTORS on arm"
MMU_AT_RESET = "at stub only where control.M == 0"
KVM = "kvm-init, kvm-run"
STUBS = "stub, zimage-stub"


def mmu_at_restart(parties: str) -> str:
    return f"at {parties} only where control.M == 0 and control.I == 0 and control.C == 0"


def left(line: int, parties: str) -> Found:
    return Kind.LEFT_BEHIND, line, f"not so of {parties}"


def incomplete(line: int, parties: str) -> Found:
    return Kind.INCOMPLETE, line, f"leaves out what holds of {parties}"


def arm(moved: int) -> list[Found]:
    """Return what every 32-bit kernel shows.

    :param moved: lines by which the end of the document stands further down than that of 5.10
    """
    return [
        left(16, "stub"),
        left(45, STUBS),
        (Kind.CONDITION, 57, mmu_at_restart(STUBS)),
        (Kind.UNSERVED, 33, SET_ON_ARM),
        (Kind.UNSERVED, 43, RESET_ON_ARM),
        (Kind.SILENT, None, "zimage-stub"),
        (Kind.SILENT, None, "zimage-reentry"),
        incomplete(57, STUBS),
        incomplete(61 + moved, "stub"),
        incomplete(64 + moved, STUBS),
    ]


ARM64_5_10 = [
    left(65, "stub, hibernate, kvm-init, kvm-run"),
    (Kind.CONDITION, 45, MMU_AT_RESET),
    (Kind.CONDITION, 57, mmu_at_restart("stub")),
    (Kind.SILENT, None, "hibernate"),
    incomplete(45, KVM),
    incomplete(46, "stub"),
    incomplete(57, KVM),
    incomplete(61, "stub"),
    incomplete(64, KVM),
]

ARM64 = [
    left(28, KVM),
    left(28, "kvm-run-protected"),
    left(38, "trans-pgd"),
    left(45, "trans-pgd"),
    left(75, "stub, trans-pgd, kvm-init, kvm-run"),
    (Kind.CONDITION, 45, MMU_AT_RESET),
    (Kind.CONDITION, 57, mmu_at_restart("stub, trans-pgd")),
    (Kind.SILENT, None, "trans-pgd"),
    incomplete(19, "stub"),
    incomplete(45, KVM),
    incomplete(46, "stub"),
    incomplete(57, KVM),
    incomplete(65, "stub"),
    incomplete(65, "stub"),
    incomplete(71, "stub"),
    incomplete(74, f"trans-pgd, {KVM}"),
]
BEFORE_PARTIES = 7
"""Findings of ``ARM64`` that come before those of parties."""

ICH_VTR: Found = (Kind.MISSING, None, "HVC_GET_ICH_VTR_EL2 (0x4)")
GCSCR: Found = (Kind.UNSTATED, None, "stub, HVC_FINALISE_EL2: system-registers")

EXPECTED: dict[str, tuple[str, list[Found], int]] = {
    "5.10-arm64": ("5.10", ARM64_5_10, 20),
    "5.10-armmp": ("5.10", arm(0), 4),
    "6.1-arm64": ("6.1", ARM64, 4),
    "6.1-armmp": ("6.1", arm(10), 4),
    "6.12-arm64": ("6.1", ARM64, 4),
    "7.2-arm64": (
        "6.1",
        [*ARM64[:BEFORE_PARTIES], ICH_VTR, ARM64[BEFORE_PARTIES], GCSCR, *ARM64[8:]],
        4,
    ),
}
"""By kernel: its document, what is found, and the exit status."""

ESTABLISHED: dict[int, set[str]] = {
    19: {"init_kernel_el: with-vhe"},
    28: {"HVC_FINALISE_EL2: not-finished"},
    38: {"HVC_SET_VECTORS: by-a-copy"},
    45: {"HVC_RESET_VECTORS: nothing-reset", "HVC_RESET_VECTORS: caches-off"},
    46: {"HVC_RESET_VECTORS: nothing-to-reset"},
    57: {"HVC_SOFT_RESTART: stub-vectors-again"},
    65: {
        "HVC_FINALISE_EL2: stays-at-el1",
        "HVC_FINALISE_EL2: stack",
        "HVC_FINALISE_EL2: vectors",
        "HVC_FINALISE_EL2: translation",
    },
    71: {"any other: refused"},
    74: {f"HVC_{call}: refused" for call in ("SET_VECTORS", "RESET_VECTORS", "FINALISE_EL2")},
}
"""By line of 6.1's document: which clauses show on arm64 that it is not so or not all."""


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


def assert_found(report: DriftResult, expected: list[Found]) -> None:
    found = [(each.kind, each.line, each.what) for each in report.findings]
    assert [each[:2] for each in found] == [each[:2] for each in expected], found
    for (_, _, what), (_, _, start) in zip(found, expected, strict=True):
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
        (20, 14) if version == "5.10" else (22, 17)
    )
    assert not report.not_read


def test_each_sentence_is_found_wanting_by_the_clauses_that_say_so(
    kernel: Kernel, kernel_document: Kernel
) -> None:
    report = of_kernel(kernel_document("hyp-abi-6.1.rst"), kernel("6.1-arm64"))
    shown: dict[int, set[str]] = {}
    for each in report.findings:
        if each.kind not in (Kind.LEFT_BEHIND, Kind.INCOMPLETE):
            continue
        for proof in each.evidence:
            judged = proof.verdict
            assert judged is not None and judged.verdict == "proved"
            assert each.line is not None
            named = f"{judged.call or 'any other'}: {judged.clause}"
            shown.setdefault(each.line, set()).add(named)
    del shown[75]  # every call that comes back
    shown[28] = {each for each in shown[28] if "dispatched" not in each}
    assert shown == ESTABLISHED


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
    missing: Found = (Kind.MISSING, None, "HVC_FINALISE_EL2 (0x3)")
    entry = [each for each in ARM64 if each[1] == 65]
    expected = [each for each in ARM64 if each not in entry]
    expected.insert(BEFORE_PARTIES, missing)
    assert_found(report, [_earlier(each) for each in expected])


def _earlier(found: Found) -> Found:
    """Return a finding of 6.1's document where that of 5.10 has it."""
    kind, line, what = found
    return kind, line - 10 if line is not None and line > 65 else line, what


CHANGES = {
    "number": ("is 0 on\nsuccess", "is 1 on\nsuccess", Kind.DIFFERS),
    "range": ("x0-x18", "x0-x3", Kind.DIFFERS),
    "range of the other architecture": ("r0-r3 and", "r0-r4 and", Kind.DIFFERS),
    "argument": ("r1/x1 = vectors", "r1/x2 = vectors", Kind.DIFFERS),
    "register in prose": ("SVC/EL1", "SVC/EL0", Kind.DIFFERS),
    "word": ("clear I+D bits", "keep I+D bits", Kind.CHANGED),
    "whom the stubs are for": ("here is still valid", "here is no longer valid", Kind.CHANGED),
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
    before = [kind for kind, _, _ in EXPECTED["6.1-armmp"][1]]
    for each in before:
        kinds.remove(each)
    assert kinds == [kind]


def test_what_an_argument_becomes_is_read_by_its_name(
    kernel: Kernel, kernel_document: Kernel, tmp_path: Path
) -> None:
    """A contract calls "x1's value when entering the next payload" ``next_x1``."""
    text = kernel_document("hyp-abi-6.1.rst").read_text(encoding="utf-8")
    swapped = text.replace("x3 = x1's", "x3 = x2's").replace("x4 = x2's", "x4 = x1's")
    assert swapped != text
    changed = tmp_path / "hyp-abi.rst"
    changed.write_text(swapped, encoding="utf-8")
    report = held(changed, "linux-hyp-abi", kernel("6.1-arm64"))
    differing = [each for each in report.findings if each.kind is Kind.DIFFERS]
    assert sorted((each.line, each.contradicted) for each in differing) == [(54, True), (55, True)]
