"""Call sites as one HTML file: how many of which kind are where, and each with what it asks for."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Final

from hypabi.analysis.results.callers import CallersResult, ListedCallSite, SiteVerdict
from hypabi.image.symbolizer import Names
from hypabi.report.callers.findings import asked_for, findings_of
from hypabi.report.findings.finding import Findings
from hypabi.report.html.grid import (
    KEPT,
    REFUTED,
    UNDECIDED,
    Cell,
    Grid,
    Mark,
    badge,
    scrolled,
    write_grid,
)
from hypabi.report.html.markup import Html, tag
from hypabi.report.html.page import anchors, section, write_page

DEPENDS: Final = Mark("D", "none", "a wrapper: it depends on its caller")
MARKS: Final[Mapping[SiteVerdict, Mark]] = {
    SiteVerdict.NAMED: KEPT,
    SiteVerdict.IN_DOUBT: UNDECIDED,
    SiteVerdict.DEPENDS: DEPENDS,
    SiteVerdict.NO_CONTRACT: UNDECIDED,
    SiteVerdict.NO_CALL: UNDECIDED,
    SiteVerdict.UNRESOLVED: UNDECIDED,
    SiteVerdict.TAKEN: UNDECIDED,
    SiteVerdict.UNINITIALISED: REFUTED,
}


def write(result: CallersResult) -> str:
    """Return a list of call sites as a page."""
    findings = findings_of(result)
    return write_page(findings, _parts(result, findings))


def _parts(result: CallersResult, findings: Findings) -> Iterator[Html]:
    if result.sites:
        yield section("Call sites by what is said of them", write_grid(grid_of(result)))
        yield section("Every call site", scrolled(_table(result, findings), "Every call site"))


def grid_of(result: CallersResult) -> Grid:
    """Return how many call sites of each program have each verdict."""
    programs = tuple(dict.fromkeys(site.program for site in result.sites))
    verdicts = [each for each in SiteVerdict if any(s.verdict is each for s in result.sites)]
    lines = tuple(
        (
            verdict.value,
            tuple(
                Cell(MARKS[verdict], str(count)) if count else None
                for count in (
                    sum((s.program, s.verdict) == (program, verdict) for s in result.sites)
                    for program in programs
                )
            ),
        )
        for verdict in verdicts
    )
    return Grid("Call sites by verdict", tuple(each.value for each in programs), lines)


def _table(result: CallersResult, findings: Findings) -> Html:
    marks, names = anchors(findings), Names(result.symbols)
    titles = ("", "where", "address", "asks for")
    head = tag("tr", *(tag("th", each, scope="col") for each in titles))
    own = findings.items if result.against is None and result.stated is None else ()
    lines = []
    for site, item in zip_longest(result.sites, own[: len(result.sites)]):
        told = () if item is None else item.findings
        target = next((marks[id(each)] for each in told), None)
        lines.append(_line(site, names, target))
    return tag("table", tag("thead", head), tag("tbody", *lines))


def _line(site: ListedCallSite, names: Names, target: str | None) -> Html:
    asked = dict.fromkeys(asked_for(each) for each in site.asks_for)
    place: str = site.place
    if target is not None:
        place = tag("a", place, href=f"#{target}")
    return tag(
        "tr",
        tag("td", badge(MARKS[site.verdict])),
        tag("td", place),
        tag("td", tag("code", site.address)),
        tag("td", names.beside("; ".join(asked))),
    )
