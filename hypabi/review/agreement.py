"""Who must agree to a series, by interface and by file, and whether they did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import parseaddr
from typing import Final

from hypabi.analysis.results.review import (
    AgreementWord,
    GivenAgreement,
    MustAgree,
    ReviewedPatch,
)
from hypabi.records import frozen
from hypabi.review.mailmap import Mailmap
from hypabi.review.maintainers import Section, concerned_by_words, keepers
from hypabi.review.series.model import Series, Trailer

SERIES: Final = 0


@frozen
class _Reason:
    patch: int
    text: str
    is_interface: bool
    """Or else a file alone, or a word."""


def agreement(
    series: Series,
    patches: Sequence[ReviewedPatch],
    sections: Mapping[str, Section],
    outside: frozenset[str],
    document: str | None = None,
    known_as: Mailmap | None = None,
) -> tuple[MustAgree, ...]:
    """Return who must agree, those first whose agreement is missing.

    :param outside: users outside the image, whom no section names
    :param document: path of the interface's document, whose keepers have a say where it drifts
    :param known_as: by which address somebody is known who wrote from another one
    """
    reasons: dict[str, list[_Reason]] = {}
    for patch in patches:
        for who, text in (*_by_interface(patch), *_by_function(patch, sections)):
            reasons.setdefault(who, []).append(_Reason(patch.number, text, is_interface=True))
        for who in keepers(sections, (document,)) if document and patch.drift else ():
            for each in patch.drift:
                reason = _Reason(patch.number, each.what, is_interface=True)
                reasons.setdefault(who, []).append(reason)
        for who, files in keepers(sections, patch.files).items():
            for name in files:
                reasons.setdefault(who, []).append(_Reason(patch.number, name, is_interface=False))
    for number, who, text in _by_words(series, patches, sections):
        reasons.setdefault(who, []).append(_Reason(number, text, is_interface=False))
    said = _said(series)
    known_as = known_as or Mailmap()
    every = frozenset(each.number for each in series.patches)
    found = [
        _must(_Owner(who, sections.get(who), who in outside), why, said, every, known_as)
        for who, why in reasons.items()
    ]
    order = list(_WORST_FIRST)
    return tuple(sorted(found, key=lambda each: (order.index(each.word), each.who)))


_WORST_FIRST: Final = (
    AgreementWord.MISSING,
    AgreementWord.OUTSIDE,
    AgreementWord.GIVEN,
    AgreementWord.MISSING_FOR_FILES,
)


def _by_interface(patch: ReviewedPatch) -> Iterable[tuple[str, str]]:
    for change in patch.changes:
        for who in change.must_agree:
            yield who, f"{change.party}, {change.what}"
    for finding in patch.introduces:
        for who in finding.must_agree:
            yield who, finding.rule


def _by_function(
    patch: ReviewedPatch, sections: Mapping[str, Section]
) -> Iterable[tuple[str, str]]:
    """Yield who keeps the file of a caller that suffers, whatever the patch touches."""
    for finding in patch.introduces:
        for who in keepers(sections, (finding.source,)) if finding.source else ():
            yield who, f"{finding.function} in {finding.source}"


def _by_words(
    series: Series, patches: Sequence[ReviewedPatch], sections: Mapping[str, Section]
) -> Iterator[tuple[int, str, str]]:
    """Yield who is to be told of a word in what a patch says or changes."""
    whole = len(patches) == 1 and patches[0].number == SERIES
    for patch in series.patches:
        diff = patch.diff.decode("utf-8", "replace")
        for who, expressions in concerned_by_words(sections, patch.intro, diff).items():
            yield SERIES if whole else patch.number, who, f"it says {', '.join(expressions)}"


def _said(series: Series) -> tuple[GivenAgreement, ...]:
    posted = ((patch.number, each) for patch in series.patches for each in patch.trailers)
    made = (_given(number, each) for number, each in (*posted, *series.trailers))
    return tuple(dict.fromkeys(made))


def _given(number: int, trailer: Trailer) -> GivenAgreement:
    return GivenAgreement(number, trailer.kind, trailer.name, trailer.address)


@frozen
class _Owner:
    name: str
    section: Section | None
    is_outside: bool


def _must(
    owner: _Owner,
    reasons: Sequence[_Reason],
    said: Iterable[GivenAgreement],
    every: frozenset[int],
    known_as: Mailmap,
) -> MustAgree:
    section = owner.section
    people = () if section is None else section.all("M")
    addresses = {known_as.address(*parseaddr(each)) for each in people}
    interface = any(each.is_interface for each in reasons)
    told = [each for each in reasons if each.is_interface] if interface else reasons
    patches = tuple(sorted({each.patch for each in told}))
    given = tuple(e for e in said if known_as.address(e.name, e.address) in addresses)
    agreed = {each.patch for each in given}
    if SERIES in agreed or every <= agreed:
        agreed |= {SERIES, *every}
    missing = tuple(each for each in patches if each not in agreed)
    outside = section is None and owner.is_outside
    return MustAgree(
        who=owner.name,
        word=_word(missing, interface=interface, outside=outside),
        people=people,
        copies=() if section is None else (*section.all("R"), *section.all("L")),
        because=tuple(dict.fromkeys(each.text for each in told)),
        patches=patches,
        missing=missing,
        given=tuple(e for e in given if SERIES in (*patches, e.patch) or e.patch in patches),
    )


def _word(missing: tuple[int, ...], *, interface: bool, outside: bool) -> AgreementWord:
    if outside:
        return AgreementWord.OUTSIDE
    if not missing:
        return AgreementWord.GIVEN
    return AgreementWord.MISSING if interface else AgreementWord.MISSING_FOR_FILES
