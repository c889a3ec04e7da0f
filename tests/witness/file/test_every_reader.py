"""What holds of every file of ours that anybody may have written, whichever reader reads it."""

import copy
import json
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pytest
import yaml

from hypabi.behaviour.saved import reader as saved
from hypabi.behaviour.saved.writer import write_saved
from hypabi.contract.file import load
from hypabi.contract.file.writer import write_contract
from hypabi.decode.bounds import Bounds
from hypabi.decode.place import FileError
from hypabi.home import REFERENCES
from hypabi.judgement import suppression
from hypabi.judgement.matrix import reference_index
from hypabi.records import frozen
from hypabi.witness.file import shape as witness
from hypabi.witness.file.reader import read_witness_text
from hypabi.witness.file.writer import write_witness_text
from tests.cli.compared import reference
from tests.contract import contract_example
from tests.contract.stated import stated_example
from tests.witness.examples import of_reference

Path = tuple[str | int, ...]


@frozen
class Reader:
    """A reader, a file that it reads, and places in that file."""

    read: Callable[[bytes], object]
    example: Callable[[], object]
    bounds: Bounds
    table: Path
    """Of a mapping with certain keys."""
    key: str
    """One of them, which has to be there and is a text."""


def a_suppression() -> object:
    what = {"party": "stub", "call": "any-other", "clause": "memory"}
    return {"suppressions": [{**what, "reason": "why", "expires": "2030-01-01"}]}


def an_index() -> object:
    return yaml.load((REFERENCES / "index.yaml").read_bytes(), yaml.CSafeLoader)


@cache
def a_witness() -> object:
    made = of_reference("arm-stub-a6-a32")
    return json.loads(write_witness_text(made.witness(made.refuted()[0])))


@cache
def a_saved_form() -> object:
    return json.loads(write_saved(reference("arm64-stub-b8", "a64").saved))


READERS = {
    "contract": Reader(
        lambda text: load.parse_any(text, "file"),
        lambda: write_contract(load.parse_any(contract_example.EXAMPLE.encode(), "file")),
        load.BOUNDS,
        ("owners", "people"),
        "section",
    ),
    "stated contract": Reader(
        lambda text: load.parse_any(text, "file"),
        lambda: write_contract(load.parse_any(stated_example.EXAMPLE.encode(), "file")),
        load.BOUNDS,
        (),
        "title",
    ),
    "suppressions": Reader(
        lambda text: suppression.parse_suppressions(text, "file", date(2026, 1, 1)),
        a_suppression,
        suppression.BOUNDS,
        ("suppressions", 0),
        "reason",
    ),
    "index of references": Reader(
        lambda text: reference_index.parse_index(text, "file"),
        an_index,
        reference_index.BOUNDS,
        ("images", 1),
        "kind",
    ),
    "witness": Reader(
        lambda text: read_witness_text("file", text),
        a_witness,
        witness.BOUNDS,
        ("claim",),
        "contract",
    ),
    "saved form": Reader(
        lambda text: saved.parse_saved(text, "file"),
        a_saved_form,
        saved.BOUNDS,
        ("parties", 0),
        "how",
    ),
}


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> Reader:
    return READERS[request.param]


def written(plain: object) -> str:
    """Return a file as JSON, which is YAML, too; each key on a line of its own."""
    return json.dumps(plain, indent=1)


def refusal(reader: Reader, text: str) -> str:
    with pytest.raises(FileError) as refused:
        reader.read(text.encode())
    said = str(refused.value)
    assert "\n" not in said
    return said


def changed(reader: Reader, change: Callable[[Any], None]) -> str:
    """Return the example with a change to the mapping that the reader names."""
    plain: Any = copy.deepcopy(reader.example())
    at = plain
    for step in reader.table:
        at = at[step]
    change(at)
    return written(plain)


def key_of(reader: Reader, name: str) -> str:
    """Return how a refusal spells a key of that mapping."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in (*reader.table, name)]
    return "".join(steps).removeprefix(".")


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_the_example_is_read(reader: Reader) -> None:
    reader.read(written(reader.example()).encode())


def test_an_unknown_key_is_refused_with_file_line_and_key(reader: Reader) -> None:
    text = changed(reader, lambda table: table.update({f"{reader.key}x": "no-such-key"}))
    line = line_of(text, "no-such-key")
    said = refusal(reader, text)
    assert said.startswith(f"file:{line}: {key_of(reader, reader.key + 'x')}: unknown key; ")
    assert f"did you mean {reader.key!r}?" in said or said.endswith(saved.HINT)


def test_a_missing_key_is_refused_with_file_line_and_key(reader: Reader) -> None:
    said = refusal(reader, changed(reader, lambda table: table.pop(reader.key)))
    assert re.match(r"file:\d+: ", said)
    assert f"the key {reader.key!r} is missing" in said


def test_a_key_that_is_there_twice_is_refused_with_file_line_and_key(reader: Reader) -> None:
    text = changed(reader, lambda table: table.update({"": "twice"}))
    text = text.replace('"": "twice"', f'{json.dumps(reader.key)}: "twice"')
    said = refusal(reader, text)
    line = line_of(text, '"twice"')
    what = "the key stands here a second time"
    assert said.startswith(f"file:{line}: {key_of(reader, reader.key)}: {what}")


@pytest.mark.parametrize(
    ("value", "found"),
    [(7, "the number 7"), ([], "a list"), ({}, "a mapping"), (None, "nothing")],
)
def test_a_value_of_another_type_is_refused_with_file_line_and_key(
    reader: Reader, value: object, found: str
) -> None:
    text = changed(reader, lambda table: table.update({reader.key: value}))
    said = refusal(reader, text)
    assert re.match(rf"file:\d+: {re.escape(key_of(reader, reader.key))}: wants ", said)
    assert f", has {found}" in said


def test_what_is_nested_too_deep_is_refused(reader: Reader) -> None:
    for depth in (reader.bounds.depth + 2, 50_000):
        assert "nested deeper than" in refusal(reader, "[" * depth + "]" * depth)


def test_what_is_too_large_is_refused(reader: Reader) -> None:
    text = written(reader.example())
    reader.read(text.ljust(reader.bounds.bytes).encode())
    said = refusal(reader, text.ljust(reader.bounds.bytes + 1))
    assert f"at most {reader.bounds.bytes} bytes are read" in said


def test_what_is_in_too_many_parts_is_refused(reader: Reader) -> None:
    parts = "[" + "0," * reader.bounds.parts + "0]"
    assert f"more than {reader.bounds.parts} parts" in refusal(reader, parts)


def test_what_is_empty_cut_or_no_text_is_refused(reader: Reader) -> None:
    assert refusal(reader, "").startswith("file: the file is empty")
    whole = written(reader.example())
    assert re.match(r"file:\d+: this is no (JSON|YAML)", refusal(reader, whole[: len(whole) // 2]))
    with pytest.raises(FileError, match=r"this is no (JSON|YAML)"):
        reader.read(b"\xff")
