"""Schema, reader and writer are one format: what one accepts the others accept."""

import copy
import functools
import json
from collections.abc import Iterator

import jsonschema_rs
import pytest
import yaml

from hypabi.contract.file.load import parse_any, read_text, shipped_contracts, shipped_or_stated
from hypabi.contract.file.schema import contract_schema
from hypabi.contract.file.writer import write_contract
from hypabi.decode.place import FileError
from hypabi.decode.schema import Plain
from tests.contract import contract_example
from tests.contract.stated import stated_example
from tests.inputs import ROOT

EXAMPLES = (contract_example.EXAMPLE, stated_example.EXAMPLE)

CONTRACTS = ROOT / "hypabi" / "contracts"
Step = str | int


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    schema = json.loads((CONTRACTS / "contract.schema.json").read_bytes())
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.Draft202012Validator(schema)


@functools.cache
def example(text: str) -> Plain:
    return write_contract(parse_any(text.encode(), "file.yaml"))


def read(plain: Plain) -> Plain:
    return write_contract(parse_any(json.dumps(plain).encode(), "file.yaml"))


def leaves(plain: Plain, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    if isinstance(plain, dict):
        for name, inner in plain.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(plain, list):
        for index, inner in enumerate(plain):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def parent(plain: Plain, path: tuple[Step, ...]) -> Plain:
    for step in path[:-1]:
        plain = plain[step]  # type: ignore[index]
    return plain


def test_the_published_schema_is_up_to_date() -> None:
    published = (CONTRACTS / "contract.schema.json").read_text(encoding="utf-8")
    generated = json.dumps(contract_schema(), indent=2, ensure_ascii=False) + "\n"
    assert published == generated, "hypabi contract schema > hypabi/contracts/contract.schema.json"


@pytest.mark.parametrize("name", shipped_contracts())
def test_a_shipped_contract_validates_as_it_is_written(
    name: str, validator: jsonschema_rs.Draft202012Validator
) -> None:
    # Read by an ordinary YAML reader, as an editor would.
    validator.validate(yaml.load((CONTRACTS / f"{name}.yaml").read_bytes(), yaml.CSafeLoader))


@pytest.mark.parametrize("name", shipped_contracts())
def test_a_shipped_contract_survives_the_round_trip(name: str) -> None:
    written = write_contract(shipped_or_stated(name))
    assert read(written) == written


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_example_survives_the_round_trip_and_validates(
    text: str,
    validator: jsonschema_rs.Draft202012Validator,
) -> None:
    written = example(text)
    assert read(written) == written
    validator.validate(written)
    validator.validate(json.loads(json.dumps(yaml.load(text, yaml.CSafeLoader))))


def tables(plain: Plain, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    if isinstance(plain, dict):
        yield path
        for name, inner in plain.items():
            yield from tables(inner, (*path, name))


NAMED = {"owners", "parties", "calls", "users", "registers", "constants", "promises", "assumes"}
NAMED |= {"requires", "writes", "may-write-memory", "arguments", "beyond"}
NAMED |= {
    "sources",
    "checks",
    "providers",
    "conduits",
    "errors",
    "fields",
    "values",
    "results",
    "unseen",
}
"""Keys whose tables hold names of the file's choosing."""


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_unknown_key_fails_schema_and_reader_alike(
    text: str,
    validator: jsonschema_rs.Draft202012Validator,
) -> None:
    tried = 0
    for path in tables(example(text)):
        free = bool(path) and path[-1] in NAMED and path != ("frame", "registers")
        if free:
            continue
        wrong = copy.deepcopy(example(text))
        inner = parent(wrong, (*path, ""))
        assert isinstance(inner, dict)
        inner["no-such-key"] = "x"
        assert not validator.is_valid(wrong), path
        with pytest.raises(FileError, match="unknown key"):
            read(wrong)
        tried += 1
    assert tried > 15


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_the_schema_refuses_the_reader_refuses(
    text: str,
    validator: jsonschema_rs.Draft202012Validator,
) -> None:
    refused = 0
    for path in leaves(example(text)):
        wrong_values: tuple[Plain, ...] = ("", 7, {})
        for wrong_value in wrong_values:
            wrong = copy.deepcopy(example(text))
            inner = parent(wrong, path)
            inner[path[-1]] = wrong_value  # type: ignore[index]
            if not validator.is_valid(wrong):
                refused += 1
                with pytest.raises(FileError):
                    read_text(json.dumps(wrong).encode(), "file.yaml")
    assert refused > 200


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_single_change_is_refused_or_changes_the_contract(text: str) -> None:
    for path in leaves(example(text)):
        changed = copy.deepcopy(example(text))
        inner = parent(changed, path)
        value = inner[path[-1]]  # type: ignore[index]
        inner[path[-1]] = value + 1 if isinstance(value, int) else f"{value}x"  # type: ignore[index]
        try:
            assert read(changed) != example(text), path
        except FileError:
            continue


WRITTEN_DEFAULTS = [("parties", "stub", "program"), ("parties", "big", "program")]


@pytest.mark.parametrize("text", EXAMPLES)
def test_leaving_out_a_key_is_refused_or_changes_the_contract(text: str) -> None:
    for path in leaves(example(text)):
        if path in WRITTEN_DEFAULTS:
            continue
        changed = copy.deepcopy(example(text))
        inner = parent(changed, path)
        del inner[path[-1]]  # type: ignore[union-attr, arg-type]
        try:
            assert read(changed) != example(text), path
        except FileError:
            continue
