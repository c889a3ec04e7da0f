"""A check as text for a mail: the answer first, then the evidence, then how to repeat it."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import PurePath

from hypabi.image.model import Role
from hypabi.judgement.clause import Authority
from hypabi.judgement.verdict import Finding, Proved, Refuted, Undecided, Vacuous
from hypabi.report import life_cycle
from hypabi.report.assumptions import assumptions
from hypabi.report.attempt import CONFIRMED, DEFECT, NOT_REPRODUCED
from hypabi.report.check import Check, by_row, counts, spelled, untested, word
from hypabi.report.counterexample import Kind, entered, valuation
from hypabi.report.life_cycle_text import named as named_caller
from hypabi.report.life_cycle_text import section as callers
from hypabi.report.life_cycle_text import summary
from hypabi.report.lines import COLUMNS, cut, filled, listed, matrix, printable, titled
from hypabi.report.listing import Places, lines_of, listing
from hypabi.report.repeat import repeat
from hypabi.report.table import HOW
from hypabi.report.trusted import trusted

LABEL = 10
LABELS = {
    Kind.GENERAL: "entered at",
    Kind.SYSTEM: "system",
    Kind.MEMORY: "memory",
    Kind.PATCHED: "patched",
    Kind.ANY: "any",
}


def write(check: Check) -> str:
    """Return a check as text."""
    return "\n".join(_lines(check)) + "\n"


def _lines(check: Check) -> Iterator[str]:
    yield from headline(check)
    yield from subject(check)
    places = Places(check.loaded)
    yield from refuted(check, places)
    yield from replays(check)
    yield from undecided(check, places)
    yield from vacuous(check)
    yield from table(check)
    if check.callers is not None:
        yield from callers(check.callers, places.name)
    yield from parties(check)
    yield from unspecified(check)
    yield from suppressed(check, places)
    if check.doors is not None:
        from hypabi.report.doors_text import doors  # noqa: PLC0415 - few ask for it

        yield from doors(check.doors, check, places)
    yield from assumed(check, places)
    yield from trust(check)
    inputs = [("image", check.loaded.sha256), ("contract", check.contract.sha256)]
    if check.suppressions is not None:
        inputs.append(("suppressions", check.suppressions.sha256))
    yield from repeat(check.provenance, tuple(inputs))


def headline(check: Check) -> Iterator[str]:
    """Yield the answer: which kernel, the verdict in a word, and how many clauses got which."""
    version = check.kernel.version or str(check.revision.version)
    number = counts(check.judgement.findings)
    tally = (
        f"{number.proved} proved, {number.refuted} refuted{_covered(check)}, "
        f"{number.undecided} undecided, {number.vacuous} vacuous{_callers(check)}"
    )
    line = printable(f"{version}: {answer(check)}: {tally}")
    if len(line) <= COLUMNS:
        yield line
    else:
        yield from filled(f"{version}: {answer(check)}")
        yield tally


def _callers(check: Check) -> str:
    refuted = _refuted_callers(check)
    if not refuted:
        return ""
    open_ones = {address for address, party in refuted if (address, party) not in check.lived_with}
    sites = len({address for address, _ in refuted})
    covered = f" ({sites - len(open_ones)} suppressed)" if sites > len(open_ones) else ""
    return f"; {sites} {'caller' if sites == 1 else 'callers'} refuted{covered}"


def _refuted_callers(check: Check) -> list[tuple[int, str]]:
    """Return call site and live party of every refuted caller."""
    if check.callers is None:
        return []
    met = [each.encounter for each in life_cycle.refutations(check.callers)]
    return [(each.site.address, each.party) for each in met]


def _covered(check: Check) -> str:
    return f" ({len(check.suppressed)} suppressed)" if check.suppressed else ""


def answer(check: Check) -> str:
    """Return the verdict on the image in words; the worst that was found decides."""
    number = counts(check.judgement.findings)
    meetings = {} if check.callers is None else life_cycle.counts(check.callers)
    callers_refuted = set(_refuted_callers(check)) - check.lived_with.keys()
    if number.refuted > len(check.suppressed) or callers_refuted:
        return "REFUTED"
    if number.undecided or meetings.get("undecided"):
        return "UNDECIDED"
    if not number.clauses:
        return "NOTHING JUDGED"
    if any(True for _ in untested(check.judgement.findings)):
        return "NOT ALL TESTED"
    lived_with = check.suppressed or check.lived_with
    return "PROVED BUT FOR WHAT IS SUPPRESSED" if lived_with else "PROVED"


def subject(check: Check) -> Iterator[str]:
    """Yield what was held against what."""
    formats = ", ".join(check.loaded.formats)
    order = f"{check.kernel.byte_order.value}-endian"
    architecture = check.kernel.architecture.value
    yield ""
    name = PurePath(check.loaded.path).name  # the whole path is in the command to repeat it
    yield from labelled("image", f"{name} ({architecture}, {order}; {formats})")
    revision = check.revision
    at = f"as of {revision.version} on {architecture}"
    document = f"; {revision.document}" if revision.document else ""
    yield from labelled("contract", f"{revision.contract}, {at}{document}")
    if check.callers is not None:
        yield from labelled("callers", summary(check.callers))


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
    for name, before, after in verdict.observed:
        yield from labelled("observed", f"{name}: {before:#x} at entry, {after:#x} at exit")
    yield from at_entry(verdict, check, places)
    yield from replayed(check, finding, places)
    yield from labelled("path", f"{len(verdict.trail)} instructions")
    lines = lines_of(verdict.trail, check.texts, places)
    yield from listing(lines, [name for name, _, _ in verdict.observed], places, "    ")


def replayed(check: Check, finding: Finding, places: Places) -> Iterator[str]:
    """Yield what a machine made of a refuted clause, where one was asked."""
    made = check.attempt(finding)
    if made is None:
        return
    yield from labelled("replay", made.sentence)
    values = valuation(made.needed, check.capabilities)
    named = [text for of in values for text in map(places.inside, values[of])]
    if named:
        yield from listed(named, f"  {'needing':<{LABEL}}  ")
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


def at_entry(verdict: Refuted, check: Check, places: Places) -> Iterator[str]:
    """Yield the counterexample: the state at entry in which the clause fails."""
    values = valuation(entered(verdict), check.capabilities)
    for of, label in LABELS.items():
        if of in values:
            named = map(places.inside, values[of]) if of is Kind.MEMORY else values[of]
            yield from listed(named, f"  {label:<{LABEL}}  ")
    if not values:
        yield from labelled("entered", "in any state")


def authority(of: Authority) -> Iterator[str]:
    """Yield the sentence that a clause rests on, or our reason where there is none."""
    if of.cite is not None:
        yield from labelled("sentence", f'"{of.cite.strip()}"')
    if of.because is not None:
        yield from labelled("because", of.because.strip())
    if of.against is not None:
        yield from labelled("against", f'"{of.against.strip()}"')


def undecided(check: Check, places: Places) -> Iterator[str]:
    """Yield the undecided clauses, those with one reason together."""
    reasons: dict[str, list[Finding]] = {}
    for finding in check.judgement.findings:
        if isinstance(finding.verdict, Undecided):
            reasons.setdefault(finding.verdict.reason, []).append(finding)
    if reasons:
        yield from titled("Undecided")
    for reason, findings in reasons.items():
        yield ""
        yield from filled(places.beside(reason), "* ", "  ")
        yield from named(findings)


def vacuous(check: Check) -> Iterator[str]:
    """Yield the vacuous clauses by name."""
    reasons: dict[str, list[Finding]] = {}
    for finding in check.judgement.findings:
        if isinstance(finding.verdict, Vacuous):
            reasons.setdefault(finding.verdict.reason, []).append(finding)
    if reasons:
        yield from titled("Vacuous: nothing can be tested, so not counted as proved")
    for reason, findings in reasons.items():
        yield ""
        yield from filled(reason, "* ", "  ")
        yield from named(findings)


def named(findings: list[Finding]) -> Iterator[str]:
    """Yield findings as ``party, call: clause, clause``."""
    for (party, call), each in groupby(findings, key=lambda finding: (finding.party, finding.call)):
        clauses = ", ".join(finding.clause.name for finding in each)
        yield from filled(f"{party}, {spelled(call)}: {clauses}", "    ", "      ")


def table(check: Check) -> Iterator[str]:
    """Yield how many of its clauses each call keeps at each party."""
    rows = by_row(check.judgement.findings)
    if not rows:
        return
    declined = {(each.party, each.call) for each in check.judgement.unspecified}
    columns = list(dict.fromkeys(party for party, _ in rows))
    calls = [call.name for call in check.revision.calls]
    lines = []
    for call in (*calls, None):
        cells = [_cell(rows.get((party, call), ()), (party, call) in declined) for party in columns]
        if any(cells):  # a call without a number is every other identifier to those who serve it
            lines.append((spelled(call), cells))
    yield from titled("Clauses proved, of all")
    yield from matrix("", columns, lines)
    marks = {mark for _, cells in lines for cell in cells for mark in cell if not mark.isdigit()}
    meanings = {"R": "R refuted", "U": "U undecided", "V": "V vacuous", "-": "- left open"}
    legend = ", ".join(meaning for mark, meaning in meanings.items() if mark in marks)
    if legend:
        yield ""
        yield from filled(legend)


def _cell(findings: tuple[Finding, ...], declined: bool) -> str:  # noqa: FBT001
    if not findings:
        return "-" if declined else ""
    proved = sum(isinstance(finding.verdict, Proved) for finding in findings)
    marks = {word(finding.verdict)[0].upper() for finding in findings} - {"P"}
    return "".join(sorted(marks)) + f"{proved}/{len(findings)}"


def parties(check: Check) -> Iterator[str]:
    """Yield who was found, where and how, who was not, and the tables that nobody claims."""
    yield from titled("Parties")
    for party in check.revision.parties:
        found = check.table_of(party.name)
        if found is None:
            continue
        where = f"{found.name or 'no symbol'} at {found.address:#x}"
        program = "" if found.role is Role.KERNEL else f", in the {found.role.value}"
        yield from filled(f"{party.name}: {where}, {HOW[found.how]}{program}", "", "    ")
    for party in check.missing:
        yield from filled(f"{party.name}: not found in this image ({party.vectors})", "", "    ")
    unclaimed = [each for each in check.tables if not each.parties]
    if unclaimed:
        yield ""
        yield "Tables of EL2 or HYP that the contract does not speak of:"
    for each in unclaimed:
        program = "" if each.role is Role.KERNEL else f", in the {each.role.value}"
        yield cut(f"  {each.address:#x}  {each.name or 'no symbol'}{program}", COLUMNS)


def unspecified(check: Check) -> Iterator[str]:
    """Yield what the document leaves open."""
    if not check.judgement.unspecified:
        return
    yield from titled("Left open by the document, so not judged")
    reasons: dict[str, list[str]] = {}
    for each in check.judgement.unspecified:
        reasons.setdefault(each.why.strip(), []).append(f"{each.party}, {spelled(each.call)}")
    for why, rows in reasons.items():
        yield ""
        yield from filled("; ".join(rows), "* ", "  ")
        yield from filled(why, "    ")


def assumed(check: Check, places: Places) -> Iterator[str]:
    """Yield what the verdicts rest on, each assumption once."""
    found = assumptions(check)
    if not found:
        return
    everybody = len({finding.party for finding in check.judgement.findings})
    yield from titled("Assumed")
    for each in found:
        whose = f" ({', '.join(each.parties)})" if len(each.parties) < everybody else ""
        yield from filled(f"{places.inside(each.text)}{whose}", "* ", "  ")
        if each.reason:
            yield from filled(each.reason, "    ")


def trust(check: Check) -> Iterator[str]:
    """Yield what no verdict can be better than."""
    yield from titled("Trusted")
    for text in trusted(check.provenance):
        yield from filled(text, "* ", "  ")


def suppressed(check: Check, places: Places) -> Iterator[str]:
    """Yield what was decided to live with, where a file of it was given."""
    if check.suppressions is None:
        return
    from hypabi.report.suppressed import suppressed_text  # noqa: PLC0415 - rarely given

    covered = []
    for finding in check.judgement.findings:
        by = check.by(finding)
        if by is not None and isinstance(finding.verdict, Refuted):
            what = f"{finding.clause.name}: {places.inside(finding.verdict.what)}"
            covered.append((f"{finding.party}, {spelled(finding.call)}: {what}", by))
    for meeting in life_cycle.refutations(check.callers) if check.callers is not None else ():
        met = meeting.encounter
        by = check.lived_with.get((met.site.address, met.party))
        if by is not None:
            covered.append((named_caller(meeting, places.name), by))
    yield from suppressed_text(check.suppressions, covered)


def labelled(label: str, text: str) -> Iterator[str]:
    """Yield a paragraph under a label."""
    yield from filled(text, f"  {label:<{LABEL}}  ")
