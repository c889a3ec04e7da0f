"""What no finding about a document can be better than."""

from hypabi.analysis.results.drift import DriftReport
from hypabi.report.shared.trusted_base import trusted


def trusts(report: DriftReport) -> tuple[str, ...]:
    """Return what no finding can be better than, in whole sentences."""
    version = report.provenance.version("docutils")
    reading = (
        f"docutils' reading of the document (docutils {version}), and our cutting it into "
        "sentences; what a sentence says is what the clauses of the contract that cite it say"
    )
    return (reading, *(trusted(report.provenance) if report.loaded else ()))
