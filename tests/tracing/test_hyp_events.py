"""The kernel's own hyp events: calls among traps, with times and without names."""

import pytest

from hypabi.arch.names import Architecture
from hypabi.decode.place import FileError
from hypabi.machine.crossing import Back, Entered, Instruction
from hypabi.tracing.hyp_events import is_hyp_events, read_hyp_events

TEXT = """[003]\t   12.000100: hyp_enter reason=hvc vcpu=0
[003]\t   12.000140: hyp_exit reason=eret_host vcpu=0
[001]\t   12.000200: hyp_enter reason=host_abort vcpu=0
[001]\t   12.000250: hyp_exit reason=eret_host vcpu=0
[001]\t   12.000300: hyp_enter reason=psci vcpu=0
CPU:1 [LOST 4 EVENTS]
[001]\t   12.000390: hyp_exit reason=eret_host vcpu=0
"""


def test_calls_are_read_with_cpu_and_time_and_traps_are_left_out() -> None:
    assert is_hyp_events(TEXT.encode())
    _, events = read_hyp_events(TEXT.encode(), "t", Architecture.ARM64)
    assert events[:-1] == (
        Entered(0, 3, Instruction.HVC, None, "EL1", None, None, None, {}),
        Back(40, 3, None, None, None, {}),
        Entered(200, 1, Instruction.SMC, None, "EL1", None, None, None, {}),
        Back(290, 1, None, None, None, {}),
    )


def test_events_without_a_call_are_refused() -> None:
    traps = "".join(line + "\n" for line in TEXT.splitlines()[2:4])
    with pytest.raises(FileError, match="no hypercall"):
        read_hyp_events(traps.encode(), "t", Architecture.ARM64)
