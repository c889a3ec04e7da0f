"""Mails, put together to one series: the newest version, its patches in order, what was answered.

A tag counts for whoever sent it: a mail in which somebody writes another's name is no agreement.
What is taken for a thread, a version and a tag is what b4 takes for one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import replace
from hypabi.review.series.mail import (
    Mail,
    base_in,
    before_patch,
    change_of,
    files_of,
    message_of,
    patch_in,
    trailers_in,
)
from hypabi.review.series.model import Patch, Series, Trailer
from hypabi.review.series.posted import BRACKETS, Posted, newest_version, posted_as

_ANSWER: Final = re.compile(r"^\s*(?:re|aw|fwd?)\s*:", re.IGNORECASE)
AUTHOR: Final = "From"
SERIES: Final = 0


def series_of(mails: Sequence[Mail], where: str) -> Series:
    """Return the series that mails hold.

    :param where: what a refusal names
    :raises HypabiError: they hold no patch, or not all of a series, or more than one
    """
    posted = [posted_as(each) for each in mails if not _ANSWER.match(each.subject)]
    patches = [each for each in posted if each.diff]
    if any(each.number is not None for each in patches):
        ids = {each.mail.message_id for each in posted}
        patches = [p for p in patches if p.number is not None or p.mail.answers not in ids]
    if not patches:
        raise HypabiError(where, "no patch is in it", _instead(mails))
    by_id = {each.message_id: each for each in mails if each.message_id}
    ordered = newest_version(patches, by_id, where)
    cover = _cover(posted, ordered)
    made = tuple(_patch(number, each) for number, each in enumerate(ordered, 1))
    first = ordered[0].mail if cover is None else cover.mail
    if made[0].base is None and cover is not None and (base := base_in(cover.mail.text)):
        made = (replace(made[0], base=base), *made[1:])
    places = _places(patches, ordered, cover)
    return Series(
        first.subject,
        first.message_id,
        made,
        _answers(mails, places),
        notes=tuple(_stayed(ordered)),
    )


def _cover(posted: Sequence[Posted], ordered: Sequence[Posted]) -> Posted | None:
    """Return the cover letter, an older one where a version of a part has none."""
    versions = {each.version for each in ordered}
    covers = [p for p in posted if p.version in versions and p.number == 0 and not p.diff]
    return max(covers, key=lambda each: each.version, default=None)


def _stayed(ordered: Sequence[Posted]) -> Iterator[str]:
    newest = max(each.version for each in ordered)
    older = [(n, each.version) for n, each in enumerate(ordered, 1) if each.version < newest]
    if older:
        said = ", ".join(f"{number} of v{version}" for number, version in older)
        yield f"v{newest} posts a part again; as they were before are patches {said}"


def _instead(mails: Sequence[Mail]) -> str:
    """Return what mails without a patch are."""
    if not any(each.subject or each.text.strip() for each in mails):
        return "it is empty"
    if any(patch_in(each.text) for each in mails):
        return "answers only"
    covers = (each for each in mails if not _ANSWER.match(each.subject))
    return "a cover letter only" if any(posted_as(e).number == 0 for e in covers) else ""


def _patch(number: int, posted: Posted) -> Patch:
    mail = posted.mail
    author = Trailer(AUTHOR, *_author(mail))
    return Patch(
        number=number,
        subject=BRACKETS.sub("", mail.subject),
        message_id=mail.message_id,
        trailers=(author, *trailers_in(message_of(mail.text))),
        diff=posted.diff.encode("utf-8", "surrogateescape"),
        files=files_of(posted.diff),
        base=base_in(mail.text),
        intro=f"From: {mail.author[0]} <{mail.author[1]}>\nSubject: {mail.subject}\n\n"
        + before_patch(mail.text),
    )


def _author(mail: Mail) -> tuple[str, str]:
    """Return who wrote a patch: a ``From:`` at the start of its text says it before the header."""
    first = mail.text.lstrip("\n").partition("\n")[0]
    found = re.match(r"From: (.{0,200}?) ?<([^<>\s]{1,200})>$", first)
    return mail.author if found is None else (found[1].strip('" '), found[2].lower())


def _places(
    patches: Sequence[Posted], ordered: Sequence[Posted], cover: Posted | None
) -> Mapping[str, tuple[int, ...]]:
    """Return by message id the patches that an answer is about, 0 for the series.

    What was answered to an older version counts for a patch that changes the same today.
    """
    same = {change_of(each.diff): number for number, each in enumerate(ordered, 1)}
    found: dict[str, tuple[int, ...]] = {
        each.mail.message_id: (same[change_of(each.diff)],)
        for each in patches
        if change_of(each.diff) in same
    }
    found |= {each.mail.message_id: (number,) for number, each in enumerate(ordered, 1)}
    if cover is not None:
        newer = any(each.version > cover.version for each in ordered)
        stayed = tuple(n for n, e in enumerate(ordered, 1) if e.version <= cover.version)
        found[cover.mail.message_id] = stayed if newer else (SERIES,)
    return {message_id: of for message_id, of in found.items() if message_id}


def _answers(
    mails: Sequence[Mail], places: Mapping[str, tuple[int, ...]]
) -> tuple[tuple[int, Trailer], ...]:
    parents = {each.message_id: each.answers for each in mails if each.message_id}
    found = []
    for mail in mails:
        if mail.message_id in places or (patch_in(mail.text) and not _ANSWER.match(mail.subject)):
            continue
        given = [each for each in trailers_in(mail.text) if _is_own(each, mail)]
        found += [(about, each) for about in _answered(mail, places, parents) for each in given]
    return tuple(dict.fromkeys(found))


def _is_own(trailer: Trailer, mail: Mail) -> bool:
    """Tell whether a mail's sender stands up for himself, by his address or by his name."""
    name, address = mail.author
    is_own = trailer.address == address or trailer.name.lower() == name.lower() != ""
    return is_own and trailer.kind != "Signed-off-by"


def _answered(
    mail: Mail, places: Mapping[str, tuple[int, ...]], parents: Mapping[str, str]
) -> tuple[int, ...]:
    """Return the patches that a mail answers, through other answers too."""
    at = mail.answers
    for _ in range(len(parents) + 1):
        if at in places:
            return places[at]
        if not at or at not in parents:
            break
        at = parents[at]
    return ()
