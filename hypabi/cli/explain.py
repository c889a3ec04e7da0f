"""Print the page of a rule: what a finding of this id means, why it matters, how to mend it.

Without RULE all ids are listed.  The same pages stand in docs/reference/rules.
"""

import argparse

from hypabi.cli.parser import add_file

SUMMARY = "say what a finding means: the page of a rule, by its id"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "rules", metavar="RULE", nargs="*", help="id of a rule, as in HYP-CLAUSE-REGISTERS"
    )
    add_file(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for and return the exit status."""
    from hypabi.analysis.exit_status import Exit
    from hypabi.atomic_file import write_output
    from hypabi.report.shared.rule_text import write_list, write_page
    from hypabi.rules.catalogue import RULES, find_rule

    pages = [write_page(find_rule(name)) for name in arguments.rules]
    write_output("\n".join(pages) or write_list(RULES.values()), arguments.output)
    return int(Exit.GOOD)
