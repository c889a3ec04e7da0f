"""The published schemas, and how a test reads them."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema_rs

import hypabi.report

FOLDER = Path(str(hypabi.report.__file__)).parent


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return loaded


def closed(part: object) -> Any:  # noqa: ANN401 - a schema is what JSON is
    """Return a schema that refuses what it does not name, so that no field goes unpublished."""
    if isinstance(part, dict):
        closing = {"additionalProperties": False} if "properties" in part else {}
        return {**closing, **{key: closed(value) for key, value in part.items()}}
    return [closed(each) for each in part] if isinstance(part, list) else part


@functools.cache
def strict(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return what validates a report and refuses every field that is not published."""
    return jsonschema_rs.Draft202012Validator(closed(schema(name)))
