"""Code with one instruction changed is not proved to be what it was."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.mutation import run
from evidence.mutation.callers import CallerJudge, CallerSubject, reference_callers
from evidence.mutation.fates import Fate, Judge, Judged
from evidence.mutation.fields import Kind
from evidence.mutation.figures import count_fates, read_figures, save_figures, survivors
from evidence.mutation.mutations import NOP, Mutation, mutations
from evidence.mutation.program import Lifters
from evidence.mutation.reviewed import entry_for, reviewed
from evidence.mutation.subjects import Subject, kernel_installers, reference_subjects
from hypabi.arch.names import ByteOrder, InstructionSet
from hypabi.lifter.instruction import Instruction
from hypabi.lifter.sleigh import Lifter
from tests.inputs import Kernel

SAMPLE = run.Sample(one_in=1200, seed=20161209)
FILES = (
    run.Reference("arm-kvm-a6", "a32"),
    run.Reference("arm-kvm-a6", "t32be", run.Role.INSTALLERS),
    run.Reference("arm64-kvm-b8", "a64"),
    run.Reference("arm-stub-a7", "t32", run.Role.CALLERS),
)


@functools.cache
def sample(jobs: int) -> tuple[tuple[run.Population, ...], tuple[Judged, ...]]:
    return run.run(FILES, SAMPLE, jobs)


def test_no_mutant_of_a_sample_survives_that_nobody_looked_at() -> None:
    found, judged = sample(1)
    assert len(judged) == sum(-(-each.mutants // SAMPLE.one_in) for each in found) > 20
    assert list(survivors(judged)) == []


def test_most_mutants_that_do_something_else_are_refuted() -> None:
    fates = [each.fate for each in sample(1)[1]]
    assert fates.count(Fate.REFUTED) > len(fates) // 3


def test_fates_do_not_depend_on_how_the_work_is_shared() -> None:
    assert sample(1) == sample(2)


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    found, judged = sample(1)
    figures = count_fates("evidence/mutants", found, judged)
    save_figures(figures, tmp_path / "figures.json")
    assert read_figures(tmp_path / "figures.json") == figures
    assert sum(row.fates.total() for row in figures.code) == len(judged)
    assert sum(row.fates.total() for row in figures.changes) == len(judged)
    assert sum(row.mutants for row in figures.code) == sum(each.mutants for each in found)


@functools.cache
def caller() -> CallerSubject:
    """Return the function of a reference that asks the stub to restart."""
    (found,) = reference_callers("arm-stub-a7", "a32", Lifters())
    return found


def of_text(subject: Subject | CallerSubject, kind: Kind, text: str) -> Iterator[Mutation]:
    """Yield the mutations of a kind of the instructions that read so."""
    program = subject.program
    for each in subject.mutations:
        if each.kind is kind and program.text(each.address, each.state, each.old) == text:
            yield each


def caller_fates(kind: Kind, text: str) -> dict[str, Fate]:
    judge = CallerJudge(caller())
    judged = map(judge.judge, of_text(caller(), kind, text))
    return {each.new: each.fate for each in judged}


def test_a_caller_that_asks_for_what_the_stub_does_not_serve_is_not_right() -> None:
    found = caller_fates(Kind.IMMEDIATE, "mov r0,#0x1")
    assert found["mov r0,#0x0"] is Fate.REFUTED
    assert found["mov r0,#0x3"] is not Fate.EQUAL


def test_a_caller_that_makes_its_call_no_more_is_counted_as_a_survivor_of_a_known_kind() -> None:
    dropped = caller_fates(Kind.DROPPED, "hvc #0x0")
    assert set(dropped.values()) <= {Fate.KNOWN, Fate.UNDECIDED, Fate.REFUTED}
    assert dropped


@functools.cache
def arm64_installers(kernel: Kernel) -> tuple[Subject, ...]:
    return tuple(kernel_installers("6.1-arm64", kernel("6.1-arm64"), Lifters()))


def test_code_that_several_installers_run_is_changed_in_one_of_them(kernel: Kernel) -> None:
    changed = [each.address for of in arm64_installers(kernel) for each in of.code]
    assert len(changed) == len(set(changed)) > 300


@functools.cache
def stub() -> Subject:
    return next(iter(reference_subjects("arm64-stub-b8", "a64", Lifters())))


def fates_of(kind: Kind, text: str) -> set[Fate]:
    judge = Judge(stub())
    return {judge.judge(each).fate for each in of_text(stub(), kind, text)}


def test_a_vector_base_that_is_not_written_is_refuted() -> None:
    assert fates_of(Kind.DROPPED, "msr vbar_el2, x1") == {Fate.REFUTED}


def test_a_return_that_is_none_is_not_proved() -> None:
    found = fates_of(Kind.RETURN, "eret")
    assert found
    assert found <= {Fate.REFUTED, Fate.UNDECIDED, Fate.REFUSED}


def test_an_installer_of_a_kernel_that_leaves_traps_on_is_refuted(kernel: Kernel) -> None:
    subject = next(kernel_installers("6.1-armmp", kernel("6.1-armmp"), Lifters()))
    write = "mcr p15, 4, r7, c1, c1, 0 @ HCR"  # DDI 0406C, B4.1.69
    (dropped,) = of_text(subject, Kind.DROPPED, write)
    judged = Judge(subject).judge(dropped)
    assert judged.fate is Fate.REFUTED
    assert judged.why.endswith("no-traps")


@pytest.mark.parametrize(
    ("word", "by"),
    [
        ("msr hstr_el2, xzr", "no-cp15-traps"),
        ("cbz x0, 0x40ce091c", "taken-over"),  # LORC_EL1 behind it, whatever the CPU has
    ],
)
def test_how_firmware_enters_a_cpu_of_protected_kvm_is_followed_to_where_c_takes_over(
    kernel: Kernel, word: str, by: str
) -> None:
    subject = next(each for each in arm64_installers(kernel) if each.name.endswith("cpu_entry"))
    dropped = next(of_text(subject, Kind.DROPPED, word))
    judged = Judge(subject).judge(dropped)
    assert (judged.fate, judged.why.split()[-1]) == (Fate.REFUTED, by)


def test_the_code_is_as_it_was_behind_a_mutant() -> None:
    subject = stub()
    one = subject.mutations[0]
    before = subject.program.image.read(one.address, 4)
    subject.mutated(one)
    assert subject.program.image.read(one.address, 4) == before == one.old[:4]


def lifted(state: InstructionSet, content: bytes) -> Instruction:
    found = Lifter(state, ByteOrder.LITTLE).lift(0x1000, content)
    assert isinstance(found, Instruction)
    return found


@pytest.mark.parametrize(
    ("state", "word", "kinds"),
    [
        (InstructionSet.A64, 0xD51CC001, {Kind.REGISTER, Kind.SYSTEM_REGISTER, Kind.OPERATION}),
        (InstructionSet.A64, 0x54000040, {Kind.CONDITION, Kind.IMMEDIATE, Kind.OPERATION}),
        (
            InstructionSet.A32,
            0x03500000,
            {Kind.CONDITION, Kind.REGISTER, Kind.IMMEDIATE, Kind.OPERATION},
        ),
    ],
)
def test_every_field_of_a_word_is_changed(
    state: InstructionSet, word: int, kinds: set[Kind]
) -> None:
    found = mutations([lifted(state, word.to_bytes(4, "little"))])
    assert {each.kind for each in found} == kinds | {Kind.DROPPED}
    flipped = {int.from_bytes(each.new, "little") ^ word for each in found}
    assert {1 << bit for bit in range(32)} <= flipped
    assert NOP[state, 4] ^ word in flipped


def test_neighbours_of_two_sizes_are_swapped_as_a_whole() -> None:
    one = lifted(InstructionSet.T32, bytes.fromhex("0020"))
    two = Lifter(InstructionSet.T32, ByteOrder.LITTLE).lift(0x1002, bytes.fromhex("4ff00103"))
    assert isinstance(two, Instruction)
    (swapped,) = (each for each in mutations([one, two]) if each.kind is Kind.SWAPPED)
    assert swapped.new == two.bytes + one.bytes


def test_a_difference_that_nobody_reviewed_is_on_no_list() -> None:
    assert (
        entry_for("arm64-stub-b8-a64 stub", "stub HVC_SET_VECTORS: VBAR_EL2: x1 becomes x2") is None
    )


def test_every_entry_of_the_list_says_why() -> None:
    assert all(len(each.reason) > 40 for each in reviewed())
