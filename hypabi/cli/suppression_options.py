"""The options that name suppressions, and the day on which they are asked."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypabi.judgement.suppression import Suppressions


def add_suppressions(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command's parser."""
    parser.add_argument(
        "--suppressions",
        metavar="FILE",
        help="what has been decided to live with, as YAML; each with a reason and an end",
    )
    parser.add_argument(
        "--today",
        metavar="YYYY-MM-DD",
        help="the day on which suppressions expire (default: today)",
    )


def suppressions_of(arguments: argparse.Namespace) -> "Suppressions | None":
    """Return the suppressions that the options name, ``None`` where they name none.

    :raises HypabiError: the file is none, or the day is no date
    """
    from hypabi.analysis.options import suppressions_of as load

    return load(arguments.suppressions, arguments.today)
