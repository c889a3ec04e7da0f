import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hypabi.report
from hypabi.decode.place import FileError
from hypabi.witness.file.reader import read_witness_text
from hypabi.witness.file.writer import write_witness_text
from hypabi.witness.model import Witness
from tests.witness.examples import of_reference

NAMES = ("arm-stub-a6-a32", "arm-kvm-a4-t32be", "arm64-restart-zeroes-x0-a64")


@functools.cache
def witnesses() -> tuple[Witness, ...]:
    every = [of_reference(name) for name in NAMES]
    return tuple(made.witness(finding) for made in every for finding in made.refuted())


def schema(name: str) -> dict[str, Any]:
    path = Path(hypabi.report.__file__).parent / f"{name}.schema.json"
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def test_a_witness_is_read_as_it_was_written() -> None:
    for witness in witnesses():
        text = write_witness_text(witness)
        assert read_witness_text("x", text.encode()) == witness
        assert write_witness_text(read_witness_text("x", text.encode())) == text


def test_a_witness_is_as_the_published_schema_says() -> None:
    jsonschema_rs.meta.validate(schema("witness"))
    validator = jsonschema_rs.Draft202012Validator(schema("witness"))
    for witness in witnesses():
        validator.validate(json.loads(write_witness_text(witness)))


def test_a_witness_is_small_and_holds_no_code_of_the_image() -> None:
    for witness in witnesses():
        assert len(write_witness_text(witness)) < 4096
        assert sum(len(given.content) for given in witness.start.memory) < 64


def keys(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every key of an object whose keys are fixed."""
    if isinstance(value, dict):
        free = path[-1:] in (("registers",), ("counterexample",), ("made_by",))
        for key, each in value.items():
            if not free:
                yield (*path, key)
            yield from keys(each, (*path, key))
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from keys(each, (*path, index))


def at(plain: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - JSON
    for key in path:
        plain = plain[key]
    return plain


def test_no_key_may_be_missing_and_none_may_be_new() -> None:
    plain = json.loads(write_witness_text(witnesses()[0]))
    for path in keys(plain):
        lacking = copy.deepcopy(plain)
        del at(lacking, path[:-1])[path[-1]]
        with pytest.raises(FileError):
            read_witness_text("x", json.dumps(lacking).encode())
        more = copy.deepcopy(plain)
        at(more, path[:-1])["and more"] = 1
        with pytest.raises(FileError):
            read_witness_text("x", json.dumps(more).encode())


@given(st.data())
def test_whatever_is_put_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    plain: Any = copy.deepcopy(json.loads(write_witness_text(witnesses()[0])))
    path = data.draw(st.sampled_from(list(keys(plain))))
    junk = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=8),
        st.sampled_from(["0x0", "0x" + "f" * 64, "-0x1", "0xG"]),
        st.lists(st.sampled_from(["all", "not", "bits", "+", "r0", "0x1"]), max_size=4),
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    )
    at(plain, path[:-1])[path[-1]] = data.draw(junk)
    try:
        witness = read_witness_text("x", json.dumps(plain).encode())
    except FileError:
        return
    assert read_witness_text("x", write_witness_text(witness).encode()) == witness


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"a": 1, "a": 1}', "[" * 9000, "1e999"])
def test_what_is_no_witness_is_refused(text: str) -> None:
    with pytest.raises(FileError):
        read_witness_text("x", text.encode())
