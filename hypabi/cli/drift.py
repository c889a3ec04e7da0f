"""Hold a kernel document against contract and images: ``hypabi document --drift FILE [IMAGE]``.

No command of its own: :mod:`hypabi.cli.document` parses the command line and delegates here.
"""

import argparse
from typing import TYPE_CHECKING

from hypabi.cli.parser import MACHINE_FORMS

if TYPE_CHECKING:
    from hypabi.analysis.results.drift import DriftResult

FORMATS = ("text", "json", *MACHINE_FORMS)


def run(arguments: argparse.Namespace) -> int:
    """Hold ``.drift`` against ``.contract`` and ``.images``, print; return the exit status."""
    from hypabi.api import drift
    from hypabi.cli.output import deliver
    from hypabi.errors import MisuseError
    from hypabi.report.drift.findings import findings_of

    if arguments.format not in FORMATS:
        hint = f"drift is printed as one of {', '.join(FORMATS)}"
        raise MisuseError(f"--format {arguments.format}", "this is for a page", hint)
    report = drift(
        arguments.drift,
        *arguments.images,
        contract=arguments.contract,
        kernel_version=arguments.kernel_version,
        architecture=arguments.architecture,
    )
    deliver(_written(report, arguments.format), arguments.output, lambda: findings_of(report))
    return report.exit_status


def _written(report: "DriftResult", form: str) -> str:
    if form == "text":
        from hypabi.report.drift.text import write
    elif form == "json":
        from hypabi.report.drift.json import write
    else:
        from hypabi.report.drift.findings import findings_of
        from hypabi.report.forms.write import write_form

        return write_form(findings_of(report), form)
    return write(report)
