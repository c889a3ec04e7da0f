"""An examination as a check: what was judged, with what is needed to repeat it."""

from hypabi.analysis.examination import Examination, Provider
from hypabi.analysis.findings.check import Check
from hypabi.analysis.provenance import provenance
from hypabi.analysis.results.vector_table import Table
from hypabi.analysis.tools import TOOLS


def judged(examination: Examination, command: tuple[str, ...]) -> Check:
    """Return what was judged of an image."""
    return Check(
        examination.loaded,
        examination.contract,
        examination.revision,
        tuple(map(_table, examination.providers)),
        examination.missing,
        examination.judgement,
        examination.capabilities,
        examination.text,
        provenance(command, TOOLS),
        examination.first_missing,
    )


def _table(provider: Provider) -> Table:
    found = provider.table
    kind, how = found.kind.value, found.how.value
    return Table(provider.role, found.address, kind, found.name, how, provider.parties)
