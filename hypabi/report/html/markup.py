"""Markup by construction: what is no :class:`Html` is text, and is escaped."""

from html import escape
from typing import Final

from hypabi.report.shared.text_layout import printable

BLOCKS: Final = frozenset(
    {
        "header", "main", "footer", "section", "table", "thead", "tbody", "tr", "details",
        "summary", "dl", "dt", "dd", "ul", "ol", "li", "p", "pre", "h1", "h2", "nav", "div",
        "head", "body", "title", "style", "figure", "figcaption",
    }
)  # fmt: skip
"""What stands on a line of its own."""


class Html(str):
    """Markup, made by :func:`tag` alone."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | None) -> Html:
    """Return an element.

    :param children: markup, or text, which is escaped
    :param attributes: their names with ``_`` for ``-``, and behind a name that Python has; one that
        is ``None`` is left out, one that is empty has no value
    """
    inner = "".join(map(text, children))
    end = "\n" if name in BLOCKS else ""
    return Html(f"<{name}{_attributes(attributes)}>{inner}</{name}>{end}")


def void(name: str, /, **attributes: str | None) -> Html:
    """Return an element that holds nothing."""
    return Html(f"<{name}{_attributes(attributes)}>\n")


def text(content: str) -> Html:
    """Return text as markup; markup as it is."""
    if isinstance(content, Html):
        return content
    lines = (printable(line) for line in content.split("\n"))
    return Html(escape("\n".join(lines)))


def breakable(name: str) -> Html:
    """Return a name that may be broken behind its hyphens, underlines and strokes."""
    parts: list[str] = []
    for character in name:
        parts.append(character)
        if character in "-_/":
            parts.append(Html("<wbr>"))
    return joined(*parts)


def joined(*parts: str) -> Html:
    """Return markup and texts behind each other."""
    return Html("".join(map(text, parts)))


def _attributes(attributes: dict[str, str | None]) -> str:
    written = ""
    for name, value in attributes.items():
        if value is not None:
            spelled = name.rstrip("_").replace("_", "-")
            written += f' {spelled}="{escape(printable(value))}"' if value else f" {spelled}"
    return written
