"""What is new as a mail (RFC 5322), for ``sendmail -t``; nothing where nothing is."""

from collections import Counter
from collections.abc import Sequence

from hypabi.report.news.text import write as write_text
from hypabi.report.shared.text_layout import cut, printable
from hypabi.store.records import GOOD_FATES, SweepResult

SUBJECT = 70
"""Longest subject."""


def write(result: SweepResult, recipients: Sequence[str]) -> str:
    """Return a mail; who sends it adds the date and who it is from.

    :param recipients: addresses that it goes to
    """
    body = write_text(result)
    if not body:
        return ""
    from email.message import EmailMessage  # noqa: PLC0415 - only a mail needs it
    from email.policy import SMTP  # noqa: PLC0415

    mail = EmailMessage(policy=SMTP.clone(linesep="\n"))
    if recipients:
        mail["To"] = ", ".join(map(printable, recipients))
    mail["Subject"] = cut(f"[hypabi] {_summary(result)}", SUBJECT)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer, please
    mail.set_content(body.lstrip("\n"), charset="utf-8", cte="quoted-printable")
    return mail.as_string()


def _summary(result: SweepResult) -> str:
    told = Counter(each.what for each in result.news)
    lost = sum(each.fate not in GOOD_FATES for each in result.files)
    parts = [f"{told[what]} {what}" for what in ("new", "changed", "mended") if told[what]]
    parts += [f"{lost} not judged"] if lost else []
    return f"{', '.join(parts)}: {result.conclusion.verdict}"
