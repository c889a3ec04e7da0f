"""What an answer to an input is: none is an exception that is no refusal in one line."""

from collections.abc import Callable

from hypabi.errors import HypabiError

Target = Callable[[bytes], None]


class TooManyLines(Exception):
    """A refusal has more than one line."""


def tried(target: Target, content: bytes) -> None:
    """Run a target; that it refuses its input in one line is an answer."""
    try:
        target(content)
    except HypabiError as refused:
        if "\n" in str(refused):
            raise TooManyLines(str(refused)) from None
