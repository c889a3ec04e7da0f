"""A document is read or refused in one line; nothing in it is executed, fetched or dropped."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypabi.arch.names import Architecture
from hypabi.errors import HypabiError
from hypabi.judgement.drift.citations import held_words, lookups
from hypabi.judgement.drift.document import Document, Weight
from hypabi.judgement.drift.rst_reader import LONGEST_BLOCK, MOST_BYTES, read_document
from tests.judgement.drift.drift_example import DOCUMENT, document_file


def read(folder: Path, text: "str | bytes") -> Document:
    path = folder / "document.rst"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(str(path))


def read_or_refusal(folder: Path, text: "str | bytes") -> "Document | str":
    try:
        return read(folder, text)
    except HypabiError as refused:
        return str(refused)


def test_sentences_have_their_lines_sections_and_entries(tmp_path: Path) -> None:
    document = read_document(str(document_file(tmp_path)))
    lines = DOCUMENT.splitlines()
    for sentence in document.sentences:
        assert sentence.text.split()[0] in lines[sentence.line - 1]
        assert sentence.section == "Small stub"
    inside = {document.entries[s.entry].name for s in document.sentences if s.entry is not None}
    assert inside == {"HVC_SET_VECTORS", "HVC_SOFT_RESTART", "HVC_RESET_VECTORS"}
    assert document.sentences[-1].entry is None
    assert document.unread == ()


def test_entry_gives_registers_for_each_architecture(tmp_path: Path) -> None:
    text = (
        "T\n=\n\n::\n\n  r0/x0 = HVC_A\n  r1/x1 = this\n  x2 = that (arm64 only)\n  r2 = it (arm)\n"
    )
    [entry] = read(tmp_path, text).entries
    assert entry.named is not None
    assert entry.named.on(Architecture.ARM) == ("r0",)
    assert entry.named.on(Architecture.ARM64) == ("x0",)
    assert [(a.value, a.on(Architecture.ARM)) for a in entry.arguments] == [
        ("this", ("r1",)),
        ("that", ()),
        ("it", ("r2",)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "HVC_A (3)\n=========\n\nIt does.\n",
        "T\n=\n\nHVC_A = 3\n  It does.\n",
        "T\n=\n\n* ::\n\n    x0 = HVC_A (0x3)\n\n  It does.\n",
        "HVC_A\n=====\n\n:Number: 3\n\nIt does.\n",
    ],
    ids=["section", "definition", "register", "field"],
)
def test_call_is_named_by_title_term_register_or_field(tmp_path: Path, text: str) -> None:
    document = read(tmp_path, text)
    [entry] = document.entries
    assert (entry.name, entry.number) == ("HVC_A", 3)
    assert next(s for s in document.sentences if s.text == "It does.").entry == 0


def test_entry_ends_with_its_list_item(tmp_path: Path) -> None:
    text = "* ::\n\n    x0 = HVC_A\n\n  Inside.\n\nOutside.\n"
    assert [s.entry for s in read(tmp_path, text).sentences] == [0, None]


def test_literal_line_that_gives_no_register_is_not_read(tmp_path: Path) -> None:
    text = "::\n\n  x0 = HVC_A\n  flags in x1\n"
    [unread] = read(tmp_path, text).unread
    assert (unread.line, unread.weight) == (4, Weight.STATEMENT)


def test_drawing_is_an_illustration(tmp_path: Path) -> None:
    [unread] = read(tmp_path, "T\n=\n\nAs here::\n\n  a --> b\n").unread
    assert (unread.line, unread.weight) == (6, Weight.ILLUSTRATION)


def test_unknown_roles_are_read_as_their_text(tmp_path: Path) -> None:
    [sentence] = read(tmp_path, "See :c:func:`kvm_init` and ``a. b``.\n").sentences
    assert sentence.text == "See kvm_init and a. b."


SECRET = "not to be seen"


@pytest.mark.parametrize(
    "directive",
    [
        ".. include:: {path}",
        ".. literalinclude:: {path}",
        ".. raw:: html\n   :file: {path}",
        ".. csv-table:: x\n   :file: {path}",
        ".. kernel-include:: {path}",
        ".. math::\n   :file: {path}\n\n   x",
    ],
)
def test_directive_that_names_a_file_does_not_read_it(tmp_path: Path, directive: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    document = read(tmp_path, f"Before.\n\n{directive.format(path=secret)}\n\nAfter.\n")
    assert SECRET not in repr(document)
    assert [sentence.text for sentence in document.sentences] == ["Before.", "After."]
    assert [unread.line for unread in document.unread] == [3]


HOSTILE = {
    "deep bullets": "\n\n".join("  " * i + "* a" for i in range(400)),
    "deep quotes": "\n\n".join(" " * i + "a" for i in range(400)),
    "deep directives": "".join("   " * i + ".. note::\n\n" for i in range(200)) + " " * 600 + "x",
    "many sections": "\n".join(f"t{i}\n======\n\n" for i in range(3000)),
    "grid table": "\n".join(("+---" * 60 + "+", "|   " * 60 + "|")[i % 2] for i in range(61)),
    "open marks": "\n\n".join(
        ["``a " * 1000, "`a <" * 1000, "*a " * 1000, "|a " * 1000, "a_ " * 1000]
    ),
    "full stops": "\n\n".join(". " * 4000 for _ in range(10)),
    "definitions": "\n\n".join(f".. |s{i}| replace:: |s{i + 1}|" for i in range(2000)),
    "titles": "".join(f"t\n{c * 3}\n" for c in "=-~^\"'`#*+.:,<>!$%&()/;?@[]_{|}\\"),
    "control": "\x1b[31m\x07 a. \u202e b.\n\n" * 500,
    "byte order": "\ufeffa.",
    "nothing": "",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_document_is_read_or_refused(tmp_path: Path, case: str) -> None:
    said = read_or_refusal(tmp_path, HOSTILE[case])
    if isinstance(said, Document):
        held_words(said, lookups(said, ()))
    else:
        assert said.startswith(str(tmp_path))
        assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\xff\xfe a", "byte 0 is not UTF-8"),
        (b"a\0b", "NUL"),
        (b"a\n\n" * (MOST_BYTES // 2), "bytes"),
        (b"\n" * 20_000, "lines"),
        (b"a" * 2000, "characters in a line"),
        (b"a b c d\n" * (LONGEST_BLOCK // 4), "without an empty line"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    with pytest.raises(HypabiError, match=reason):
        read(tmp_path, text)


def test_missing_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HypabiError, match="No such file"):
        read_document(str(tmp_path / "none.rst"))
    with pytest.raises(HypabiError, match="directory"):
        read_document(str(tmp_path))


@given(data=st.data())
@settings(max_examples=150)
def test_damaged_document_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(DOCUMENT.encode())
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    noise = st.text(alphabet="`*_|:.=-+\n #[]<>()\\x0HVC~\"'", max_size=60)
    raw[start:end] = data.draw(noise).encode()
    text = bytes(raw[: data.draw(st.integers(0, 2000))])
    said = read_or_refusal(tmp_path_factory.getbasetemp(), text)
    assert isinstance(said, Document) or "\n" not in said
