"""The schema of a shape and its decoder are one: what the schema refuses the decoder refuses."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from hypothesis import given
from hypothesis import strategies as st

from hypabi.decode.bounds import Bounds
from hypabi.decode.decoder import decode
from hypabi.decode.json import compose_json
from hypabi.decode.place import FileError
from hypabi.decode.schema import schema_of
from tests.decode.kitchen import EXAMPLE, KITCHEN

BOUNDS = Bounds(bytes=1 << 16, parts=1000, depth=20)
VALIDATOR = jsonschema_rs.Draft202012Validator(schema_of("kitchen", KITCHEN))

Path = tuple[str | int, ...]


def accepted(plain: object) -> str:
    """Return why the decoder refuses, empty where it does not."""
    try:
        decode(compose_json(json.dumps(plain).encode(), "file", BOUNDS), KITCHEN, dict)
    except FileError as refused:
        return str(refused)
    return ""


def places(plain: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(plain, dict):
        for name, inner in plain.items():
            yield from places(inner, (*path, name))
    if isinstance(plain, list):
        for index, inner in enumerate(plain):
            yield from places(inner, (*path, index))


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(schema_of("kitchen", KITCHEN))
    assert VALIDATOR.is_valid(EXAMPLE)
    assert not accepted(EXAMPLE)


@given(
    st.sampled_from([path for path in places(EXAMPLE) if path[0] != "later"]),
    st.none()
    | st.integers(-2, 70)
    | st.sampled_from(["", "x", "mon", "cold", "hot", "0x1", "0xffff1", "tea", "a" * 64])
    | st.lists(st.integers(0, 3) | st.sampled_from(["x", "mon"]), max_size=4)
    | st.dictionaries(st.sampled_from(["name", "kind", "lunch", "x", "A"]), st.just("cold"))
    | st.booleans(),
)
def test_schema_and_decoder_accept_and_refuse_alike(path: Path, value: object) -> None:
    plain: Any = copy.deepcopy(dict(EXAMPLE))
    at = plain
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    why = accepted(plain)
    assert VALIDATOR.is_valid(plain) == (not why or "is odd" in why), why
