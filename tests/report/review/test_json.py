"""What is printed is what the published schema says."""

import json

from hypabi.report.review import json as review_json
from tests.report.made_review import made_review
from tests.report.schemas import schema, strict


def test_a_review_is_what_its_schema_says() -> None:
    printed = json.loads(review_json.write(made_review()))
    strict("review").validate(printed)
    assert printed["verdict"] == "broken" and printed["exit_status"] == 12


def test_the_published_schema_is_that_of_the_type() -> None:
    assert review_json.schema() == schema("review")
