"""Say what a posted series does, patch by patch, and whose agreement is missing.

SERIES is a mailbox with the answers to it, a folder of patches, `-` for standard input, or A..B in
the tree.  Only what the contract is about is built, in layers over the tree, which stays as it is.
What the base has too is never counted against the series.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from hypabi.cli.parser import add_output

if TYPE_CHECKING:
    from hypabi.analysis.results.review import ReviewResult

SUMMARY = "say what a posted series breaks, at which patch, and who must agree"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("series", metavar="SERIES", help="mailbox, folder, - or A..B")
    parser.add_argument(
        "--tree", metavar="LINUX", required=True, help="sources of the kernel, git or unpacked"
    )
    parser.add_argument(
        "--base",
        metavar="COMMIT",
        help="what the series stands on (default: its base-commit, else what is checked out)",
    )
    parser.add_argument(
        "--contract",
        metavar="NAME|FILE",
        help="shipped contract, or a contract file (default: the one that speaks of the kernel)",
    )
    parser.add_argument(
        "--cross-compile",
        metavar="ARCH=PREFIX",
        action="append",
        default=[],
        help="what the names of a compiler's programs begin with (default: Debian's)",
    )
    for when, what in (("before", "without the series"), ("after", "with the series")):
        parser.add_argument(
            f"--image-{when}", metavar="IMAGE", help=f"kernel image {what}, in place of building"
        )
    parser.add_argument(
        "--run-builds",
        action="store_true",
        help="build also where the build would run what a patch changes: makefiles, scripts",
    )
    parser.add_argument(
        "--cache", metavar="DIR", help="folder for what is made (default: the user's cache)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, default=2, help="objects made at once (default: 2)"
    )
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Review, print, and return the exit status."""
    from hypabi.api import review
    from hypabi.atomic_file import write_output

    result = review(
        arguments.series,
        arguments.tree,
        base=arguments.base,
        contract=arguments.contract,
        cross_compile=_prefixes(arguments.cross_compile),
        image_before=arguments.image_before,
        image_after=arguments.image_after,
        run_builds=arguments.run_builds,
        cache=arguments.cache,
        jobs=arguments.jobs,
        say=_say if sys.stderr is not None and sys.stderr.isatty() else None,
    )
    write_output(_written(result, arguments.format), arguments.output)
    return result.exit_status


def _prefixes(given: list[str]) -> dict[str, str]:
    from hypabi.errors import HypabiError

    found = {}
    for each in given:
        name, equals, prefix = each.partition("=")
        if not equals or name not in ("arm", "arm64"):
            raise HypabiError("--cross-compile", f"{each!r} names no architecture", "arm64=PREFIX")
        found[name] = prefix
    return found


def _say(line: str) -> None:
    print(f"hypabi: {line}", file=sys.stderr)


def _written(result: "ReviewResult", form: str) -> str:
    if form == "text":
        from hypabi.report.review.text import write
    else:
        from hypabi.report.review.json import write
    return write(result)
