from dataclasses import replace

import pytest

from hypabi.machine import observation
from hypabi.machine.engine.machine import Engine
from hypabi.machine.observation import NotRun as MachineNotRun
from hypabi.machine.observation import Observation
from hypabi.machine.state import Limits, MachineState, Request
from hypabi.witness.expectation import Ends, Holds, Keeps, KeepsBytes, Promise
from hypabi.witness.model import Arrival, Prediction, Witness
from hypabi.witness.pages import Pages
from hypabi.witness.replay import Confirmed, NotReproduced, NotRun, Replay, judged, replay_witness
from tests.witness.examples import of_reference

REFERENCE = "arm-stub-a6-a32"


def example() -> Witness:
    made = of_reference(REFERENCE)
    return made.witness(made.finding("stub", "HVC_RESET_VECTORS", "refused"))


def seen(witness: Witness) -> Observation:
    made = of_reference(REFERENCE)
    found = made.run(witness, Engine())
    assert isinstance(found, Confirmed)
    return found.observed


def pages(witness: Witness) -> Pages:
    return of_reference(REFERENCE).witnesses.pages(witness)


class Says:
    """A machine that says what it is told to."""

    name = "engine"

    def __init__(self, answer: Observation | MachineNotRun) -> None:
        self.answer = answer

    def run(
        self, state: MachineState, limits: Limits, request: Request | None = None
    ) -> Observation | MachineNotRun:
        return self.answer


def test_a_replay_has_no_truth_value() -> None:
    witness = example()
    for each in (Confirmed("m", seen(witness)), NotRun("m", "why")):
        with pytest.raises(TypeError):
            bool(each)


def test_what_was_not_run_is_never_confirmed() -> None:
    witness = example()
    found = replay_witness(witness, Says(MachineNotRun("qemu", "is not installed")), pages(witness))
    assert found == NotRun("qemu", "is not installed")


@pytest.mark.parametrize(
    "ending", [observation.LimitReached("1.0 s"), observation.Unmodelled("no such thing")]
)
def test_a_run_without_an_end_is_not_run(ending: observation.Ending) -> None:
    witness = example()
    answer = replace(seen(witness), ending=ending)
    assert isinstance(replay_witness(witness, Says(answer), pages(witness)), NotRun)


def with_registers(observed: Observation, **registers: int) -> Observation:
    return replace(observed, registers={**observed.registers, **registers})


def test_every_general_register_counts() -> None:
    witness = example()
    observed = seen(witness)
    assert isinstance(judged(witness, observed), Confirmed)
    for name in ("r0", "r7", "r12", "SP_svc", "LR_usr", "r8_fiq"):
        other = with_registers(observed, **{name: 0xDEAD})
        found = judged(witness, other)
        assert isinstance(found, NotReproduced)
        assert [each.what for each in found.differences] == [name]


def test_where_control_ends_up_counts() -> None:
    witness = example()
    observed = seen(witness)
    for other in (
        replace(observed, mode="hyp"),
        replace(observed, ending=observation.Stuck(observed.pc)),
        replace(observed, ending=observation.Outside(0), pc=0),
        replace(observed, ending=observation.Faulted(0x4001_0004)),
    ):
        found = judged(witness, other)
        assert isinstance(found, NotReproduced)
        assert found.differences[0].what == "control"


def promising(witness: Witness, promise: Promise) -> Replay:
    """Judge the same observation against another promise."""
    return judged(replace(witness, promised=promise), seen(example()))


def test_a_promise_that_is_kept_is_not_confirmed_whatever_was_predicted() -> None:
    witness = example()
    answer = seen(witness).registers["r0"]
    kept: tuple[Promise, ...] = (
        Holds(("==", "r0", answer)),
        Keeps("r4", 0),
        Ends(witness.start.back, "svc"),
        Ends(witness.start.back, None),
    )
    for promise in kept:
        found = promising(witness, promise)
        assert isinstance(found, NotReproduced), promise
        assert found.differences[0].what == "the promise"
    broken: tuple[Promise, ...] = (
        Holds(("==", "r0", answer + 1)),
        Holds(("not", ("==", "r0", answer))),
        Keeps("r4", 1),
        Ends(witness.start.back, "hyp"),
        Ends(witness.start.back + 4, "svc"),
        Ends(witness.start.back, "svc", 0x1D3 ^ 0x100),
    )
    for promise in broken:
        assert isinstance(promising(witness, promise), Confirmed), promise


def test_what_a_machine_does_not_show_is_not_confirmed() -> None:
    witness = example()
    assert isinstance(promising(witness, Keeps("HCPTR", 1)), NotRun)
    assert isinstance(promising(witness, Holds(("==", "HCPTR", 1))), NotRun)
    assert isinstance(promising(witness, KeepsBytes(0x4700_0000, b"1")), NotRun)


def test_registers_of_which_nothing_is_predicted_may_be_anything() -> None:
    witness = example()
    predicted = witness.predicted
    opened = Prediction(predicted.arrival, predicted.registers, ("r7",), predicted.memory)
    other = with_registers(seen(witness), r7=0xDEAD)
    assert isinstance(judged(replace(witness, predicted=opened), other), Confirmed)


def test_reserved_bits_of_a_vector_base_differ_between_machines_and_do_not_count() -> None:
    made = of_reference(REFERENCE)
    witness = made.witness(made.finding("stub", "HVC_SET_VECTORS", "system-registers"))
    registers = {**witness.predicted.registers, "HVBAR": witness.predicted.registers["HVBAR"] | 1}
    predicted = replace(witness.predicted, registers=registers)
    assert isinstance(made.run(replace(witness, predicted=predicted), Engine()), Confirmed)


def test_a_wrong_prediction_is_told() -> None:
    witness = example()
    registers = {**witness.predicted.registers, "r0": 0x1234}
    wrong = replace(witness, predicted=replace(witness.predicted, registers=registers))
    found = of_reference(REFERENCE).run(wrong, Engine())
    assert isinstance(found, NotReproduced)
    assert found.differences[0].predicted == "0x1234"
    elsewhere = replace(witness.predicted, arrival=Arrival("reached", 0, "hyp"))
    assert isinstance(
        of_reference(REFERENCE).run(replace(witness, predicted=elsewhere), Engine()), NotReproduced
    )
