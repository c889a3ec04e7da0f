"""Say what two images do differently for those who call them, and who breaks.

OLD and NEW are kernel images, or what `hypabi derive --save` wrote of them.  Each call of each
party is equal, renumbered, stronger, weaker, incompatible or undecided, for old callers on the new
provider and for new callers on the old one (which is what kexec and hibernation do).
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.analysis.exit_status import Exit
from hypabi.analysis.tools import TOOLS
from hypabi.cli.parser import add_output, command_line
from hypabi.cli.suppressions import add_suppressions, suppressions_of
from hypabi.contract.defaults import DEFAULT_CONTRACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hypabi.analysis.difference import Opened
    from hypabi.analysis.results.difference import Compared, Diff
    from hypabi.judgement.difference.model import Cell, Direction
    from hypabi.judgement.difference.side import Side
    from hypabi.judgement.suppression import Suppression, Suppressions

SUMMARY = "say what two images do differently for their callers, and who breaks"
MILLISECONDS = 4_000
"""For one question; those about real kernels take at most 10."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    for name in ("old", "new"):
        parser.add_argument(
            name, metavar=name.upper(), help="kernel image, or a file of `hypabi derive --save`"
        )
    parser.add_argument(
        "--contract", metavar="NAME|FILE", help=f"of both (default: {DEFAULT_CONTRACT})"
    )
    parser.add_argument(
        "--kernel-version",
        metavar="VERSION",
        help="kernel version to take the contract of both at, where they do not say it or lie",
    )
    for name in ("old", "new"):
        parser.add_argument(
            f"--{name}-contract", metavar="NAME|FILE", help=f"of {name.upper()} alone"
        )
        parser.add_argument(
            f"--{name}-kernel-version",
            metavar="VERSION",
            help=f"kernel version to take the contract of {name.upper()} at",
        )
    parser.add_argument(
        "--callers",
        choices=("both", "old", "new"),
        default="both",
        help="whose callers are asked for (default: both)",
    )
    add_suppressions(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return the exit status."""
    from hypabi.atomic_file import write_output

    diff = compared(arguments, command_line())
    if arguments.format == "json":
        from hypabi.report.diff.json import write
    else:
        from hypabi.report.diff.text import write
    write_output(write(diff), arguments.output)
    return diff.exit_status


def compared(arguments: argparse.Namespace, command: tuple[str, ...]) -> "Diff":
    """Open both, hold them against each other, and return what there is to say.

    :raises HypabiError: one of them is refused
    """
    from hypabi.analysis.difference import sides
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.results.difference import Diff

    suppressions = suppressions_of(arguments)
    if suppressions is not None:
        suppressions = suppressions.of_changes()
    old, new = _opened(arguments)
    cells = tuple(_cells(*sides(old, new), arguments.callers))
    suppressed = _suppressed(suppressions, cells, new)
    covered = [c for c in cells if (c.direction, c.party, c.call) in suppressed]
    result = status(cell for cell in cells if cell not in covered)
    # What is suppressed is what was shown; what was not decided besides is not.
    result |= status(covered) & Exit.UNDECIDED
    return Diff(
        _compared(old),
        _compared(new),
        new.saved.architecture,
        new.revision.identifier,
        cells,
        int(result),
        provenance(command, TOOLS),
        suppressions,
        suppressed,
    )


def _opened(arguments: argparse.Namespace) -> "tuple[Opened, Opened]":
    from hypabi.analysis.difference import opened
    from hypabi.analysis.options import version_of

    asked = arguments.contract
    old = opened(
        arguments.old,
        arguments.old_contract or asked,
        DEFAULT_CONTRACT,
        version_of(arguments.old_kernel_version or arguments.kernel_version),
    )
    new = opened(
        arguments.new,
        arguments.new_contract or asked,
        DEFAULT_CONTRACT,
        version_of(arguments.new_kernel_version or arguments.kernel_version),
    )
    return old, new


def _cells(old: "Side", new: "Side", callers: str) -> "Iterator[Cell]":
    from hypabi.judgement.difference.compare import compare_sides
    from hypabi.judgement.difference.model import Direction
    from hypabi.smt.bitwuzla import BitwuzlaSolver

    def solver() -> BitwuzlaSolver:
        return BitwuzlaSolver(MILLISECONDS)

    if callers != "new":
        yield from compare_sides(old, new, Direction.OLD_CALLERS, solver)
    if callers != "old":
        yield from compare_sides(new, old, Direction.NEW_CALLERS, solver)


def _compared(opened: "Opened") -> "Compared":
    from hypabi.analysis.results.difference import Compared, PartyFound

    saved, revision = opened.saved, opened.revision
    held = {party.name for party in saved.parties}
    return Compared(
        saved.sha256,
        saved.version,
        revision.contract,
        opened.contract.sha256,
        str(revision.version),
        tuple(PartyFound(p.name, p.symbol, p.address, p.program, p.how) for p in saved.parties),
        tuple(party.name for party in revision.parties if party.name not in held),
        {call.number: call.name for call in revision.calls if call.number is not None},
    )


def _suppressed(
    suppressions: "Suppressions | None", cells: "tuple[Cell, ...]", new: "Opened"
) -> "dict[tuple[Direction, str, str | None], Suppression]":
    from hypabi.analysis.results.difference import SPELLED, change_word
    from hypabi.contract.version import Version
    from hypabi.judgement.difference.model import Equal, Undecided, Vacuous

    found: dict[tuple[Direction, str, str | None], Suppression] = {}
    if suppressions is None:
        return found
    version = Version.parse(new.saved.version) or new.revision.version
    for cell in cells:
        if isinstance(cell.change, Equal | Undecided | Vacuous):
            continue
        what = (cell.party, cell.call, change_word(cell.change), SPELLED[cell.direction])
        by = suppressions.of_change(*what, new.saved.sha256, version)
        if by is not None:
            found[cell.direction, cell.party, cell.call] = by
    return found


def status(cells: "Iterable[Cell]") -> Exit:
    """Return the exit status that cells amount to; see :mod:`hypabi.analysis.exit_status`."""
    from hypabi.judgement.difference.model import (
        Equal,
        Incompatible,
        Renumbered,
        Stronger,
        Weaker,
        differences_of,
        reasons_of,
    )

    judged = tuple(cells)
    result = Exit.GOOD
    for cell in judged:
        match cell.change:
            case Incompatible() | Weaker() | Renumbered():
                result |= Exit.REFUTED
            case Stronger():
                result |= Exit.CHANGE
            case Equal() if differences_of(cell.change):
                result |= Exit.CHANGE
            case _:
                pass
        if reasons_of(cell.change):
            result |= Exit.UNDECIDED
    return result
