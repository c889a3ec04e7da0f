"""Mails, put together to one series: the newest version, its patches in order, what was answered.

A tag counts for whoever sent it: a mail in which somebody writes another's name is no agreement.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import frozen, replace
from hypabi.review.series.mail import (
    Mail,
    base_in,
    files_of,
    message_of,
    patch_in,
    trailers_in,
)
from hypabi.review.series.model import Patch, Series, Trailer

MOST_PATCHES: Final = 40
"""Patches of a series: each is a layer, and a mount names all of them in a page."""
_BRACKETS: Final = re.compile(r"^\s*\[([^\]]*)\]\s*")
_ANSWER: Final = re.compile(r"^\s*(?:re|aw|fwd?)\s*:", re.IGNORECASE)
_PLACE: Final = re.compile(r"\b(\d{1,4})/(\d{1,4})\b")
_VERSION: Final = re.compile(r"(?:\b|PATCH)v(\d{1,3})\b", re.IGNORECASE)
AUTHOR: Final = "From"


@frozen
class _Posted:
    """A mail of a series, and where it says to stand in it."""

    mail: Mail
    version: int
    number: int | None
    total: int | None
    diff: str


def series_of(mails: Sequence[Mail], where: str) -> Series:
    """Return the series that mails hold.

    :param where: what a refusal names
    :raises HypabiError: they hold no patch, or not all of a series, or more than one
    """
    posted = [_posted(each) for each in mails if not _ANSWER.match(each.subject)]
    patches = [each for each in posted if each.diff]
    if any(each.number is not None for each in patches):
        ids = {each.mail.message_id for each in posted}
        patches = [p for p in patches if p.number is not None or p.mail.answers not in ids]
    if not patches:
        raise HypabiError(where, "no patch is in it", _instead(mails))
    newest = max(each.version for each in patches)
    cover = next((p for p in posted if p.version == newest and p.number == 0 and not p.diff), None)
    ordered = _ordered([each for each in patches if each.version == newest], where)
    made = tuple(_patch(number, each) for number, each in enumerate(ordered, 1))
    first = ordered[0].mail if cover is None else cover.mail
    if made[0].base is None and cover is not None and (base := base_in(cover.mail.text)):
        made = (replace(made[0], base=base), *made[1:])
    return Series(first.subject, first.message_id, made, _answers(mails, made, cover))


def _instead(mails: Sequence[Mail]) -> str:
    """Return what mails without a patch are."""
    if not any(each.subject or each.text.strip() for each in mails):
        return "it is empty"
    if any(patch_in(each.text) for each in mails):
        return "answers only"
    covers = (each for each in mails if not _ANSWER.match(each.subject))
    return "a cover letter only" if any(_posted(e).number == 0 for e in covers) else ""


def _posted(mail: Mail) -> _Posted:
    found = _BRACKETS.match(mail.subject)
    said = found[1] if found is not None else ""
    version, place = _VERSION.search(said), _PLACE.search(said)
    return _Posted(
        mail,
        int(version[1]) if version else 1,
        int(place[1]) if place else None,
        int(place[2]) if place else None,
        patch_in(mail.text),
    )


def _ordered(patches: Sequence[_Posted], where: str) -> list[_Posted]:
    """Return patches in their order, each once."""
    once = list({each.mail.message_id or str(at): each for at, each in enumerate(patches)}.values())
    if len(once) > MOST_PATCHES:
        raise HypabiError(where, f"it has {len(once)} patches, and {MOST_PATCHES} are reviewed")
    numbers = [each.number for each in once]
    if all(number is None for number in numbers):
        return once
    by_number = {each.number: each for each in once}
    total = max(each.total or 0 for each in once)
    if None in by_number or len(by_number) < len(once):
        raise HypabiError(where, "more than one series is in it", "give one")
    missing = [number for number in range(1, total + 1) if number not in by_number]
    if missing:
        raise HypabiError(where, f"patch {missing[0]}/{total} is not in it")
    return [by_number[number] for number in range(1, total + 1)]


def _patch(number: int, posted: _Posted) -> Patch:
    mail = posted.mail
    author = Trailer(AUTHOR, *_author(mail))
    return Patch(
        number=number,
        subject=_BRACKETS.sub("", mail.subject),
        message_id=mail.message_id,
        trailers=(author, *trailers_in(message_of(mail.text))),
        diff=posted.diff.encode("utf-8", "surrogateescape"),
        files=files_of(posted.diff),
        base=base_in(mail.text),
    )


def _author(mail: Mail) -> tuple[str, str]:
    """Return who wrote a patch: a ``From:`` at the start of its text says it before the header."""
    first = mail.text.lstrip("\n").partition("\n")[0]
    found = re.match(r"From: (.{0,200}?) ?<([^<>\s]{1,200})>$", first)
    return mail.author if found is None else (found[1].strip('" '), found[2].lower())


def _answers(
    mails: Sequence[Mail], patches: Sequence[Patch], cover: _Posted | None
) -> tuple[tuple[int, Trailer], ...]:
    numbers = {each.message_id: each.number for each in patches if each.message_id}
    if cover is not None and cover.mail.message_id:
        numbers[cover.mail.message_id] = 0
    parents = {each.message_id: each.answers for each in mails if each.message_id}
    found = []
    for mail in mails:
        if mail.message_id in numbers or (patch_in(mail.text) and not _ANSWER.match(mail.subject)):
            continue
        about = _answered(mail, numbers, parents)
        if about is not None:
            found += [(about, each) for each in trailers_in(mail.text) if _is_own(each, mail)]
    return tuple(dict.fromkeys(found))


def _is_own(trailer: Trailer, mail: Mail) -> bool:
    return trailer.address == mail.author[1] and trailer.kind != "Signed-off-by"


def _answered(mail: Mail, numbers: Mapping[str, int], parents: Mapping[str, str]) -> int | None:
    """Return the number of the patch that a mail answers, through other answers too."""
    at = mail.answers
    for _ in range(len(parents) + 1):
        if at in numbers:
            return numbers[at]
        if not at or at not in parents:
            break
        at = parents[at]
    return None
