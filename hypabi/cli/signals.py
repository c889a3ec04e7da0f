"""Signals that end a command: who has something to tidy up does it on the way."""

import signal
from types import FrameType
from typing import Final, NoReturn

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Whoever presses Ctrl-C, ends a process, or closes its terminal."""


class Ended(KeyboardInterrupt):
    """A signal asks the command to end: whoever has something to tidy up does it on the way."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def obey_signals() -> None:
    """Turn the signals that end a command into :class:`Ended`, but for those that are ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    # What is tidied up is bounded: a second signal need not interrupt it.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Ended(number)


def status_of(ended: KeyboardInterrupt) -> int:
    """Return the exit status: 128 and the number of the signal, as in a shell."""
    return 128 + (ended.number if isinstance(ended, Ended) else signal.SIGINT)
