"""How a command hands over its report: data to a file or standard output, the answer to talk."""

import sys
from collections.abc import Callable

from hypabi.atomic_file import harmless, write_output
from hypabi.regular import STANDARD
from hypabi.report.findings.finding import Findings


def deliver(text: str, destination: str | None, findings: Callable[[], Findings]) -> None:
    """Print a report; where it goes to a file, say its answer on standard error.

    :param findings: makes what tells the answer
    """
    write_output(text, destination)
    if destination not in (None, STANDARD) and sys.stderr is not None:
        print(harmless(findings().answer), file=sys.stderr)
