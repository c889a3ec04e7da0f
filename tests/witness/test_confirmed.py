"""What is refuted is confirmed: by our engine, and by QEMU, which does not share our reading."""

from pathlib import Path

import pytest

from hypabi.machine.engine.machine import Engine
from hypabi.machine.protocol import Machine
from hypabi.machine.qemu.machine import Qemu
from hypabi.witness.builder import NotMade
from hypabi.witness.expectation import Ends, Handed, Holds, Keeps
from hypabi.witness.replay import Confirmed, NotRun
from tests.inputs import Kernel
from tests.witness.examples import MACHINES, Changed, Made, of_file, of_reference, on_each_machine

REFERENCES = (
    ("arm-stub-a6-a32", "linux-hyp-abi", "6.1"),
    ("arm-stub-a6-t32be", "linux-hyp-abi", "6.1"),
    ("arm-kvm-a4-a32", "linux-hyp-abi", "6.1"),
    ("arm-kvm-a6-t32", "arm-hyp-stub-2016-series", "4.11"),
    ("arm-stub-a5-a32be", "arm-hyp-stub-2017", "4.19"),
    ("arm-call-bit0-twice-t32", "arm-hyp-stub-2012", "4.9"),
    ("arm64-reset-answers-2-a64", "linux-hyp-abi", "6.1"),
    ("arm64-reset-answers-2-a64be", "linux-hyp-abi", "6.1"),
    ("arm64-restart-zeroes-x0-a64", "linux-hyp-abi", "6.1"),
)


@on_each_machine
@pytest.mark.parametrize(("name", "contract", "version"), REFERENCES, ids=lambda text: text)
def test_every_refutation_of_a_reference_is_confirmed(
    name: str, contract: str, version: str, machine: Machine
) -> None:
    made = of_reference(name, contract, version)
    assert made.refuted()
    for finding in made.refuted():
        found = made.run(made.witness(finding), machine)
        assert isinstance(found, Confirmed), (finding.call, finding.clause.name, found)


def test_a_model_that_needs_no_more_is_as_small_as_the_call() -> None:
    made = of_reference("arm-stub-a6-a32")
    for finding in made.refuted():
        witness = made.witness(finding)
        assert witness.claim.counterexample.keys() == {"r0"}


def test_the_same_refutation_gives_the_same_witness() -> None:
    one = of_reference("arm-kvm-a4-a32")
    other = of_file(Path(one.examination.loaded.path), version="6.1")
    for mine, theirs in zip(one.refuted(), other.refuted(), strict=True):
        assert one.witness(mine) == other.witness(theirs)


def test_a_state_that_only_translation_makes_possible_is_not_made() -> None:
    made = of_reference("arm64-stub-b1-a64")
    finding = made.finding("stub", "HVC_FINALISE_EL2", "mmu-on")
    found = made.attempt(finding)
    assert isinstance(found, NotMade)
    assert "translated" in found.reason


# Real kernels --------------------------------------------------------------------------------

GCS = ("stub", "HVC_FINALISE_EL2", "system-registers")


def test_the_lost_register_of_guarded_stacks_is_confirmed_by_our_engine(
    kernel: Kernel, changed: Changed
) -> None:
    made = changed(kernel("7.2-arm64"))
    witness = made.witness(made.finding(*GCS))
    assert witness.promised == Keeps("GCSCR_EL2", 1)
    assert witness.predicted.registers["GCSCR_EL2"] == 0
    assert witness.start.registers["HCR_EL2"] >> 34 & 1  # E2H
    assert isinstance(made.run(witness, Engine()), Confirmed)


def test_a_processor_without_guarded_stacks_cannot_try_it(kernel: Kernel, changed: Changed) -> None:
    made = changed(kernel("7.2-arm64"))
    found = made.run(made.witness(made.finding(*GCS)), Qemu())
    assert isinstance(found, NotRun | Confirmed)
    if isinstance(found, NotRun):
        assert "GCS" in found.reason


def all_confirmed(made: Made, machine: Machine) -> int:
    """Return how many refuted clauses were confirmed; each must be, but where nobody can run it."""
    count = 0
    for finding in made.refuted():
        witness = made.attempt(finding)
        if isinstance(witness, NotMade):
            assert finding.clause.name == "mmu-on", witness
            continue
        found = made.run(witness, machine)
        if isinstance(found, NotRun):
            assert machine.name == "qemu"
            assert "GCS" in found.reason or "linked at" in found.reason
            continue
        assert isinstance(found, Confirmed), (finding.party, finding.call, finding.clause, found)
        count += 1
    return count


SERVED_WITH_1 = ("  success: 0\n", "  success: 1\n")
REFUSED_WITH_1 = ("  error: 0xbadca11\n", "  error: 1\n")
NOTHING_MAY_CHANGE = (
    ("may-change: {arm: [r0-r3, ip], arm64: [x0-x18]}", "may-change: {arm: [r7], arm64: [x28]}"),
    ("  error: 0xbadca11\n", "  error: 0xbadca12\n"),
)
HANDED_ELSEWHERE = ("handed-to: handle_trap", "handed-to: nobody")


@on_each_machine
@pytest.mark.parametrize(
    ("name", "change", "clause"),
    [("6.1-arm64", SERVED_WITH_1, "success"), ("6.1-armmp", REFUSED_WITH_1, "refused")],
    ids=["arm64", "arm"],
)
def test_where_reset_had_to_answer_1_it_is_refuted_and_the_witness_confirmed(
    kernel: Kernel,
    changed: Changed,
    name: str,
    change: tuple[str, str],
    clause: str,
    machine: Machine,
) -> None:
    made = changed(kernel(name), change)
    finding = made.finding("stub", "HVC_RESET_VECTORS", clause)
    witness = made.witness(finding)
    assert isinstance(witness.promised, Holds)
    assert witness.image.displacement
    assert isinstance(made.run(witness, machine), Confirmed)


@on_each_machine
@pytest.mark.parametrize("name", ["6.1-arm64", "6.1-armmp", "5.10-arm64", "6.12-arm64"])
def test_every_frame_that_is_drawn_too_tight_is_refuted_and_confirmed(
    kernel: Kernel, changed: Changed, name: str, machine: Machine
) -> None:
    made = changed(kernel(name), *NOTHING_MAY_CHANGE)
    assert all_confirmed(made, machine) >= 5


@on_each_machine
def test_code_runs_as_the_kernel_patched_it(
    kernel: Kernel, changed: Changed, machine: Machine
) -> None:
    made = changed(kernel("6.1-arm64"), HANDED_ELSEWHERE)
    patched = 0
    for finding in made.refuted():
        witness = made.witness(finding)
        assert isinstance(witness.promised, Handed)
        patched += len(witness.image.patched)
        assert isinstance(made.run(witness, machine), Confirmed)
    assert patched


def test_an_end_that_moved_is_an_end_elsewhere(kernel: Kernel, changed: Changed) -> None:
    change = ("leaves-to: restart_address\n", "leaves-to: x7\n")
    made = changed(kernel("6.1-arm64"), change)
    finding = next(f for f in made.refuted() if f.call == "HVC_SOFT_RESTART")
    witness = made.witness(finding)
    assert isinstance(witness.promised, Ends)
    assert witness.promised.address != witness.predicted.arrival.address
    for machine in MACHINES:
        assert isinstance(made.run(witness, machine), Confirmed)
