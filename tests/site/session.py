"""The sessions that a page shows: what a reader types, in a folder, and what he then sees.

A block of ``console`` is a session: a line behind ``$ `` is typed (and so is what follows a
backslash at its end, or stands behind ``> ``), the lines below are what is printed, all of them.  A
line of ``...`` alone stands for any number of lines.  A block of ``sh`` is typed without prompts; a
block of ``text`` right below it shows lines that are printed in this order.  A block with a
``:caption:`` is a file of that name.  A comment ``<!-- not run: REASON -->`` right above a block
keeps it from being run, and is counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"(?:<!-- not run: (?P<excuse>[^>]+?) -->\n)?"
    r"^(?P<fence>```+)(?P<language>[^\n`]*)\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
TYPED = re.compile(r"^(?:\$ )?(?:\S*/)?hypabi [a-z-]", re.MULTILINE)
"""A line that is a command of ours, wherever it stands."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a page shows."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, and what is shown to come of it; ``None`` where nothing is shown."""

    typed: str
    shown: tuple[str, ...] | None
    every_line: bool = True
    """Whether the shown lines are all that is printed, but for those of ``...``."""


@dataclass(frozen=True, slots=True)
class Excused:
    """A block that is not run, and why."""

    reason: str
    body: str


Step = Source | Command | Excused


def steps(page: str) -> Iterator[Step]:
    """Yield what a page shows, in its order."""
    blocks = list(BLOCK.finditer(page))
    below = {match.start(): match for match in blocks}
    for match in blocks:
        language, body = match["language"].strip(), match["body"]
        if match["excuse"]:
            yield Excused(match["excuse"], body)
        elif language == "console":
            yield from _session(body)
        elif language == "sh":
            follows = below.get(match.end() + 1)
            text = follows["body"] if follows and follows["language"].strip() == "text" else None
            if text is not None or TYPED.search(body):
                yield from _script(body, text)
        elif caption := re.match(r":caption: (\S+)\n\n?", body):
            yield Source(caption[1], body[caption.end() :])


def _session(body: str) -> Iterator[Command]:
    typed: list[str] = []
    printed: list[str] = []
    for line in body.splitlines():
        if typed and not printed and line.startswith("> "):
            typed.append(line.removeprefix("> "))
        elif typed and not printed and typed[-1].endswith("\\"):
            typed.append(line)
        elif line.startswith("$ "):
            if typed:
                yield Command("\n".join(typed), tuple(printed))
            typed, printed = [line.removeprefix("$ ")], []
        else:
            printed.append(line)
    if typed:
        yield Command("\n".join(typed), tuple(printed))


def _script(body: str, text: str | None) -> Iterator[Command]:
    commands = body.replace("\\\n", "").splitlines()
    for number, line in enumerate(commands):
        last = number == len(commands) - 1
        shown = tuple(text.splitlines()) if text is not None and last else None
        yield Command(line, shown, every_line=False)


def mismatch(command: Command, printed: list[str]) -> str:
    """Return how what is printed differs from what is shown; empty where it does not."""
    if command.shown is None:
        return ""
    if not command.every_line:
        rest = iter(printed)
        return next((f"not printed, or not here: {s}" for s in command.shown if s not in rest), "")
    pieces = _pieces(command.shown)
    at = 0
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        starts = range(at, len(printed) - len(piece) + 1)
        if number == 0:
            starts = starts[:1]
        if last and len(pieces) > 1:
            starts = starts[-1:]
        found = next((s for s in starts if printed[s : s + len(piece)] == piece), None)
        if found is None:
            return "\n".join(["not printed, or not here:", *piece])
        at = found + len(piece)
    if at != len(printed):
        return "\n".join(["printed and not shown:", *printed[at:]])
    return ""


def _pieces(shown: tuple[str, ...]) -> list[list[str]]:
    """Return the runs of lines between those of ``...``."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == "...":
            pieces.append([])
        else:
            pieces[-1].append(line)
    return pieces


def pages(root: Path) -> list[Path]:
    """Return the pages whose commands are run: the README and all of ``docs``."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
