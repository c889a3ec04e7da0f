"""Series as they are posted: mails made of edits of a tree, and answers to them."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

AUTHOR = "Ann Author <ann@example.org>"
TITLE = "arm64: hyp-stub: a series"

Edit = Mapping[str, tuple[str, str]]
"""By file, what one patch replaces, and by what."""


def mail(
    subject: str,
    text: str,
    message_id: str = "",
    answers: str = "",
    author: str = AUTHOR,
) -> str:
    """Return a mail of a mailbox."""
    return (
        "From mboxrd@z Thu Jan  1 00:00:00 1970\n"
        f"From: {author}\nSubject: {subject}\n"
        + (f"Message-Id: <{message_id}>\n" if message_id else "")
        + (f"In-Reply-To: <{answers}>\n" if answers else "")
        + f"\n{text}\n\n"
    )


def patch_mail(number: int, total: int, subject: str, diff: str, trailers: str = "") -> str:
    """Return the mail of a patch, as git formats it; its id is ``pN@x``."""
    signed = f"Signed-off-by: {AUTHOR}\n{trailers}"
    text = f"Because it has to be.\n\n{signed}---\n file | 2 +-\n\n{diff}-- \n2.39.5\n"
    return mail(f"[PATCH {number}/{total}] {subject}", text, f"p{number}@x", "cover@x")


def cover_mail(total: int, text: str = "Please look.") -> str:
    """Return a cover letter, whose id is ``cover@x``."""
    return mail(f"[PATCH 0/{total}] {TITLE}", text, "cover@x")


def answer_mail(answers: str, text: str, address: str) -> str:
    """Return an answer to a mail; who wrote it is named by the address."""
    return mail(f"Re: {TITLE}", f"> quoted\n\n{text}", f"a-{address}", answers, f"A <{address}>")


def posted(tree: Path, edits: Sequence[Edit]) -> str:
    """Return a series with its cover letter, each patch of which makes one edit."""
    now = {name: (tree / name).read_text() for edit in edits for name in edit}
    mails = [cover_mail(len(edits))]
    for number, edit in enumerate(edits, 1):
        diff = ""
        for name, (old, new) in edit.items():
            assert now[name].count(old) == 1, (name, old)
            after = now[name].replace(old, new)
            diff += diff_of(name, now[name], after)
            now[name] = after
        mails.append(patch_mail(number, len(edits), f"patch {number}", diff))
    return "".join(mails)


def diff_of(name: str, old: str, new: str) -> str:
    """Return a patch of one file."""
    lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = "".join(difflib.unified_diff(*lines, f"a/{name}", f"b/{name}"))
    return f"diff --git a/{name} b/{name}\n{found}"
