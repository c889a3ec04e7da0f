"""What the verdicts rest on, each assumption once."""

from hypabi.analysis.findings.check import Check
from hypabi.analysis.results.shared import Assumption


def assumptions(check: Check) -> tuple[Assumption, ...]:
    """Return the premises of the contract, then what the paths rest on, each once."""
    return (*_premises(check), *_of_paths(check))


def _premises(check: Check) -> list[Assumption]:
    judged = {(finding.party, finding.call) for finding in check.judgement.findings}
    found: dict[tuple[str, str], list[str]] = {}
    installed = (each.row for each in check.revision.installations)
    for row in (*check.revision.rows, *installed):
        if (row.party, row.call) not in judged:
            continue
        for premise in row.assumes:
            reason = premise.authority.cite or premise.authority.because or ""
            whose = found.setdefault((f"{premise.name}: {premise.text}", reason.strip()), [])
            if row.party not in whose:
                whose.append(row.party)
    return [Assumption(text, reason, tuple(whose)) for (text, reason), whose in found.items()]


def _of_paths(check: Check) -> list[Assumption]:
    found: dict[str, list[str]] = {}
    for finding in check.judgement.findings:
        for text in finding.assumptions:
            whose = found.setdefault(text, [])
            if finding.party not in whose:
                whose.append(finding.party)
    return [Assumption(text, "", tuple(whose)) for text, whose in sorted(found.items())]
