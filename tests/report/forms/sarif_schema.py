"""The schema of SARIF 2.1.0 as OASIS published it, out of a package that brings it."""

import functools
import json
import sqlite3
from importlib import metadata
from typing import Any

import jsonschema_rs

PACKAGE = "schemastore"
TITLE = '"title": "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"'
OASIS = (
    "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
)
"""What the schema says it is."""
NO_PATTERN = "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$"
LANGUAGE = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"
"""A pattern that is none, of the language of messages, and what OASIS made of it in its errata."""


@functools.cache
def sarif() -> jsonschema_rs.Draft7Validator:
    """Return what validates a SARIF log."""
    return jsonschema_rs.Draft7Validator(schema())


@functools.cache
def schema() -> dict[str, Any]:
    """Return the schema: the package holds responses of the network, and this one among them."""
    (stored,) = (f for f in metadata.files(PACKAGE) or () if f.name == "cache.sqlite")
    with sqlite3.connect(f"file:{stored.locate()}?mode=ro", uri=True) as cache:
        query = "select value from responses where instr(value, ?) > 0"
        ((response,),) = cache.execute(query, (TITLE.encode(),)).fetchall()
    text = response[response.index(b"{\r\n") :].decode("utf-8", "replace")
    text = text.replace(NO_PATTERN, LANGUAGE)
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
    return found
