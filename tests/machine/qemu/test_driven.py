"""What a driven kernel prints is read as its steps, however it comes in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from hypabi.machine.crossing import MOST_TEXT, Step, StepWord
from hypabi.machine.qemu.driven import DrivenConsole

PRINTED = (
    b"[    1.0] hypabi-drive: kvm begins\r\n[    1.1] other: hypabi\r\n"
    b"[    2.0] hypabi-drive: kvm fails on cpu1: it hangs\r\nhypabi-drive: all over\r\n"
)
STEPS = (
    Step(7, "kvm", StepWord.BEGINS, ""),
    Step(7, "kvm", StepWord.FAILS, "on cpu1: it hangs"),
)


@given(st.integers(0, len(PRINTED)))
def test_steps_are_read_wherever_what_is_printed_is_cut(cut: int) -> None:
    console = DrivenConsole()
    found = console.take(PRINTED[:cut], 7) + console.take(PRINTED[cut:], 7)
    assert (found, console.is_over) == (STEPS, True)


def test_what_looks_like_a_step_and_is_none_is_left_out() -> None:
    console = DrivenConsole()
    assert console.take(b"hypabi-drive: kvm dances\nhypabi-drive: \nall over\n", 1) == ()
    assert not console.is_over


def test_neither_a_long_text_nor_a_line_without_end_is_kept_whole() -> None:
    console = DrivenConsole()
    (step,) = console.take(b"hypabi-drive: kvm done " + b"x" * 9000 + b"\n", 1)
    assert len(step.text) == MOST_TEXT
    for _ in range(100):
        assert console.take(b"y" * 10_000, 1) == ()
    (after,) = console.take(b"\nhypabi-drive: off begins\n", 1)
    assert after.name == "off"
