"""What has its shape becomes our value; what has not is refused where it stands, in one wording."""

import copy
import json
import re
from typing import Any

import pytest

from hypabi.decode.bounds import Bounds
from hypabi.decode.decoder import decode
from hypabi.decode.json import compose_json
from hypabi.decode.node import Sequence
from hypabi.decode.place import FileError
from hypabi.decode.yaml import compose_yaml
from tests.decode.kitchen import EXAMPLE, KITCHEN

BOUNDS = Bounds(bytes=1 << 16, parts=1000, depth=20)


def read(plain: object) -> dict[str, Any]:
    """Read by both syntaxes, which have to say the same."""
    text = json.dumps(plain, indent=1).encode()
    try:
        found = decode(compose_json(text, "file", BOUNDS), KITCHEN, dict)
    except FileError as refused:
        with pytest.raises(FileError, match=f"^{re.escape(str(refused))}$"):
            decode(compose_yaml(text, "file", BOUNDS), KITCHEN, dict)
        raise
    decode(compose_yaml(text, "file", BOUNDS), KITCHEN, dict)
    return found


def changed(path: tuple[str | int, ...], value: object) -> object:
    plain: Any = copy.deepcopy(EXAMPLE)
    at = plain
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return plain


def without(*path: str | int) -> object:
    plain: Any = copy.deepcopy(EXAMPLE)
    at = plain
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return plain


def test_everything_becomes_what_its_shape_builds() -> None:
    found = read(EXAMPLE)
    assert [(each.name, each.servings) for each in found["dishes"]] == [("soup", 4), ("pie", 12)]
    assert dict(found["courses"]) == {"first": "cold", "second": 60}
    assert (found["size"], found["day"], found["door"]) == (15, 2, 0x1F)
    assert found["tree"] == (1, (2, 3), ())
    assert found["cook"] == {1: "Ann"}
    assert isinstance(found["later"], Sequence)
    assert found["calls"] == (1, "y", "three")
    assert "schema" not in found
    assert "coffee" not in found


def test_what_is_said_once_holds_for_each() -> None:
    assert read(changed(("cook",), "Bob"))["cook"] == "Bob"


def test_a_record_knows_its_place_and_the_lines_of_its_keys() -> None:
    (soup, _) = read(EXAMPLE)["dishes"]
    text = json.dumps(EXAMPLE, indent=1).splitlines()
    assert "soup" in text[soup.place.below("name").line - 1]
    assert "servings" in text[soup.place.below("servings").line - 1]
    assert soup.place.below("servings").key == "dishes[0].servings"


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("zzz",), 1, "zzz: unknown key; known here: "),
        (("dey",), 1, "dey: unknown key; did you mean 'day'?"),
        (("dishes", 0, "nam"), 1, "dishes[0].nam: unknown key; did you mean 'name'?"),
        (("courses", "first", "degrees"), 1, "courses.first.degrees: unknown key"),
        (("cook", "supper"), "Ann", "cook.supper: unknown key"),
        (("schema", "version"), 2, "schema.version: wants 1, has the number 2"),
        (("schema", "version"), "1", "schema.version: wants 1, has the text '1'"),
        (("schema", "name"), "cellar", "schema.name: wants 'kitchen', has the text 'cellar'"),
        (("dishes",), {}, "dishes: wants a list, has a mapping"),
        (("dishes",), None, "dishes: wants a list, has nothing"),
        (("dishes",), [{"name": "a", "servings": 1}] * 4, "dishes: has 4 parts, at most 3 are"),
        (("dishes", 0), [], "dishes[0]: wants a mapping, has a list"),
        (("dishes", 0, "name"), 7, "dishes[0].name: wants a text, has the number 7; quote it"),
        (("dishes", 0, "name"), " ", "dishes[0].name: wants a text, has the text ' '"),
        (("dishes", 0, "servings"), "4", "servings: wants a number of 1 to 12, has the text '4'"),
        (("dishes", 0, "servings"), 0, "servings: wants a number of 1 to 12, has the number 0"),
        (("dishes", 0, "servings"), 13, "servings: wants a number of 1 to 12, has the number 13"),
        (("dishes", 0, "hash"), "a" * 65, "hash: wants a SHA-256 of 64 small hexadecimal digits"),
        (("courses", "Third"), {"kind": "cold"}, "courses.Third: wants a small word"),
        (("courses", "first", "kind"), "colt", "wants one of cold, hot, has the text 'colt'; did"),
        (("courses", "second", "degrees"), 61, "courses.second.degrees: 61 is odd"),
        (("courses", "second", "degrees"), -2, "wants a number of at least 0, has the number -2"),
        (("size",), [1], "size: wants 2 parts, has 1"),
        (("size", 1), "a", "size[1]: wants a number, has the text 'a'"),
        (("day",), "mom", "day: wants one of mon, tue, has the text 'mom'; did you mean 'mon'?"),
        (("door",), "0x10000", "door: wants a number such as '0x1f' of at most 16 bits, has"),
        (("door",), "31", "door: wants a number such as '0x1f' of at most 16 bits, has"),
        (("door",), "0x1f\n", "door: wants a number such as '0x1f' of at most 16 bits, has"),
        (("tree",), "oak", "tree: wants a number or a list, has the text 'oak'"),
        (("tree", 1), [1, {}], "tree[1][1]: wants a number or a list, has a mapping"),
        (("cook",), {}, "cook: nothing is said of either meal"),
        (("calls",), [1], "calls: wants 2 parts or more, has 1"),
        (("calls", 0), "x", "calls[0]: wants a number, has the text 'x'"),
        (("coffee",), "black", "file:1: wants exactly one of the keys tea, coffee"),
    ],
)
def test_what_has_another_shape_is_refused_where_it_stands(
    path: tuple[str | int, ...], value: object, what: str
) -> None:
    with pytest.raises(FileError) as refused:
        read(changed(path, value))
    said = str(refused.value)
    assert what in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (("day",), "file:1: the key 'day' is missing"),
        (("dishes", 1, "name"), "dishes[1]: the key 'name' is missing; What it is called."),
        (
            ("courses", "first", "kind"),
            "courses.first: the key 'kind' is missing; one of cold, hot",
        ),
        (("tea",), "file:1: wants exactly one of the keys tea, coffee"),
    ],
)
def test_what_is_missing_is_refused(path: tuple[str | int, ...], what: str) -> None:
    with pytest.raises(FileError) as refused:
        read(without(*path))
    assert what in str(refused.value)


def test_a_truth_value_is_no_number() -> None:
    for value, word in ((True, "true"), (False, "false")):
        text = json.dumps(changed(("size", 0), value)).encode()
        with pytest.raises(FileError, match=f"wants a number, has {word}"):
            decode(compose_json(text, "file", BOUNDS), KITCHEN, dict)


def test_a_long_text_is_not_repeated_in_its_refusal() -> None:
    with pytest.raises(FileError) as refused:
        read(changed(("door",), "x" * 10_000))
    assert len(str(refused.value)) < 200
