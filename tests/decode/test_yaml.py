"""YAML is read for its syntax only: what is written stands there, and where, and nothing else."""

import pytest

from hypabi.decode.bounds import Bounds
from hypabi.decode.node import Scalar, Sequence, Table
from hypabi.decode.place import FileError
from hypabi.decode.yaml import compose_yaml
from tests.decode.plain import plain_value

BOUNDS = Bounds(bytes=1 << 12, parts=300, depth=8, key=40)


def plain(text: bytes) -> object:
    return plain_value(compose_yaml(text, "file", BOUNDS))


def refusal(text: bytes) -> str:
    with pytest.raises(FileError) as refused:
        compose_yaml(text, "file", BOUNDS)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"a: 1", {"a": 1}),
        (b"a: 0x1F", {"a": 31}),
        (b"a: -3", {"a": -3}),
        (b"a: '1'", {"a": "1"}),
        (b"a: null", {"a": None}),
        (b"a:", {"a": None}),
        (b"a: 01", {"a": "01"}),
        (b"a: 1.5", {"a": "1.5"}),
        (b"a: no", {"a": "no"}),
        (b"a: true", {"a": "true"}),
        (b"a: 2026-11-29", {"a": "2026-11-29"}),
        (b"a: {b: [x, 2]}", {"a": {"b": ["x", 2]}}),
        (b"- |\n  two\n  lines\n", ["two\nlines\n"]),
        (b'{"a": "\\u00e9"}', {"a": "\u00e9"}),
    ],
)
def test_a_scalar_is_a_whole_number_null_or_text(text: bytes, value: object) -> None:
    assert plain(text) == value


def test_everything_knows_its_line_and_key() -> None:
    top = compose_yaml(b"a: 1\nb:\n  - x\n  - c: y\n", "file", BOUNDS)
    assert isinstance(top, Table)
    listed = top.items["b"]
    assert isinstance(listed, Sequence)
    inner = listed.items[1]
    assert isinstance(inner, Table)
    assert str(top.items["a"].place) == "file:1: a"
    assert str(listed.items[0].place) == "file:3: b[0]"
    assert str(inner.items["c"].place) == "file:4: b[1].c"


@pytest.mark.parametrize("word", ["no", "Yes", "on", "true", "5.10", "1_000", "0o17"])
def test_what_another_reader_takes_for_something_else_is_marked(word: str) -> None:
    marked = compose_yaml(word.encode(), "file", BOUNDS)
    quoted = compose_yaml(f"'{word}'".encode(), "file", BOUNDS)
    assert isinstance(marked, Scalar) and marked.surprising
    assert isinstance(quoted, Scalar) and not quoted.surprising


def test_a_text_that_a_comment_cuts_off_is_marked() -> None:
    cut = compose_yaml(b"issues hvc #0", "file", BOUNDS)
    whole = compose_yaml(b"issues hvc # 0", "file", BOUNDS)
    assert isinstance(cut, Scalar) and cut.cut
    assert isinstance(whole, Scalar) and not whole.cut


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "file: the file is empty"),
        (b"# nothing\n", "file: the file is empty"),
        (b"a: 1\nb: [1, 2", "file:3: this is no YAML"),
        (b"a: \xff\xfe", "this is no YAML"),
        (b"a: 1\na: 2\n", "file:2: a: the key stands here a second time; first on line 1"),
        (b"a: 1\n---\nb: 2\n", "file:2: a second document starts here"),
        (b"a: &x [1]\n", "file:1: a: &x names a part for repetition"),
        (b"a: 1\nb: *x\n", "file:2: b: *x repeats another part"),
        (b"a: !!python/object/apply:os.system [id]\n", "has no meaning here"),
        (b"<<: {a: 1}\n", "a merge key has no meaning here"),
        (b"1: a\n", "a key is a plain text"),
        (b"[a]: b\n", "a key is a plain text"),
        (b"? {a: b}\n: c\n", "a key is a plain text"),
        (b"a" * 41 + b": 1", "a key has more than 40 characters"),
        (b"a: " + b"[" * 9 + b"]" * 9, "nested deeper than 8"),
        (b"a: " + b"[" * 4000, "nested deeper than 8"),
        (b"a: [" + b"1," * 300 + b"]", "more than 300 parts"),
        (b"#" * 4097, "at most 4096 bytes are read"),
    ],
)
def test_what_no_file_of_ours_has_need_of_is_refused(text: bytes, what: str) -> None:
    assert what in refusal(text)


def test_what_is_just_within_the_bounds_is_read() -> None:
    assert plain(b"a" * 40 + b": 1") == {"a" * 40: 1}
    assert plain(b"[" * 8 + b"1" + b"]" * 8) == [[[[[[[[1]]]]]]]]
    assert len(str(plain(b"[" + b"1," * 290 + b"]"))) == 3 * 290
    assert plain(b"a: 1 " + b"#" * 4091) == {"a": 1}


def test_a_billion_laughs_are_not_expanded() -> None:
    laughs = ["a0: &a0 [lol, lol]"]
    laughs += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    assert "names a part for repetition" in refusal("\n".join(laughs).encode())
