"""The end of a report on drift: who serves what, what is lost, and what nothing holds."""

from collections.abc import Iterator
from typing import Final

from hypabi.analysis.results.drift import DriftResult
from hypabi.judgement.drift.call_table import How
from hypabi.judgement.drift.document import Weight
from hypabi.report.shared.register_sets import ranges
from hypabi.report.shared.text_layout import columns, cut, filled, listed, matrix, titled

MARKS: Final = {
    How.SERVED: "serves",
    How.REFUSED: "error",
    How.HANDED: "to C",
    How.ALIKE: "any",
    How.UNDECIDED: "?",
}
LEGEND: Final = {
    How.REFUSED: "error: answers the error value",
    How.HANDED: "to C: handed to compiled code, which decides",
    How.ALIKE: "any: does the same for every number",
    How.UNDECIDED: "?: undecided",
}
MOST_SENTENCES = 60
"""Sentences listed that nothing holds; JSON has all."""


def served(report: DriftResult) -> Iterator[str]:
    """Yield who serves which number, for each image."""
    for index, subject in enumerate(report.subjects):
        answers = [each for each in report.answers if each.subject == index]
        if not answers:
            continue
        names = {call.number: call.name for call in subject.calls}
        parties = list(dict.fromkeys(each.party for each in answers))
        numbers = sorted({int(each.number, 16) for each in answers})
        cells = {(int(each.number, 16), each.party): MARKS[each.answer] for each in answers}
        rows = [
            (
                f"{n:#x} {names.get(n, '')}".rstrip(),
                [cells.get((n, party), "") for party in parties],
            )
            for n in numbers
        ]
        yield from titled(cut(f"Who serves what: {subject.name}", columns()))
        yield from matrix("", parties, rows)
        hows = {each.answer for each in answers}
        legend = "; ".join(text for how, text in LEGEND.items() if how in hows)
        if legend:
            yield ""
            yield from filled(legend)
        yield from lost(report, index, parties)


def lost(report: DriftResult, index: int, parties: list[str]) -> Iterator[str]:
    """Yield what each party's calls lose of the caller's registers when they come back."""
    result = report.subjects[index].result
    yield ""
    yield f"What calls that come back may lose, besides {result}:"
    for party in parties:
        mine = [each for each in report.answers if (each.subject, each.party) == (index, party)]
        names = {name for answer in mine for name in answer.lost}
        followed = not any(answer.answer in (How.HANDED, How.UNDECIDED) for answer in mine)
        rest = "" if followed else "; what was not followed may lose more"
        yield from filled(f"{party}: {ranges(names) or 'nothing'}{rest}", "  ", "    ")


def unread(report: DriftResult) -> Iterator[str]:
    """Yield what is shown and not stated, and so was not read."""
    found = [each for each in report.not_read if each.kind is Weight.ILLUSTRATION]
    if found:
        yield from titled("Illustrations: not read")
        for each in found:
            yield from filled(f"{each.line}: {each.reason}", "* ", "  ")


def uncovered(report: DriftResult) -> Iterator[str]:
    """Yield the sentences that no clause cites."""
    if not report.not_held:
        return
    yield from titled("Not held to anything: no clause cites these sentences")
    for at in report.not_held[:MOST_SENTENCES]:
        sentence = report.document.sentences[at]
        yield from filled(f'{sentence.line}: "{sentence.text}"', "* ", "  ")
    more = len(report.not_held) - MOST_SENTENCES
    if more > 0:
        yield from filled(f"and {more} more, which --format json lists", "* ", "  ")


def uncited(report: DriftResult) -> Iterator[str]:
    """Yield the promises that rest on no sentence."""
    if report.uncited:
        yield from titled("Promised by the contract, and in no sentence")
        yield from listed(report.uncited, "")
