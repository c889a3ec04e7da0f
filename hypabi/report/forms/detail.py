"""A finding in lines, for forms that have room for text."""

from collections.abc import Iterator

from hypabi.report.findings.finding import Finding


def detail_lines(finding: Finding) -> Iterator[str]:
    """Yield what is to be known of a finding besides its sentence, a line each."""
    for line in finding.lines:
        yield f"{line.label}: {line.text}"
    if finding.spot is not None:
        yield f"at: {finding.spot.place} ({finding.spot.address})"
    if finding.path:
        yield f"path: {len(finding.path)} instructions, from {finding.path[0].instruction.place}"
    if finding.agree:
        yield f"to agree: {'; '.join(finding.agree)}"
    if finding.suppressed is not None:
        yield f"suppressed: {finding.suppressed.reason} (until {finding.suppressed.expires})"
