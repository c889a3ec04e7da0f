"""What the document lacks with a series, as a patch of it that a reviewer can reply with."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hypabi.analysis.results.review import NewCall
from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.kbuild.layers import Layers
from hypabi.review.numbers import HEADER, LARGEST

IDENTIFIER: Final = {Architecture.ARM: "r0", Architecture.ARM64: "x0"}
NOT_SAID: Final = "What it does is to be said here."
_ENTRY: Final = re.compile(r"^\* ::\s*$", re.M)
_OUTSIDE: Final = re.compile(r"^\S", re.M)
_COMMENT: Final = r"/\*((?:(?!\*/).){{1,2000}}?)\*/\s*#[ \t]*define[ \t]+{}\b"
_WIDTH: Final = 70


def document_in(layers: Layers, name: str | None) -> Path | None:
    """Return where a tree has the document, ``None`` where it has none."""
    try:
        return None if name is None else layers.file(name)
    except HypabiError:
        return None


def document_patch(
    name: str, path: Path, calls: Iterable[tuple[Architecture, NewCall]], sources: Layers
) -> str:
    """Return a patch that gives each call an entry; empty where the document lists none."""
    old = path.read_text(encoding="utf-8", errors="replace")[:LARGEST]
    entries = list(_ENTRY.finditer(old))
    wanted = {call.call: (on, call) for on, call in calls}
    if not entries or not wanted:
        return ""
    after = _OUTSIDE.search(old, entries[-1].end())
    place = len(old) if after is None else after.start()
    made = "".join(_entry(on, call, sources) for on, call in wanted.values())
    new = old[:place] + made + old[place:]
    lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return "".join(difflib.unified_diff(*lines, f"a/{name}", f"b/{name}"))


def _entry(on: Architecture, call: NewCall, sources: Layers) -> str:
    said = _said(on, call.call, sources)
    only = f"Only implemented by {' and '.join(call.at)}." if call.at and call.refused_by else ""
    lines = _filled(f"{said} {only}".split())
    text = "".join(f"  {line}\n" for line in lines)
    return f"* ::\n\n    {IDENTIFIER[on]} = {call.call} ({on.value} only)\n\n{text}\n"


def _said(on: Architecture, call: str, sources: Layers) -> str:
    """Return what the comment above a call's number says of it."""
    try:
        path = sources.file(HEADER.format(on.value))
    except HypabiError:
        return NOT_SAID
    header = path.read_text(encoding="utf-8", errors="replace")[:LARGEST]
    found = re.search(_COMMENT.format(re.escape(call)), header, re.S)
    if found is None:
        return NOT_SAID
    text = " ".join(line.strip(" \t*") for line in found[1].splitlines()).strip()
    text = text.removeprefix(call).lstrip(" -:").rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else NOT_SAID


def _filled(words: Sequence[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > _WIDTH:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
