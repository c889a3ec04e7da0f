"""What a kernel that is watched prints: when it is over, what was driven, why it has no EL2."""

import os
import select
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from hypabi.machine.crossing import Ended, EndKind, Step
from hypabi.machine.qemu.boot_plan import BootPlan
from hypabi.machine.qemu.driven import DrivenConsole
from hypabi.records import replace

MOST_CONSOLE: Final = 64 << 10
"""Bytes of the console that are searched at once."""
PANIC: Final = b"Kernel panic - not syncing"
NOT_AT_EL2: Final = (b"started at EL1", b"HYP mode not available", b"started in SVC mode")
"""What a kernel prints that has no EL2 or HYP."""


class WatchedConsole:
    """The console of one boot, and its clock."""

    def __init__(self, plan: BootPlan, source: int) -> None:
        self._plan = plan
        self.source = source
        """Descriptor of what is printed."""
        self._begun = time.monotonic()
        self._last = self._begun
        self._printed = b""
        self._remark = ""
        self._driven = DrivenConsole()
        self._steps: list[Step] = []

    def now(self) -> int:
        """Return the microseconds since the start."""
        return self.at(time.monotonic_ns())

    def at(self, nanoseconds: int) -> int:
        """Return the microseconds from the start to a time of the monotonic clock."""
        return max(0, int(nanoseconds / 1000 - self._begun * 1_000_000))

    def stir(self) -> None:
        """Take note that something happens, so that the kernel does not hang."""
        self._last = time.monotonic()

    def told(self) -> Iterator[Step]:
        """Yield the steps that were printed since."""
        while self._steps:
            yield self._steps.pop(0)

    def read(self, seconds: float) -> None:
        """Take what is printed, and wait for it some seconds at most."""
        while select.select([self.source], [], [], seconds)[0]:
            piece = os.read(self.source, 65536)
            if not piece:
                return
            self.stir()
            self._printed = (self._printed + piece)[-MOST_CONSOLE:]
            self._steps.extend(self._driven.take(piece, self.now()))
            self._notice()
            if self._plan.console is not None:
                with suppress(OSError):
                    os.write(self._plan.console, piece)

    def _notice(self) -> None:
        """Keep what the kernel says of having no EL2."""
        for line in self._printed.splitlines() if not self._remark else ():
            if any(words in line for words in NOT_AT_EL2):
                self._remark = line.strip().decode("utf-8", "replace")[:200]

    def end(self, crossings: int) -> Ended | None:
        """Return the end, where it has come, and why nothing was seen where nothing was."""
        end = self._ending()
        if end is None or crossings or not self._remark:
            return end
        what = f"{end.text}; the kernel is not at EL2 or HYP: it printed {self._remark!r}"
        return replace(end, text=what)

    def gone(self, crossings: int) -> Ended:
        """Return the end of a QEMU that ended by itself."""
        self.read(0.1)
        return self.end(crossings) or Ended(self.now(), EndKind.GONE, "QEMU ended by itself")

    def _ending(self) -> Ended | None:
        now, plan = time.monotonic(), self._plan
        if plan.until is not None and plan.until in self._printed:
            shown = plan.until.decode("utf-8", "replace")
            return Ended(self.now(), EndKind.REACHED, f"{shown!r} was printed")
        if self._driven.is_over:
            what = "all that was asked for was driven"
            return Ended(self.now(), EndKind.REACHED, what)
        if PANIC in self._printed:
            said = self._printed[self._printed.index(PANIC) :].splitlines()[0]
            return Ended(self.now(), EndKind.PANIC, said.decode("utf-8", "replace"))
        if now - self._begun > plan.seconds:
            return Ended(self.now(), EndKind.TIME, f"{plan.seconds:g} s are over")
        if now - self._last > plan.silence:
            what = f"nothing was printed and nothing crossed for {plan.silence:g} s"
            return Ended(self.now(), EndKind.HANG, what)
        return None
