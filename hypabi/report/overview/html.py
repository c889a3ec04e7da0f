"""The pages of a store: kernels by party and call, findings over time, differences.

Three files of one folder that link each other, load nothing and run nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from hypabi.analysis.provenance import quoted
from hypabi.analysis.results.conclusion import spell_counts
from hypabi.report.html.grid import (
    CHANGED,
    GOOD,
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
from hypabi.report.html.markup import Html, breakable, tag, void
from hypabi.report.html.page import POLICY, section
from hypabi.report.html.style import STYLE
from hypabi.store.records import (
    Difference,
    FindingHistory,
    FindingLine,
    KernelCells,
    KernelFinding,
    Overview,
    PartyCall,
)

INDEX: Final = "index.html"
FINDINGS: Final = "findings.html"
DIFFERENCES: Final = "differences.html"
TITLES: Final[Mapping[str, str]] = {
    INDEX: "Kernels",
    FINDINGS: "Findings over time",
    DIFFERENCES: "Differences",
}
MARKS: Final[Mapping[str, Mark]] = {"refuted": REFUTED, "undecided": UNDECIDED, "good": KEPT}
"""By weight."""


def write_pages(overview: Overview) -> Mapping[str, str]:
    """Return the pages of a store by the name of their file."""
    bodies = {
        INDEX: tuple(_index(overview)),
        FINDINGS: tuple(_findings(overview)),
        DIFFERENCES: tuple(_differences(overview)),
    }
    return {name: _page(name, overview, body) for name, body in bodies.items()}


def _page(name: str, overview: Overview, body: Iterable[Html]) -> str:
    history = overview.history
    title = f"{TITLES[name]} of {history.store}"
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", f"hypabi: {title}"),
        tag("style", Html(STYLE)),
    )
    links = [
        part
        for other, said in TITLES.items()
        for part in (tag("a", said, href=other) if other != name else said, Html("&ensp; "))
    ]
    verdict = history.conclusion.verdict.upper()
    versions = ", ".join(f"{n} {version}" for n, version in history.reproduce.versions.items())
    foot = tag(
        "p", tag("code", " ".join(map(quoted, history.reproduce.command))), f" with {versions}"
    )
    page = tag(
        "body",
        tag(
            "header",
            tag("h1", f"{title}: {verdict}"),
            tag("p", f"{history.kernels} kernels; {spell_counts(history.conclusion.counts)}."),
            tag("p", *links),
        ),
        tag("main", *body),
        tag("footer", foot),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, page, lang='en')}\n"


def _index(overview: Overview) -> Iterator[Html]:
    for architecture, group in groupby(overview.kernels, key=lambda e: e.kernel.architecture):
        kernels = list(group)
        used = [
            at for at in range(len(overview.columns)) if any(kernel.cells[at] for kernel in kernels)
        ]
        grid = Grid(
            architecture,
            tuple(" ".join(filter(None, overview.columns[at])) for at in used),
            tuple((_name(each), tuple(_cell(each.cells[at]) for at in used)) for each in kernels),
        )
        yield section(architecture, write_grid(grid))


def _name(kernel: KernelCells) -> str:
    of = kernel.kernel
    return f"{of.series} {of.version} {of.flavour}"


def _cell(of: PartyCall | None) -> Cell | None:
    if of is None:
        return None
    mark = GOOD if set(of.words) == {"proved"} else MARKS[of.weight]
    return Cell(mark, str(of.amiss) if of.amiss else "")


def _findings(overview: Overview) -> Iterator[Html]:
    for each in overview.history.findings:
        yield _finding(each)
    if not overview.history.findings:
        yield tag("p", "No kernel has a finding.")


def _finding(history: FindingHistory) -> Html:
    finding = history.finding
    titles = ("kernels", "before", "with it", "mended in", "how many")
    head = tag("tr", *(tag("th", title, scope="col") for title in titles))
    rows = [_time_line(each, MARKS[finding.weight]) for each in history.lines]
    table = tag("table", tag("thead", head), tag("tbody", *rows))
    return tag(
        "details",
        tag(
            "summary",
            badge(MARKS[finding.weight]), " ", tag("code", finding.rule),
            f" {_where(finding)}: {finding.word}",
        ),
        tag("p", finding.text),
        scrolled(table, f"time line of {_where(finding)}"),
        open="",
    )  # fmt: skip


def _time_line(line: FindingLine, mark: Mark) -> Html:
    name = f"{line.architecture} {line.series} {line.flavour}".rstrip()
    spell = line.first if line.first == line.last else f"{line.first} to {line.last}"
    before = tag("td", "none was read")
    if line.since is not None:
        before = tag("td", badge(KEPT), f" {line.since}")
    mended = tag("td", "not yet")
    if line.mended_in is not None:
        mended = tag("td", badge(KEPT), f" {line.mended_in}")
    return tag(
        "tr",
        tag("th", breakable(name), scope="row"),
        before,
        tag("td", badge(mark), f" {spell}"),
        mended,
        tag("td", str(line.kernels)),
    )


def _where(finding: KernelFinding) -> str:
    return ", ".join(filter(None, (finding.party, finding.call, finding.name)))


def _differences(overview: Overview) -> Iterator[Html]:
    for (line, version, before), group in groupby(
        overview.differences, key=lambda each: (each.new.line, each.new.version, each.new.before)
    ):
        yield section(f"{line}: {before} to {version}", *map(_difference, group))
    if not overview.differences:
        yield tag("p", "No kernel says anything else than the one before it.")


def _difference(difference: Difference) -> Html:
    new = difference.new
    mark = KEPT if new.what == "mended" else MARKS[new.finding.weight]
    shown = Html("")
    if difference.witness:
        lines = "\n".join(difference.witness)
        shown = tag("pre", lines, tabindex="0", role="region", aria_label="witness")
    return tag(
        "details",
        tag(
            "summary",
            badge(mark if new.what != "changed" else CHANGED), " ", tag("code", new.finding.rule),
            f" {new.what}: {_where(new.finding)}",
        ),
        tag("p", new.finding.text),
        shown,
    )  # fmt: skip
