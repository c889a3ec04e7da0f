"""What shows that something is refuted, as lines and steps of a finding."""

from collections.abc import Iterator, Mapping

from hypabi.analysis.results.shared import Evidence, SuppressionFile
from hypabi.image.symbolizer import Names
from hypabi.report.findings.finding import Finding, Line, Spot, Step
from hypabi.report.shared.counterexample import Kind
from hypabi.report.shared.evidence_text import LABELS, valuation
from hypabi.rules.evidence import EXPIRED, UNUSED


def state_lines(
    evidence: Evidence, capabilities: Mapping[str, int], names: Names
) -> Iterator[Line]:
    """Yield what was seen to differ, and the state at entry in which it does."""
    for each in evidence.observed:
        yield Line("observed", f"{each.name}: {each.entry} at entry, {each.exit} at exit")
    found = valuation(evidence.counterexample, capabilities)
    for of, label in LABELS.items():
        if of in found:
            named = map(names.inside, found[of]) if of is Kind.MEMORY else found[of]
            yield Line(label, ", ".join(named))
    if not found:
        yield Line("entered", "in any state")


def steps_of(evidence: Evidence) -> tuple[Step, ...]:
    """Return the path, instruction by instruction."""
    return tuple(map(Step, evidence.path, evidence.disassembly))


def end_of(evidence: Evidence) -> Spot | None:
    """Return where the path ends, which is where it shows."""
    if not evidence.path:
        return None
    return Spot(evidence.path[-1], evidence.disassembly[-1].place)


def idle_suppressions(file: SuppressionFile | None) -> Iterator[Finding]:
    """Yield the suppressions that cover nothing."""
    if file is None:
        return
    for rule, entries in ((UNUSED, file.unused), (EXPIRED, file.expired)):
        for each in entries:
            text = f"line {each.line} of the suppressions, until {each.expires}"
            about = {"suppression": each.what}
            yield Finding(rule=rule, weight=rule.weight, about=about, where=each.what, text=text)
