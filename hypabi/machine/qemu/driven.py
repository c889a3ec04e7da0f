"""What the first process of a driven kernel prints: ``reference/drive/init.c`` says how."""

import re
from typing import Final

from hypabi.machine.crossing import MOST_TEXT, Step, StepWord

_LINE: Final = re.compile(rb"hypabi-drive: ([a-z-]{1,20}) ([a-z]{1,10})(?: ([^\r\n]*))?\r?\n")
_WORDS: Final = frozenset(word.value for word in StepWord)
_ALL: Final = b"all"
_OVER: Final = b"over"


class DrivenConsole:
    """Reads a console as it is printed."""

    def __init__(self) -> None:
        self._rest = b""
        self.is_over = False
        """Whether all that was asked for was driven."""

    def take(self, piece: bytes, time: int) -> tuple[Step, ...]:
        """Return the steps that end in a piece of what is printed."""
        whole, newline, self._rest = (self._rest + piece).rpartition(b"\n")
        if len(self._rest) > 4096:
            self._rest = self._rest[-4096:]
        found = []
        for name, word, text in _LINE.findall(whole + newline):
            if (name, word) == (_ALL, _OVER):
                self.is_over = True
            elif word.decode() in _WORDS:
                told = text.decode("utf-8", "replace")[:MOST_TEXT]
                found.append(Step(time, name.decode(), StepWord(word.decode()), told))
        return tuple(found)
