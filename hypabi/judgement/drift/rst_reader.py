"""Read reStructuredText into a :class:`~hypabi.judgement.drift.document.Document`.

docutils reads it, the field's own library, which only this module and ``rst_parts`` import.
Directives that would read a file, fetch an address or pass text through raw are off; what docutils
does not know (Sphinx and kernel directives) is listed as not read, and roles it does not know are
taken for their text.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.judgement.drift.document import NAME, Assignment, Document, Sentence, Unread, Weight
from hypabi.judgement.drift.entry import Draft
from hypabi.judgement.drift.rst_parts import read_parts
from hypabi.judgement.drift.sentences import MASK, sentences
from hypabi.records import replace
from hypabi.regular import read_regular

MOST_BYTES: Final = 1 << 18
"""Twice the longest page that hypabi writes; the time docutils takes grows faster."""

LONGEST_BLOCK: Final = 1 << 14
"""Characters without an empty line: docutils looks for the end of each mark in all that follows."""

MOST_LINES: Final = 10_000
LONGEST_LINE: Final = 1_000
DEEPEST: Final = 40
"""Levels of nesting: docutils calls itself a dozen times for each."""

_REGISTER: Final = r"(?:[rxw]\d{1,2}|ip|lr|sp)"
_ASSIGNMENT: Final = re.compile(
    rf"\s*({_REGISTER}(?:\s*/\s*{_REGISTER})*)\s*[=:]\s*(\S.*?)"
    r"(?:\s*\((arm|arm64)(?:\s+only)?\))?\s*"
)
_NAMED: Final = re.compile(rf"({NAME})\b(?:\s*(?:=|\()\s*(0x[0-9a-fA-F]{{1,16}}|\d{{1,19}})\)?)?")
_UNKNOWN_ROLE: Final = re.compile(r"(?::[\w:.+-]+:)?`([^`]*)`(?::[\w:.+-]+:)?")
_SILENT: Final = frozenset({"toctree", "index", "highlight"})
"""Directives that state nothing."""

_WARNING: Final = 2
_KINDS: Final = (
    nodes.list_item,
    nodes.definition_list_item,
    nodes.row,
    nodes.section,
    nodes.document,
)
"""What an entry can be."""


def read_document(path: str) -> Document:
    """Read a document.

    :raises HypabiError: it cannot be read, or is larger or deeper nested than a document is
    """
    raw = _bytes(path)
    text = _text(path, raw)
    tree = _parsed(path, text)
    reader = _Reader(path)
    reader.unread += _complaints(tree)
    reader.walk(tree, 0)
    return reader.document(hashlib.sha256(raw).hexdigest(), tree, tuple(text.splitlines()))


def _bytes(path: str) -> bytes:
    try:
        raw = read_regular(path, MOST_BYTES + 1)
    except OSError as failed:
        raise HypabiError(path, failed.strerror or str(failed)) from failed
    if len(raw) > MOST_BYTES:
        raise HypabiError(path, f"more than {MOST_BYTES} bytes: this is no document of the kernel")
    return raw


def _text(path: str, raw: bytes) -> str:
    if raw.startswith(b"\x1f\x8b"):
        raise HypabiError(path, "this is compressed", "decompress it first: gunzip -k")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as failed:
        raise HypabiError(path, f"byte {failed.start} is not UTF-8") from failed
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise HypabiError(path, f"more than {MOST_LINES} lines")
    block = 0
    for number, line in enumerate(lines, 1):
        block = block + len(line) if line.strip() else 0
        if block > LONGEST_BLOCK:
            what = f"more than {LONGEST_BLOCK} characters without an empty line"
            raise HypabiError(f"{path}:{number}", what)
        if len(line) > LONGEST_LINE:
            raise HypabiError(f"{path}:{number}", f"more than {LONGEST_LINE} characters in a line")
        if "\0" in line:
            raise HypabiError(f"{path}:{number}", "a NUL character: this is no text")
    return text


def _parsed(path: str, text: str) -> nodes.document:
    parser = Parser()
    settings = get_default_settings(parser)  # reads no configuration file
    settings.file_insertion_enabled = False
    settings.raw_enabled = False
    settings.syntax_highlight = "none"
    settings.report_level = settings.halt_level = 5  # above every level: nothing printed or raised
    settings.warning_stream = False
    tree = new_document(path, settings)
    try:
        parser.parse(text, tree)
    except RecursionError:
        raise HypabiError(path, "nested deeper than can be followed") from None
    except Exception as failed:  # docutils' own defects on hostile input are a refusal, not ours
        what = f"docutils cannot read it: {type(failed).__name__}: {failed}"
        raise HypabiError(path, " ".join(what.split())[:200]) from failed
    return tree


def _complaints(tree: nodes.document) -> Iterator[Unread]:
    """Yield what docutils could not read; unknown roles are text all the same."""
    for message in tree.findall(nodes.system_message):
        said = message.children[0].astext() if message.children else ""
        directive = re.match(r'(?:Unknown directive type|Error in) "([^"]*)"', said)
        if message.get("level", 0) < _WARNING or said.startswith("Unknown interpreted text role"):
            continue
        if directive is not None and directive[1] in _SILENT:
            continue
        reason = " ".join(said.split())[:200]
        yield Unread(message.get("line") or 0, reason, Weight.STATEMENT)


class _Reader:
    """Walks the tree once, in the order of the text."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.sentences: list[Sentence] = []
        self.entries: list[Draft] = []
        self.unread: list[Unread] = []
        self.section = ""
        self.titles: list[str] = []
        self.scope: nodes.Node | None = None
        """What the latest entry ends with."""
        self.block: nodes.Node | None = None
        """The block that named the latest call."""
        self.line = 1
        self.paragraph = 0

    def document(self, sha256: str, tree: nodes.document, lines: tuple[str, ...]) -> Document:
        """Return what was read."""
        entries = tuple(draft.done() for draft in self.entries)
        unread = tuple(sorted(set(self.unread), key=lambda each: (each.line, each.reason)))
        parts = read_parts(tree, lines)
        return Document(
            self.path, sha256, tuple(self.sentences), entries, tuple(self.titles), unread, parts,
            lines,
        )  # fmt: skip

    def walk(self, node: nodes.Node, depth: int) -> None:
        """Read a node and what is in it.

        :raises HypabiError: it is nested deeper than a document is
        """
        self.line = max(self.line, node.line or 0)
        if depth > DEEPEST:
            raise HypabiError(f"{self.path}:{self.line}", "nested deeper than can be followed")
        match node:
            case nodes.system_message() | nodes.comment() | nodes.target() | nodes.pending():
                return
            case nodes.title() | nodes.term() | nodes.subtitle():
                self.titled(node)
            case nodes.literal_block() | nodes.doctest_block() | nodes.math_block():
                self.literal(node)
            case nodes.paragraph() | nodes.line() | nodes.attribution() | nodes.caption():
                self.prose(node)
            case nodes.image() | nodes.raw() | nodes.substitution_definition():
                self.skip(self.line, f"the {_kind(node)}", Weight.ILLUSTRATION)
            case nodes.field():
                self.field(node)
            case _:
                outer = self.section
                for child in node.children:
                    self.walk(child, depth + 1)
                self.section = outer
        if node is self.scope:
            self.scope = None

    def titled(self, node: nodes.Element) -> None:
        """Read a title or a term; one that starts with a call's name starts its entry."""
        text = " ".join(node.astext().split())
        if isinstance(node, nodes.title):
            self.section = text
            self.titles.append(text)
        found = _NAMED.match(text)
        if found is not None:
            number = int(found[2], 0) if found[2] else None
            self.begin(node, found[1], self.line, number, None)

    def literal(self, node: nodes.Element) -> None:
        """Read a literal block: lines that give registers are facts, others are not read."""
        lines = node.astext().split("\n")
        start = node.line or self.line
        read = False
        for at, line in enumerate(lines):
            found = _ASSIGNMENT.fullmatch(line)
            if found is None:
                if read and line.strip():
                    said = f"no register is given by {line.strip()[:60]!r}"
                    self.skip(start + at, said, Weight.STATEMENT)
                continue
            read = True
            self.assigned(node, found, start + at)
        if not read:
            self.skip(start, f"a {_kind(node)} that gives no register", Weight.ILLUSTRATION)

    def assigned(self, node: nodes.Node, found: re.Match[str], line: int) -> None:
        """Take a line that gives a register: it names a call, or it is an argument of the last."""
        registers = tuple(re.findall(_REGISTER, found[1]))
        only = Architecture(found[3]) if found[3] else None
        one = Assignment(registers, found[2], only, line)
        name = _NAMED.fullmatch(found[2])
        if name is not None and self.block is not node:
            self.block = node
            number = int(name[2], 0) if name[2] else None
            latest = self.entries[-1] if self.scope is not None else None
            if latest is not None and latest.name == name[1] and latest.named is None:
                number = latest.number if number is None else number
                self.entries[-1] = replace(latest, line=line, number=number, named=one)
            else:
                self.begin(node, name[1], line, number, one)
        elif self.scope is not None:
            self.entries[-1].arguments.append(one)
        else:
            self.skip(line, "a register is given outside the entry of a call", Weight.STATEMENT)

    def begin(
        self, node: nodes.Node, name: str, line: int, number: int | None, named: Assignment | None
    ) -> None:
        """Begin the entry of a call; it ends with the closest part of the document around it."""
        around = node.parent
        while around is not None and not isinstance(around, _KINDS):
            around = around.parent
        self.scope = around
        self.entries.append(Draft(name, line, number, named, [], {}))

    def prose(self, node: nodes.Element) -> None:
        """Cut a paragraph into sentences."""
        text, mask = _spelled(node)
        entry = len(self.entries) - 1 if self.scope is not None else None
        self.paragraph += 1
        for said, before in sentences(text, mask):
            line = (node.line or self.line) + before
            self.sentences.append(Sentence(said, line, self.section, entry, self.paragraph))
        if any(True for _ in node.findall(nodes.substitution_reference)):
            said = "what a substitution stands for is not read"
            self.skip(node.line or self.line, said, Weight.STATEMENT)

    def field(self, node: nodes.Element) -> None:
        """Read a field: a line that gives a register, a word about a call, else a sentence."""
        name, value = (" ".join(part.astext().split()) for part in node.children[:2])
        line = node.line or self.line
        found = _ASSIGNMENT.fullmatch(f"{name} = {value}")
        if found is not None:
            self.assigned(node, found, line)
            return
        entry = None if self.scope is None else len(self.entries) - 1
        if entry is not None:
            self.entries[entry].fields.setdefault(name.lower(), value)
        self.paragraph += 1
        text = f"{name}: {value}"
        self.sentences.append(Sentence(text, line, self.section, entry, self.paragraph))

    def skip(self, line: int, reason: str, weight: Weight) -> None:
        """Note what is not read."""
        self.unread.append(Unread(line, reason, weight))


def _kind(node: nodes.Node) -> str:
    return type(node).__name__.replace("_", " ")


def _spelled(node: nodes.Element) -> tuple[str, str]:
    """Return the text of a paragraph, and the same with its literals masked."""
    text, mask = "", ""
    for part in node.findall(nodes.Text):
        said = part.astext()
        parents = {type(part.parent), type(part.parent.parent)}
        if nodes.problematic in parents:
            said = _UNKNOWN_ROLE.sub(r"\1", said)
        text += said
        covered = parents & {nodes.literal, nodes.problematic, nodes.math}
        mask += re.sub(r"[^\n]", MASK, said) if covered else said
    return text, mask
