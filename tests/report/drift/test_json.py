"""What ``document --drift --format json`` prints is what is published."""

import json

import jsonschema_rs
import pytest

from hypabi.report.drift import json as drift_json
from tests.report.made_drift import of_every_kind
from tests.report.schemas import schema, strict


def test_json_is_as_published() -> None:
    printed = json.loads(drift_json.write(of_every_kind()))
    validator = strict("drift")
    validator.validate(printed)
    assert (printed["verdict"], printed["exit_status"]) == ("contradicted by the code", 28)
    printed["findings"][0]["evidence"][0]["more"] = 1
    with pytest.raises(jsonschema_rs.ValidationError):
        validator.validate(printed)


def test_the_published_schema_is_that_of_the_type() -> None:
    assert drift_json.schema() == schema("drift")
