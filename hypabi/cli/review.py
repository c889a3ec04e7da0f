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

MOST_JOBS = 64
SUMMARY = "say what a posted series breaks, at which patch, and who must agree"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "series", metavar="SERIES", nargs="?", default="-", help="mailbox, folder, - or A..B"
    )
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
        "--configuration",
        metavar="NAME",
        action="append",
        default=[],
        help="what is built: arm, arm-thumb2, arm-lpae, arm-be, arm64, arm64-16k, arm64-64k, "
        "arm64-be, arm64-novhe, arm64-nokvm, all (default: arm and arm64)",
    )
    parser.add_argument(
        "--config", metavar="FILE", help="build this .config in place of the named ones"
    )
    parser.add_argument("--fragment", metavar="FILE", help="options that each of them gets besides")
    parser.add_argument(
        "--cross-compile",
        metavar="ARCH=PREFIX",
        action="append",
        default=[],
        help="what the names of a compiler's programs begin with (default: Debian's)",
    )
    parser.add_argument(
        "--compiler",
        metavar="NAME",
        help="gcc, clang, or clang-14 and the like (default: gcc, and clang where there is none)",
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
    parser.add_argument("--note", action="store_true", help="put a git note on each commit of A..B")
    parser.add_argument(
        "--b4",
        action="store_true",
        help="answer b4, which gives one mail of the series on standard input",
    )
    parser.add_argument(
        "--cache", metavar="DIR", help="folder for what is made (default: the user's cache)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=_number, default=2, help="objects made at once (default: 2)"
    )
    add_output(parser, ("text", "mail", "json", "patchwork", "document"))


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {MOST_JOBS}")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Review, print, and return the exit status."""
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError
    from hypabi.report.review.checks import write_b4_refusal

    try:
        result = _reviewed(arguments)
    except HypabiError as refused:
        if not arguments.b4:
            raise
        # b4 takes whatever is printed for JSON, and an exit status for a failure of the patch.
        write_output(write_b4_refusal(str(refused)), arguments.output)
        return 0
    write_output(_written(result, "b4" if arguments.b4 else arguments.format), arguments.output)
    return 0 if arguments.b4 else result.exit_status


def _reviewed(arguments: argparse.Namespace) -> "ReviewResult":
    from hypabi.api import review

    return review(
        arguments.series,
        arguments.tree,
        base=arguments.base,
        contract=arguments.contract,
        configurations=arguments.configuration,
        config=arguments.config,
        fragment=arguments.fragment,
        cross_compile=_prefixes(arguments.cross_compile),
        compiler=arguments.compiler,
        image_before=arguments.image_before,
        image_after=arguments.image_after,
        run_builds=arguments.run_builds,
        note=arguments.note,
        b4=arguments.b4,
        cache=arguments.cache,
        jobs=arguments.jobs,
        say=_say if sys.stderr is not None and sys.stderr.isatty() else None,
    )


def _prefixes(given: list[str]) -> dict[str, str]:
    from hypabi.errors import MisuseError

    found = {}
    for each in given:
        name, equals, prefix = each.partition("=")
        if not equals or name not in ("arm", "arm64"):
            raise MisuseError("--cross-compile", f"{each!r} names no architecture", "arm64=PREFIX")
        found[name] = prefix
    return found


def _say(line: str) -> None:
    print(f"hypabi: {line}", file=sys.stderr)


def _written(result: "ReviewResult", form: str) -> str:
    match form:
        case "json":
            from hypabi.report.review.json import write
        case "mail":
            from hypabi.report.review.text import write_mail as write
        case "b4":
            from hypabi.report.review.checks import write_b4 as write
        case "patchwork":
            from hypabi.report.review.checks import write_patchwork as write
        case "document":
            return result.document_patch
        case _:
            from hypabi.report.review.text import write
    return write(result)
