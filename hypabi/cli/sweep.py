"""Judge every kernel that some sources name, and keep what is found.

SOURCE is a folder, a package or another file that holds a kernel, list:FILE with one source a
line, or debian:SUITE[/COMPONENT], whose packages come by this machine's own apt.  What is found is
kept in the store as it comes: a sweep that was ended goes on where it was, and the same kernel is
judged once.  `hypabi history` asks the store.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from hypabi.cli.parser import add_output

if TYPE_CHECKING:
    from hypabi.store.records import SweepResult, SweptFile

SUMMARY = "judge every kernel of folders, packages or a distribution, and keep what is found"
STORE = "hypabi-sweep.db"
MOST_JOBS = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="where kernels are")
    add_store(parser)
    parser.add_argument(
        "--contract",
        metavar="NAME|FILE",
        help="shipped contract, or a contract file (default: of each kernel the one that fits)",
    )
    parser.add_argument(
        "--ask", metavar="WORDS", default="check",
        help="what to ask of each kernel, with commas: check, callers, derive, and trace, for "
        "which QEMU boots it (default: check)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", metavar="N", type=_number, default=2, help="worker processes (default: 2)"
    )
    parser.add_argument(
        "--limit", metavar="SECONDS", type=_number, default=300,
        help="how long one image may take (default: 300)",
    )  # fmt: skip
    parser.add_argument(
        "--max-disk", metavar="MB", type=_number, default=2048,
        help="how much may lie on the disk at once of what is fetched (default: 2048)",
    )  # fmt: skip
    parser.add_argument(
        "--retries", metavar="N", type=int, choices=range(11), default=2,
        help="how often to ask again for what did not come, at most 10 (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--cluster", metavar="ADDRESS",
        help="let the workers of this scheduler of Dask distributed judge; they read files by the "
        "same paths",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="judge also what the store has")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="print only what is new since the last sweep: nothing where nothing is",
    )
    parser.add_argument(
        "--to", metavar="ADDRESS", action="append", default=[],
        help="whom a mail goes to (--follow --format mail)",
    )  # fmt: skip
    add_html(parser)
    add_output(parser, ("text", "json", "mail"))


def add_html(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the folder of pages."""
    parser.add_argument(
        "--html", metavar="DIR", help="write pages of everything in the store into DIR"
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the store."""
    parser.add_argument(
        "--store", metavar="FILE", default=STORE, help=f"the store (default: {STORE})"
    )


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Sweep, print, and return the exit status."""
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError
    from hypabi.sweeping.interface import sweep

    if arguments.jobs > MOST_JOBS:
        raise HypabiError("--jobs", f"{arguments.jobs} are more than {MOST_JOBS} processes")
    if (arguments.format == "mail" or arguments.to) and not arguments.follow:
        raise HypabiError("--format mail", "a mail tells what is new", "add --follow")
    try:
        result = sweep(
            *arguments.sources,
            store=arguments.store,
            contract=arguments.contract,
            ask=tuple(dict.fromkeys(arguments.ask.split(","))),
            jobs=arguments.jobs,
            limit=arguments.limit,
            max_disk=arguments.max_disk,
            retries=arguments.retries,
            again=arguments.again,
            cluster=arguments.cluster,
            hear=_say if sys.stderr is not None and sys.stderr.isatty() else None,
        )
    except KeyboardInterrupt:
        if sys.stderr is not None:
            print("hypabi: what was judged is kept; the same sweep goes on there", file=sys.stderr)
        raise
    if arguments.html is not None:
        write_html(arguments.store, arguments.html)
    written = (_news if arguments.follow else _written)(result, arguments)
    if written or arguments.output is not None:
        write_output(written, arguments.output)
    return result.exit_status


def write_html(store: str, folder: str) -> None:
    """Write the pages of a store into a folder."""
    from pathlib import Path

    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError
    from hypabi.report.overview.html import write_pages
    from hypabi.sweeping.interface import overview

    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as failed:
        raise HypabiError(folder, failed.strerror or str(failed)) from None
    for name, page in write_pages(overview(store=store)).items():
        write_output(page, str(Path(folder) / name))


def _say(file: "SweptFile") -> None:
    from hypabi.report.shared.text_layout import printable
    from hypabi.store.records import Fate

    if file.fate is not Fate.KNOWN:
        print(printable(f"{file.fate.value}: {file.name} {file.reason}".rstrip()), file=sys.stderr)


def _written(result: "SweepResult", arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        from hypabi.report.sweep.json import write as write_json

        return write_json(result)
    from hypabi.report.sweep.text import write

    return write(result)


def _news(result: "SweepResult", arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        from hypabi.report.news.json import write as write_json

        return write_json(result)
    if arguments.format == "mail":
        from hypabi.report.news.mail import write as write_mail

        return write_mail(result, arguments.to)
    from hypabi.report.news.text import write

    return write(result)
