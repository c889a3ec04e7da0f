"""A saved form is read as it was written, or refused in one line, whatever is in the file."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hypabi.behaviour.saved.reader import BOUNDS, parse_saved, read_saved, saved_schema
from hypabi.behaviour.saved.writer import write_saved
from hypabi.errors import HypabiError
from hypabi.judgement.difference.model import Cell
from tests.cli.compared import again, cells, reference
from tests.report.schemas import schema


@cache
def text() -> str:
    return write_saved(reference("arm64-stub-b8", "a64").saved)


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text())
    return loaded


def refused(plain: object) -> str:
    with pytest.raises(HypabiError) as caught:
        parse_saved(json.dumps(plain).encode(), "file")
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("file:1: ")
    assert line.endswith("; save it again with `hypabi derive --save`")
    return line


def test_the_bytes_say_nothing_of_where_the_image_was() -> None:
    assert "/" not in text().replace("#/", "")
    assert text() == write_saved(parse_saved(text().encode(), "file"))


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("schema", "version"), 1, "schema.version: wants 2, has the number 1"),
        (("schema", "version"), True, "schema.version: wants 2, has true"),
        (("image", "architecture"), "x86", "image.architecture: wants one of arm, arm64"),
        (("image", "sha256"), "0", "image.sha256: wants a SHA-256 of 64 small"),
        (("parties", 0, "behaviour"), 7, "parties[0].behaviour: there are 1 behaviours"),
        (("parties", 0, "behaviour"), -1, "parties[0].behaviour: wants a number of at least 0"),
        (("parties", 0, "address"), 0, "parties[0].address: wants a constant"),
        (("terms", 0), ["symbol", 0, "x0"], "terms[0][1]: wants a number of 1 to 128"),
        (("terms", 0), ["symbol", 64, "a|b"], "terms[0]: the name of a symbol is short"),
        (("terms", 0), ["add", 64, 0, "0x1"], "terms[0]: 0 is no constant, and no term"),
        (("terms", 0), ["launch", 64, "x0"], "terms[0][0]: wants one of symbol, add"),
        (("terms", 0), ["add", 64, "0x1", "0x2"], "terms[0]: it has no symbol in it"),
        (("terms", 0), [["add"], 64, "x"], "terms[0][0]: wants one of symbol, add"),
        (("terms",), 3, "terms: wants a list"),
        (
            ("behaviours", 0, "cases", 0, "outcome"),
            {"ends": "well"},
            "outcome.ends: wants one of returned, left",
        ),
        (
            ("behaviours", 0, "cases", 0, "outcome"),
            {"ends": ["well"]},
            "outcome.ends: wants one of returned, left",
        ),
        (("behaviours", 0, "cases", 0, "registers"), {"x0": 10**6}, "no term that stands before"),
        (("behaviours", 0, "cases", 0, "guard"), ["0x2"], "'0x2' has more than 1 bits"),
        (
            ("behaviours", 0, "cases", 0, "stores"),
            [[None, "0x0", 0, "0x0"]],
            "[2]: wants a number of 1 to 16",
        ),
        (("behaviours", 0, "cases", 0, "assumptions"), [99], "there are"),
        (("behaviours", 0, "widths"), {}, "widths does not name it"),
        (("more",), 1, "more: unknown key"),
    ],
)
def test_what_is_malformed_is_refused_where_it_stands(
    path: tuple[str | int, ...], value: object, what: str
) -> None:
    plain: Any = document()
    parse_saved(json.dumps(plain).encode(), "file")
    at = plain
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    assert what in refused(plain)


@pytest.mark.parametrize("key", sorted(json.loads(text())))
def test_every_key_is_asked_for(key: str) -> None:
    plain = document()
    del plain[key]
    assert f"the key {key!r} is missing" in refused(plain)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{", "file:1: this is no JSON"),
        (b"\xff", "file:1: this is no JSON: it is no UTF-8"),
        (b"[" * 100_000, f"nested deeper than {BOUNDS.depth}"),
        (b'{"a": 1, "a": 2}', "file:1: a: the key stands here a second time"),
        (b'{"a": 1.5}', "1.5 is no whole number"),
        (b'{"a": NaN}', "'NaN' is no value"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is no whole number of at most 20 digits"),
        (b" " * (BOUNDS.bytes + 1), f"at most {BOUNDS.bytes} bytes are read"),
    ],
)
def test_what_is_no_document_is_refused(content: bytes, what: str) -> None:
    with pytest.raises(HypabiError) as caught:
        parse_saved(content, "file")
    assert what in str(caught.value)


def test_a_saved_form_is_as_the_published_schema_says_and_that_is_up_to_date() -> None:
    assert schema("saved") == json.loads(json.dumps(saved_schema())), "docs/generate"
    jsonschema_rs.meta.validate(schema("saved"))
    jsonschema_rs.Draft202012Validator(schema("saved")).validate(document())


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HypabiError, match="No such file"):
        read_saved(tmp_path / "none")


def anything() -> st.SearchStrategy[object]:
    plain = st.none() | st.booleans() | st.integers(-2, 2**70) | st.text(max_size=9)
    constants = st.integers(0, 2**70).map(hex)
    return st.recursive(plain | constants, lambda part: st.lists(part, max_size=4), max_leaves=5)


def places(plain: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(plain, dict):
        for key, value in plain.items():
            found += places(value, (*path, key))
    elif isinstance(plain, list):
        for at, value in enumerate(plain):
            found += places(value, (*path, at))
    return found


PLACES = places(json.loads(text()))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), anything())
def test_a_changed_file_is_refused_or_compared_and_never_a_defect(
    path: tuple[str | int, ...], value: object
) -> None:
    plain: Any = document()
    at = plain
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    opened = reference("arm64-stub-b8", "a64")
    refusal, found = "", {}
    try:
        loaded = parse_saved(json.dumps(plain).encode(), "file")
        found = cells(opened, again(opened, loaded))
    except HypabiError as caught:
        refusal = str(caught)
    assert "\n" not in refusal
    assert refusal or all(isinstance(cell, Cell) for cell in found.values())
