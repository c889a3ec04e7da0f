"""Refuted clauses as text: what was promised, what happens instead, what a machine made of it."""

from collections.abc import Iterator
from pathlib import PurePath

from hypabi.analysis.results.check import Check, spelled
from hypabi.analysis.results.replay import CONFIRMED, DEFECT, NOT_REPRODUCED
from hypabi.contract.clause import Authority
from hypabi.image.symbolizer import Places
from hypabi.judgement.verification.verdict import Finding, Refuted
from hypabi.report.shared.counterexample import valuation
from hypabi.report.shared.counterexample_text import at_entry, observed, path
from hypabi.report.shared.text_layout import filled, labelled, labelled_list, titled


def refuted(check: Check, places: Places) -> Iterator[str]:
    """Yield each refuted clause with its evidence."""
    found = [
        finding
        for finding in check.judgement.findings
        if isinstance(finding.verdict, Refuted) and check.by(finding) is None
    ]
    if not found:
        return
    yield from titled("Refuted")
    for finding in found:
        assert isinstance(finding.verdict, Refuted)
        yield ""
        yield from _refuted(check, finding, finding.verdict, places)


def _refuted(check: Check, finding: Finding, verdict: Refuted, places: Places) -> Iterator[str]:
    number = "" if finding.number is None else f" ({check.revision.identifier} = {finding.number})"
    yield from filled(
        f"{finding.party}, {spelled(finding.call)}{number}: {finding.clause.name}", "* ", "  "
    )
    yield from labelled("clause", finding.clause.text)
    yield from authority(finding.clause.authority)
    yield from labelled("instead", places.inside(verdict.what))
    yield from observed(verdict)
    state = list(at_entry(verdict, check.capabilities, places))
    yield from state or labelled("entered", "in any state")
    yield from replayed(check, finding, places)
    yield from path(verdict, check.texts, places)


def replayed(check: Check, finding: Finding, places: Places) -> Iterator[str]:
    """Yield what a machine made of a refuted clause, where one was asked."""
    made = check.attempt(finding)
    if made is None:
        return
    yield from labelled("replay", made.sentence)
    values = valuation(made.needed, check.capabilities)
    named = [text for of in values for text in map(places.inside, values[of])]
    if named:
        yield from labelled_list("needing", named)
    if made.file is not None:
        yield from labelled("witness", PurePath(made.file).name)


def replays(check: Check) -> Iterator[str]:
    """Yield what the machines' word is worth, each once."""
    made = tuple(check.attempts.values())
    if not made:
        return
    yield from titled("Replayed")
    words = [each.verdict for each in made]
    yield ", ".join(f"{words.count(each)} {each}" for each in dict.fromkeys(words))
    for text in dict.fromkeys(each.worth for each in made if each.verdict == CONFIRMED):
        yield from filled(text, "* ", "  ")
    if NOT_REPRODUCED in words:
        yield from filled(DEFECT, "* ", "  ")


def authority(of: Authority) -> Iterator[str]:
    """Yield the sentence that a clause rests on, or our reason where there is none."""
    if of.cite is not None:
        yield from labelled("sentence", f'"{of.cite.strip()}"')
    if of.because is not None:
        yield from labelled("because", of.because.strip())
    if of.against is not None:
        yield from labelled("against", f'"{of.against.strip()}"')
