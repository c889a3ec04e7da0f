"""Print what each hypercall does at each provider of an image.

One row for each call number that the code tells apart, and one for any other: what it is
guarded by, the result, what is lost and what is kept, which system registers and memory are
written, how it ends and where.

A table on top says how each call ends at each party.  With --save, what all parties do is written
to a file that `hypabi diff` takes for the image.
"""

import argparse

from hypabi.cli.parser import add_kernel, add_output

SUMMARY = "print what each hypercall does at each provider of an image"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--party", metavar="PARTY", help="only what this party's vectors do")
    which.add_argument(
        "--entry",
        metavar="SYMBOL|ADDRESS",
        help="only what an hvc does that enters here: a vector table, a slot, or code at EL2/HYP",
    )
    which.add_argument(
        "--save",
        metavar="FILE",
        help="write what all parties do to FILE, for `hypabi diff`, and print nothing",
    )
    parser.add_argument(
        "--call", metavar="NAME|NUMBER", help="only this call; any-other is every number of none"
    )
    parser.add_argument(
        "--all-tables",
        action="store_true",
        help="also tables that no party of the contract claims, as KVM's for its guests",
    )
    parser.add_argument(
        "--follow",
        metavar="FUNCTION",
        action="append",
        default=[],
        help="a kernel's C function that calls are handed to (handle_trap), to say which numbers "
        "it serves and what it answers to the rest; by symbol or address, may be repeated",
    )
    parser.add_argument(
        "--all-cases", action="store_true", help="print cases one by one even where they agree"
    )
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Derive, print, and return the exit status."""
    if arguments.save is not None:
        return _save(arguments)
    from hypabi.api import derive
    from hypabi.atomic_file import write_output

    result = derive(
        arguments.images,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        role=arguments.role,
        party=arguments.party,
        entry=arguments.entry,
        call=arguments.call,
        all_tables=arguments.all_tables,
        follow=arguments.follow,
    )
    if arguments.format == "json":
        from hypabi.report.derive.json import write as write_json

        write_output(write_json(result), arguments.output)
    else:
        from hypabi.report.derive.text import Cases, write

        cases = Cases.ONE_BY_ONE if arguments.all_cases else Cases.AGREEING_TOGETHER
        write_output(write(result, cases), arguments.output)
    return result.exit_status


def _save(arguments: argparse.Namespace) -> int:
    from hypabi.analysis.exit_status import Exit
    from hypabi.analysis.options import named_contract, version_of
    from hypabi.analysis.saved_form import save_image
    from hypabi.analysis.session import open_image
    from hypabi.atomic_file import write_output
    from hypabi.behaviour.outcome import Undecided
    from hypabi.behaviour.saved.writer import write_saved

    version = version_of(arguments.kernel_version)
    contract = named_contract(arguments.contract)
    session = open_image(*arguments.images, role=arguments.role)
    saved = save_image(session.examine(contract, version))
    write_output(write_saved(saved), arguments.save)
    outcomes = [case.outcome for party in saved.parties for case in party.behaviour.cases]
    followed = not any(isinstance(outcome, Undecided) for outcome in outcomes)
    return int(Exit.GOOD if outcomes and followed else Exit.UNDECIDED)
