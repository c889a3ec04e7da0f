"""Refuted clauses as text: what was promised, what happens instead, what a machine made of it."""

from collections.abc import Iterator
from pathlib import PurePath

from hypabi.analysis.results.check import Authority, CheckedClause, CheckResult, ClauseWord
from hypabi.analysis.results.shared import DEFECT, ReplayVerdict
from hypabi.image.symbolizer import Names
from hypabi.report.shared.calls import call_with_number
from hypabi.report.shared.evidence_text import at_entry, observed, path, valuation
from hypabi.report.shared.text_layout import filled, labelled, labelled_list, titled


def refuted(result: CheckResult, names: Names) -> Iterator[str]:
    """Yield each refuted clause with its evidence."""
    found = [clause for clause in result.verdicts if clause.verdict is ClauseWord.REFUTED]
    if not found:
        return
    yield from titled("Refuted")
    for clause in found:
        yield ""
        yield from _refuted(result, clause, names)


def _refuted(result: CheckResult, clause: CheckedClause, names: Names) -> Iterator[str]:
    call = call_with_number(clause.call, clause.number, result.contract.identifier)
    yield from filled(f"{clause.party}, {call}: {clause.clause}", "* ", "  ")
    yield from labelled("clause", clause.text)
    yield from authority(clause.authority)
    yield from labelled("instead", names.inside(clause.reason or ""))
    yield from observed(clause)
    state = list(at_entry(clause, result.capabilities, names))
    yield from state or labelled("entered", "in any state")
    yield from replayed(result, clause, names)
    yield from path(clause)
    yield from also_lost(result, clause, names)


def also_lost(result: CheckResult, clause: CheckedClause, names: Names) -> Iterator[str]:
    """Yield what shows that a frame loses each further register, and what is open besides."""
    found = [each for each in clause.lost if each.suppressed is None]
    for each in found[1:]:
        seen = [f"{o.name}: {o.entry} at entry, {o.exit} at exit" for o in each.observed]
        values = valuation(each.counterexample, result.capabilities)
        state = [text for of in values for text in map(names.inside, values[of])]
        entered = f"entered with {', '.join(state)}" if state else "entered in any state"
        way = f"{len(each.path)} instructions, the last at {each.path[-1]}" if each.path else ""
        yield from labelled("also lost", "; ".join(part for part in (*seen, entered, way) if part))
    if clause.besides is not None:
        yield from labelled("besides", f"undecided of others: {names.inside(clause.besides)}")


def replayed(result: CheckResult, clause: CheckedClause, names: Names) -> Iterator[str]:
    """Yield what a machine made of a refuted clause, where one was asked."""
    made = clause.replay
    if made is None:
        return
    yield from labelled("replay", made.sentence)
    values = valuation(made.needed, result.capabilities)
    named = [text for of in values for text in map(names.inside, values[of])]
    if named:
        yield from labelled_list("needing", named)
    if made.witness is not None:
        yield from labelled("witness", PurePath(made.witness).name)


def replays(result: CheckResult) -> Iterator[str]:
    """Yield what the machines' word is worth, each once."""
    made = [clause.replay for clause in result.verdicts if clause.replay is not None]
    if not made:
        return
    yield from titled("Replayed")
    words = [each.verdict for each in made]
    yield ", ".join(f"{words.count(each)} {each.value}" for each in dict.fromkeys(words))
    confirmed = [each for each in made if each.verdict is ReplayVerdict.CONFIRMED]
    for text in dict.fromkeys(each.worth for each in confirmed):
        yield from filled(text, "* ", "  ")
    if ReplayVerdict.NOT_REPRODUCED in words:
        yield from filled(DEFECT, "* ", "  ")


def authority(of: Authority) -> Iterator[str]:
    """Yield the sentence that a clause rests on, or our reason where there is none."""
    if of.cite is not None:
        yield from labelled("sentence", f'"{of.cite.strip()}"')
    if of.because is not None:
        yield from labelled("because", of.because.strip())
    if of.against is not None:
        yield from labelled("against", f'"{of.against.strip()}"')
    if of.incomplete is not None:
        yield from labelled("incomplete", f'"{of.incomplete.strip()}"')
