"""One mail that anybody may have written: its headers, its text, its patch, its trailers.

RFC 5322 and MIME are read by :mod:`email`, whose older policy takes whatever is there.
"""

import email
import re
from collections.abc import Iterator
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from itertools import islice
from typing import Final

from hypabi.records import frozen
from hypabi.review.series.model import Trailer

MOST_PARTS: Final = 64
"""Parts of a mail that are looked at."""
LONGEST_HEADER: Final = 4096
"""Characters of a header that are read."""
KINDS: Final = ("Acked-by", "Reviewed-by", "Signed-off-by")
_TRAILER: Final = re.compile(
    rf"^[ \t]*({'|'.join(KINDS)}):[ \t]*(\S[^\n]{{0,300}})$", re.M | re.IGNORECASE
)
_WRAPPED: Final = re.compile(
    r"^([ \t]*\S{1,40}-by:[^<\n]{1,200})\n[ \t]*(<[^<>\n]{1,200}>[ \t]*)$", re.M
)
"""A tag of somebody with a long name, whose address a mail program put on the next line."""
_BASE: Final = re.compile(r"^base-commit:[ \t]*([0-9a-f]{7,64})[ \t]*$", re.M)
_DIFF: Final = re.compile(r"^(?:diff --git |--- [^\n]+\n\+\+\+ )", re.M)
_NAMES: Final = re.compile(r"^(?:---|\+\+\+|rename from|rename to|copy to) ([^\t\n]+)", re.M)
_GIT: Final = re.compile(r"^diff --git a/(\S+) b/(\S+)$", re.M)
_HUNK: Final = re.compile(r"^@@ -\d+(,\d+)? \+\d+(,\d+)? @@[^\n]*$", re.M)
_INDEX: Final = re.compile(r"^index [^\n]*\n", re.M)
_CUT: Final = re.compile(r"^---[ \t]*$", re.M)
_SIGNATURE: Final = "\n-- \n"
_ATTACHED: Final = (".patch", ".diff")
_ID: Final = re.compile(r"<([^<>\s]+)>")


@frozen
class Mail:
    """A mail, as far as a review reads it."""

    subject: str
    message_id: str
    answers: str
    """Message id of the mail that it answers; empty where it answers none."""
    author: tuple[str, str]
    """Name and address, this in small letters."""
    text: str


def read_mail(raw: bytes) -> Mail:
    """Return a mail; what it lacks is empty."""
    message = email.message_from_bytes(raw)
    name, address = parseaddr(_header(message, "From"))
    answered = _ID.findall(_header(message, "In-Reply-To")) or _ID.findall(
        _header(message, "References")
    )
    return Mail(
        subject=" ".join(_header(message, "Subject").split()),
        message_id=next(iter(_ID.findall(_header(message, "Message-Id"))), ""),
        answers=answered[-1] if answered else "",
        author=(name, address.lower()),
        text="\n".join(_texts(message)),
    )


def patch_in(text: str) -> str:
    """Return the patch in the text of a mail, empty where it has none."""
    found = _DIFF.search(text)
    if found is None:
        return ""
    patch = text[found.start() :]
    ending = patch.rfind(_SIGNATURE)  # the signature; a removed empty line has no blank behind it
    return patch if ending < 0 else patch[: ending + 1]


def change_of(patch: str) -> str:
    """Return what a patch changes, wherever in its files that stands now."""
    return _INDEX.sub("", _HUNK.sub(r"@@\1\2", patch))


def files_of(patch: str) -> tuple[str, ...]:
    """Return the files that a patch names."""
    named = [name for match in _GIT.finditer(patch) for name in match.groups()]
    for match in _NAMES.finditer(patch):
        name = match[1].strip()
        if name.startswith(("a/", "b/")):
            named.append(name[2:])
        elif match[0].startswith(("rename", "copy")):
            named.append(name)
    return tuple(dict.fromkeys(named))


def base_in(text: str) -> str | None:
    """Return the commit that a mail says to stand on."""
    found = _BASE.search(text)
    return None if found is None else found[1]


def before_patch(text: str) -> str:
    """Return what a patch's mail says before the patch."""
    found = _DIFF.search(text)
    return text if found is None else text[: found.start()]


def message_of(text: str) -> str:
    """Return what a patch's mail says before the patch, without what is no part of the commit."""
    return _CUT.split(before_patch(text), maxsplit=1)[0]


def trailers_in(text: str) -> tuple[Trailer, ...]:
    """Return the trailers of a text, as b4 finds them; a quoted one is none."""
    found = []
    text = _WRAPPED.sub(r"\1 \2", text.partition(_SIGNATURE)[0])
    for match in _TRAILER.finditer(text):
        name, address = parseaddr(match[2])
        found.append(Trailer(match[1].capitalize(), name, address.lower()))
    return tuple(dict.fromkeys(found))


def _header(message: Message, name: str) -> str:
    raw = str(message.get(name, ""))[:LONGEST_HEADER]
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError):
        return raw
    return "".join(
        part if isinstance(part, str) else _decoded(part, charset) for part, charset in parts
    )


def _texts(message: Message) -> Iterator[str]:
    for part in islice(message.walk(), MOST_PARTS):
        try:
            if not _is_read(part):
                continue
            raw = part.get_payload(decode=True)
            charset = part.get_content_charset()
            flowed = str(part.get_param("format", "")).lower() == "flowed"
            spaced = str(part.get_param("delsp", "")).lower() == "yes"
        except (MessageError, ValueError, LookupError):
            continue
        if isinstance(raw, bytes):
            text = _decoded(raw, charset).replace("\r\n", "\n").removeprefix("\ufeff")
            yield unflowed(text, delete_space=spaced) if flowed else text


def _is_read(part: Message) -> bool:
    """Tell whether a part is text, or a patch that was attached as something else."""
    if part.get_content_maintype() == "text":
        return part.get_content_subtype() != "html"
    return not part.is_multipart() and str(part.get_filename("")).endswith(_ATTACHED)


def unflowed(text: str, *, delete_space: bool) -> str:
    """Return text that was sent as ``format=flowed``, its lines as they were written (RFC 3676)."""
    lines, flows = [""], False
    for line in text.split("\n"):
        said = line.removeprefix(" ")
        lines[-1:] = [lines[-1] + said] if flows else [lines[-1], said]
        flows = said.endswith(" ") and said != "-- "
        if flows and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines[1:])


def _decoded(raw: bytes, charset: str | None) -> str:
    try:
        return raw.decode(charset or "utf-8")
    except (LookupError, UnicodeError):
        return raw.decode("utf-8", "surrogateescape")
