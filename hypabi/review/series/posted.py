"""Where a mail says to stand in a series, and the patches of the newest version of one.

A new version may post again only what differs: each of its patches then answers the patch whose
place it takes, and the others stay as they were, as b4 has it (``LoreMailbox.partial_reroll``).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hypabi.errors import HypabiError
from hypabi.records import frozen
from hypabi.review.series.mail import Mail, patch_in

MOST_PATCHES: Final = 40
"""Patches of a series: each is a layer, and a mount names all of them in a page."""
BRACKETS: Final = re.compile(r"^\s*\[([^\]]*)\]\s*")
_PLACE: Final = re.compile(r"\b(\d{1,4})/(\d{1,4})\b")
_VERSION: Final = re.compile(r"(?:\b|PATCH)v(\d{1,3})\b", re.IGNORECASE)
_REPLACES: Final = "a version of a part of a series answers, patch by patch, what it replaces"


@frozen
class Posted:
    """A mail of a series, and where it says to stand in it."""

    mail: Mail
    version: int
    number: int | None
    total: int | None
    diff: str


def posted_as(mail: Mail) -> Posted:
    """Return where a mail says to stand."""
    version = _VERSION.search(_in_brackets(mail))
    return Posted(mail, int(version[1]) if version else 1, *_place(mail), patch_in(mail.text))


def _place(mail: Mail) -> tuple[int | None, int | None]:
    """Return the number of a patch, and of how many."""
    place = _PLACE.search(_in_brackets(mail))
    return (None, None) if place is None else (int(place[1]), int(place[2]))


def _in_brackets(mail: Mail) -> str:
    found = BRACKETS.match(mail.subject)
    return "" if found is None else found[1]


def newest_version(
    patches: Sequence[Posted], mails: Mapping[str, Mail], where: str
) -> list[Posted]:
    """Return the patches of the newest version in their order, each once.

    :param mails: all of the thread, by message id
    :param where: what a refusal names
    :raises HypabiError: one is missing, or more than one series is there
    """
    version = max(each.version for each in patches)
    found: dict[int, Posted] = {}
    while True:
        once = _once(each for each in patches if each.version == version)
        if not found and all(each.number is None for each in once):
            return _bounded(once, where)
        by_number = {each.number: each for each in once if each.number is not None}
        if len(by_number) < len(once):
            raise HypabiError(where, "more than one series is in it", "give one")
        found = {**by_number, **found}
        total = max(each.total or 0 for each in found.values())
        missing = [number for number in range(1, total + 1) if number not in found]
        if not missing:
            return _bounded([found[number] for number in range(1, total + 1)], where)
        version -= 1
        if not any(each.version == version for each in patches):
            raise HypabiError(where, f"patch {missing[0]}/{total} is not in it")
        if not all(_replaces(each, mails) for each in once):
            raise HypabiError(where, f"patch {missing[0]}/{total} is not in it", _REPLACES)


def _once(patches: Iterator[Posted]) -> list[Posted]:
    """Return patches without those that came twice."""
    return list({each.mail.message_id or str(at): each for at, each in enumerate(patches)}.values())


def _bounded(patches: list[Posted], where: str) -> list[Posted]:
    if len(patches) > MOST_PATCHES:
        raise HypabiError(where, f"it has {len(patches)} patches, and {MOST_PATCHES} are reviewed")
    return patches


def _replaces(patch: Posted, mails: Mapping[str, Mail]) -> bool:
    """Tell whether a patch answers one of the same place, through other mails too."""
    at = patch.mail.answers
    for _ in range(len(mails)):
        if at not in mails:
            return False
        if _place(mails[at]) == (patch.number, patch.total):
            return True
        at = mails[at].answers
    return False
