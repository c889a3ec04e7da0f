"""Steps that were driven: what came of each, which are refused, and what it does to the status."""

import pytest

from hypabi.analysis.provenance import Provenance
from hypabi.errors import MisuseError
from hypabi.machine.crossing import Ended, EndKind, Event, Step, StepWord
from hypabi.tracing.control import check_steps
from hypabi.tracing.drive.initramfs import STEPS
from hypabi.tracing.result import DrivenWord, TraceResult
from hypabi.tracing.run import trace_events
from tests.tracing.events import HEADER, KVM_INIT, SET_VECTORS, STUB, back, entered, examined


def told(name: str, word: StepWord, text: str = "") -> Step:
    return Step(1, name, word, text)


def result(end: EndKind, *steps: Step) -> TraceResult:
    """Return the trace of a good call, of steps behind it, and of an end."""
    call = entered(SET_VECTORS, STUB, {"x0": 0, "x1": KVM_INIT})
    answer = back(call, {"x0": 0, "VBAR_EL2": KVM_INIT})
    events: tuple[Event, ...] = (call, answer, *steps, Ended(99, end, "over"))
    return trace_events(examined(), HEADER, events, Provenance(("hypabi",), ()))


@pytest.mark.parametrize(
    ("end", "steps", "word", "status"),
    [
        (EndKind.REACHED, (told("kvm", StepWord.DONE),), DrivenWord.DONE, 0),
        (EndKind.REACHED, (told("kvm", StepWord.FAILS, "hangs"),), DrivenWord.FAILS, 16),
        (EndKind.REACHED, (told("kvm", StepWord.LACKS),), DrivenWord.LACKS, 16),
        (EndKind.HANG, (), DrivenWord.UNFINISHED, 16),
        (EndKind.GONE, (), DrivenWord.UNFINISHED, 16),
    ],
)
def test_a_step_that_is_not_done_is_no_good_end(
    end: EndKind, steps: tuple[Step, ...], word: DrivenWord, status: int
) -> None:
    found = result(end, told("kvm", StepWord.BEGINS), *steps)
    (step,) = found.steps
    assert (step.word, found.exit_status) == (word, status)


@pytest.mark.parametrize(("end", "word"), [(EndKind.GONE, "done"), (EndKind.HANG, "unfinished")])
def test_power_off_is_done_when_the_machine_ends(end: EndKind, word: str) -> None:
    (step,) = result(end, told("off", StepWord.BEGINS)).steps
    assert step.word.value == word


def test_a_kernel_that_is_left_to_itself_has_no_count_of_steps() -> None:
    assert list(result(EndKind.REACHED).conclusion.counts)[-1] != "steps that were driven"
    driven = result(EndKind.REACHED, told("kvm", StepWord.DONE))
    assert driven.conclusion.counts["steps that were driven"]["done"] == 1


def test_every_step_that_there_is_can_be_asked_for() -> None:
    check_steps(STEPS, 2)


@pytest.mark.parametrize(
    ("steps", "cpus", "says"),
    [
        (("kwm",), 2, "there is no step 'kwm'"),
        (("kvm", "kvm"), 2, "named twice"),
        (("",), 2, "there is no step ''"),
        (("cpu-hotplug",), 1, "the only CPU"),
    ],
)
def test_steps_that_cannot_be_meant_are_refused(
    steps: tuple[str, ...], cpus: int, says: str
) -> None:
    with pytest.raises(MisuseError, match=says):
        check_steps(steps, cpus)
