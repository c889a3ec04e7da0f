"""What ``diff --format json`` prints is what is published."""

import json

import jsonschema_rs
import pytest

from hypabi.report.diff import json as diff_json
from tests.report.made_diff import of_every_kind
from tests.report.schemas import schema, strict


def test_json_is_as_published() -> None:
    printed = json.loads(diff_json.write(of_every_kind()))
    validator = strict("diff")
    validator.validate(printed)
    assert (printed["verdict"], printed["exit_status"]) == ("incompatible", 28)
    printed["changes"][0]["differences"][0]["more"] = 1
    with pytest.raises(jsonschema_rs.ValidationError):
        validator.validate(printed)


def test_the_published_schema_is_that_of_the_type() -> None:
    assert diff_json.schema() == schema("diff")
