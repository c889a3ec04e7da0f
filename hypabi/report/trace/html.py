"""A trace as one HTML file: who is live when on which CPU, then every crossing."""

from collections.abc import Iterator, Mapping
from typing import Final

from hypabi.analysis.provenance import quoted
from hypabi.analysis.results.conclusion import spell_counts
from hypabi.report.html.grid import KEPT, REFUTED, UNDECIDED, Mark, badge, legend, scrolled
from hypabi.report.html.markup import Html, breakable, tag, void
from hypabi.report.html.page import POLICY, section
from hypabi.report.html.style import STYLE
from hypabi.report.trace.live import LiveSpan, at, live_spans
from hypabi.report.trace.text import Options, is_shown, spell_answer, spell_call, spell_step
from hypabi.tracing.result import CrossingWord, DerivedWord, TracedCrossing, TraceResult

OTHER: Final = Mark("-", "none", "not in the contract")
DEFECT: Final = Mark("D", "bad", "differs from the derived case")
MARKS: Final[Mapping[CrossingWord, Mark]] = {
    CrossingWord.SATISFIED: KEPT,
    CrossingWord.UNSPECIFIED: Mark("S", "good", "unspecified"),
    CrossingWord.ELSEWHERE: OTHER,
    CrossingWord.VIOLATED: REFUTED,
    CrossingWord.UNSCHEDULED: UNDECIDED,
    CrossingWord.UNDECIDED: UNDECIDED,
}
STYLES: Final = ("new", "good", "open", "none", "bad")
"""Classes of colour; a party keeps the one that it has first."""
LEAST: Final = 0.4
"""Hundredths of the line below which nothing could be seen."""
PICTURE: Final = (
    ".lane { display: flex; overflow: hidden; border: 1px solid var(--line); height: 1.6rem; }\n"
    ".lane span { overflow: hidden; white-space: nowrap; padding: .1rem 0; font-size: .8rem; }\n"
)


def write(traced: TraceResult, options: Options) -> str:
    """Return a trace as a page."""
    title = f"hypabi trace: {traced.conclusion.answer}"
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", title),
        tag("style", Html(STYLE + PICTURE)),
    )
    header = tag(
        "header",
        tag("h1", title),
        tag("p", f"{spell_counts(traced.conclusion.counts)}."),
        tag("p", f"{traced.end.kind.value}: {traced.end.text}"),
    )
    footer = tag("footer", tag("p", tag("code", " ".join(map(quoted, traced.reproduce.command)))))
    body = tag("body", header, tag("main", *_parts(traced, options)), footer)
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _parts(traced: TraceResult, options: Options) -> Iterator[Html]:
    yield section("Who is live when", *_picture(traced))
    shown = [each for each in traced.crossings if is_shown(each, options)]
    table = scrolled(_table(shown), "Every crossing")
    yield section("Every crossing", legend(tuple(dict.fromkeys(MARKS.values()))), table)
    yield section("What was driven", *_driven(traced))
    told = [("source", traced.source), *(("assumed", each) for each in traced.assumed)]
    told += [("not seen", each) for each in traced.unknown]
    rows = [part for name, text in told for part in (tag("dt", name), tag("dd", breakable(text)))]
    yield section("Where it comes from", tag("dl", *rows))


def _picture(traced: TraceResult) -> Iterator[Html]:
    """Yield a line of time for each CPU; all have the same scale."""
    spans = list(live_spans(traced))
    styles: dict[str, str] = {}
    for span in spans:
        styles.setdefault(span.party, STYLES[len(styles) % len(STYLES)])
    first = min((span.start for span in spans), default=0)
    whole = max(max((span.end for span in spans), default=0) - first, 1)
    for cpu in sorted({span.cpu for span in spans}):
        own = [span for span in spans if span.cpu == cpu]
        before = 100 * (own[0].start - first) / whole
        gap = tag("span", style=f"flex: 0 0 {before:.3f}%")
        yield tag("p", f"cpu{cpu}")
        lanes = (_span(span, styles, 100 * (span.end - span.start) / whole) for span in own)
        yield tag("div", gap, *lanes, class_="lane")
    if spans:
        yield tag("p", f"{first / 1e6:.6f} s to {(first + whole) / 1e6:.6f} s", class_="soft")


def _span(span: LiveSpan, styles: Mapping[str, str], part: float) -> Html:
    said = f"{span.party}, {span.start / 1e6:.6f} s to {span.end / 1e6:.6f} s"
    width = f"flex: 1 1 {max(part, LEAST):.3f}%; max-width: {max(part, LEAST):.3f}%"
    return tag("span", span.party, class_=styles[span.party], title=said, style=width)


def _table(crossings: list[TracedCrossing]) -> Html:
    titles = ("", "seconds", "CPU", "live", "from", "call", "answer", "then live", "what is amiss")
    head = tag("tr", *(tag("th", each, scope="col") for each in titles))
    return tag("table", tag("thead", head), tag("tbody", *map(_line, crossings)))


def _line(crossing: TracedCrossing) -> Html:
    differs = crossing.derived is DerivedWord.DIFFERS
    amiss = [f"{each.question}: {each.text}" for each in crossing.findings]
    amiss += [f"differs from the derived case: {crossing.derived_text}"] if differs else []
    return tag(
        "tr",
        tag("td", badge(DEFECT if differs else MARKS[crossing.verdict])),
        tag("td", "" if crossing.time is None else f"{at(crossing) / 1e6:.6f}"),
        tag("td", f"cpu{crossing.cpu}"),
        tag("td", breakable(crossing.party or "?")),
        tag("td", breakable(crossing.place or crossing.caller or "?")),
        tag("td", tag("code", "  " * crossing.depth + spell_call(crossing))),
        tag("td", tag("code", spell_answer(crossing))),
        tag("td", breakable(crossing.live or crossing.goes_to or "")),
        tag("td", "; ".join(amiss)),
    )


def _driven(traced: TraceResult) -> Iterator[Html]:
    if traced.steps:
        yield tag("ul", *(tag("li", spell_step(each)) for each in traced.steps))
    if traced.control is not None:
        yield tag("p", f"The control run, alone: {spell_step(traced.control.step)}")
