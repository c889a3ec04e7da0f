"""What an image keeps of its own contract, by names that other builds of it share.

A comparison of two images has more to compare than what their parties do: who calls and how, who
installs, where code lies, what else is answered as a call.  Each of that is held against the
image's own contract by itself; here is what came of it, in words.
"""

import enum
from typing import Final

from hypabi.records import frozen

ANY_OTHER: Final = "any other"
"""How the call of a clause is named that is about every other identifier."""


class PromiseKind(enum.Enum):
    """What a promise is about."""

    CLAUSE = "clause"
    INSTALLER = "installer"
    PLACEMENT = "placement"
    SLOT = "vector slot"
    CALLER = "caller"
    MOVE = "move"


class PromiseWord(enum.Enum):
    """What came of it."""

    KEPT = "kept"
    BROKEN = "broken"
    UNDECIDED = "undecided"
    ABSENT = "absent"
    """The image has nothing that it is about."""


@frozen
class OwnPromise:
    """One thing that an image is held to by its own contract."""

    kind: PromiseKind
    who: str
    """The function or party that keeps it; of a caller a name that may change without harm."""
    what: str
    """What of it: ``CALL: CLAUSE``, or what is asked of whom."""
    word: PromiseWord
    says: str
    """Of a kept one: how, where that can change (the system registers that an installer writes, the
    symbols that a placement is judged of, what a slot answers); else what is otherwise."""


class AnswerUse(enum.Enum):
    """What a caller makes of the answer to a call."""

    TESTED = "tests the answer"
    PASSED_ON = "passes the answer on"
    IGNORED = "does not look at the answer"
    NOT_FOLLOWED = "the answer was not followed"


@frozen
class Asker:
    """A function of an image that makes a call."""

    function: str
    """Empty where no symbol tells."""
    call: str
    answer: AnswerUse
