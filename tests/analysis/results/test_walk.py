"""The walk over results finds what is no data."""

import pytest

from hypabi.analysis.results.shared import Observation
from hypabi.smt import terms
from tests.analysis.results.walk import assert_is_data, strays


def test_a_record_of_texts_is_data() -> None:
    assert_is_data((Observation("x0", "0x0", "0x1"), {"a": None}))


@pytest.mark.parametrize("stray", [terms.symbol("x0", 64), len, 1.5, [1], {1}, object()])
def test_anything_else_is_found_where_it_is(stray: object) -> None:
    made = Observation("x0", stray, "0x1")  # type: ignore[arg-type]
    assert list(strays((made, {"x": stray}))) == ["result[0].entry", "result[1]['x']"]
