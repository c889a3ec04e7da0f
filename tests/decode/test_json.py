"""JSON is read as the standard reader reads it, with lines; what RFC 8259 has not is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypabi.decode.bounds import Bounds
from hypabi.decode.json import compose_json
from hypabi.decode.node import Sequence, Table
from hypabi.decode.place import FileError
from tests.decode.plain import plain_value

BOUNDS = Bounds(bytes=1 << 12, parts=300, depth=8, key=40)
WIDE = Bounds(bytes=1 << 20, parts=1 << 16, depth=80, key=4096)


def refusal(text: bytes, bounds: Bounds = BOUNDS) -> str:
    with pytest.raises(FileError) as refused:
        compose_json(text, "file", bounds)
    return str(refused.value)


def values() -> st.SearchStrategy[object]:
    characters = st.characters(exclude_categories=["Cs"])
    texts = st.text(characters, max_size=12)
    scalars = st.none() | st.booleans() | st.integers(-(10**19), 10**19) | texts
    return st.recursive(
        scalars,
        lambda part: st.lists(part, max_size=4) | st.dictionaries(texts, part, max_size=4),
        max_leaves=12,
    )


@given(values(), st.sampled_from([None, 1]))
def test_what_the_standard_writer_writes_is_read_back(value: object, indent: int | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
        assert plain_value(compose_json(text, "file", WIDE)) == value


@given(st.text(alphabet='{}[],:"\\u0d8 1e.-\ntrfalsn', max_size=40) | st.text(max_size=20))
def test_what_is_read_is_what_the_standard_reader_reads(text: str) -> None:
    encoded = text.encode("utf-8", "surrogatepass")
    try:
        read = plain_value(compose_json(encoded, "file", BOUNDS))
    except FileError as refused:
        assert "\n" not in str(refused)  # noqa: PT017 - what is refused may well be JSON
        return
    assert read == json.loads(text)


def test_everything_knows_its_line_and_key() -> None:
    text = b'{\n "a": 1,\n "b": [\n  2,\n  {"c": "x"}\n ]\n}\n'
    top = compose_json(text, "file", BOUNDS)
    assert isinstance(top, Table)
    listed = top.items["b"]
    assert isinstance(listed, Sequence)
    inner = listed.items[1]
    assert isinstance(inner, Table)
    places = [top.items["a"], listed, listed.items[0], inner.items["c"]]
    lines = ["file:2: a", "file:3: b", "file:4: b[0]", "file:5: b[1].c"]
    assert [str(each.place) for each in places] == lines


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "file: the file is empty"),
        (b" \n", "file: the file is empty"),
        (b"\xff", "file:1: this is no JSON: it is no UTF-8"),
        (b'{"a": 1}\n2', "file:2: this is no JSON: something stands behind the document"),
        (b'{"a": 1,\n "a": 2}', "file:2: a: the key stands here a second time; first on line 1"),
        (b"{", "a key in double quotes has to stand here"),
        (b"{a: 1}", "a key in double quotes has to stand here"),
        (b"{'a': 1}", "is no value"),
        (b'{"a": 1,}', "a key in double quotes has to stand here"),
        (b"[1,]", "']' is no value"),
        (b"[1 2]", "',' has to stand here, not '2'"),
        (b"[1", "',' has to stand here, and the file ends"),
        (b'{"a" 1}', "':' has to stand here"),
        (b'{"a":', "it ends too early"),
        (b'"a', "is no value"),
        (b'"a\tb"', "is no value"),
        (b'"\\x41"', "an escape that is no character"),
        (b'"\\ud800"', "an escape that is no character"),
        (b'{"a": 1.5}', "a: 1.5 is no whole number"),
        (b'{"a": 1e3}', "a: 1e3 is no whole number"),
        (b'{"a": 01}', "a: 01 is no whole number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is no whole number of at most 20 digits"),
        (b'{"a": NaN}', "'NaN' is no value"),
        (b'{"a": -Infinity}', "is no value"),
        (b'{"a": +1}', "is no value"),
        (b'{"' + b"a" * 41 + b'": 1}', "a key has more than 40 characters"),
        (b"[" * 10 + b"]" * 10, "nested deeper than 8"),
        (b"[" * 100_000, "nested deeper than 8"),
        (b"[" + b"1," * 300 + b"1]", "more than 300 parts"),
        (b" " * 4097, "at most 4096 bytes are read"),
        (b" " * ((1 << 20) + 1), "at most 1048576 bytes are read"),
    ],
)
def test_what_no_file_of_ours_has_need_of_is_refused(text: bytes, what: str) -> None:
    bounds = WIDE if len(text) > BOUNDS.bytes + 1 else BOUNDS
    if b"[[" in text:
        bounds = Bounds(bytes=1 << 20, parts=300, depth=8)
    assert what in refusal(text, bounds)


def test_what_is_just_within_the_bounds_is_read() -> None:
    deep = b"[" * 8 + b"1" + b"]" * 8
    long = b'{"' + b"a" * 40 + b'": 12345678901234567890}'
    many = b"[" + b"1," * 290 + b"1]"
    for text in (deep, long, many, b"1" + b" " * 4095):
        assert plain_value(compose_json(text, "file", BOUNDS)) == json.loads(text)
