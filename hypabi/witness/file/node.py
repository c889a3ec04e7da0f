"""A value of a witness file with the key under which it stands, so that a refusal can name it."""

from collections.abc import Callable
from typing import TypeVar

from hypabi.witness.model import WitnessError

T = TypeVar("T")


class Node:
    """A value of the file, and the key under which it stands."""

    def __init__(self, file: str, key: str, value: object) -> None:
        self.file = file
        self.key = key
        self.value = value

    def refuse(self, what: str) -> WitnessError:
        """Build the refusal of what stands here."""
        return WitnessError(f"{self.file}: {self.key}" if self.key else self.file, what)

    def keys(self, *names: str) -> "tuple[Node, ...]":
        """Return the values of exactly these keys."""
        if not isinstance(self.value, dict):
            raise self.refuse("is no object")
        missing = [name for name in names if name not in self.value]
        strange = sorted(name for name in self.value if name not in names)
        if missing or strange:
            raise self.refuse(f"lacks {missing[0]}" if missing else f"has no key {strange[0]!r}")
        return tuple(self._below(name, self.value[name]) for name in names)

    def items(self) -> "dict[str, Node]":
        """Return the values of any keys."""
        if not isinstance(self.value, dict):
            raise self.refuse("is no object")
        return {str(name): self._below(str(name), self.value[name]) for name in self.value}

    def list(self) -> "tuple[Node, ...]":
        """Return the parts of a list."""
        if not isinstance(self.value, list):
            raise self.refuse("is no list")
        return tuple(self._below(str(n), each) for n, each in enumerate(self.value))

    def _below(self, name: str, value: object) -> "Node":
        return Node(self.file, f"{self.key}.{name}" if self.key else name, value)

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str):
            raise self.refuse("is no string")
        return self.value

    def number(self) -> int:
        """Return a hexadecimal number, not negative and of at most 256 bits."""
        text = self.text()
        digits = text.removeprefix("0x")
        if digits == text or not digits or len(digits) > 64 or not _is_hex(digits):
            raise self.refuse(f"{text[:20]!r} is no number such as 0x1f")
        return int(digits, 16)

    def small(self) -> int:
        """Return a JSON number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.refuse("is no number")
        return self.value

    def bytes(self) -> bytes:
        """Return bytes in hexadecimal digits."""
        text = self.text()
        if len(text) % 2 or not _is_hex(text):
            raise self.refuse("is no row of bytes in hexadecimal digits")
        return bytes.fromhex(text)

    def maybe(self, read: "Callable[[Node], T]") -> T | None:
        """Return what ``read`` makes of the value, ``None`` for null."""
        return None if self.value is None else read(self)


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)
