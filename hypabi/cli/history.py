"""Say what became of a call, a party, a caller or a rule, from kernel to kernel.

It asks the store that `hypabi sweep` wrote: since when each finding is there, in which version it
is mended, and which of the newest kernels differ.  Without a name it tells everything.
"""

import argparse

from hypabi.cli.parser import add_output
from hypabi.cli.sweep import add_html, add_store, write_html

SUMMARY = "say since when a finding is there, where it is mended, and which kernels differ"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "asked",
        metavar="CALL|PARTY|CALLER|RULE",
        nargs="?",
        default="",
        help="what it is about, as HVC_SET_VECTORS, kvm-run or HYP-CALLER-SERVED",
    )
    add_store(parser)
    parser.add_argument(
        "--series", metavar="VERSION", default="", help="only kernels of this series, as 6.1"
    )
    parser.add_argument(
        "--parquet", metavar="DIR", help="write the tables of the store into DIR as Parquet"
    )
    parser.add_argument(
        "--kcidb", metavar="FILE", help="write everything that was judged to FILE, for kcidb"
    )
    add_html(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Ask, print, and return the exit status."""
    from hypabi.atomic_file import write_output
    from hypabi.sweeping.interface import export, history

    if arguments.html is not None:
        write_html(arguments.store, arguments.html)
    export(arguments.store, arguments.parquet, arguments.kcidb)
    result = history(arguments.asked, store=arguments.store, series=arguments.series)
    if arguments.format == "json":
        from hypabi.report.history.json import write
    else:
        from hypabi.report.history.text import write
    write_output(write(result), arguments.output)
    return result.exit_status
