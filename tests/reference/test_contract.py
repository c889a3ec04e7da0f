"""Where today's contract is in force, references keep it and their variants are refuted."""

import functools

import pytest

from hypabi.analysis.options import contract_of
from hypabi.analysis.session import open_image
from hypabi.contract.version import Version
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Undecided
from tests.reference.references import FOLDER

CONTRACT = "linux-hyp-abi"
KEPT = {
    "arm-stub-a7-a32": "6.1",
    "arm-stub-a7-a32be": "6.1",
    "arm-stub-a7-t32": "6.1",
    "arm-stub-a7-t32be": "6.1",
    "arm-zimage-a7-a32": "6.1",
    "arm-zimage-a7-a32be": "6.1",
    "arm-zimage-a7-t32": "6.1",
    "arm-zimage-a7-t32be": "6.1",
    "arm64-stub-b3-a64": "5.10",
    "arm64-stub-b5-a64": "5.12",
    "arm64-stub-b7-a64": "6.1",
    "arm64-stub-b7-a64be": "6.1",
    "arm64-stub-b8-a64": "6.19",
    "arm64-copied-b7-a64": "6.1",
    "arm64-copied-b8-a64": "6.19",
    "arm64-kvm-b4-a64": "5.10",
    "arm64-kvm-b7-a64": "6.1",
    "arm64-kvm-b8-a64": "6.19",
}
BROKEN = {
    "arm64-reset-answers-2-a64": ("6.1", "stub", "HVC_RESET_VECTORS", "success"),
    "arm64-restart-zeroes-x0-a64": ("6.1", "kvm-init", "HVC_SOFT_RESTART", "arguments-moved"),
}
OPEN = {"kvm-run", "kvm-run-protected"}
"""They depend on a capability whose number no reference tells, so nothing is said of them."""


@functools.cache
def findings(name: str, version: str) -> tuple[Finding, ...]:
    file = FOLDER / f"{name}.elf"
    held, at = contract_of(CONTRACT), Version.parse(version)
    return open_image(file).examine(held, at).judgement.findings


@pytest.mark.parametrize("name", KEPT)
def test_reference_keeps_its_contract(name: str) -> None:
    judged = findings(name, KEPT[name])
    assert any(isinstance(finding.verdict, Proved) for finding in judged)
    assert not [finding for finding in judged if isinstance(finding.verdict, Refuted)]
    undecided = {f.party for f in judged if isinstance(f.verdict, Undecided)}
    assert undecided <= OPEN


@pytest.mark.parametrize("name", BROKEN)
def test_variant_is_refuted_where_its_defect_is_and_nowhere_else(name: str) -> None:
    version, *where = BROKEN[name]
    refuted = [f for f in findings(name, version) if isinstance(f.verdict, Refuted)]
    assert [[f.party, f.call, f.clause.name] for f in refuted] == [where]
