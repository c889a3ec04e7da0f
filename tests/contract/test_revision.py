"""What linux-hyp-abi says of one kernel, against the facts of the kernels' sources."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.contract.clause import (
    Answer,
    Clause,
    Ensures,
    HandedTo,
    KeepsMemory,
    KeepsRegisters,
    KeepsSystemRegisters,
    Leaves,
    Premise,
    Region,
    Returns,
)
from hypabi.contract.expression import (
    Capability,
    Integer,
    Moment,
    Negation,
    Operation,
    Operator,
    Read,
    write_predicate,
)
from hypabi.contract.file.load import parse_contract, shipped_contract
from hypabi.contract.model import Contract, Program
from hypabi.contract.resolve import revision_of
from hypabi.contract.revision import Revision, Row, Service
from hypabi.contract.version import Version
from hypabi.decode.place import FileError
from tests.contract.contract_example import changed

ARM, ARM64 = Architecture.ARM, Architecture.ARM64


@pytest.fixture(scope="module")
def abi() -> Contract:
    return shipped_contract("linux-hyp-abi")


def at(contract: Contract, version: str, architecture: Architecture) -> Revision:
    parsed = Version.parse(version)
    assert parsed is not None
    return revision_of(contract, parsed, architecture)


def clause(row: Row, name: str) -> Clause:
    return next(each for each in row.clauses if each.name == name)


def served(revision: Revision) -> dict[str, tuple[int | None, tuple[str, ...]]]:
    return {call.name: (call.number, call.served_by) for call in revision.calls}


def test_5_10_arm64_serves_what_its_sources_serve(abi: Contract) -> None:
    assert served(at(abi, "5.10.0-32-arm64", ARM64)) == {
        "HVC_SET_VECTORS": (0, ("stub",)),
        "HVC_SOFT_RESTART": (1, ("stub", "kvm-init", "kvm-run")),
        "HVC_RESET_VECTORS": (2, ("stub", "kvm-init", "kvm-run")),
    }


def test_6_1_and_6_12_arm64_serve_what_their_sources_serve(abi: Contract) -> None:
    for version in ("6.1.0-50-arm64", "6.12.38+deb13-arm64-16k"):
        assert served(at(abi, version, ARM64)) == {
            "HVC_SET_VECTORS": (0, ("stub", "trans-pgd")),
            "HVC_SOFT_RESTART": (1, ("stub", "trans-pgd", "kvm-init", "kvm-run")),
            "HVC_RESET_VECTORS": (2, ("stub", "kvm-init", "kvm-run")),
            "HVC_FINALISE_EL2": (3, ("stub",)),
        }


def test_7_2_arm64_reads_the_vgic_s_register_too(abi: Contract) -> None:
    calls = served(at(abi, "7.2.13-arm64", ARM64))
    assert calls["HVC_GET_ICH_VTR_EL2"] == (4, ("stub",))
    assert len(calls) == 5


@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12", "7.2"])
def test_arm_has_two_stubs_that_serve_different_calls(abi: Contract, version: str) -> None:
    revision = at(abi, version, ARM)
    assert served(revision) == {
        "HVC_SET_VECTORS": (0, ("zimage-stub",)),
        "HVC_SOFT_RESTART": (1, ("stub", "zimage-stub")),
        "HVC_RESET_VECTORS": (2, ()),
    }
    programs = {party.name: party.program for party in revision.parties}
    assert programs == {
        "stub": Program.KERNEL,
        "zimage-stub": Program.DECOMPRESSOR,
        "zimage-reentry": Program.DECOMPRESSOR,
    }


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("5.10", {"stub", "hibernate", "kvm-init", "kvm-run"}),
        ("5.15.99", {"stub", "hibernate", "kvm-init", "kvm-run"}),
        ("5.16", {"stub", "trans-pgd", "kvm-init", "kvm-run", "kvm-run-protected"}),
        ("7.2", {"stub", "trans-pgd", "kvm-init", "kvm-run", "kvm-run-protected"}),
    ],
)
def test_parties_come_and_go(abi: Contract, version: str, names: set[str]) -> None:
    assert {party.name for party in at(abi, version, ARM64).parties} == names


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("5.11.22", None),
        ("5.12", "HVC_VHE_RESTART"),
        ("5.19.17", "HVC_VHE_RESTART"),
        ("6.0", "HVC_FINALISE_EL2"),
    ],
)
def test_number_3_changes_hands(abi: Contract, version: str, name: str | None) -> None:
    calls = at(abi, version, ARM64).calls
    assert next((call.name for call in calls if call.number == 3), None) == name


def test_a_kernel_that_is_too_old_is_refused(abi: Contract) -> None:
    with pytest.raises(FileError, match=r"speaks of kernels from 5\.10, not of 5\.9"):
        at(abi, "5.9", ARM64)


def test_every_party_has_a_row_for_every_call_and_one_for_the_rest(abi: Contract) -> None:
    for version in ("5.10", "5.15", "6.1", "7.2"):
        for architecture in Architecture:
            revision = at(abi, version, architecture)
            calls = [call.name for call in revision.calls]
            for party in revision.parties:
                rows = revision.rows_of(party.name)
                assert [row.call for row in rows] == [*calls, None]
                for row in rows:
                    names = [each.name for each in row.clauses]
                    assert len(set(names)) == len(names)
                    assert (row.unspecified is None) == bool(names)


def test_set_vectors_is_its_sentence(abi: Contract) -> None:
    row = at(abi, "6.1", ARM64).row("stub", "HVC_SET_VECTORS")
    assert row.service is Service.SERVED
    assert write_predicate(row.selects) == "old(x0) == 0"
    assert [write_predicate(each.holds) for each in row.requires] == ["(old(x1) % 0x800) == 0"]
    (vectors,) = [c.statement for c in row.clauses if c.name == "vectors-set"]
    assert isinstance(vectors, Ensures)
    assert write_predicate(vectors.holds) == "VBAR_EL2 == old(x1)"
    assert clause(row, "returns").statement == Returns(None)
    cited = clause(row, "vectors-set").authority.cite
    assert cited == "Set HVBAR/VBAR_EL2 to 'vectors' to enable a hypervisor."


def test_set_vectors_on_arm_is_hvbar_and_32_bytes(abi: Contract) -> None:
    row = at(abi, "6.1", ARM).row("zimage-stub", "HVC_SET_VECTORS")
    assert [write_predicate(each.holds) for each in row.requires] == ["(old(r1) % 0x20) == 0"]
    statement = clause(row, "vectors-set").statement
    assert isinstance(statement, Ensures)
    assert write_predicate(statement.holds) == "HVBAR == old(r1)"


def test_the_frame_is_the_default(abi: Contract) -> None:
    refused = at(abi, "6.1", ARM64).row("kvm-init", "HVC_SET_VECTORS")
    assert refused.service is Service.REFUSED
    assert clause(refused, "registers").statement == KeepsRegisters(
        tuple(f"x{number}" for number in range(19))
    )
    assert clause(refused, "system-registers").statement == KeepsSystemRegisters(
        ("ELR_EL2", "SPSR_EL2", "ESR_EL2")
    )
    assert clause(refused, "memory").statement == KeepsMemory(())
    arm = at(abi, "6.1", ARM).row("stub", None)
    assert clause(arm, "registers").statement == KeepsRegisters(("r0", "r1", "r2", "r3", "r12"))


def test_only_who_is_named_may_write_more(abi: Contract) -> None:
    revision = at(abi, "6.1", ARM64)
    kvm = clause(revision.row("kvm-run", "HVC_RESET_VECTORS"), "system-registers").statement
    stub = clause(revision.row("stub", "HVC_RESET_VECTORS"), "system-registers").statement
    assert isinstance(kvm, KeepsSystemRegisters)
    assert isinstance(stub, KeepsSystemRegisters)
    assert kvm.may_change == stub.may_change and stub.partly == ()
    assert {each.register for each in kvm.partly} == {"VBAR_EL2", "SCTLR_EL2", "HCR_EL2"}
    assert all(each.to is not None for each in kvm.partly)


def test_kvm_may_use_its_own_stack_and_the_stub_has_none(abi: Contract) -> None:
    revision = at(abi, "6.1", ARM64)
    top = Read("SP_EL2", 64, Moment.ENTRY)
    below = Operation(Operator.SUBTRACT, top, Integer(16, 64))
    kvm = clause(revision.row("kvm-run", "HVC_SOFT_RESTART"), "memory").statement
    assert kvm == KeepsMemory((Region(below, 16),))
    stub = clause(revision.row("stub", "HVC_SOFT_RESTART"), "memory").statement
    assert stub == KeepsMemory(())


def test_soft_restart_leaves_for_its_argument(abi: Contract) -> None:
    row = at(abi, "6.1", ARM64).row("kvm-run", "HVC_SOFT_RESTART")
    target = Read("x1", 64, Moment.ENTRY)
    assert clause(row, "restarted").statement == Leaves(target, "EL2h")
    assert "returns" not in [each.name for each in row.clauses]
    arm = at(abi, "6.1", ARM).row("stub", "HVC_SOFT_RESTART")
    even = Operation(Operator.AND, Read("r1", 32, Moment.ENTRY), Integer(0xFFFFFFFE, 32))
    assert clause(arm, "restarted-a32-or-t32").statement == Leaves(even, "hyp")


def test_only_the_stubs_assume_an_mmu_that_is_off(abi: Contract) -> None:
    revision = at(abi, "6.1", ARM64)
    for party, assumed in (("stub", True), ("trans-pgd", True), ("kvm-init", False)):
        row = revision.row(party, "HVC_SOFT_RESTART")
        assert ("stub-without-mmu" in [each.name for each in row.assumes]) is assumed
        assert clause(row, "mmu-disabled").when is None
    finalise = revision.row("stub", "HVC_FINALISE_EL2")
    assert "stub-without-mmu" not in [each.name for each in finalise.assumes]


def test_finalise_ends_at_el2_only_if_it_says_success(abi: Contract) -> None:
    row = at(abi, "6.1", ARM64).row("stub", "HVC_FINALISE_EL2")
    upgraded, stays = clause(row, "upgraded"), clause(row, "stays-at-el1")
    assert (upgraded.statement, upgraded.answered) == (Returns("EL2h"), Answer("success", 0))
    assert (stays.statement, stays.answered) == (Returns(None), Answer("error", 0xBADCA11))
    refused = clause(row, "mmu-on")
    assert refused.when is not None
    assert write_predicate(refused.when) == "old(SCTLR_EL2)[0:0] == 1"


def test_protected_kvm_hands_every_call_to_its_dispatcher(abi: Contract) -> None:
    revision = at(abi, "6.1", ARM64)
    for row in revision.rows_of("kvm-run-protected"):
        (only,) = row.clauses
        assert only.statement == HandedTo("handle_trap")
        assert only.authority.against is not None  # the document says otherwise, and we say so
    protected, other = revision.party("kvm-run-protected"), revision.party("kvm-run")
    assert protected is not None
    assert other is not None
    capability = Capability("ARM64_KVM_PROTECTED_MODE")
    assert (protected.when, other.when) == (capability, Negation(capability))


def test_what_the_document_leaves_open_stays_open(abi: Contract) -> None:
    row = at(abi, "6.1", ARM64).row("kvm-init", None)
    assert row.clauses == ()
    assert row.unspecified is not None
    assert row.unspecified.cite is not None
    selects = write_predicate(row.selects)
    assert selects == "old(x0) != 0 and old(x0) != 1 and old(x0) != 2 and old(x0) != 3"


def test_every_clause_says_why(abi: Contract) -> None:
    for version in ("5.10", "5.15", "6.1", "7.2"):
        for architecture in Architecture:
            for row in at(abi, version, architecture).rows:
                backed: tuple[Clause | Premise, ...] = (*row.clauses, *row.assumes, *row.requires)
                for each in backed:
                    assert each.authority.cite or each.authority.because, (row.party, each.name)


def test_the_life_cycle_names_only_who_is_there(abi: Contract) -> None:
    assert abi.life_cycle is not None
    beyond = set(abi.life_cycle.beyond)
    for version in ("5.10", "5.15", "6.1", "7.2"):
        for architecture in Architecture:
            revision = at(abi, version, architecture)
            names = {party.name for party in revision.parties} | beyond
            assert revision.boot in names
            reached = {revision.boot}
            for move in revision.moves:
                assert {move.source, move.to} <= names
                reached |= {move.to}
            assert {party.name for party in revision.parties} - reached <= {"stub"}


def test_until_is_exclusive_and_since_is_not() -> None:
    example = parse_contract(changed('until: "8.0"', 'until: "7.0"'), "file.yaml")
    for version, there in (("5.9", False), ("6.0", True), ("6.19.9", True), ("7.0", False)):
        calls = {call.name for call in at(example, version, ARM64).calls}
        assert ("UPGRADE" in calls) is there, version
    row = at(example, "6.0", ARM64).row("stub", "UPGRADE")
    assert "rises" not in [each.name for each in row.clauses]  # a clause of its own age: from 6.1
    row = at(example, "6.1", ARM64).row("stub", "UPGRADE")
    assert "rises" in [each.name for each in row.clauses]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("5.10", (5, 10, 0)),
        ("6.1.0-50-arm64", (6, 1, 0)),
        ("7.2~rc1", (7, 2, 0)),
        ("v6.1.12", (6, 1, 12)),
        ("6", None),
        ("six", None),
    ],
)
def test_versions_are_read_as_kernels_spell_them(
    text: str, numbers: tuple[int, int, int] | None
) -> None:
    version = Version.parse(text)
    assert (version.numbers if version else None) == numbers


def test_versions_are_ordered_by_number() -> None:
    ordered = [Version.parse(text) for text in ("5.9", "5.10", "5.10.1", "6.1", "6.12", "7.2")]
    versions = [version for version in ordered if version is not None]
    assert versions == sorted(versions)
    assert len(set(versions)) == 6
