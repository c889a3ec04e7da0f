"""The series of which b4 has one mail checked: what its tracking says, else that mail alone.

b4 (``b4.review-perpatch-check-cmd``, ``b4.review-series-check-cmd``) gives a mail on standard
input, in the repository, and names its tracking of the series by ``B4_TRACKING_FILE``; the thread
is a blob of the repository.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from hypabi.errors import HypabiError
from hypabi.records import frozen
from hypabi.review.git import git
from hypabi.review.series.mail import read_mail
from hypabi.review.series.model import Series
from hypabi.review.series.source import LARGEST, series_of_mails

VARIABLE: Final = "B4_TRACKING_FILE"
LARGEST_TRACKING: Final = 16 << 20
WHOLE: Final = 0
_OBJECT: Final = re.compile(r"[0-9a-f]{7,64}")


@frozen
class Checked:
    """What b4 asks about."""

    series: Series
    number: int
    """Of the patch; 0 for the series as a whole."""
    base: str | None
    """The commit that b4 applied it to, where it did."""


def read_checked(mail: bytes, tree: Path, tracking: str | None) -> Checked:
    """Return the series that a mail is of, and which part of it is asked about.

    :param tracking: path of b4's tracking
    :raises HypabiError: the mail is a patch of a series of which the others are not known
    """
    message_id = read_mail(mail).message_id
    about = _tracked(tracking)
    thread, base = about.get("thread-blob"), about.get("base-commit")
    if isinstance(thread, str) and _OBJECT.fullmatch(thread):
        raw = git(tree, "cat-file", "blob", thread)
        if len(raw) > LARGEST:
            raise HypabiError("b4", f"the thread is larger than {LARGEST >> 20} MB")
    else:
        raw = mail
    series = series_of_mails(raw, "standard input")
    known = isinstance(base, str) and _OBJECT.fullmatch(base) is not None
    number = next((e.number for e in series.patches if e.message_id == message_id), WHOLE)
    if len(series.patches) == 1 and raw is mail:
        number = series.patches[0].number
    return Checked(series, number, base if known else None)


def _tracked(path: str | None) -> dict[str, Any]:
    """Return what b4 tracks of a series; nothing where that cannot be read."""
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            said = json.loads(file.read(LARGEST_TRACKING))
        series = said["series"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return {}
    return series if isinstance(series, dict) else {}
