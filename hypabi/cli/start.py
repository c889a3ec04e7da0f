"""The first that runs: who ends the command is obeyed before anything else is imported.

The imports below a command take a quarter of a second, and a signal in the middle of one would
otherwise print a traceback, or end the process with its drafts left behind.
"""

import os
from typing import NoReturn

from hypabi.cli.signals import obey_signals, status_of


def command() -> NoReturn:
    """Run the command of this process and leave with its status."""
    obey_signals()
    try:
        from hypabi.cli.main import command as run

        run()
    except KeyboardInterrupt as ended:
        os.write(2, b"hypabi: interrupted\n")
        os._exit(status_of(ended))
