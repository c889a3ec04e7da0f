"""Write suppressions of what a report has against an image, for somebody to edit.

REPORT is what `hypabi check` or `hypabi diff` wrote with --format json.  The reason and the end of
each are left empty, and the file is refused until they are filled in.
"""

import argparse

from hypabi.cli.parser import add_file

SUMMARY = "write suppressions of what a report has found, to edit"

MOST_BYTES = 64 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "--from", dest="report", metavar="REPORT", required=True, help="the report, or -"
    )
    add_file(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write them and return the exit status."""
    from hypabi.analysis.exit_status import Exit
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError
    from hypabi.regular import read_regular
    from hypabi.report.shared.suppression_draft import draft_suppressions

    try:
        text = read_regular(arguments.report, MOST_BYTES + 1)
    except OSError as failed:
        raise HypabiError(arguments.report, failed.strerror or str(failed)) from None
    if len(text) > MOST_BYTES:
        raise HypabiError(arguments.report, f"it has more than {MOST_BYTES} bytes")
    write_output(draft_suppressions(text, arguments.report), arguments.output)
    return int(Exit.GOOD)
