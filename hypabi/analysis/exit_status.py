"""The exit status: a set of bits, the same for all commands.

======  ======================================================================================
bit     meaning
======  ======================================================================================
1       error: an input was refused, or hypabi itself failed; nothing else can be read from it
2       usage, always with 1: the command line was not understood
4       change: something differs from what was written or from the other side
8       refuted or incompatible, always with 4: a clause of the contract does not hold
16      undecided: something that was asked was neither proved nor refuted
======  ======================================================================================

0 only when everything asked was decided and good.  A vacuous clause sets no bit by itself, because
no state can break it, and it is named in the report; but a call of which *every* clause is vacuous
was not tested at all and counts as undecided, and so does an image of which no clause was judged,
and a comparison or a document of which nothing could be compared.
A status of 128 or more is not made of these bits: as in a shell, 128 + n means that signal n ended
the command (130 interrupt, 143 terminated, 141 the reader closed the pipe).
"""

import enum
from typing import Final


class Exit(enum.IntFlag):
    """What a command has to say by its exit status."""

    GOOD = 0
    ERROR = 1
    USAGE = 2 | ERROR
    CHANGE = 4
    REFUTED = 8 | CHANGE
    UNDECIDED = 16


PIPE_CLOSED: Final = 141
"""128 + SIGPIPE."""
