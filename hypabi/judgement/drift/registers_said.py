"""The registers that a text names, as a stated contract spells them, and what they are said to be.

A sentence is cut into clauses; of each, the registers are what its closest word says: the number,
arguments, what is returned, or more that comes out.
"""

import enum
import re
from collections.abc import Iterator
from typing import Final

from hypabi.contract.architectures import ArchitectureName
from hypabi.contract.stated.registers import registers_on

ARM: Final = (ArchitectureName.ARM, ArchitectureName.ARM64)


class Said(enum.Enum):
    """What registers are said to hold."""

    NUMBER = "the number"
    ARGUMENTS = "arguments"
    RETURNED = "the return value"
    OUTPUT = "what else is returned"


_WORDS: Final = (
    (Said.RETURNED, r"return(?:s|ed)?[- ](?:values?|codes?)|function's return"),
    (Said.OUTPUT, r"output|out[- ]values?"),
    (Said.NUMBER, r"(?:hypercall )?number|op-?code|(?:sub)?function code|identifier|sub-?code"),
    (Said.ARGUMENTS, r"arguments?|parameters?|operands?|uses"),
)
_WORD: Final = re.compile(
    "|".join(f"(?P<{role.name}>\\b(?:{text}))" for role, text in _WORDS), re.IGNORECASE
)


def registers_in(text: str, on: ArchitectureName) -> tuple[str, ...]:
    """Return the registers that a text names, ranges spelled out, in its order."""
    return tuple(dict.fromkeys(name for _, _, names in _groups(text, on) for name in names))


def said_in(sentence: str, on: ArchitectureName) -> Iterator[tuple[Said, tuple[str, ...], int]]:
    """Yield registers of a sentence, what it says they hold, and where the first of them stands."""
    for start, clause in _clauses(sentence, on):
        words = [(m.start(), m.end(), Said[m.lastgroup or ""]) for m in _WORD.finditer(clause)]
        held: dict[Said, tuple[list[str], int]] = {}
        for begins, ends, names in _groups(clause, on):
            near = min(words, key=lambda w: min(abs(begins - w[1]), abs(w[0] - ends)), default=None)
            if near is not None:
                held.setdefault(near[2], ([], start + begins))[0].extend(names)
        for role, (registers, at) in held.items():
            yield role, tuple(dict.fromkeys(registers)), at


def _clauses(sentence: str, on: ArchitectureName) -> Iterator[tuple[int, str]]:
    """Cut a sentence where an "and" or a semicolon does not join registers."""
    one = _one(on)
    listed = rf"({one}),?(\s+)and(\s+)(?={one})"
    joined = re.sub(listed, _without_and, sentence, flags=re.IGNORECASE)
    start = 0
    for match in re.finditer(r"\band\b|;|\.\s|$", joined):
        yield start, joined[start : match.start()]
        start = match.end()


def _without_and(found: re.Match[str]) -> str:
    """Return a register and the rest of a match as blanks."""
    return found[1] + " " * (len(found[0]) - len(found[1]))


def _one(on: ArchitectureName) -> str:
    """Return a pattern without groups of one register, as documents spell them."""
    match on:
        case ArchitectureName.ARM | ArchitectureName.ARM64:
            return r"\b[rxw]\d{1,2}\b"
        case ArchitectureName.S390:
            return r"\b(?:r|general registers? )\d{1,2}\b"
        case _:
            named = "|".join(sorted(registers_on(on), key=len, reverse=True))
            return rf"\b(?:{named})\b"


def _groups(text: str, on: ArchitectureName) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield each register or range of them, and where it stands."""
    one = _one(on)
    for match in re.finditer(rf"({one})(?:\s*(?:-|\u2013|\bto\b)\s*({one}))?", text, re.IGNORECASE):
        first, last = (None if name is None else _spelled(name, on) for name in match.groups())
        yield match.start(), match.end(), tuple(_between(first or "", last))


def _spelled(name: str, on: ArchitectureName) -> str:
    digits = re.sub(r"\D", "", name)
    match on:
        case ArchitectureName.ARM64:
            return f"x{digits}"
        case ArchitectureName.ARM | ArchitectureName.S390:
            return f"r{digits}"
        case _:
            return name.lower()


def _between(first: str, last: str | None) -> Iterator[str]:
    start, end = (re.fullmatch(r"([a-z])(\d{1,2})", each or "") for each in (first, last))
    if start is None or end is None:
        yield from (each for each in (first, last) if each)
        return
    for number in range(int(start[2]), int(end[2]) + 1):
        yield f"{start[1]}{number}"
