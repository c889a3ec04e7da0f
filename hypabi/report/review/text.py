"""A review as the body of an answer to the series: the verdict first, at most sixty lines."""

from collections.abc import Iterable, Iterator
from email.header import Header
from typing import Final

from hypabi.analysis.provenance import typed
from hypabi.analysis.results.conclusion import spell_counts
from hypabi.analysis.results.review import (
    AgreementWord,
    AsksOtherwise,
    FindingWord,
    MustAgree,
    NewCall,
    NewTable,
    PatchWord,
    Renumbered,
    ReviewChange,
    ReviewDrift,
    ReviewedPatch,
    ReviewFinding,
    ReviewResult,
)
from hypabi.report.shared.text_layout import COLUMNS, columns, cut, filled, in_columns, printable

LONGEST: Final = 60
"""Lines of the report."""
MOST_PATCHES: Final = 14
MOST_FINDINGS: Final = 4
MOST_OWNERS: Final = 8
MOST_SHOWN: Final = 12
MOST_TYPED: Final = 12
"""Lines of the command, which may name long paths."""
MOST_COPIED: Final = 4
"""People whose agreement is missing, whom a reply should reach."""
MOST_DRIFT: Final = 3
MOST_CHANGES: Final = 4
"""For callers of either side; a change that is the same for both is told once."""


def write(review: ReviewResult) -> str:
    """Return a review as text; where it would be too long, what is left out is counted."""
    ending = list(_reproduced(review))
    lines = list(_lines(review))
    room = LONGEST - len(ending)
    if len(lines) > room:
        more = len(lines) - room + 1
        lines = [*lines[: room - 1], f"... {more} more lines; --format json has all"]
    return "\n".join(map(printable, (*lines, *ending))) + "\n"


def write_mail(review: ReviewResult) -> str:
    """Return the text as an answer in the thread; who gets it is the sender's to say."""
    with in_columns(COLUMNS):
        text = write(review)
    headers = [f"Subject: {_subject(printable(review.title))}"]
    if review.message_id:
        answered = printable(f"<{review.message_id}>")
        headers += [f"In-Reply-To: {answered}", f"References: {answered}"]
    headers += () if text.isascii() else _NOT_ASCII
    return "\n".join(headers) + "\n\n" + text


def _subject(title: str) -> str:
    """Return the subject of an answer; what is not ASCII is encoded as RFC 2047 has it."""
    subject = title if title.lower().startswith("re:") else f"Re: {title}"
    if subject.isascii():
        return subject
    return Header(subject, "utf-8", header_name="Subject").encode()


_NOT_ASCII: Final = (
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
)


def patch_lines(review: ReviewResult, patch: ReviewedPatch) -> Iterator[str]:
    """Yield what there is to say of one patch."""
    lines = [*_patch(patch, len(review.patches)), *_broken_by(patch)]
    yield from map(printable, lines)


def _lines(review: ReviewResult) -> Iterator[str]:
    yield from _headline(review)
    yield ""
    yield from _key("base", review.base)
    for program in review.programs:
        yield from _key(program.name, program.compiler or f"sha256 {program.sha256[:16]}")
    for note in review.notes:
        yield from _key("note", note)
    yield from _patches(review)
    yield from _broken(review)
    yield from _agreement(review)
    yield from _document(review)
    yield from _preexisting(review)
    yield from _changed(review)


def _headline(review: ReviewResult) -> Iterator[str]:
    word = review.conclusion.answer
    bad = review.first_bad
    at = "" if bad is None or bad.number == 0 else f" by patch {bad.number}"
    yield f"{cut(review.title, columns() - len(word) - len(at) - 2)}: {word}{at}"
    refuted = any(each.word is FindingWord.REFUTED for each in review.remaining)
    trap = "; its end is right, and a bisection stops in it" if bad and not refuted else ""
    yield from filled(spell_counts(review.conclusion.counts) + trap)


def _key(key: str, value: str) -> Iterator[str]:
    yield from filled(value, f"{key + ':':<20} ")


def _patches(review: ReviewResult) -> Iterator[str]:
    yield ""
    total = len(review.patches)
    for patch in review.patches[:MOST_PATCHES]:
        yield from _patch(patch, total)
    if total > MOST_PATCHES:
        yield f"        and {total - MOST_PATCHES} more"


def _patch(patch: ReviewedPatch, total: int) -> Iterator[str]:
    place = f"{patch.number}/{total}" if patch.number else "series"
    word = patch.word.value
    yield f"{place:>6}  {cut(patch.subject, columns() - len(word) - 10)}: {word}"
    for why in patch.why if patch.word is not PatchWord.NOT_REACHED else ():
        yield from filled(why, " " * 8)
    said: dict[str, list[str]] = {}
    told: tuple[Renumbered | NewCall | NewTable | AsksOtherwise, ...]
    told = (*patch.renumbers, *patch.new_calls, *patch.new_tables, *patch.asks)
    for each in told:
        said.setdefault(each.sentence, []).append(each.program)
    for sentence, programs in said.items():
        yield from filled(f"{', '.join(programs)}: {sentence}", " " * 8)


def _broken(review: ReviewResult) -> Iterator[str]:
    bad = review.first_bad or next((e for e in review.patches if e.introduces), None)
    if bad is None:
        return
    yield from _broken_by(bad)


def _broken_by(bad: ReviewedPatch) -> Iterator[str]:
    if not bad.introduces:
        return
    yield ""
    refuted = any(each.word is FindingWord.REFUTED for each in bad.introduces)
    whose = f"patch {bad.number}" if bad.number else "it"
    yield from filled(f"What {whose} {'breaks' if refuted else 'leaves undecided'}:")
    for each in bad.causes[:MOST_FINDINGS]:
        of = f" ({len(each.rules)} findings)" if len(each.rules) > 1 else ""
        programs = ", ".join(each.programs)
        yield from filled(f"{each.what}: {each.word.value}{of}, {programs}", "  ", "    ")
        yield from filled(each.text, "    ")
        yield from filled(_some(each.rules, 2), "    ")
    if len(bad.causes) > MOST_FINDINGS:
        yield f"  and {len(bad.causes) - MOST_FINDINGS} more"
    yield from _witness(_by_cause(bad))


def _by_cause(bad: ReviewedPatch) -> Iterator[ReviewFinding]:
    """Yield what a patch introduces, in the order in which its causes are told."""
    for cause in bad.causes:
        for rule in cause.rules:
            yield from (e for e in bad.introduces if (e.rule, e.word) == (rule, cause.word))


def _witness(findings: Iterable[ReviewFinding]) -> Iterator[str]:
    shown = next((each for each in findings if each.shown), None)
    if shown is None:
        return
    yield ""
    lines = [line for each in shown.shown for line in filled(each, "    | ", "    |   ")]
    yield from lines[:MOST_SHOWN]


def _changed(review: ReviewResult) -> Iterator[str]:
    changes = [(patch, each) for patch in review.patches for each in patch.changes]
    if not changes:
        return
    yield ""
    yield "What is different for those who call:"
    lines = dict.fromkeys(_change(patch, each) for patch, each in changes)
    for line in list(lines)[:MOST_CHANGES]:
        yield from filled(line, "  ", "    ")
    if len(lines) > MOST_CHANGES:
        yield f"  and {len(lines) - MOST_CHANGES} more"


def _change(patch: ReviewedPatch, each: ReviewChange) -> str:
    by = f", asked by {', '.join(each.asked_by[:3])}" if each.asked_by else ""
    return f"{_place(patch)}{each.program}, {each.party}, {each.what}: {each.change}{by}"


def _place(patch: ReviewedPatch) -> str:
    return f"{patch.number}: " if patch.number else ""


def _preexisting(review: ReviewResult) -> Iterator[str]:
    if review.preexisting:
        yield ""
        rules = _some((each.rule for each in review.preexisting), 3)
        yield from filled(f"Preexisting, and not counted: {rules}.")


def _document(review: ReviewResult) -> Iterator[str]:
    drift = [(patch, each) for patch in review.patches for each in patch.drift]
    if drift:
        yield ""
        yield from filled(f"What {review.document} no longer says, or says otherwise:")
        lines = dict.fromkeys(f"{_place(patch)}{_drifted(each)}" for patch, each in drift)
        for line in list(lines)[:MOST_DRIFT]:
            yield from filled(line, "  ", "    ")
        if len(lines) > MOST_DRIFT:
            yield f"  and {len(lines) - MOST_DRIFT} more"
        return
    changed = any(each.changes or each.renumbers for each in review.patches)
    if changed and review.document is not None and not review.document_touched:
        yield ""
        yield from filled(f"{review.document} is not changed by the series.")


def _drifted(each: ReviewDrift) -> str:
    line = "" if each.line is None else f", line {each.line}"
    return f"{each.kind}{line}: {each.what}"


def _agreement(review: ReviewResult) -> Iterator[str]:
    if not review.agreement:
        return
    yield ""
    yield "Who must agree:"
    for each in review.agreement[:MOST_OWNERS]:
        yield from filled(f"{each.who}: {_standing(each)}", "  ", "    ")
    if len(review.agreement) > MOST_OWNERS:
        yield f"  and {len(review.agreement) - MOST_OWNERS} more"


def _standing(each: MustAgree) -> str:
    given = ", ".join(
        dict.fromkeys(
            f"{e.name or e.address} ({'author' if e.kind == 'From' else e.kind})"
            for e in each.given
        )
    )
    because = _some(each.because, 2)
    match each.word:
        case AgreementWord.GIVEN:
            return f"agreed, {given}"
        case AgreementWord.OUTSIDE:
            return f"outside the image, to be told; {because}"
        case AgreementWord.MISSING | AgreementWord.MISSING_FOR_FILES:
            people = _some(each.people, 3) or "nobody is named in MAINTAINERS"
            numbers = ", ".join(str(number) for number in each.missing if number)
            of = f" for {numbers}" if numbers else ""
            return f"{each.word.value}{of}, {people}; {because}"


def _some(items: Iterable[str], most: int) -> str:
    """Return some of many, and how many more there are."""
    every = list(dict.fromkeys(items))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def _reproduced(review: ReviewResult) -> Iterator[str]:
    yield ""
    command = list(typed(review.reproduce.command, columns()))
    yield from command[:MOST_TYPED]
    if len(command) > MOST_TYPED:
        yield f"... {len(command) - MOST_TYPED} more lines; --format json has all"
    versions = review.reproduce.versions
    with_ = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield from filled(f"with {with_}; patches sha256 {review.reproduce.series_sha256[:16]}")
    yield from _offered(review)


def _offered(review: ReviewResult) -> Iterator[str]:
    """Yield whom to copy, marked so that no script takes it for a tag; agreement is theirs."""
    missing = (e for e in review.agreement if e.word is AgreementWord.MISSING)
    people = list(dict.fromkeys(person for each in missing for person in each.people))
    if people:
        yield ""
        yield from (cut(f"| Cc: {each}", columns()) for each in people[:MOST_COPIED])
