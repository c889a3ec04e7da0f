"""The page: the answer, then the parts of a command, then every finding, then how to repeat it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, assert_never

from hypabi.analysis.provenance import quoted
from hypabi.analysis.results.caller_checks import LifeCycleMove
from hypabi.analysis.results.conclusion import Weight, spell_counts
from hypabi.report.findings.finding import Finding, Findings
from hypabi.report.html.grid import (
    CHANGED,
    REFUTED,
    SUPPRESSED,
    UNDECIDED,
    Mark,
    badge,
    scrolled,
)
from hypabi.report.html.markup import Html, breakable, tag, void
from hypabi.report.html.style import STYLE

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is loaded and nothing runs, whatever a text should hold."""
NOTE: Final = Mark("i", "none", "to know")
GOOD: Final = Mark("P", "good", "good")


def write_page(findings: Findings, above: Iterable[Html], below: Iterable[Html] = ()) -> str:
    """Return the page of a result.

    :param above: what the command has to show before its findings: its grid
    :param below: what it has besides
    """
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", f"hypabi {findings.command}: {findings.answer}"),
        tag("style", Html(STYLE)),
    )
    body = tag(
        "body",
        tag("a", "To the findings", href="#findings", class_="skip"),
        tag("header", *_header(findings)),
        tag("main", *above, *_findings(findings), *below),
        tag("footer", *_footer(findings)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def section(title: str, *content: str) -> Html:
    """Return a part under its title; nothing where it holds nothing."""
    return tag("section", tag("h2", title), *content) if content else Html("")


def leads_to(
    findings: Findings, *names: str, having: str | None = None
) -> Callable[[tuple[str, ...]], str | None]:
    """Return what finds the anchor of the worst finding about things of these names.

    :param having: a name that it has to be about as well, whatever that is
    """
    asked = {*names, *(() if having is None else (having,))}
    found: dict[tuple[str, ...], str] = {}
    marks = anchors(findings)
    for each in _worst_first(list(findings.every())):
        if asked <= set(each.about):
            found.setdefault(tuple(each.about[name] for name in names), marks[id(each)])
    return found.get


def anchors(findings: Findings) -> Mapping[int, str]:
    """Return the anchor of each finding, by its identity."""
    return {id(each): f"f{number}" for number, each in enumerate(findings.every(), 1)}


def life_cycle(moves: Iterable[LifeCycleMove]) -> Html:
    """Return who becomes live by which call, and who makes it."""
    lines = [tag("tr", *(tag("td", breakable(each)) for each in _said(move))) for move in moves]
    if not lines:
        return Html("")
    titles = ("live before", "live after", "by the call", "made in")
    head = tag("tr", *(tag("th", each, scope="col") for each in titles))
    table = tag("table", tag("thead", head), tag("tbody", *lines), class_="mono")
    return section("Life cycle", scrolled(table, "Life cycle"))


def _said(move: LifeCycleMove) -> tuple[str, ...]:
    by = ", ".join(site.name for site in move.by) or "no call site of this image"
    return move.source, move.to, move.call, by


def listed(title: str, lines: Iterable[str]) -> Html:
    """Return lines as a list under a title."""
    items = [tag("li", each) for each in lines]
    return section(title, tag("ul", *items)) if items else Html("")


def mark_of(finding: Finding) -> Mark:
    """Return what a finding is marked by."""
    if finding.suppressed is not None:
        return SUPPRESSED
    match finding.weight:
        case Weight.REFUTED | Weight.DEFECT:
            return REFUTED
        case Weight.UNDECIDED:
            return UNDECIDED
        case Weight.CHANGE:
            return CHANGED
        case Weight.GOOD:
            return NOTE
        case _:
            assert_never(finding.weight)


def _header(findings: Findings) -> Iterator[Html]:
    worst = next((mark for mark in _marks(findings)), GOOD)
    verdict = findings.conclusion.answer
    subject = findings.subject.replace("->", "\N{RIGHTWARDS ARROW}")
    yield tag("h1", badge(worst), f" {subject}: {verdict}")
    yield tag("p", f"{spell_counts(findings.conclusion.counts)}.")
    yield tag("p", f"Exit status {findings.conclusion.exit_status}.", class_="soft")


def _marks(findings: Findings) -> Iterator[Mark]:
    """Yield the marks that weigh, worst first."""
    found = {mark_of(each) for each in findings.every() if each.weight is not Weight.GOOD}
    yield from (mark for mark in (REFUTED, UNDECIDED, CHANGED) if mark in found)


def _findings(findings: Findings) -> Iterator[Html]:
    names = anchors(findings)
    told = [each for item in findings.items for each in item.findings]
    written = [_finding(each, names[id(each)]) for each in _worst_first(told)]
    nothing = tag("p", "Nothing to tell: everything was decided and good.")
    yield tag("section", tag("h2", "Findings"), *(written or [nothing]), id="findings")
    notes = [_finding(each, names[id(each)]) for each in findings.notes]
    if notes:
        yield section(
            "Besides",
            tag("details", tag("summary", f"{len(notes)} to know, not counted"), *notes),
        )


def _worst_first(told: list[Finding]) -> Iterator[Finding]:
    for mark in (REFUTED, UNDECIDED, CHANGED, SUPPRESSED, NOTE):
        yield from (each for each in told if mark_of(each) is mark)


def _finding(finding: Finding, anchor: str) -> Html:
    mark = mark_of(finding)
    summary = tag(
        "summary",
        badge(mark),
        " ",
        tag("code", finding.rule.id),
        f" {finding.sentence}",
    )
    pairs = [(line.label, line.text) for line in finding.lines]
    if finding.spot is not None:
        pairs.append(("at", f"{finding.spot.place} ({finding.spot.address})"))
    if finding.line is not None:
        pairs.append(("line", str(finding.line)))
    if finding.agree:
        pairs.append(("to agree", "; ".join(finding.agree)))
    if finding.suppressed is not None:
        said = f"{finding.suppressed.reason} (until {finding.suppressed.expires})"
        pairs.append(("suppressed", said))
    described = [part for pair in pairs for part in (tag("dt", pair[0]), tag("dd", pair[1]))]
    return tag(
        "details",
        summary,
        tag("dl", *described) if described else "",
        _path(finding),
        _rule(finding),
        id=anchor,
        open="" if mark is REFUTED else None,
    )


def _path(finding: Finding) -> Html:
    if not finding.path:
        return Html("")
    lines: list[str] = []
    symbol: str | None = None
    for step in finding.path:
        if step.instruction.symbol != symbol:
            symbol = step.instruction.symbol
            lines.append(f"{step.instruction.place if symbol else 'no symbol'}:")
        lines.append(f"  {step.address.removeprefix('0x'):>8}  {step.instruction.text}")
    shown = tag("pre", "\n".join(lines), tabindex="0", role="region", aria_label="path")
    return tag("details", tag("summary", f"The path: {len(finding.path)} instructions"), shown)


def _rule(finding: Finding) -> Html:
    rule = finding.rule
    described = [
        part
        for title, said in (("what", rule.what), ("why", rule.why), ("how to mend it", rule.mend))
        for part in (tag("dt", title), tag("dd", said))
    ]
    return tag("details", tag("summary", f"{rule.title}."), tag("dl", *described))


def _footer(findings: Findings) -> Iterator[Html]:
    yield listed("Trusted", findings.trusted)
    versions = ", ".join(f"{name} {v}" for name, v in findings.reproduce.versions.items())
    inputs = "\n".join(f"{each.sha256}  {each.what}" for each in findings.inputs)
    command = " ".join(map(quoted, findings.reproduce.command))
    yield section(
        "To repeat",
        tag("pre", command, tabindex="0", role="region", aria_label="command"),
        tag("p", f"with {versions}, and these SHA-256:"),
        tag("pre", inputs, tabindex="0", role="region", aria_label="hashes"),
    )
