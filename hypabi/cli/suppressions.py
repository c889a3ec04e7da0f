"""The options that name suppressions, and the day on which they are asked."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypabi.analysis.findings.check import Check
    from hypabi.judgement.suppression import Suppression, Suppressions


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
    if arguments.suppressions is None and arguments.today is None:
        return None
    from datetime import UTC, datetime

    from hypabi.errors import HypabiError
    from hypabi.judgement.suppression import load_suppressions, parse_day

    today = datetime.now(UTC).date() if arguments.today is None else parse_day(arguments.today)
    if today is None:
        raise HypabiError(f"--today {arguments.today}", "this is no date", "write it as 2027-01-31")
    if arguments.suppressions is None:
        return None
    return load_suppressions(Path(arguments.suppressions), today)


def with_suppressions(check: "Check", suppressions: "Suppressions") -> "Check":
    """Return a check in which what is suppressed does not count; it is still listed."""
    from hypabi.contract.version import Version
    from hypabi.judgement.verification.verdict import Refuted
    from hypabi.records import replace

    suppressions = suppressions.of_checks()
    found: dict[tuple[str, str | None, str], Suppression] = {}
    losses: dict[tuple[str, str | None, str, str], Suppression] = {}
    version = Version.parse(check.kernel.version) or check.revision.version
    for each in check.judgement.findings:
        if not isinstance(each.verdict, Refuted):
            continue
        key = (each.party, each.call, each.clause.name)
        if by := suppressions.of_clause(*key, check.loaded.sha256, version):
            found[key] = by
        for lost in each.verdict.every:
            of = (lost.lost, *key)
            if lost.lost and (by := suppressions.of_register(*of, check.loaded.sha256, version)):
                losses[*key, lost.lost] = by
    return replace(check, suppressions=suppressions, suppressed=found, suppressed_losses=losses)
