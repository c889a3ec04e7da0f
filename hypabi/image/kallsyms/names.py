"""The names in kallsyms, found without decoding all of them where the kernel has sorted them."""

from functools import cached_property

from hypabi.image.kallsyms.name_tables import BLOCK, MAX_TEXT
from hypabi.image.kallsyms.tables import Tables
from hypabi.image.model import ImageError

MAX_TEXTS = 64 << 20
"""Most characters that all names have together; those of Debian's kernels have a tenth."""
MAX_ALIKE = 4096
"""Most symbols of one name."""

_SEPARATOR = "\u0100"
"""A character that no byte of a table becomes."""


class Names:
    """The texts of the symbols by index: type letter and name, one character for each byte."""

    def __init__(self, where: str, tables: Tables) -> None:
        self.where = where
        self.tables = tables
        self._decoded: dict[int, str] = {}

    def text(self, index: int) -> str:
        """Return the text of one symbol."""
        known = self._decoded.get(index)
        if known is None:
            start, end = self._span(index)
            names, tokens = self.tables.names, self.tables.tokens
            text = b"".join([tokens[code] for code in names[start:end]])
            if len(text) > MAX_TEXT:
                raise self._corrupt(f"a name has {len(text)} characters")
            known = self._decoded[index] = text.decode("latin-1")
        return known

    @cached_property
    def texts(self) -> list[str]:
        """Every text in the order of the tables; this decodes them all.

        :raises ImageError: they are longer than any kernel's
        """
        longest = max(map(len, self.tables.tokens))
        if longest * len(self.tables.names) > MAX_TEXTS:
            lengths = tuple(map(len, self.tables.tokens))
            if sum(lengths[code] for code in self.tables.names) > MAX_TEXTS:
                raise self._corrupt(f"its names have more than {MAX_TEXTS} characters")
        names = self.tables.names.decode("latin-1")
        parts, position = [], 0
        for _ in range(self.tables.count):
            start, position = _span_at(self.tables.names, position)
            parts.append(names[start:position])
        expanded = {code: token.decode("latin-1") for code, token in enumerate(self.tables.tokens)}
        return _SEPARATOR.join(parts).translate(expanded).split(_SEPARATOR)

    def indices(self, name: str) -> list[int]:
        """Return the symbols of this name, in the order of the tables."""
        wanted = name.encode("utf-8", "surrogateescape").decode("latin-1")
        return sorted(self._bisect(wanted) if self.tables.sequence else self._scan(wanted))

    def offsets(self, name: str) -> list[int]:
        """Return the offsets of the symbols of this name."""
        return [self.tables.offsets[index] for index in self.indices(name)]

    def function_offsets(self, limit: int) -> list[int]:
        """Return the offsets of about ``limit`` functions (type ``T`` or ``t``) from all over."""
        tables = self.tables
        codes = {code for code, token in enumerate(tables.tokens) if token[:1] in (b"T", b"t")}
        each = max(1, 4 * limit // len(tables.markers))
        found: list[int] = []
        for block, position in enumerate(tables.markers):
            first = block * BLOCK
            end = position
            for index in range(first, min(first + min(each, BLOCK), tables.count)):
                start, end = _span_at(tables.names, end)
                if tables.names[start] in codes:
                    found.append(tables.offsets[index])
        return found[:: max(1, len(found) // limit)]

    def _span(self, index: int) -> tuple[int, int]:
        """Return where the tokens of a name start and end, from the marker in front of it on."""
        names = self.tables.names
        position = self.tables.markers[index // BLOCK]
        for _ in range(index % BLOCK):
            length = names[position]
            if length >= 0x80:
                position += 1
                length = (length & 0x7F) | names[position] << 7
            position += length + 1
        return _span_at(names, position)

    def _scan(self, wanted: str) -> list[int]:
        """Find a name among all texts."""
        found: list[int] = []
        alike = [letter + wanted for letter in self._letters if letter + wanted in self._counts]
        if sum(self._counts[text] for text in alike) > MAX_ALIKE:
            raise self._corrupt(f"more than {MAX_ALIKE} symbols are called {wanted}")
        for letter in sorted(self._letters):
            position = -1
            for _ in range(self._counts.get(letter + wanted, 0)):
                position = self.texts.index(letter + wanted, position + 1)
                found.append(position)
        return found

    @cached_property
    def _letters(self) -> frozenset[str]:
        return frozenset(text[:1] for text in self._counts)

    @cached_property
    def _counts(self) -> dict[str, int]:
        counts = dict.fromkeys(self.texts, 1)
        if len(counts) < len(self.texts):
            for text in self.texts:
                counts[text] += 1
            counts = {text: count - 1 for text, count in counts.items()}
        return counts

    def _bisect(self, wanted: str) -> list[int]:
        """Find a name in the kernel's own order of names."""
        key = _sort_key(wanted)
        low, high = 0, self.tables.count
        while low < high:
            middle = (low + high) // 2
            if _sort_key(self.text(self._sequenced(middle))[1:]) < key:
                low = middle + 1
            else:
                high = middle
        found = []
        for position in range(low, self.tables.count):
            index = self._sequenced(position)
            text = self.text(index)[1:]
            if _sort_key(text) != key:
                break
            if text == wanted:
                found.append(index)
            if position - low > MAX_ALIKE:
                raise self._corrupt(f"more than {MAX_ALIKE} symbols are called {wanted}")
        return found

    def _sequenced(self, position: int) -> int:
        index = int.from_bytes(self.tables.sequence[3 * position : 3 * position + 3], "big")
        if index >= self.tables.count:
            raise self._corrupt(f"entry {position} of the order of names is {index}")
        return index

    def _corrupt(self, what: str) -> ImageError:
        return ImageError(self.where, f"kallsyms is corrupt: {what}")


def _span_at(names: bytes, position: int) -> tuple[int, int]:
    length = names[position]
    if length < 0x80:
        return position + 1, position + 1 + length
    length = (length & 0x7F) | names[position + 1] << 7
    return position + 2, position + 2 + length


def _sort_key(name: str) -> str:
    # Kernels built with Clang's LTO sorted names without this suffix (scripts/kallsyms.c).
    return name.partition(".llvm.")[0]
