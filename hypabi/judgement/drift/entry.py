"""The entry of a call while a document is read: what its heading, its lines and its fields say."""

import re

from hypabi.arch.names import Architecture
from hypabi.judgement.drift.document import Assignment, Entry
from hypabi.records import frozen


@frozen
class Draft:
    """An entry whose end has not come yet."""

    name: str
    line: int
    number: int | None
    named: Assignment | None
    arguments: list[Assignment]
    fields: dict[str, str]

    def done(self) -> Entry:
        """Return the entry, with what its fields say of it."""
        number = re.fullmatch(r"(0x[0-9a-fA-F]{1,16}|\d{1,19})", self.fields.get("number", ""))
        said = self.number if number is None else int(number[1], 0)
        return Entry(
            self.name, self.line, said, self.named, tuple(self.arguments), self.on(), self.served()
        )

    def on(self) -> tuple[Architecture, ...] | None:
        """Return the architectures that a field names."""
        text = self.fields.get("architectures", self.fields.get("architecture"))
        if text is None:
            return None
        return tuple(a for a in Architecture if re.search(rf"\b{a.value}\b", text))

    def served(self) -> dict[Architecture, tuple[str, ...]]:
        """Return the parties that fields say serve the call."""
        found = {}
        for architecture in Architecture:
            text = self.fields.get(
                f"served by ({architecture.value})", self.fields.get("served by")
            )
            if text is not None:
                names = re.split(r",\s*|\s+and\s+", text)
                found[architecture] = tuple(name for name in names if name and name != "nobody")
        return found
