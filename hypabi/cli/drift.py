"""Hold a kernel document against contract and images: ``hypabi document --drift FILE [IMAGE]``.

No command of its own: :mod:`hypabi.cli.document` parses the command line and delegates here.
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.cli.parser import command_line

if TYPE_CHECKING:
    from hypabi.analysis.results.drift import DriftResult

FORMATS = ("text", "json")


def run(arguments: argparse.Namespace) -> int:
    """Hold ``.drift`` against ``.contract`` and ``.images``, print; return the exit status."""
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError

    if arguments.format not in FORMATS:
        hint = f"drift is printed as {' or '.join(FORMATS)}"
        raise HypabiError(f"--format {arguments.format}", "this is for a page", hint)
    report = held(arguments, command_line())
    if arguments.format == "json":
        from hypabi.report.drift.json import write
    else:
        from hypabi.report.drift.text import write
    write_output(write(report), arguments.output)
    return report.exit_status


def held(arguments: argparse.Namespace, command: tuple[str, ...]) -> "DriftResult":
    """Return what there is to say of a document.

    :raises HypabiError: document, contract or an image is refused, or the kernel has no version
    """
    from hypabi.analysis.drift import TOOLS, Against, hold_document
    from hypabi.analysis.options import contract_of, version_of
    from hypabi.analysis.provenance import provenance
    from hypabi.analysis.summaries.drift import summarize_drift
    from hypabi.arch.names import Architecture

    only = arguments.architecture
    against = Against(
        contract_of(arguments.contract),
        tuple(arguments.images),
        version_of(arguments.kernel_version),
        None if only is None else Architecture(only),
    )
    return summarize_drift(hold_document(arguments.drift, against, provenance(command, TOOLS)))
