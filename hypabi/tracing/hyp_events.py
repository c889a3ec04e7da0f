"""The text of the kernel's own events of protected KVM (``hyp_enter``, ``hyp_exit``).

A kernel from 7.1 on prints them in ``/sys/kernel/tracing/remotes/hypervisor``, one a line: CPU,
time, name, and a reason that is one of eight or nine.
"""

import re
from collections.abc import Iterator
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.decode.place import Place
from hypabi.machine.crossing import Back, Ended, EndKind, Entered, Event, Instruction
from hypabi.tracing.record import Header

SIGN: Final = re.compile(rb"^\s*\[\d+\]\s+\d+\.\d{6}: hyp_(enter|exit)\b", re.MULTILINE)
MOST_EVENTS: Final = 200_000
_LINE: Final = re.compile(
    r"\s*\[(\d{1,4})\]\s+(\d{1,10})\.(\d{6}): hyp_(enter|exit)\b(?:.*?\breason=(\w{1,20}))?"
)
_INSTRUCTIONS: Final = {
    "hvc": Instruction.HVC, "smc": Instruction.SMC, "psci": Instruction.SMC,
}  # fmt: skip
"""Reasons that are a call; the others are traps, and the way back into host or guest."""
UNKNOWN: Final = (
    "who calls, what is asked for and answered: an event has a reason only, so no call is named",
    "whatever happened before KVM ran, and what the kernel's stub answers",
)


def is_hyp_events(text: bytes) -> bool:
    """Tell whether a file is such a text."""
    return SIGN.search(text, 0, 1 << 20) is not None


def read_hyp_events(
    text: bytes, file: str, architecture: Architecture
) -> tuple[Header, tuple[Event, ...]]:
    """Return what such a text tells.

    :raises FileError: there is no call in it, or too much
    """
    events = tuple(_events(text))
    if not any(isinstance(event, Entered) for event in events):
        raise Place(file, 0, "").refuse("these events tell of no hypercall")
    if len(events) > MOST_EVENTS:
        raise Place(file, 0, "").refuse(f"more than {MOST_EVENTS} events")
    return Header("the kernel's hyp events", architecture, None, None, UNKNOWN), events


def _events(text: bytes) -> Iterator[Event]:
    first: int | None = None
    at: int | None = None
    away: set[int] = set()
    for count, raw in enumerate(text.splitlines()):
        found = _LINE.match(raw[:200].decode("ascii", "replace"))
        if found is None:
            continue
        if count > 2 * MOST_EVENTS:
            return
        cpu, clock = int(found[1]), int(found[2]) * 1_000_000 + int(found[3])
        first = clock if first is None else first
        at = max(0, clock - first)
        if found[4] == "enter":
            instruction = _INSTRUCTIONS.get(found[5] or "")
            if instruction is not None:
                away.add(cpu)
                yield Entered(at, cpu, instruction, None, "EL1", None, None, None, {})
        elif cpu in away:
            away.remove(cpu)
            yield Back(at, cpu, None, None, None, {})
    yield Ended(at, EndKind.LOG, "the events end")
