"""List every hvc of an image: what it asks for, on which ways, and what counts on it.

Each call site of the kernel and of its decompressor, with the function around it, the identifier
and arguments that arrive, what is live behind it and what is asked of the answer.  Calls are named
by the shipped contracts.  An identifier that is uninitialised is a finding.
"""

import argparse

from hypabi.cli.parser import add_against, add_kernel, add_output

SUMMARY = "list every hvc of an image, and what each asks for"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_kernel(parser)
    add_against(parser)
    parser.add_argument(
        "--function", metavar="NAME", help="only the call sites in this function, all in full"
    )
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Find, print, and return the exit status."""
    from hypabi.api import callers
    from hypabi.atomic_file import write_output

    result = callers(
        arguments.images,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        role=arguments.role,
        against=arguments.against,
        function=arguments.function,
    )
    if arguments.format == "json":
        from hypabi.report.callers.json import write
    else:
        from hypabi.report.callers.text import write
    write_output(write(result), arguments.output)
    return result.exit_status
