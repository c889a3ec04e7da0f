"""The contracts of kernels before 5.10: proved on their references, refuted on the others."""

import functools

import pytest

from hypabi.analysis.options import contract_of
from hypabi.analysis.session import open_image
from hypabi.arch.names import Architecture
from hypabi.contract.file.load import load_with_source, parse_contract
from hypabi.contract.lint.lint import lint_contract
from hypabi.contract.resolve import revision_of
from hypabi.contract.version import Version
from hypabi.decode.place import FileError
from hypabi.judgement.matrix.reference_index import folder
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted
from tests.reference.references import FOLDER, read_index

OF_32_BITS = (
    "arm-hyp-stub-2012",
    "arm-hyp-stub-2016",
    "arm-hyp-stub-2016-series",
    "arm-hyp-stub-2017",
    "arm-hyp-stub-2020",
)
CONTRACTS = (*OF_32_BITS, "arm64-hyp-stub-2012", "arm64-hyp-stub-2016", "arm64-hyp-stub-2017")

PROVED = [
    ("arm-stub-a1", "arm-hyp-stub-2012", "3.7"),
    ("arm-stub-a1", "arm-hyp-stub-2012", "4.11"),
    ("arm-kvm-a4", "arm-hyp-stub-2012", "3.14"),
    ("arm-power-down-3-13", "arm-hyp-stub-2012", "3.13"),
    ("arm-stub-a5-posted", "arm-hyp-stub-2016", "4.10"),
    ("arm-kvm-a4-patchlet", "arm-hyp-stub-2016", "4.10"),
    ("arm-stub-a5", "arm-hyp-stub-2016-series", "4.11"),
    ("arm-kvm-a5", "arm-hyp-stub-2016-series", "4.11"),
    ("arm-stub-a6", "arm-hyp-stub-2017", "4.12"),
    ("arm-kvm-a6", "arm-hyp-stub-2017", "5.6"),
    ("arm-stub-a7", "arm-hyp-stub-2020", "5.7"),
    ("arm64-stub-b1", "arm64-hyp-stub-2012", "3.8"),
    ("arm64-stub-b2", "arm64-hyp-stub-2016", "4.6"),
    ("arm64-stub-b3", "arm64-hyp-stub-2017", "4.12"),
]

REFUTED = {
    # The proposal at those who never heard of it.
    ("arm-stub-a1", "arm-hyp-stub-2016", "4.10"): (
        ("stub", "HVC_GET_VECTORS", "vectors"),
        ("stub", "HVC_SET_VECTORS", "vectors-set"),
        ("stub", "HVC_SOFT_RESTART", "restarted"),
    ),
    ("arm-break-2016-12", "arm-hyp-stub-2016", "4.10"): (
        ("kvm-run", "HVC_GET_VECTORS", "returns"),
    ),
    ("arm-kvm-a4", "arm-hyp-stub-2016-series", "4.11"): (
        ("kvm-init", "HVC_GET_VECTORS", "vectors"),
        ("kvm-run", "HVC_GET_VECTORS", "returns"),
        ("kvm-run", "HVC_SOFT_RESTART", "restarted"),
    ),
    # r3 as posted, r1 later.
    ("arm-stub-a5", "arm-hyp-stub-2016", "4.10"): (("stub", "HVC_SOFT_RESTART", "restarted"),),
    ("arm-stub-a5-posted", "arm-hyp-stub-2016-series", "4.11"): (
        ("stub", "HVC_SOFT_RESTART", "restarted"),
    ),
    # KVM of 3.9 to 3.13 takes GET for a function.
    ("arm-power-down-3-13", "arm-hyp-stub-2012", "3.14"): (("kvm-run", "GET", "returns"),),
    # What came after is not what was there before.
    ("arm-stub-a5", "arm-hyp-stub-2012", "3.7"): (
        ("stub", "GET", "vectors"),
        ("stub", "SET", "vectors-set"),
    ),
    ("arm-stub-a6", "arm-hyp-stub-2016-series", "4.11"): (
        ("stub", "HVC_GET_VECTORS", "vectors"),
        ("stub", "HVC_SET_VECTORS", "vectors-set"),
    ),
    ("arm-stub-a7", "arm-hyp-stub-2017", "4.12"): (
        ("stub", "HVC_SET_VECTORS", "vectors-set"),
        ("stub", "HVC_RESET_VECTORS", "success"),
    ),
    ("arm-stub-a6", "arm-hyp-stub-2020", "5.7"): (("stub", "HVC_SET_VECTORS", "refused"),),
    ("arm64-stub-b1", "arm64-hyp-stub-2016", "4.6"): (("stub", "HVC_SET_VECTORS", "vectors-set"),),
    ("arm64-stub-b2", "arm64-hyp-stub-2017", "4.12"): (("stub", "HVC_SET_VECTORS", "vectors-set"),),
    # Defects of history.
    ("arm-reset-answers-2", "arm-hyp-stub-2017", "4.12"): (
        ("stub", "HVC_RESET_VECTORS", "success"),
    ),
    ("arm-restart-bit0-twice", "arm-hyp-stub-2017", "4.12"): (
        ("stub", "HVC_SOFT_RESTART", "restarted"),
    ),
    ("arm-call-bit0-twice", "arm-hyp-stub-2012", "3.14"): (("kvm-run", "FUNCTION", "called"),),
}

DEFECTS = ("arm-reset-answers-2", "arm-restart-bit0-twice", "arm-call-bit0-twice")


@functools.cache
def forms(name: str) -> tuple[str, ...]:
    return next(tuple(i["forms"]) for i in read_index()["images"] if i["name"] == name)


def findings(name: str, form: str, contract: str, version: str) -> tuple[Finding, ...]:
    file = FOLDER / f"{name}-{form}.elf"
    held, at = contract_of(contract), Version.exact(version)
    return open_image(file).examine(held, at).judgement.findings


def refuted(judged: tuple[Finding, ...]) -> set[tuple[str, str | None, str]]:
    found = (f for f in judged if isinstance(f.verdict, Refuted))
    return {(f.party, f.call, f.clause.name) for f in found}


@pytest.mark.parametrize(("name", "contract", "version"), PROVED)
def test_a_reference_keeps_every_clause_of_its_contract(
    name: str, contract: str, version: str
) -> None:
    for form in forms(name):
        judged = findings(name, form, contract, version)
        assert judged
        assert {type(each.verdict) for each in judged} == {Proved}, form


@pytest.mark.parametrize(("name", "contract", "version"), REFUTED)
def test_another_reference_is_refuted_where_the_two_differ(
    name: str, contract: str, version: str
) -> None:
    for form in forms(name):
        found = refuted(findings(name, form, contract, version))
        assert set(REFUTED[name, contract, version]) <= found, form


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_refutes_its_call_and_no_other(name: str) -> None:
    (where,) = (key for key in REFUTED if key[0] == name)
    calls = {(party, call) for party, call, _ in REFUTED[where]}
    for form in forms(name):
        assert {(p, c) for p, c, _ in refuted(findings(name, form, *where[1:]))} == calls


@pytest.mark.parametrize("name", CONTRACTS)
def test_nothing_is_to_be_said_of_the_early_contracts(name: str) -> None:
    path = folder().parent / "contracts" / f"{name}.yaml"
    assert lint_contract(*load_with_source(path)) == ()


@pytest.mark.parametrize("name", OF_32_BITS)
def test_they_speak_of_32_bits_only(name: str) -> None:
    contract = contract_of(name)
    with pytest.raises(FileError, match="does not speak of arm64"):
        open_image(FOLDER / "arm64-stub-b3-a64.elf").examine(contract, contract.since)


def test_every_revision_of_the_index_has_a_contract_that_speaks_of_it() -> None:
    index = read_index()
    for name, promised in index["revisions"].items():
        contract = contract_of(promised["contract"])
        architectures = {i["architecture"] for i in index["images"] if i["revision"] == name}
        assert {a.value for a in contract.architectures} >= architectures
        assert Version.exact(promised["version"]) is not None


# -------------------------------------------------------------- what the language had to learn

SMALL = (folder().parent / "contracts" / "arm-hyp-stub-2012.yaml").read_text()


def changed(old: str, new: str) -> bytes:
    assert SMALL.count(old) == 1, (old, SMALL.count(old))
    return SMALL.replace(old, new).encode()


TAKES = "served-by: {arm: [stub, zimage-stub]}\n    because: To the stub"
TARGET = "        calls: function & 0xfffffffe\n"
VECTORS = "ensures: HVBAR == vectors\n"

REFUSED = [
    # A party takes what is no number for one thing.
    ("[kvm-init]}", "[kvm-init, kvm-run]}", "takes any other"),
    # A party that takes it for nothing says what it answers.
    (TAKES, TAKES.replace("stub, ", "", 1), "exactly one of"),
    # There is no value that says "error".
    (VECTORS, f"{VECTORS}        answered: error\n", "no value of"),
    (f"{TARGET}        at: hyp\n", TARGET, "go together"),
    (TARGET, "        calls: HVBAR == 0\n", "is nothing"),
    ("architecture: arm\n", "", "nothing is said of arm64"),
]


@pytest.mark.parametrize(("old", "new", "why"), REFUSED)
def test_what_a_contract_cannot_mean_is_refused(old: str, new: str, why: str) -> None:
    at_3_14(SMALL.encode())
    with pytest.raises(FileError, match=why):
        at_3_14(changed(old, new))


def at_3_14(text: bytes) -> None:
    contract = parse_contract(text, "changed")
    version = Version.exact("3.14")
    assert version is not None
    revision_of(contract, version, contract.architectures[0])


@pytest.mark.parametrize(("version", "assumed"), [("4.14", True), ("4.19", True), ("5.4", False)])
def test_vectors_that_are_patched_for_el2_are_judged_for_a_kernel_at_el1(
    version: str, *, assumed: bool
) -> None:
    """``mrs x1, esr_el1`` replaces ``esr_el2`` in el1_sync of 4.14, not in that of 5.4."""
    contract, at = contract_of("arm64-hyp-stub-2017"), Version.exact(version)
    assert at is not None
    revision = revision_of(contract, at, Architecture.ARM64)
    party = revision.party("kvm-run")
    assert party is not None
    assert ("at-el1" in [premise.name for premise in party.assumes]) is assumed
