"""Workers of one machine."""

from hypabi.sweeping.records import Candidate, Task
from hypabi.sweeping.workers import Workers


def test_a_worker_keeps_nothing_of_the_images_that_it_has_judged() -> None:
    task = Task(
        candidate=Candidate(name="", identity="", path=""),
        questions=(),
        contract=None,
        folder="",
        retries=0,
    )
    workers = Workers(1, 60.0, 0, lambda _: True, "tests.sweeping.judges:leave_a_circle")
    left = [outcome.reason for _, outcome in workers.run(iter([task] * 3))]
    assert left == ["0"] * 3
