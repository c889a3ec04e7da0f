"""Hold a kernel document against contract and images: ``hypabi document --drift FILE [IMAGE]``.

No command of its own: :mod:`hypabi.cli.document` parses the command line and delegates here.
"""

import argparse

FORMATS = ("text", "json")


def run(arguments: argparse.Namespace) -> int:
    """Hold ``.drift`` against ``.contract`` and ``.images``, print; return the exit status."""
    from hypabi.api import drift
    from hypabi.atomic_file import write_output
    from hypabi.errors import HypabiError

    if arguments.format not in FORMATS:
        hint = f"drift is printed as {' or '.join(FORMATS)}"
        raise HypabiError(f"--format {arguments.format}", "this is for a page", hint)
    report = drift(
        arguments.drift,
        *arguments.images,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        architecture=arguments.architecture,
    )
    if arguments.format == "json":
        from hypabi.report.drift.json import write
    else:
        from hypabi.report.drift.text import write
    write_output(write(report), arguments.output)
    return report.exit_status
