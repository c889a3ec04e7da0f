"""A history as text: who differs today, since when each finding is there, then line by line."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.results.conclusion import spell_counts
from hypabi.report.shared.footer import repeat_section
from hypabi.report.shared.text_layout import filled, labelled, labelled_list, printable, titled
from hypabi.store.records import FindingLine, HistoryResult, LineHistory, Span

MOST_NAMED: Final = 30
"""Most kernels that are named one by one."""


def write(result: HistoryResult) -> str:
    """Return a history as text."""
    return "\n".join(map(printable, _lines(result))) + "\n"


def _lines(result: HistoryResult) -> Iterator[str]:
    asked = f"{result.kind} {result.asked}" if result.asked else result.kind
    yield f"history of {asked}: {result.conclusion.verdict.upper()}"
    kernels = "kernel" if result.kernels == 1 else "kernels"
    yield from filled(f"{result.kernels} {kernels}; {spell_counts(result.conclusion.counts)}")
    yield from _findings(result)
    yield from _newest(result)
    yield from titled("Line by line")
    for line in result.lines:
        yield from _line(line)
    yield from repeat_section(result.reproduce, ())


def _findings(result: HistoryResult) -> Iterator[str]:
    yield from titled("Findings")
    if not result.findings:
        yield "none, in any kernel"
    for each in result.findings:
        of = each.finding
        where = ", ".join(filter(None, (of.party, of.call, of.name)))
        yield from filled(f"{of.word.upper()} {where}  [{of.rule}]")
        yield from labelled("what", of.text)
        for line in each.lines:
            yield from labelled(_name(line), _when(line))


def _name(line: FindingLine | LineHistory) -> str:
    return f"{line.architecture} {line.series} {line.flavour}".rstrip()


def _when(line: FindingLine) -> str:
    since = (
        f"in the first that was read, {line.first}"
        if line.since is None
        else f"since {line.first} (not in {line.since})"
    )
    if line.mended_in is not None:
        return f"{since}; mended in {line.mended_in}"
    return f"{since}; still in {line.last}"


def _newest(result: HistoryResult) -> Iterator[str]:
    yield from titled("The newest kernel of each line, by what is said of it")
    for group in result.newest:
        yield from filled(f"{len(group.kernels)}: {_words(group.words)}", indent="   ")
        named = group.kernels[:MOST_NAMED]
        more = len(group.kernels) - len(named)
        yield from labelled_list("", (*named, f"{more} more") if more else named)


def _line(line: LineHistory) -> Iterator[str]:
    yield from filled(f"{_name(line)}:")
    for span in line.spans:
        yield from labelled(_versions(span), _words(span.words))


def _versions(span: Span) -> str:
    if span.first == span.last:
        return span.first
    return f"{span.first} .. {span.last}"


def _words(words: Mapping[str, int]) -> str:
    if not words:
        return "has nothing of it"
    return ", ".join(f"{count} {word}" for word, count in words.items())
