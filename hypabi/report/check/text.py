"""A check as text for a mail: the answer first, then the evidence, then how to repeat it."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import PurePath
from typing import Final

from hypabi.analysis.results.caller_checks import CallerChecks, CallerWord
from hypabi.analysis.results.check import (
    Check,
    by_row,
    count_verdicts,
    spelled,
    untested,
    verdict_word,
)
from hypabi.analysis.results.vector_table import HOW
from hypabi.analysis.summaries.caller_checks import summarize_caller_checks
from hypabi.image.model import Role
from hypabi.image.symbolizer import Places
from hypabi.judgement.callers import summary as life_cycle
from hypabi.judgement.callers.summary import Violation
from hypabi.judgement.verification.verdict import Finding, Proved, Refuted, Undecided, Vacuous
from hypabi.report.caller_checks.text import named as named_caller
from hypabi.report.caller_checks.text import section as callers
from hypabi.report.caller_checks.text import summary
from hypabi.report.check.refuted_text import refuted, replays
from hypabi.report.shared.assumptions import assumptions
from hypabi.report.shared.footer import repeat
from hypabi.report.shared.text_layout import (
    COLUMNS,
    cut,
    filled,
    labelled,
    matrix,
    printable,
    titled,
)
from hypabi.report.shared.trusted_base import trust_section, trusted

VACUOUS: Final = "Vacuous: nothing can be tested, so not counted as proved"


def write(check: Check) -> str:
    """Return a check as text."""
    return "\n".join(map(printable, _lines(check))) + "\n"


def _lines(check: Check) -> Iterator[str]:
    yield from headline(check)
    yield from subject(check)
    places = Places(check.loaded)
    yield from refuted(check, places)
    yield from replays(check)
    yield from undecided(check, places)
    yield from vacuous(check)
    if check.callers is not None:
        yield from callers(_checks(check, places))
    yield from table(check)
    yield from parties(check)
    yield from unspecified(check)
    yield from suppressed(check, places)
    if check.doors is not None:
        from hypabi.report.check.entries.text import doors  # noqa: PLC0415 - few ask for it

        yield from doors(check.doors, check, places)
    yield from assumed(check, places)
    yield from trust_section(trusted(check.provenance))
    inputs = [("image", check.loaded.sha256), ("contract", check.contract.sha256)]
    if check.suppressions is not None:
        inputs.append(("suppressions", check.suppressions.sha256))
    yield from repeat(check.provenance, tuple(inputs))


def headline(check: Check) -> Iterator[str]:
    """Yield the answer: which kernel, the verdict in a word, and how many clauses got which."""
    version = check.kernel.version or str(check.revision.version)
    number = count_verdicts(check.judgement.findings)
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
    open_ones = {each.address for each in refuted if each not in check.lived_with}
    sites = len({each.address for each in refuted})
    covered = f" ({sites - len(open_ones)} suppressed)" if sites > len(open_ones) else ""
    return f"; {sites} {'caller' if sites == 1 else 'callers'} refuted{covered}"


def _refuted_callers(check: Check) -> list[Violation]:
    """Return every violation of a caller's."""
    if check.callers is None:
        return []
    found = life_cycle.violated_checks(check.callers)
    return [Violation.of(each.check) for each in found]


def _checks(check: Check, places: Places) -> CallerChecks:
    assert check.callers is not None
    return summarize_caller_checks(check.callers, check.lived_with, places.name)


def _covered(check: Check) -> str:
    return f" ({len(check.suppressed)} suppressed)" if check.suppressed else ""


def answer(check: Check) -> str:
    """Return the verdict on the image in words; the worst that was found decides."""
    number = count_verdicts(check.judgement.findings)
    none = check.callers is None
    sites = () if none else _checks(check, Places(check.loaded)).call_sites().values()
    callers_refuted = set(_refuted_callers(check)) - check.lived_with.keys()
    if number.refuted > len(check.suppressed) or callers_refuted:
        return "REFUTED"
    if number.undecided or CallerWord.UNDECIDED in sites:
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
        yield from labelled("callers", summary(_checks(check, Places(check.loaded))))


def undecided(check: Check, places: Places) -> Iterator[str]:
    """Yield the undecided clauses, those with one reason together."""
    yield from _by_reason(check, Undecided, "Undecided", places.beside)


def vacuous(check: Check) -> Iterator[str]:
    """Yield the vacuous clauses, those with one reason together."""
    yield from _by_reason(check, Vacuous, VACUOUS, str)


def _by_reason(
    check: Check,
    kind: type[Undecided] | type[Vacuous],
    title: str,
    spell: Callable[[str], str],
) -> Iterator[str]:
    reasons: dict[str, list[Finding]] = {}
    for finding in check.judgement.findings:
        verdict = finding.verdict
        if isinstance(verdict, Undecided | Vacuous) and isinstance(verdict, kind):
            reasons.setdefault(verdict.reason, []).append(finding)
    if reasons:
        yield from titled(title)
    for reason, findings in reasons.items():
        yield ""
        yield from filled(spell(reason), "* ", "  ")
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
    marks = {verdict_word(finding.verdict)[0].upper() for finding in findings} - {"P"}
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


def suppressed(check: Check, places: Places) -> Iterator[str]:
    """Yield what was decided to live with, where a file of it was given."""
    if check.suppressions is None:
        return
    from hypabi.report.shared.suppressed import suppressed_text  # noqa: PLC0415 - rarely given

    covered = []
    for finding in check.judgement.findings:
        by = check.by(finding)
        if by is not None and isinstance(finding.verdict, Refuted):
            what = f"{finding.clause.name}: {places.inside(finding.verdict.what)}"
            covered.append((f"{finding.party}, {spelled(finding.call)}: {what}", by))
    checks = () if check.callers is None else _checks(check, places).reachable()
    rich = () if check.callers is None else life_cycle.reachable_checks(check.callers)
    for each, met in zip(checks, rich, strict=True):
        if each.suppressed is not None:
            by = check.lived_with[Violation.of(met.check)]
            covered.append((named_caller(each), by))
    yield from suppressed_text(check.suppressions, covered)
