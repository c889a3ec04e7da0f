"""``check --entries``: what else than a hypercall is answered, of made kernels and real ones."""

import json
from typing import Any

import pytest

from tests.cli.door import hypabi, hypabi_process
from tests.cli.kernel import FROM_EL1 as KERNELS
from tests.cli.kernel import FROM_EL2H as OWN
from tests.cli.kernel import slots, stub
from tests.inputs import ROOT, Assemble, Kernel, KernelResult

STATUS_REFUTED = 12
STATUS_UNDECIDED = 16
SLOTS_ENTERED = 10
"""That an exception can enter while EL1 has one width: 2 from EL2, 8 from below."""
FROM_EL1 = "0x400"
FROM_EL2 = "0x200"


def entries(report: dict[str, Any], party: str, slot: str) -> list[dict[str, Any]]:
    """Return what was found of a slot, of exceptions that are no hvc and can come."""
    return [
        each
        for each in report["vector_entries"]
        if (each["party"], each["slot"]) == (party, slot)
        and each["found"] != "not reachable"
        and each["exceptions"][0]["kind"] == "no hvc"
    ]


def report_of(*arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - paths and words
    loaded: dict[str, Any] = json.loads(
        hypabi("check", "--entries", "--format", "json", *arguments).stdout
    )
    return loaded


def test_a_stub_that_does_not_look_has_an_unintended_entry_and_is_good(assemble: Assemble) -> None:
    image = stub(assemble)
    ran = hypabi("check", "-v", "--entries", image)
    assert ran.returncode == 0, "an unintended entry alone breaks no promise"
    assert "* stub, +0x400" in ran.stdout
    (found,) = entries(report_of(image), "stub", FROM_EL1)
    assert found["found"] == "unintended entry"
    calls = [each["call"] for each in found["handled_as"]]
    assert calls == ["HVC_SET_VECTORS", "HVC_SOFT_RESTART", "HVC_RESET_VECTORS", None]
    assert [each["found"] for each in entries(report_of(image), "stub", FROM_EL2)] == ["guarded"]


@pytest.mark.parametrize(
    ("name", "version", "own"),
    [
        ("arm64-stub-b5-a64", "5.15", "guarded"),
        ("arm64-stub-b7-a64", "6.12", "unintended entry"),
        ("arm64-stub-b8-a64be", "6.19", "unintended entry"),
        ("arm64-kvm-b7-a64", "6.12", "unintended entry"),
    ],
)
def test_the_reference_stub_lets_el2_itself_in_as_kernels_from_6_1_on_do(
    name: str, version: str, own: str
) -> None:
    image = ROOT / f"hypabi/reference/{name}.elf"
    found = entries(report_of("--kernel-version", version, image), "stub", FROM_EL2)
    assert [each["found"] for each in found] == [own]


def test_entries_are_said_only_where_asked(assemble: Assemble) -> None:
    image = stub(assemble)
    assert "Unintended entries" not in hypabi("check", "-v", image).stdout
    plain = json.loads(hypabi("check", image, "--format", "json").stdout)
    assert plain["vector_entries"] is None
    counts = report_of(image)["counts"]
    assert counts.pop("vector entries")["undecided"] == 0
    assert plain["counts"] == counts


def test_two_runs_say_the_same(assemble: Assemble) -> None:
    image = stub(assemble)
    first, second = (
        hypabi_process("check", "--entries", image, PYTHONHASHSEED=s).stdout for s in "12"
    )
    assert first == second


OPEN = {
    "memory is used after SCTLR_EL2.M may have changed",
    "more than 512 accesses to memory that may meet another",
}
"""Why it is not said of some entries of KVM's whether they do part of a call: docs/limits.md."""


@pytest.mark.parametrize("name", ["5.10-arm64", "6.1-arm64", "6.12-arm64", "7.2-arm64"])
def test_the_parties_of_arm64_look_where_their_sources_do(kernel: Kernel, name: str) -> None:
    report = report_of(kernel(name))
    for party in ("stub", "kvm-init", "hibernate" if name == "5.10-arm64" else "trans-pgd"):
        assert [each["found"] for each in entries(report, party, FROM_EL1)] == ["unintended entry"]
    # host.S compares the class with that of HVC and gives everything else to handle_trap.
    (run,) = entries(report, "kvm-run", FROM_EL1)
    assert (run["found"], run["syndrome"]) == ("handed over", "looked at")
    # __hyp_do_panic leaves for nvhe_hyp_panic_handler at EL1: no call goes there.
    for slot in ("0x480", "0x500", "0x580", "0x680", "0x700", "0x780"):
        assert [each["found"] for each in entries(report, "kvm-run", slot)] == ["guarded"], slot
    open_ends = [each for each in report["vector_entries"] if each["found"] == "undecided"]
    assert {each["party"] for each in open_ends} <= {"kvm-init", "kvm-run", "kvm-run-protected"}
    assert {each["reason"].split(": ", 1)[-1] for each in open_ends} <= OPEN
    # hyp-stub.S: el2_sync_invalid at EL2h in 5.10, elx_sync since.
    (own,) = entries(report, "stub", FROM_EL2)
    assert own["found"] == ("guarded" if name == "5.10-arm64" else "unintended entry")


@pytest.mark.parametrize("name", ["5.10-armmp", "6.1-armmp", "6.12-armmp", "7.2-armmp"])
def test_the_parties_of_arm_never_look(kernel: Kernel, name: str) -> None:
    ran = hypabi("check", "--entries", "--format", "json", kernel(name))
    assert not ran.returncode & STATUS_UNDECIDED
    report = json.loads(ran.stdout)
    for party in ("stub", "zimage-stub", "zimage-reentry"):
        assert [each["found"] for each in entries(report, party, "0x14")] == ["unintended entry"]
    assert [each["found"] for each in entries(report, "stub", "0x8")] == ["guarded"]
    # head.S: an hvc from HYP itself enters the kernel too, HSCTLR cleared first.
    (own,) = entries(report, "zimage-reentry", "0x8")
    assert {each["extent"] for each in own["handled_as"]} == {"part of what the call does"}


def test_the_older_spelling_of_the_option_asks_the_same(assemble: Assemble) -> None:
    image = stub(assemble)
    old, new = (
        json.loads(hypabi("check", option, "--format", "json", image).stdout)
        for option in ("--doors", "--entries")
    )
    assert old["vector_entries"] == new["vector_entries"] != []


OF_EL2T = 0
ASYNCHRONOUS = 9


@pytest.mark.parametrize(
    ("version", "serving", "slot", "said"),
    [
        ("5.10.0", (KERNELS, OWN), FROM_EL2, "an hvc or an exception of class 0x00"),
        ("6.1.0", (KERNELS, OWN, ASYNCHRONOUS), "0x480", "IRQ is taken for a call"),
    ],
)
def test_a_new_or_a_lost_entry_refutes(
    assemble: Assemble, version: str, serving: tuple[int, ...], slot: str, said: str
) -> None:
    image = stub(assemble, version, table=slots(*serving))
    ran = hypabi("check", "--format", "json", image)
    report = json.loads(ran.stdout)
    assert (report["verdict"], ran.returncode) == ("refuted", STATUS_REFUTED)
    broken = [each for each in report["slots"] if each["verdict"] == "broken"]
    assert [each["slot"] for each in broken] == [slot]
    assert any(said in line for line in broken[0]["why"])
    assert "Entered otherwise than promised" in hypabi("check", "-v", image).stdout


@pytest.mark.parametrize("version", ["5.10.0", "6.1.0"])
def test_the_entries_that_a_contract_names_are_silent(assemble: Assemble, version: str) -> None:
    ran = hypabi("check", "--format", "json", stub(assemble, version))
    assert ran.returncode == 0
    report = json.loads(ran.stdout)
    open_ = {"0x0", FROM_EL2, "0x280", "0x80"} if version == "6.1.0" else set()
    assert {each["slot"] for each in report["slots"] if each["verdict"] != "kept"} <= open_
    assert {each["verdict"] for each in report["slots"]} <= {"kept", "left open"}
    assert len(report["slots"]) == SLOTS_ENTERED


@pytest.mark.parametrize("serving", [(KERNELS,), (KERNELS, OWN)])
def test_what_el2_takes_of_itself_is_open_where_nothing_makes_the_party_live(
    assemble: Assemble, serving: tuple[int, ...]
) -> None:
    """A boot loader that enters the kernel at EL1 need not answer one that has stayed at EL2."""
    ran = hypabi("check", "--format", "json", stub(assemble, "6.1.0", table=slots(*serving)))
    (own,) = [each for each in json.loads(ran.stdout)["slots"] if each["slot"] == FROM_EL2]
    assert (ran.returncode, own["verdict"]) == (0, "left open")


def test_the_stub_of_a_kernel_that_makes_it_live_itself_has_to_answer_it(
    kernel_result: KernelResult,
) -> None:
    (own,) = [
        each
        for each in kernel_result("check", "6.1-arm64").slots
        if (each.party, each.slot) == ("stub", FROM_EL2)
    ]
    assert own.verdict.value == "kept"


def test_a_slot_that_gives_one_class_to_the_handler_is_asked_for_each(assemble: Assemble) -> None:
    """The stub may be entered by anything from EL1: one that serves nothing but HVC loses that."""
    looks = """
    mrs x18, esr_el2
    lsr x18, x18, #26
    cmp x18, #0x16
    b.ne invalid
    b sync"""
    before, own, after = slots(OWN, KERNELS).split("b sync")
    source = f"{before}b sync{own}{looks}{after}"
    report = json.loads(
        hypabi("check", "--format", "json", stub(assemble, "6.1.0", table=source)).stdout
    )
    (broken,) = (each for each in report["slots"] if each["verdict"] == "broken")
    assert broken["slot"] == FROM_EL1
    assert broken["answered"] == "hvc"
