"""A check as text for a mail: the answer first, then the evidence, then how to repeat it."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from hypabi.analysis.results.check import (
    CheckedClause,
    CheckResult,
    ClauseWord,
    InstallerWord,
    PlacementWord,
    by_row,
)
from hypabi.analysis.results.shared import VectorTable
from hypabi.analysis.results.vector_table import HOW
from hypabi.contract.model import Taken
from hypabi.image.model import Role
from hypabi.image.symbolizer import Names
from hypabi.judgement.entries.baseline import SlotWord
from hypabi.report.caller_checks.text import breaks, summary
from hypabi.report.caller_checks.text import named as named_caller
from hypabi.report.caller_checks.text import section as callers
from hypabi.report.check.refuted_text import authority, refuted, replays
from hypabi.report.shared.calls import spelled
from hypabi.report.shared.footer import repeat_section, verbosely
from hypabi.report.shared.text_layout import (
    columns,
    cut,
    filled,
    labelled,
    matrix,
    printable,
    titled,
)
from hypabi.report.shared.trusted_base import trust_section
from hypabi.report.shared.verdict_lines import verdict_lines

VACUOUS: Final = "Vacuous: nothing can be tested, so not counted as proved"
MARKS: Final = {
    ClauseWord.PROVED: "",
    ClauseWord.REFUTED: "R",
    ClauseWord.SUPPRESSED: "R",
    ClauseWord.UNDECIDED: "U",
    ClauseWord.VACUOUS: "V",
}
"""What marks a cell that holds such a clause."""
PROMISED: Final = {
    Taken.ANY: "each exception is answered as a call, whatever the syndrome says",
    Taken.HVC: "each hvc is answered as a call, and nothing else",
    Taken.NONE: "no exception is answered as a call",
    Taken.OPEN: "nothing",
}
"""What a contract says of the exceptions that enter a slot."""


def write(result: CheckResult) -> str:
    """Return a check as text."""
    return "\n".join(map(printable, _lines(result))) + "\n"


def _lines(result: CheckResult) -> Iterator[str]:
    yield from verdict_lines(result.subject, result.conclusion)
    yield from subject(result)
    names = Names(result.symbols)
    if result.callers is not None:
        yield from breaks(result.callers, {each.name: each.owner for each in result.parties})
    yield from refuted(result, names)
    yield from misplaced(result, names)
    yield from entered_otherwise(result, names)
    yield from replays(result)
    yield from undecided(result, names)
    yield from vacuous(result)
    if result.callers is not None:
        yield from callers(result.callers)
    yield from table(result)
    yield from parties(result)
    yield from unspecified(result)
    yield from suppressed(result, names)
    yield from dissents(result)
    if result.vector_entries is not None:
        from hypabi.report.check.entries.text import entries_section  # noqa: PLC0415 - few ask for it

        yield from entries_section(result.vector_entries, result, names)
    yield from assumed(result, names)
    yield from trust_section(result.trusted)
    yield from repeat_section(verbosely(result.reproduce), inputs(result))


def inputs(result: CheckResult) -> Iterator[tuple[str, str]]:
    """Yield what went in, and its SHA-256."""
    yield "image", result.image.sha256
    yield "contract", result.contract.sha256
    if result.callers is not None and result.callers.outside is not None:
        yield "callers", result.callers.outside.sha256
    if result.suppressions is not None:
        yield "suppressions", result.suppressions.sha256


def subject(result: CheckResult) -> Iterator[str]:
    """Yield what was held against what, and what came of the callers."""
    yield from held(result)
    if result.callers is not None:
        of = f"of {result.callers.outside.name}: " if result.callers.outside else ""
        yield from labelled("callers", f"{of}{summary(result.callers)}")


def held(result: CheckResult) -> Iterator[str]:
    """Yield which image was held against which contract."""
    image, contract = result.image, result.contract
    formats = ", ".join(image.formats)
    kind = f"{image.architecture.value}, {image.byte_order.value}-endian; {formats}"
    yield ""
    # The whole path is in the command to repeat it.
    yield from labelled("image", f"{image.name} ({kind})")
    at = f"as of {contract.version} on {contract.architecture.value}"
    document = f"; {contract.document}" if contract.document else ""
    yield from labelled("contract", f"{contract.name}, {at}{document}")


def misplaced(result: CheckResult, names: Names) -> Iterator[str]:
    """Yield what does not lie where it has to, and why it has to."""
    found = [each for each in result.placements if each.verdict is PlacementWord.BROKEN]
    if found:
        yield from titled("Not where it has to lie")
    for each in found:
        yield ""
        yield from filled(each.name, "* ", "  ")
        for what in each.broken:
            yield from labelled("instead", names.beside(what))
        yield from authority(each.authority)


def entered_otherwise(result: CheckResult, names: Names) -> Iterator[str]:
    """Yield what enters a slot otherwise than the contract has it."""
    found = list(result.slots_amiss())
    if found:
        yield from titled("Entered otherwise than promised")
    for each in found:
        yield ""
        where = f"{each.party}, +{each.slot} ({each.name} from {each.origin.value})"
        yield from filled(f"{where}: {each.verdict.value}", "* ", "  ")
        yield from labelled("promised", PROMISED[each.promised])
        for what in each.why:
            yield from labelled("instead", names.inside(what))
        if each.authority is not None:
            yield from authority(each.authority)


def undecided(result: CheckResult, names: Names) -> Iterator[str]:
    """Yield the undecided clauses, those with one reason together."""
    yield from _by_reason(result, ClauseWord.UNDECIDED, "Undecided", names.beside)


def vacuous(result: CheckResult) -> Iterator[str]:
    """Yield the vacuous clauses, those with one reason together."""
    yield from _by_reason(result, ClauseWord.VACUOUS, VACUOUS, str)


def _by_reason(
    result: CheckResult, word: ClauseWord, title: str, spell: Callable[[str], str]
) -> Iterator[str]:
    reasons: dict[str, list[CheckedClause]] = {}
    for clause in result.verdicts:
        if clause.verdict is word:
            reasons.setdefault(clause.reason or "", []).append(clause)
    if reasons:
        yield from titled(title)
    for reason, clauses in reasons.items():
        yield ""
        yield from filled(spell(reason), "* ", "  ")
        yield from named(clauses)


def named(clauses: list[CheckedClause]) -> Iterator[str]:
    """Yield clauses as ``party, call: clause, clause``."""
    for (party, call), each in groupby(clauses, key=lambda clause: (clause.party, clause.call)):
        listed = ", ".join(clause.clause for clause in each)
        yield from filled(f"{party}, {spelled(call)}: {listed}", "    ", "      ")


def table(result: CheckResult) -> Iterator[str]:
    """Yield how many of its clauses each call keeps at each party."""
    rows = by_row(result.verdicts)
    if not rows:
        return
    declined = {(each.party, each.call) for each in result.unspecified}
    titles = list(dict.fromkeys(party for party, _ in rows))
    calls = [call.name for call in result.contract.calls]
    installers = [each.function for each in result.installers]
    lines = []
    for call in dict.fromkeys((*calls, None, *installers)):
        cells = [
            _cell(rows[party, call])
            if (party, call) in rows
            else ("-" if (party, call) in declined else "")
            for party in titles
        ]
        if any(cells):  # a call without a number is every other identifier to those who serve it
            lines.append((spelled(call), cells))
    yield from titled("Clauses proved, of all")
    yield from matrix("", titles, lines)
    marks = {mark for _, cells in lines for cell in cells for mark in cell if not mark.isdigit()}
    meanings = {"R": "R refuted", "U": "U undecided", "V": "V vacuous", "-": "- left open"}
    legend = ", ".join(meaning for mark, meaning in meanings.items() if mark in marks)
    if legend:
        yield ""
        yield from filled(legend)


def _cell(clauses: tuple[CheckedClause, ...]) -> str:
    proved = sum(clause.verdict is ClauseWord.PROVED for clause in clauses)
    marks = {MARKS[clause.verdict] for clause in clauses}
    return "".join(sorted(marks)) + f"{proved}/{len(clauses)}"


def parties(result: CheckResult) -> Iterator[str]:
    """Yield who was found, where and how, who was not, and the tables that nobody claims."""
    yield from titled("Parties")
    for party in result.parties:
        found = party.table
        if found is not None:
            where = f"{found.symbol or 'no symbol'} at {found.address}, {HOW[found.how]}"
            yield from filled(f"{party.name}: {where}{_program(found)}", "", "    ")
    for party in result.parties:
        if party.table is None:
            where = f"none here; looked for {party.vectors}"
            if party.expected is not None:
                where = f"missing: {party.expected}; looked for {party.vectors}"
            yield from filled(f"{party.name}: {where}", "", "    ")
    yield from installers(result)
    yield from slots(result)
    yield from untold(result)
    if result.unclaimed_tables:
        yield ""
        yield "Tables of EL2 or HYP that the contract does not speak of:"
    for each in result.unclaimed_tables:
        yield cut(f"  {each.address}  {each.symbol or 'no symbol'}{_program(each)}", columns())


def installers(result: CheckResult) -> Iterator[str]:
    """Yield who puts a party in place, or enters beside it, without a call; and who is missing."""
    for each in result.installers if result.tells_installers else ():
        if each.address is not None:
            where = f"{each.function} at {each.address}"
        else:
            word = "missing" if each.found is InstallerWord.MISSING else "none here"
            where = f"{each.function}, {word}; looked for {' and '.join(each.names)}"
        yield from filled(f"installer of {each.party}: {where}", "", "    ")


def untold(result: CheckResult) -> Iterator[str]:
    """Yield the placements that nothing in the image tells, and why."""
    for each in result.placements if result.tells_placements else ():
        if each.verdict is PlacementWord.UNTOLD:
            yield from filled(f"{each.name}, where it lies: untold: {each.reason}", "", "    ")


def slots(result: CheckResult) -> Iterator[str]:
    """Yield how many slots are entered as promised."""
    words = [each.verdict for each in result.slots]
    said = [f"{words.count(each)} {each.value}" for each in SlotWord if each in words]
    if said:
        yield from filled(f"slots entered as the contract has it: {', '.join(said)}", "", "    ")


def _program(of: VectorTable) -> str:
    return "" if of.program is Role.KERNEL else f", in the {of.program.value}"


def unspecified(result: CheckResult) -> Iterator[str]:
    """Yield what the document leaves open."""
    if not result.unspecified:
        return
    yield from titled("Left open by the document, so not judged")
    reasons: dict[str, list[str]] = {}
    for each in result.unspecified:
        reasons.setdefault(each.why, []).append(f"{each.party}, {spelled(each.call)}")
    for why, rows in reasons.items():
        yield ""
        yield from filled("; ".join(rows), "* ", "  ")
        yield from filled(why, "    ")


def assumed(result: CheckResult, names: Names) -> Iterator[str]:
    """Yield what the verdicts rest on, each assumption once."""
    if not result.assumptions:
        return
    everybody = len({clause.party for clause in result.verdicts})
    yield from titled("Assumed")
    for each in result.assumptions:
        whose = f" ({', '.join(each.parties)})" if len(each.parties) < everybody else ""
        yield from filled(f"{names.inside(each.text)}{whose}", "* ", "  ")
        if each.reason:
            yield from filled(each.reason, "    ")


def dissents(result: CheckResult) -> Iterator[str]:
    """Yield the questions to which a second solver does not give the same answer."""
    if result.second_opinion is None or not result.second_opinion.dissents:
        return
    yield from titled("Not answered alike by two solvers")
    for each in result.second_opinion.dissents:
        where = f"{each.party}, {spelled(each.call)}: {each.clause}, question {each.number}"
        said = f"bitwuzla says {each.first}, {result.second_opinion.solver} {each.second}"
        yield from filled(f"{where}: {each.word.value}; {said}", "* ", "  ")


def suppressed(result: CheckResult, names: Names) -> Iterator[str]:
    """Yield what was decided to live with, where a file of it was given."""
    if result.suppressions is None:
        return
    from hypabi.report.shared.suppressed import suppressed_section  # noqa: PLC0415 - rarely given

    covered = []
    for clause in result.verdicts:
        where = f"{clause.party}, {spelled(clause.call)}: {clause.clause}"
        covered += [
            (f"{where}: {each.register} is lost", each.suppressed)
            for each in clause.lost
            if each.suppressed is not None
        ]
        if clause.suppressed is not None and not clause.lost:
            what = names.inside(clause.reason or "")
            covered.append((f"{where}: {what}", clause.suppressed))
    checks = () if result.callers is None else result.callers.reachable()
    covered += [(named_caller(each), each.suppressed) for each in checks if each.suppressed]
    yield from suppressed_section(result.suppressions, covered)
