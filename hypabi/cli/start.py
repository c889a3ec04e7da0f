"""The first that runs: who ends the command is obeyed before anything else is imported.

The imports below a command take a quarter of a second, and a signal in the middle of one would
otherwise print a traceback, or end the process with its drafts left behind.
"""

import os
import signal
from types import FrameType
from typing import Final, NoReturn

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Ended(KeyboardInterrupt):
    """A signal asks the command to end: whoever has something to tidy up does it on the way."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def command() -> NoReturn:
    """Run the command of this process and leave with its status."""
    obey_signals()
    try:
        from hypabi.cli.main import command as run

        run()
    except KeyboardInterrupt as ended:
        os.write(2, b"hypabi: interrupted\n")
        os._exit(status_of(ended))


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
