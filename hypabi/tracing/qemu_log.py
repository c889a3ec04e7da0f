"""QEMU's log of exceptions (``-d int``), as far as it tells of EL2 and of ``smc``."""

import re
from collections.abc import Iterator
from typing import Final

from hypabi.arch.names import Architecture
from hypabi.decode.place import Place
from hypabi.machine.crossing import Back, Ended, EndKind, Entered, Event, Instruction
from hypabi.tracing.record import Header

SIGN: Final = re.compile(rb"^Taking exception \d+ \[", re.MULTILINE)
"""A line that only such a log has."""
MOST_EVENTS: Final = 200_000
MOST_CPU: Final = 4095

_TAKING: Final = re.compile(r"Taking exception \d+ \[(.{1,40})\] on CPU (\d{1,4})")
_FROM: Final = re.compile(r"\.\.\.from EL(\d) to EL(\d)")
_SYNDROME: Final = re.compile(r"\.\.\.with ESR 0x[0-9a-f]+/0x([0-9a-f]{1,8})")
_LINK: Final = re.compile(r"\.\.\.with ELR 0x([0-9a-f]{1,16})")
_TO: Final = re.compile(r"\.\.\.to EL2 PC 0x([0-9a-f]{1,16}) PSTATE")
_BACK: Final = re.compile(
    r"Exception return from AArch(?:64 EL2|32 hyp) "
    r"to (?:AArch(?:64|32) )?(\w+) PC 0x([0-9a-f]{1,16})"
)
_INSTRUCTIONS: Final = {
    "Hypervisor Call": Instruction.HVC,
    "Secure Monitor Call": Instruction.SMC,
}
BY_QEMU: Final = "...handled as PSCI call"
"""QEMU answers itself, and no return is in the log."""
SLOT: Final = 0x400
"""Of an exception from EL1 in AArch64 (DDI 0487, D1.3.1)."""

UNKNOWN: Final = (
    "registers: a call is named where its caller's code can ask for one only, and none is judged",
    "times",
    "where an smc of AArch32 or one that goes to EL3 comes from and comes back to",
    "which CPU returns, where several are at EL2 at once and the address does not tell",
)
UNKNOWN_32: Final = "of AArch32: where a call comes from, but by where it comes back to"


def is_qemu_log(text: bytes) -> bool:
    """Tell whether a file is such a log."""
    return SIGN.search(text, 0, 1 << 20) is not None


def read_qemu_log(
    text: bytes, file: str, architecture: Architecture
) -> tuple[Header, tuple[Event, ...]]:
    """Return what such a log tells.

    :raises FileError: there is nothing of EL2 in it, or too much
    """
    events = tuple(_Log(architecture).events(text))
    if not any(isinstance(event, Entered) for event in events):
        hint = "QEMU writes hypercalls with -d int, where the machine has EL2 (virtualization=on)"
        raise Place(file, 0, "").refuse("this log tells of no hypercall", hint)
    if len(events) > MOST_EVENTS:
        raise Place(file, 0, "").refuse(f"more than {MOST_EVENTS} events")
    unknown = UNKNOWN if architecture is Architecture.ARM64 else (*UNKNOWN, UNKNOWN_32)
    return Header("QEMU's log of exceptions (-d int)", architecture, None, None, unknown), events


class _Log:
    """Reads line by line; what stands between two exceptions is of the first."""

    def __init__(self, architecture: Architecture) -> None:
        self._is_a64 = architecture is Architecture.ARM64
        self._pending: dict[int, int | None] = {}
        """CPUs at EL2, and the address where each is expected."""
        self._taken: tuple[Instruction, int] | None = None
        self._levels = ("", "")
        self._syndrome: int | None = None
        self._link: int | None = None
        self._entry: int | None = None
        self._answered = False

    def events(self, text: bytes) -> Iterator[Event]:
        count = 0
        for raw in text.splitlines():
            line = raw[:200].decode("ascii", "replace")
            for event in self._line(line):
                count += 1
                yield event
            if count > MOST_EVENTS:
                return
        yield from self._finished()
        yield Ended(None, EndKind.LOG, "the log ends")

    def _line(self, line: str) -> Iterator[Event]:
        if line.startswith("..."):
            self._detail(line)
            return
        yield from self._finished()
        if found := _TAKING.match(line):
            instruction = _INSTRUCTIONS.get(found[1])
            if instruction is not None:
                self._taken = (instruction, int(found[2]))
        elif found := _BACK.match(line):
            yield from self._back(int(found[2], 16), found[1])

    def _detail(self, line: str) -> None:
        if found := _FROM.match(line):
            self._levels = (found[1], found[2])
        elif found := _SYNDROME.match(line):
            self._syndrome = int(found[1], 16)
        elif found := _LINK.match(line):
            self._link = int(found[1], 16)
        elif found := _TO.match(line):
            self._entry = int(found[1], 16)
        elif line.startswith(BY_QEMU):
            self._answered = True

    def _finished(self) -> Iterator[Entered | Back]:
        taken, levels = self._taken, self._levels
        if taken is not None and levels[1] in ("2", "3"):
            yield self._entered(*taken, levels)
            if self._answered:
                yield Back(None, taken[1], None, None, None, {})
        self._taken, self._levels = None, ("", "")
        self._syndrome = self._link = self._entry = None
        self._answered = False

    def _entered(self, instruction: Instruction, cpu: int, levels: tuple[str, str]) -> Entered:
        link, caller = self._link, None
        if link is not None:
            caller = link - 4 if instruction is Instruction.HVC else link
        if levels[1] == "2":
            self._pending[cpu] = link
        base = None if self._entry is None or not self._is_a64 else self._entry - SLOT
        immediate = None if self._syndrome is None else self._syndrome & 0xFFFF
        mode = f"EL{levels[0]}"
        return Entered(None, cpu, instruction, caller, mode, immediate, self._entry, base, {})

    def _back(self, to: int, mode: str) -> Iterator[Back]:
        """Tell which CPU is back: the one that is expected there, or the only one that is away."""
        cpus = [cpu for cpu, link in self._pending.items() if link == to]
        if len(cpus) != 1:
            cpus = list(self._pending)
        if len(cpus) == 1:
            del self._pending[cpus[0]]
            yield Back(None, cpus[0], to, mode, None, {})
